//! What a host takes as an answer to a call: what is "forwarded" can be rung, and the call details stay small.

use std::time::Duration;

use call::Localized;
use call::dialling::{MOST_NUMBERS, RING_TIME_BOUNDS, is_dialable};
use call::document::{FORWARDED, OPERATION_FAILED};
use call::host_reason::HostReason;

use super::{ENTRIES, Judgement, SENTENCE, Scale, TITLE, name, unique};
use crate::bindings::telephony::operation::types::{
    CallDetails, FactValue, Forwarding, LocalizedText, Resolution, Route, TransitionReason,
};
use crate::engine::limits::WAITING_TIME_BOUNDS;

/// The fields of `call-details` that stand beside the facts in JSON; no fact may have the name of one.
const FIELDS: [&str; 5] = ["waiting_time_ms", "waited_ms", "requests", "exchanges", "notes"];

/// Judges an answer that came inside `bound`. `given` tells whether the host's directory itself gave a number that is otherwise not dialled.
pub(in crate::engine) fn answered(resolution: &Resolution, bound: Duration, given: impl Fn(&str) -> bool) -> Judgement {
    match &resolution.route {
        Route::Forward(forwarding) => forwarded(forwarding, given)?,
        Route::LinkedOperation(reason) => reasoned(reason)?,
    }
    detailed(&resolution.details, bound)
}

fn forwarded(forwarding: &Forwarding, given: impl Fn(&str) -> bool) -> Judgement {
    let mut scale = Scale::default();
    scale.text("employee-id", &forwarding.employee_id, TITLE)?;
    scale.text("employee-name", &forwarding.employee_name, TITLE)?;
    if let Some(name) = &forwarding.caller_name {
        scale.text("caller-name", name, TITLE)?;
    }
    // A host that rang no number would leave the caller without a route.
    if forwarding.destinations.is_empty() {
        return Err(Localized::new("переадресация без единого номера", "it forwarded the call to no number"));
    }
    scale.list("destinations", &forwarding.destinations, MOST_NUMBERS)?;
    let (least, greatest) = RING_TIME_BOUNDS;
    for (place, destination) in (1..).zip(&forwarding.destinations) {
        if !is_dialable(&destination.number) && !given(&destination.number) {
            return Err(Localized::new(
                format!("номер {place} в `destinations` нельзя набрать: только цифры, «+» в начале, до 32 знаков"),
                format!(
                    "number {place} of `destinations` cannot be dialled: digits, with a leading + if international, at most 32 characters"
                ),
            ));
        }
        if !(least..=greatest).contains(&Duration::from_millis(destination.ring_time)) {
            let (ring_time, least, greatest) = (destination.ring_time, least.as_secs(), greatest.as_secs());
            return Err(Localized::new(
                format!("номер {place} в `destinations` звонит {ring_time} мс, допустимо от {least} до {greatest} с"),
                format!(
                    "number {place} of `destinations` rings for {ring_time} ms, allowed are {least} s to {greatest} s"
                ),
            ));
        }
    }
    Ok(())
}

fn reasoned(reason: &TransitionReason) -> Judgement {
    let mut scale = Scale::default();
    name(&mut scale, "reason.code", &reason.code)?;
    if reason.code.is_empty() || reason.code == FORWARDED || is_of_host(&reason.code) {
        return Err(Localized::new(
            "`reason.code` пуст или занят хостом",
            "`reason.code` is empty, or one that only the host gives",
        ));
    }
    if let Some(status) = &reason.status {
        localized(&mut scale, "reason.status", status, TITLE)?;
    }
    localized(&mut scale, "reason.text", &reason.text, SENTENCE)
}

fn is_of_host(code: &str) -> bool {
    code == OPERATION_FAILED || HostReason::CODES.contains(&code)
}

