//! `host-harness describe`: what an operation says of itself to a scenario editor.

use std::time::Duration;

use clap::Args;

use super::{LanguageChoice, Outcome, Stop, component, language, print_json, print_lines};
use crate::component_source::ComponentSource;
use call::Language;
use call::one_line::Lines;
use runtime::bindings::exports::telephony::operation::operation::{
    ChoiceKind, ChoiceOption, Description, DurationKind, IntegerKind, ItemKind, SettingKind, TextKind,
};
use runtime::bindings::telephony::operation::types::LocalizedText;
use runtime::report::{class, description_json};

/// Show an operation's self-description: title, settings, configuration keys, transition reasons
#[derive(Args)]
pub(super) struct Describe {
    /// The component: a file, or the name of one that is built in, such as working-hours [default: forward-to-personal-manager]
    #[arg(long, value_name = "COMPONENT", default_value = "forward-to-personal-manager", hide_default_value = true)]
    component: ComponentSource,
    /// Print the description as JSON
    #[arg(long)]
    json: bool,
    /// The language of the printed text [default: that of the environment]
    #[arg(long, value_name = "LANGUAGE")]
    pub(super) lang: Option<LanguageChoice>,
}

impl Describe {
    pub(super) async fn run(self) -> Result<Outcome, Stop> {
        let (operation, description) =
            component::load_described(&self.component, component::usual_compilation()).await?;
        if self.json {
            print_json(&description_json(&operation, &description))?;
        } else {
            print_lines(&as_text(&description, operation.takes_notices(), language()));
        }
        Ok(Outcome::Done)
    }
}

fn as_text(description: &Description, takes_notices: bool, language: Language) -> Lines {
    let say = |ru, en| match language {
        Language::Ru => ru,
        Language::En => en,
    };
    let text = |text: &LocalizedText| match language {
        Language::Ru => text.ru.clone(),
        Language::En => text.en.clone(),
    };
    let mut out = Lines::default();
    out.line(format_args!("{}", text(&description.title)));
    out.line(format_args!("{} {}", description.id, description.version));
    out.line(format_args!("{}", text(&description.summary)));
    for (heading, settings) in [
        (say("Настройки операции", "Settings of the placed operation"), &description.settings),
        (say("Ключи конфигурации интеграции", "Configuration keys of the integration"), &description.configuration),
    ] {
        out.blank();
        out.line(format_args!("{heading}"));
        for setting in settings {
            out.line(format_args!("  {} — {}", setting.key, text(&setting.title)));
            out.line(format_args!("      {}", text(&setting.help)));
            let required = if setting.required { say("обязательно; ", "required; ") } else { "" };
            out.line(format_args!("      {required}{}", kind_as_text(&setting.kind, language)));
        }
    }
    out.blank();
    out.line(format_args!("{}", say("Сведения в детализации звонка", "Facts in the call details")));
    for fact in &description.facts {
        out.line(format_args!("  {} — {}", fact.key, text(&fact.title)));
        for words in &fact.values {
            out.line(format_args!("      {} — {}", words.value, text(&words.title)));
        }
    }
    if !description.purposes.is_empty() {
        out.blank();
        out.line(format_args!("{}", say("Запросы", "Requests")));
    }
    for words in &description.purposes {
        out.line(format_args!("  {} — {}", words.value, text(&words.title)));
    }
    out.blank();
    out.line(format_args!(
        "{}",
        say("Причины перехода к связанной операции", "Reasons for going to the linked operation")
    ));
    for reason in &description.reasons {
        out.line(format_args!("  {} ({}) — {}", reason.code, class(reason.class), text(&reason.text)));
    }
    let notices = if takes_notices {
        say("Принимает уведомления об изменениях", "Takes notices of changes")
    } else {
        say("Не принимает уведомлений об изменениях", "Takes no notices of changes")
    };
    out.blank();
    out.line(format_args!("{notices}"));
    out
}

