//! What a host takes as a description: bounded, with each key once, and with a waiting time that a caller can be asked to wait.

use std::time::Duration;

use call::Localized;

use super::{ENTRIES, Judgement, NAME, SENTENCE, Scale, TITLE, name, unique};
use crate::bindings::exports::telephony::operation::operation::{
    ChoiceKind, Description, DurationKind, IntegerKind, ItemKind, SettingDescription, SettingKind, TextKind, ValueTitle,
};
use crate::bindings::telephony::operation::types::LocalizedText;
use crate::engine::limits::{WAITING_TIME, WAITING_TIME_BOUNDS};

/// Judges what an operation says of itself.
pub(in crate::engine) fn described(description: &Description) -> Judgement {
    let mut scale = Scale::default();
    named(&mut scale, "id", &description.id)?;
    scale.text("version", &description.version, NAME)?;
    localized(&mut scale, "title", &description.title, TITLE)?;
    localized(&mut scale, "summary", &description.summary, SENTENCE)?;
    for (field, settings) in [("settings", &description.settings), ("configuration", &description.configuration)] {
        scale.list(field, settings, ENTRIES)?;
        settings.iter().try_for_each(|setting| offered(&mut scale, setting))?;
        unique(field, settings.iter().map(|setting| setting.key.as_str()))?;
    }
    scale.list("facts", &description.facts, ENTRIES)?;
    for fact in &description.facts {
        named(&mut scale, "facts.key", &fact.key)?;
        localized(&mut scale, "facts.title", &fact.title, TITLE)?;
        words(&mut scale, "facts.values", &fact.values)?;
    }
    unique("facts", description.facts.iter().map(|fact| fact.key.as_str()))?;
    words(&mut scale, "purposes", &description.purposes)?;
    scale.list("reasons", &description.reasons, ENTRIES)?;
    for reason in &description.reasons {
        named(&mut scale, "reasons.code", &reason.code)?;
        localized(&mut scale, "reasons.text", &reason.text, SENTENCE)?;
    }
    unique("reasons", description.reasons.iter().map(|reason| reason.code.as_str()))?;
    description.settings.iter().filter(|setting| setting.key == WAITING_TIME).try_for_each(waits)?;
    scale.whole("description")
}

fn words(scale: &mut Scale, field: &str, titles: &[ValueTitle]) -> Judgement {
    scale.list(field, titles, ENTRIES)?;
    for ValueTitle { value, title } in titles {
        scale.text(field, value, TITLE)?;
        localized(scale, field, title, TITLE)?;
    }
    unique(field, titles.iter().map(|words| words.value.as_str()))
}

fn offered(scale: &mut Scale, setting: &SettingDescription) -> Judgement {
    named(scale, "key", &setting.key)?;
    let key = &setting.key;
    localized(scale, "title", &setting.title, TITLE)?;
    localized(scale, "help", &setting.help, SENTENCE)?;
    match &setting.kind {
        SettingKind::Flag(_) => Ok(()),
        SettingKind::Integer(bounds) => integer(scale, key, bounds),
        SettingKind::Duration(bounds) => duration(key, bounds),
        SettingKind::Choice(choice) => choices(scale, key, choice),
        SettingKind::Text(kind) => text(scale, kind),
        SettingKind::List(list) => {
            // Items have no defaults of their own, but a kind of items is one that a setting could have.
            match &list.items {
                ItemKind::Integer(bounds) => integer(scale, key, bounds)?,
                ItemKind::Duration(bounds) => duration(key, bounds)?,
                ItemKind::Choice(choice) => choices(scale, key, choice)?,
                ItemKind::Text(kind) => text(scale, kind)?,
            }
            let most = list.maximum_items;
            if usize::try_from(most).is_ok_and(|most| (1..=ENTRIES).contains(&most)) {
                return Ok(());
            }
            Err(Localized::new(
                format!("`{key}`: maximum-items равно {most}, допустимо от 1 до {ENTRIES}"),
                format!("`{key}`: maximum-items is {most}, it must be 1 to {ENTRIES}"),
            ))
        }
    }
}

fn integer(scale: &mut Scale, key: &str, bounds: &IntegerKind) -> Judgement {
    if let Some(unit) = &bounds.unit {
        localized(scale, "unit", unit, NAME)?;
    }
    ordered(key, &bounds.minimum, &bounds.default, &bounds.maximum)
}

