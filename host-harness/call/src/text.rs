//! A resolved call as text for people, in Russian or English: the whole of it, and its parts for those who show them among others.

use std::fmt;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::details::Details;
use crate::document::{CallDocument, Reason, Ring, Route};
use crate::language::Language;
use crate::one_line::Lines;
use crate::step::StepRecord;
use crate::titles::{Titles, in_zone};

/// Shows a resolved call in a language.
pub struct Text<'a> {
    document: &'a CallDocument,
    language: Language,
    zone: TimeZone,
}

impl CallDocument {
    /// The call as text, its time in UTC.
    pub const fn text(&self, language: Language) -> Text<'_> {
        Text { document: self, language, zone: TimeZone::UTC }
    }
}

impl Text<'_> {
    /// The same with its time in this zone.
    #[must_use]
    pub fn in_zone(self, zone: TimeZone) -> Self {
        Self { zone, ..self }
    }

    /// The whole of it.
    pub fn lines(&self) -> Lines {
        let mut lines = Lines::default();
        self.call(&mut lines);
        for (number, step) in (1..).zip(&self.document.steps) {
            self.step(&mut lines, number, step);
            self.details(&mut lines, &step.details, &step.titles);
        }
        self.last_step(&mut lines);
        self.route(&mut lines);
        self.details(&mut lines, &self.document.details, &self.document.titles);
        self.cost(&mut lines);
        lines
    }

    const fn say(&self, ru: &'static str, en: &'static str) -> &'static str {
        self.language.say(ru, en)
    }

    fn call(&self, out: &mut Lines) {
        let call = &self.document.call;
        let caller = call.caller.as_deref().unwrap_or(self.say("номер скрыт", "number withheld"));
        let called = if call.called.is_empty() { String::new() } else { format!(" → {}", call.called) };
        let at = in_zone(call.at, &self.zone);
        out.line(format_args!("{} {caller}{called}, {at}", self.say("Звонок", "Call")));
    }

    /// A step before the last one: where the call went from there, and why.
    pub fn step(&self, out: &mut Lines, number: usize, step: &StepRecord) {
        out.line(format_args!("{} {number}: {} → {}", self.say("Шаг", "Step"), step.placement, step.target));
        if let Some(reason) = &step.reason {
            return self.reason(out, reason);
        }
        let nobody = self.say("никто не ответил", "nobody answered");
        match &step.employee {
            Some(employee) => out.line(format_args!(
                "  {}: {} ({}), {nobody}",
                self.say("Переадресация", "Forwarded"),
                employee.name,
                employee.id
            )),
            None => out.line(format_args!("  {}, {nobody}", self.say("Переадресация", "Forwarded"))),
        }
        for (index, leg) in step.legs.iter().enumerate() {
            let result = leg.result.map_or("—", |result| result.text(self.language));
            out.line(format_args!("  {}. {}  {result}", index + 1, leg.number));
        }
    }

    /// The title of the last step, where there were others before.
    pub fn last_step(&self, out: &mut Lines) {
        if let Some(placement) = &self.document.placement {
            let number = self.document.steps.len() + 1;
            out.line(format_args!("{} {number}: {placement}", self.say("Шаг", "Step")));
        }
    }

    fn reason(&self, out: &mut Lines, reason: &Reason) {
        let (status, text) = (reason.status(self.language), reason.text(self.language));
        // An ordinary way out of an operation has no status.
        let colon = if status.is_empty() { "" } else { ": " };
        out.line(format_args!("  {status}{colon}{text}"));
        out.line(format_args!("  {}: {} ({})", self.say("код причины", "reason code"), reason.code, reason.class));
    }

    /// Where the call goes: the numbers that are rung, or the linked operation and why.
    pub fn route(&self, out: &mut Lines) {
        let seconds = |time: Duration| format!("{} {}", time.as_secs_f64(), self.say("с", "s"));
        match &self.document.route {
            Route::Forward { employee, ring, destinations, then } => {
                out.line(format_args!(
                    "{}: {} ({})",
                    self.say("Переадресация", "Forwarded"),
                    employee.name,
                    employee.id
                ));
                if *ring == Ring::Together {
                    out.line(format_args!("  {}", self.say("все номера звонят сразу", "all numbers ring at once")));
                }
                for (index, destination) in destinations.iter().enumerate() {
                    let ring_time = seconds(ring.time(destination.ring_time, destinations));
                    out.line(format_args!(
                        "  {}. {}  {} {ring_time}",
                        index + 1,
                        destination.number,
                        self.say("звонит", "rings for")
                    ));
                }
                out.line(format_args!(
                    "  {}: {then}",
                    self.say("затем связанная операция", "then the linked operation")
                ));
                if let Some(name) = &self.document.caller_name {
                    let shown = self.say("на телефоне видно", "the telephone shows");
                    out.line(format_args!("  {shown}: {}", name.as_str()));
                }
            }
            Route::LinkedOperation { target } => {
                out.line(format_args!("{}: {target}", self.say("Связанная операция", "Linked operation")));
                if let Some(reason) = &self.document.reason {
                    self.reason(out, reason);
                }
            }
        }
    }

    /// What the operation found out, a line for each fact that is known.
    pub fn facts(&self, out: &mut Lines, details: &Details, titles: &Titles) {
        for fact in details.facts.known() {
            let value = titles.value(fact, self.language, &self.zone);
            out.line(format_args!("  {}: {value}", titles.name(&fact.key, self.language)));
        }
    }

    /// The remarks, a line for each.
    pub fn notes(&self, out: &mut Lines, details: &Details) {
        for note in &details.notes {
            out.line(format_args!("  {}: {}", self.say("Замечание", "Note"), note.text(self.language)));
        }
    }

    fn details(&self, out: &mut Lines, details: &Details, titles: &Titles) {
        let milliseconds = self.say("мс", "ms");
        out.line(format_args!("{}", self.say("Детализация звонка", "Call details")));
        self.facts(out, details, titles);
        let (waited, waiting_time) = (details.waited.as_millis(), details.waiting_time.as_millis());
        let waiting = self.say("Ожидание", "Waited");
        // An operation that waits for nothing has no waiting time.
        let of = if waiting_time == 0 { String::new() } else { format!(" {} {waiting_time}", self.say("из", "of")) };
        out.line(format_args!("  {waiting}: {waited}{of} {milliseconds}"));
        if details.requests.is_empty() {
            out.line(format_args!("  {}", self.say("Запросов не было", "No requests")));
        }
        for request in &details.requests {
            let status = request.status.map_or_else(|| "—".to_owned(), |status| status.to_string());
            out.line(format_args!(
                "  {}: {status} {}, {} {milliseconds} ({} {} {milliseconds})",
                self.request(titles.purpose(&request.purpose, self.language)),
                request.outcome,
                request.took.as_millis(),
                self.say("на отметке", "at"),
                request.at.as_millis(),
            ));
        }
        for line in details.exchanges.iter().flat_map(|exchange| exchange.remarks(self.language)) {
            out.line(format_args!("  {line}"));
        }
        self.notes(out, details);
    }

    fn request(&self, purpose: &str) -> String {
        match self.language {
            Language::Ru => format!("Запрос «{purpose}»"),
            Language::En => format!("Request {purpose}"),
        }
    }

    fn cost(&self, out: &mut Lines) {
        let run = &self.document.run;
        let instructions = run.instructions.map_or_else(String::new, |instructions| {
            format!("{instructions} {}, ", self.say("инструкций", "instructions"))
        });
        let (kibibytes, milliseconds) = (run.memory_bytes.unwrap_or_default() / 1024, run.wall.as_secs_f64() * 1_000.0);
        out.line(format_args!(
            "{}: {instructions}{kibibytes} {}, {milliseconds:.1} {}",
            self.say("Затрачено", "Cost"),
            self.say("КиБ памяти", "KiB of memory"),
            self.say("мс", "ms")
        ));
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines().fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::one_line::is_hidden;

    /// A document whose every text is this one.
    fn document(text: &str, is_forwarded: bool) -> CallDocument {
        let (route, reason) = if is_forwarded {
            let numbers = json!([{"number": text, "ring_seconds": 20}, {"number": text, "ring_seconds": 5}]);
            (
                json!({"kind": "forward", "employee": {"id": text, "name": text}, "numbers": numbers, "then": text}),
                json!(null),
            )
        } else {
            let reason = json!({"code": text, "class": text, "status": text, "status_en": text, "text_ru": text, "text_en": text});
            (json!({"kind": "linked-operation", "target": text}), reason)
        };
        let exchange = json!({"at_ms": 0, "path": text, "turn_ms": 90, "sent": false, "shared": false, "refused": "budget",
            "circuit": "open", "circuit_cause": text});
        let details = json!({"fact": text, "waiting_time_ms": 3000, "waited_ms": 41, "exchanges": [exchange],
            "requests": [{"purpose": text, "at_ms": 0, "ms": 40, "status": 200, "outcome": text}],
            "notes": [{"code": text, "text_ru": text, "text_en": text}]});
        let call = json!({"id": text, "caller": text, "called": text, "at": "2026-11-22T09:00:00Z"});
        let run = json!({"component": text, "instructions": 1, "memory_bytes": 1, "wall_us": 1});
        let leg = json!({"number": text, "result": "busy"});
        let steps = json!([
            {"placement": text, "target": text, "reason": null, "employee": {"id": text, "name": text}, "legs": [leg], "details": details, "run": run},
            {"placement": text, "target": text, "reason": {"code": text, "class": text, "text_ru": text, "text_en": text}, "details": details, "run": run},
        ]);
        let document = json!({"version": 1, "steps": steps, "placement": text, "call": call, "route": route, "reason": reason, "details": details, "run": run});
        let mut document: CallDocument = serde_json::from_value(document).unwrap();
        document.titles = [("fact".to_owned(), crate::Localized::new(text, text))].into_iter().collect();
        document
    }

    #[test]
    fn e1_an_ordinary_way_out_of_an_operation_has_no_status_and_no_blank_for_one() {
        let mut left = document("x", false);
        let reason = |status: &str| crate::document::Reason {
            code: "in-hours".to_owned(),
            class: "exit".to_owned(),
            status: status.to_owned(),
            status_en: status.to_owned(),
            text_ru: "Рабочее время".to_owned(),
            text_en: "Within working hours".to_owned(),
        };
        left.steps.truncate(1);
        left.steps[0].reason = Some(reason(""));
        left.reason = Some(reason("Forwarding failed"));
        let english = left.text(Language::En).to_string();
        assert!(
            english.contains("Step 1: x → x\n  Within working hours\n  reason code: in-hours (exit)\n"),
            "{english}"
        );
        assert!(english.contains("Step 2: x\n"), "{english}");
        assert!(english.contains("\n  Forwarding failed: Within working hours\n"), "{english}");
        let russian = left.text(Language::Ru).to_string();
        assert!(russian.contains("Шаг 1: x → x\n  Рабочее время\n"), "{russian}");
    }

    proptest! {
        #[test]
        fn whatever_a_document_holds_no_line_is_forged_and_none_is_a_command(text in any::<String>(), is_forwarded in any::<bool>()) {
            for language in [Language::Ru, Language::En] {
                let shown = document(&text, is_forwarded).text(language).to_string();
                prop_assert_eq!(shown.lines().count(), document("x", is_forwarded).text(language).to_string().lines().count());
                prop_assert!(!shown.contains(|letter| letter != '\n' && is_hidden(letter)), "{shown:?}");
            }
        }
    }
}