fn detailed(details: &CallDetails, bound: Duration) -> Judgement {
    let mut scale = Scale::default();
    within("waiting-time", details.waiting_time, WAITING_TIME_BOUNDS.1)?;
    within("waited", details.waited, bound)?;
    scale.list("requests", &details.requests, ENTRIES)?;
    for request in &details.requests {
        name(&mut scale, "request-record.purpose", &request.purpose)?;
        name(&mut scale, "request-record.outcome", &request.outcome)?;
        within("request-record.at", request.at, bound)?;
        within("request-record.took", request.took, bound)?;
    }
    scale.list("facts", &details.facts, ENTRIES)?;
    for fact in &details.facts {
        name(&mut scale, "fact.key", &fact.key)?;
        if FIELDS.contains(&fact.key.as_str()) {
            return Err(Localized::new(
                "`fact.key` — имя поля деталей звонка",
                "`fact.key` is the name of a field of the call details",
            ));
        }
        if let Some(FactValue::Text(text)) = &fact.value {
            scale.text("fact.value", text, TITLE)?;
        }
    }
    unique("facts", details.facts.iter().map(|fact| fact.key.as_str()))?;
    scale.list("notes", &details.notes, ENTRIES)?;
    for note in &details.notes {
        name(&mut scale, "note.code", &note.code)?;
        localized(&mut scale, "note.text", &note.text, SENTENCE)?;
    }
    scale.whole("call-details")
}

fn localized(scale: &mut Scale, field: &str, text: &LocalizedText, most: usize) -> Judgement {
    scale.text(field, &text.ru, most)?;
    scale.text(field, &text.en, most)
}