fn duration(key: &str, bounds: &DurationKind) -> Judgement {
    ordered(key, &bounds.minimum, &bounds.default, &bounds.maximum)
}

fn choices(scale: &mut Scale, key: &str, choice: &ChoiceKind) -> Judgement {
    scale.list("options", &choice.options, ENTRIES)?;
    for option in &choice.options {
        scale.text("options.value", &option.value, TITLE)?;
        localized(scale, "options.title", &option.title, TITLE)?;
    }
    if choice.options.iter().any(|option| option.value == choice.default) {
        return Ok(());
    }
    Err(Localized::new(
        format!("`{key}`: значения по умолчанию нет среди вариантов"),
        format!("`{key}`: the default is not one of the options"),
    ))
}

fn text(scale: &mut Scale, kind: &TextKind) -> Judgement {
    kind.default.as_deref().map_or(Ok(()), |default| scale.text("default", default, SENTENCE))
}

fn ordered<T: PartialOrd>(key: &str, minimum: &T, default: &T, maximum: &T) -> Judgement {
    if minimum <= default && default <= maximum {
        return Ok(());
    }
    Err(Localized::new(
        format!("`{key}`: должно быть minimum ≤ default ≤ maximum"),
        format!("`{key}`: minimum ≤ default ≤ maximum does not hold"),
    ))
}

/// A caller waits for as long as the waiting time: it is a duration, in milliseconds, of at most half a minute (rule O3).
fn waits(setting: &SettingDescription) -> Judgement {
    let (least, greatest) = WAITING_TIME_BOUNDS;
    let bounded = |milliseconds: u64| (least..=greatest).contains(&Duration::from_millis(milliseconds));
    if let SettingKind::Duration(described) = &setting.kind
        && bounded(described.minimum)
        && bounded(described.maximum)
    {
        return Ok(());
    }
    let (least, greatest) = (least.as_millis(), greatest.as_millis());
    Err(Localized::new(
        format!("`{WAITING_TIME}` должно быть длительностью в миллисекундах, от {least} до {greatest}"),
        format!("`{WAITING_TIME}` must be a duration in milliseconds with bounds from {least} to {greatest}"),
    ))
}

/// A stable name that is one.
fn named(scale: &mut Scale, field: &str, text: &str) -> Judgement {
    if text.is_empty() {
        return Err(Localized::new(format!("`{field}` пуст"), format!("`{field}` is empty")));
    }
    name(scale, field, text)
}