fn kind_as_text(kind: &SettingKind, language: Language) -> String {
    let default = language.say("по умолчанию", "default");
    let none = language.say("не задано", "none");
    match kind {
        SettingKind::Flag(value) => {
            format!("{}; {default} {value}", language.say("true (да) или false (нет)", "true or false"))
        }
        SettingKind::Integer(bounds) => format!("{}; {default} {}", integers(bounds, language), bounds.default),
        SettingKind::Duration(bounds) => {
            format!("{}; {default} {}", durations(bounds, language), duration(bounds.default))
        }
        SettingKind::Choice(choice) => format!("{}; {default} {}", options(choice, language), choice.default),
        SettingKind::Text(text) => {
            format!("{}; {default} {}", length(text, language), text.default.as_deref().unwrap_or(none))
        }
        SettingKind::List(list) => {
            let item = match &list.items {
                ItemKind::Integer(bounds) => integers(bounds, language),
                ItemKind::Duration(bounds) => durations(bounds, language),
                ItemKind::Choice(choice) => options(choice, language),
                ItemKind::Text(text) => length(text, language),
            };
            let most = list.maximum_items;
            match language {
                Language::Ru => format!("список, не больше {most}; каждый элемент: {item}"),
                Language::En => format!("a list of at most {most}, each {item}"),
            }
        }
    }
}

fn integers(bounds: &IntegerKind, language: Language) -> String {
    let (from, to) = (language.say("от", "from"), language.say("до", "to"));
    format!("{from} {} {to} {}", bounds.minimum, bounds.maximum)
}

fn durations(bounds: &DurationKind, language: Language) -> String {
    let (from, to) = (language.say("от", "from"), language.say("до", "to"));
    format!("{from} {} {to} {}", duration(bounds.minimum), duration(bounds.maximum))
}

fn duration(milliseconds: u64) -> String {
    humantime::format_duration(Duration::from_millis(milliseconds)).to_string()
}

/// Each as it is typed, and what it means.
fn options(choice: &ChoiceKind, language: Language) -> String {
    let option =
        |option: &ChoiceOption| format!("{} ({})", option.value, language.say(&option.title.ru, &option.title.en));
    choice.options.iter().map(option).collect::<Vec<_>>().join(", ")
}

fn length(text: &TextKind, language: Language) -> String {
    format!("{} {} {}", language.say("до", "to"), text.maximum_length, language.say("символов", "characters"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use runtime::bindings::exports::telephony::operation::operation::{
        FactDescription, ReasonDescription, SettingDescription, ValueTitle,
    };
    use runtime::bindings::telephony::operation::types::ReasonClass;

    use super::*;

    fn description(text: &str) -> Description {
        let localized = || LocalizedText { ru: text.to_owned(), en: text.to_owned() };
        let kind = SettingKind::Text(TextKind { default: Some(text.to_owned()), maximum_length: 5, secret: false });
        let words = || ValueTitle { value: text.to_owned(), title: localized() };
        let setting = || SettingDescription {
            key: text.to_owned(),
            title: localized(),
            help: localized(),
            required: true,
            kind: kind.clone(),
        };
        Description {
            id: text.to_owned(),
            version: text.to_owned(),
            title: localized(),
            summary: localized(),
            settings: vec![setting()],
            configuration: vec![setting()],
            facts: vec![FactDescription { key: text.to_owned(), title: localized(), values: vec![words()] }],
            purposes: vec![words()],
            reasons: vec![ReasonDescription { code: text.to_owned(), class: ReasonClass::Caller, text: localized() }],
        }
    }

    proptest! {
        #[test]
        fn whatever_a_component_says_of_itself_its_lines_are_its_own(text in any::<String>()) {
            for language in [Language::Ru, Language::En] {
                let shown = as_text(&description(&text), true, language).to_string();
                prop_assert_eq!(shown.lines().count(), as_text(&description("x"), true, language).to_string().lines().count());
                prop_assert!(!shown.contains(|letter| letter != '\n' && call::one_line::is_hidden(letter)), "{shown:?}");
            }
        }
    }
}