/// A time that an operation tells of its own call is no longer than the call.
fn within(field: &str, milliseconds: u64, most: Duration) -> Judgement {
    if Duration::from_millis(milliseconds) <= most {
        return Ok(());
    }
    let most = most.as_millis();
    Err(Localized::new(
        format!("`{field}`: {milliseconds} мс, допустимо не больше {most} мс"),
        format!("`{field}` is {milliseconds} ms, at most {most} ms are possible"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::telephony::operation::types::{Destination, Fact, Note, ReasonClass, RequestRecord};

    const BOUND: Duration = Duration::from_millis(3_250);

    fn text(text: &str) -> LocalizedText {
        LocalizedText { ru: text.to_owned(), en: text.to_owned() }
    }

    fn forward(numbers: &[(&str, u64)]) -> Resolution {
        let destinations = numbers
            .iter()
            .map(|(number, ring_time)| Destination { number: (*number).to_owned(), ring_time: *ring_time });
        let forwarding = Forwarding {
            employee_id: "anna".to_owned(),
            employee_name: "Анна".to_owned(),
            destinations: destinations.collect(),
            caller_name: None,
        };
        Resolution { route: Route::Forward(forwarding), details: details() }
    }

    fn linked(change: impl FnOnce(&mut TransitionReason)) -> Resolution {
        let mut reason = TransitionReason {
            code: "contact-not-found".to_owned(),
            class: ReasonClass::EmptyAnswer,
            status: Some(text("Переадресация не удалась")),
            text: text("Контакт не найден"),
        };
        change(&mut reason);
        Resolution { route: Route::LinkedOperation(reason), details: details() }
    }

    fn with_details(change: impl FnOnce(&mut CallDetails)) -> Resolution {
        let mut resolution = linked(|_| {});
        change(&mut resolution.details);
        resolution
    }

    fn details() -> CallDetails {
        let request = RequestRecord {
            purpose: "contacts".to_owned(),
            at: 0,
            took: 40,
            status: Some(200),
            outcome: "ok".to_owned(),
        };
        CallDetails {
            waiting_time: 30_000,
            waited: 3_250,
            requests: vec![request],
            facts: vec![fact("contact_id")],
            notes: vec![note("story", "x")],
        }
    }

    fn fact(key: &str) -> Fact {
        Fact { key: key.to_owned(), value: Some(FactValue::Text("x".repeat(TITLE))) }
    }

    fn note(code: &str, said: &str) -> Note {
        Note { code: code.to_owned(), text: text(said) }
    }

    fn judged(resolution: &Resolution) -> Result<(), String> {
        answered(resolution, BOUND, |number| number == "*77#").map_err(|refusal| refusal.en)
    }

    #[test]
    fn o2_only_what_can_be_rung_is_forwarded() {
        let most = [("101", 20_000); 32];
        for numbers in [&[("101", 5_000)][..], &[("+79165550101", 120_000)], &[("*77#", 20_000)], &most] {
            assert_eq!(judged(&forward(numbers)), Ok(()), "{numbers:?}");
        }
        let too_many = [("101", 20_000); 33];
        assert_eq!(judged(&forward(&[])), Err("it forwarded the call to no number".to_owned()));
        assert_eq!(judged(&forward(&too_many)), Err("`destinations` has 33 entries, at most 32 are taken".to_owned()));
        let long = "1".repeat(33);
        for number in [
            "",
            "+",
            "*21#",
            "101;X=1\r\nX-Evil: 1",
            "${SHELL(id)}",
            "101&PJSIP/102",
            "sip:101@x",
            "１０１",
            " 101",
            &long,
        ] {
            let refusal = judged(&forward(&[("101", 20_000), (number, 20_000)])).unwrap_err();
            assert!(refusal.starts_with("number 2 of `destinations` cannot be dialled"), "{number}: {refusal}");
        }
        for ring_time in [0, 1, 4_999, 120_001, 86_400_000, u64::MAX] {
            let refusal = judged(&forward(&[("101", ring_time)])).unwrap_err();
            assert!(refusal.contains("allowed are 5 s to 120 s"), "{refusal}");
        }
    }

    #[test]
    fn o4_no_text_of_an_answer_is_longer_than_people_read() {
        let long = |most: usize| text(&"я".repeat(most + 1));
        let mut named = forward(&[("101", 20_000)]);
        if let Route::Forward(forwarding) = &mut named.route {
            forwarding.employee_name = "я".repeat(TITLE + 1);
        }
        for (resolution, refusal) in [
            (named, "`employee-name` has 201 characters, at most 200 are taken"),
            (linked(|reason| reason.text = long(SENTENCE)), "`reason.text` has 1001 characters"),
            (linked(|reason| reason.status = Some(long(TITLE))), "`reason.status` has 201 characters"),
            (linked(|reason| reason.code = "x".repeat(101)), "`reason.code` has 101 characters"),
            (linked(|reason| reason.code = "not\nfound".to_owned()), "`reason.code` may hold"),
            (
                with_details(|details| details.notes = vec![Note { code: "n".to_owned(), text: long(SENTENCE) }]),
                "`note.text`",
            ),
            (with_details(|details| details.facts[0].value = Some(FactValue::Text("x".repeat(201)))), "`fact.value`"),
            (
                with_details(|details| details.requests[0].purpose = "a b".to_owned()),
                "`request-record.purpose` may hold",
            ),
        ] {
            let said = judged(&resolution).unwrap_err();
            assert!(said.starts_with(refusal), "{said}");
        }
    }

    #[test]
    fn o4_the_details_of_a_call_are_bounded_and_have_each_key_once() {
        let many = |most: usize| (0..most).map(|index| fact(&format!("f{index}"))).collect::<Vec<_>>();
        assert_eq!(judged(&with_details(|details| details.facts = many(100))), Ok(()));
        for (resolution, refusal) in [
            (with_details(|details| details.facts = many(101)), "`facts` has 101 entries, at most 100 are taken"),
            (with_details(|details| details.notes = vec![note("n", ""); 101]), "`notes` has 101 entries"),
            (with_details(|details| details.requests = vec![details.requests[0].clone(); 101]), "`requests` has 101"),
            (
                with_details(|details| details.notes = vec![note("n", &"x".repeat(SENTENCE)); 40]),
                "`call-details` has 80",
            ),
            (with_details(|details| details.facts = vec![fact("a"), fact("b"), fact("a")]), "`facts` has two entries"),
            (with_details(|details| details.facts = vec![fact("waited_ms")]), "`fact.key` is the name of a field"),
        ] {
            let said = judged(&resolution).unwrap_err();
            assert!(said.starts_with(refusal), "{said}");
        }
    }

    #[test]
    fn o4_no_time_of_an_answer_is_longer_than_the_call_may_take() {
        for resolution in [
            with_details(|details| details.waited = 3_251),
            with_details(|details| details.waited = u64::MAX),
            with_details(|details| details.waiting_time = 30_001),
            with_details(|details| details.requests[0].took = u64::MAX),
            with_details(|details| details.requests[0].at = 3_251),
        ] {
            assert!(judged(&resolution).unwrap_err().contains("are possible"));
        }
    }

    #[test]
    fn d08_a_component_gives_no_reason_of_the_hosts() {
        for code in ["", "forwarded", "operation-failed", "host-overloaded", "host-stopping", "settings-unreadable"] {
            let said = judged(&linked(|reason| reason.code = code.to_owned())).unwrap_err();
            assert!(said.contains("`reason.code` is empty, or one that only the host gives"), "{code}: {said}");
        }
    }
}