fn localized(scale: &mut Scale, field: &str, text: &LocalizedText, most: usize) -> Judgement {
    scale.text(field, &text.ru, most)?;
    scale.text(field, &text.en, most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::exports::telephony::operation::operation::{
        ChoiceOption, FactDescription, ListKind, ReasonDescription,
    };
    use crate::bindings::telephony::operation::types::ReasonClass;

    fn text(text: &str) -> LocalizedText {
        LocalizedText { ru: text.to_owned(), en: text.to_owned() }
    }

    fn list(key: &str, items: ItemKind, maximum_items: u32) -> SettingDescription {
        setting(key, SettingKind::List(ListKind { items, maximum_items }))
    }

    fn setting(key: &str, kind: SettingKind) -> SettingDescription {
        SettingDescription { key: key.to_owned(), title: text(key), help: text(key), required: false, kind }
    }

    fn duration(key: &str, minimum: u64, default: u64, maximum: u64) -> SettingDescription {
        setting(key, SettingKind::Duration(DurationKind { default, minimum, maximum }))
    }

    fn description(settings: Vec<SettingDescription>) -> Description {
        Description {
            id: "an-operation".to_owned(),
            version: "1.0.0".to_owned(),
            title: text("An operation"),
            summary: text("Does something."),
            settings,
            configuration: Vec::new(),
            facts: Vec::new(),
            purposes: Vec::new(),
            reasons: Vec::new(),
        }
    }

    fn refusal(description: &Description) -> String {
        described(description).unwrap_err().en
    }

    #[test]
    fn o3_a_waiting_time_is_half_a_second_to_half_a_minute() {
        for (minimum, default, maximum) in [(500, 3_000, 30_000), (1_000, 1_000, 1_000), (500, 500, 500)] {
            let described = described(&description(vec![duration(WAITING_TIME, minimum, default, maximum)]));
            assert_eq!(described, Ok(()), "{minimum} {default} {maximum}");
        }
        for (minimum, default, maximum) in [
            (500, 600_000, u64::MAX),
            (u64::MAX, u64::MAX, 0),
            (0, 3_000, 30_000),
            (499, 3_000, 30_000),
            (500, 3_000, 30_001),
            (500, 499, 30_000),
            (3_000, 3_000, 2_000),
            (3, 5, 30),
        ] {
            let refusal = refusal(&description(vec![duration(WAITING_TIME, minimum, default, maximum)]));
            assert!(refusal.contains("`waiting_time`"), "{minimum} {default} {maximum}: {refusal}");
        }
        let seconds = IntegerKind { default: 3, minimum: 1, maximum: 30, unit: None };
        let refusal = refusal(&description(vec![setting(WAITING_TIME, SettingKind::Integer(seconds))]));
        assert!(refusal.contains("must be a duration in milliseconds with bounds from 500 to 30000"), "{refusal}");
    }

    #[test]
    fn o1_what_is_offered_has_defaults_that_it_accepts_and_each_key_once() {
        let option = |value: &str| ChoiceOption { value: value.to_owned(), title: text(value) };
        let choice = ChoiceKind { default: "high".to_owned(), options: vec![option("low")] };
        let integer = IntegerKind { default: 6, minimum: 1, maximum: 5, unit: None };
        let words = || ItemKind::Text(TextKind { default: None, maximum_length: 9, secret: false });
        assert_eq!(described(&description(vec![list("vips", words(), 100)])), Ok(()));
        for (settings, part) in [
            (vec![setting("tone", SettingKind::Choice(choice))], "`tone`: the default is not one of the options"),
            (
                vec![setting("attempts", SettingKind::Integer(integer.clone()))],
                "`attempts`: minimum ≤ default ≤ maximum",
            ),
            (vec![duration("patience", 2, 1, 3)], "`patience`: minimum ≤ default ≤ maximum"),
            (vec![duration("a", 1, 1, 1), duration("a", 1, 1, 1)], "`settings` has two entries of the same name"),
            (vec![duration("a\nb", 1, 1, 1)], "`key` may hold ASCII letters"),
            (vec![list("vips", ItemKind::Integer(integer), 3)], "`vips`: minimum ≤ default ≤ maximum"),
            (vec![list("vips", words(), 0)], "`vips`: maximum-items is 0"),
            (vec![list("vips", words(), 101)], "`vips`: maximum-items is 101, it must be 1 to 100"),
        ] {
            let refusal = refusal(&description(settings));
            assert!(refusal.contains(part), "{refusal}");
        }
    }

    #[test]
    fn o1_a_description_is_bounded() {
        let long = |most: usize| text(&"\u{1}".repeat(most + 1));
        let fact = |index: usize| FactDescription { key: format!("f{index}"), title: text("x"), values: Vec::new() };
        let reason = |text: LocalizedText| ReasonDescription { code: "a".to_owned(), class: ReasonClass::Caller, text };
        let words = |default: String| TextKind { default: Some(default), maximum_length: 9, secret: false };
        let plain = || description(Vec::new());
        for (description, part) in [
            (Description { title: long(TITLE), ..plain() }, "`title` has 201 characters, at most 200"),
            (Description { summary: long(SENTENCE), ..plain() }, "`summary` has 1001 characters"),
            (Description { version: "1".repeat(101), ..plain() }, "`version` has 101 characters"),
            (Description { id: "x".repeat(3_900_000), ..plain() }, "`id` has 3900000 characters"),
            (Description { facts: (0..101).map(fact).collect(), ..plain() }, "`facts` has 101 entries"),
            (Description { reasons: vec![reason(text("")), reason(text(""))], ..plain() }, "`reasons` has two"),
            (Description { reasons: vec![reason(long(SENTENCE))], ..plain() }, "`reasons.text` has 1001"),
            (description(vec![setting("a", SettingKind::Text(words("x".repeat(1_001))))]), "`default` has 1001"),
            (
                description(
                    (0..100)
                        .map(|index| SettingDescription {
                            help: text(&"x".repeat(SENTENCE)),
                            ..duration(&format!("s{index}"), 1, 1, 1)
                        })
                        .collect(),
                ),
                "`description` has",
            ),
        ] {
            let refusal = refusal(&description);
            assert!(refusal.contains(part), "{refusal}");
        }
    }
}
