//! One kept call as a timeline: each step with a bar against the waiting time.

use std::fmt::Write;

use jiff::tz::TimeZone;
use serde_json::Value;

use super::{story, table};
use crate::call_details::{Document, ExchangePart, KeptCall, Numbers, RequestPart, RoutePart};
use crate::report::Language;

/// The width of the whole waiting time.
const WIDTH: u64 = 48;

/// The call as text.
pub(super) fn of(call: &KeptCall, document: &Document, numbers: Numbers, language: Language) -> String {
    let timeline = Timeline { call, document, numbers, language };
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = timeline.write(&mut out);
    out
}

struct Timeline<'a> {
    call: &'a KeptCall,
    document: &'a Document,
    numbers: Numbers,
    language: Language,
}

impl Timeline<'_> {
    fn say<'t>(&self, ru: &'t str, en: &'t str) -> &'t str {
        match self.language {
            Language::Ru => ru,
            Language::En => en,
        }
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let (call, details) = (&self.document.call, &self.document.details);
        let at = call.at.to_zoned(TimeZone::system());
        let caller = table::caller(self.call, self.document, self.numbers, self.language);
        writeln!(out, "{} {} ({})", self.say("Звонок", "Call"), self.call.seq, call.id)?;
        writeln!(out, "  {caller} → {}, {}", call.called, at.strftime("%Y-%m-%d %H:%M:%S %:z"))?;
        writeln!(
            out,
            "  {}: {}; {}: {}",
            self.say("операция", "operation"),
            self.call.operation,
            self.say("интеграция", "integration"),
            self.call.integration
        )?;
        writeln!(out)?;

        let milliseconds = self.say("мс", "ms");
        let waiting_time = details.waiting_time_ms;
        writeln!(out, "{:<34}0{:─<width$}{waiting_time} {milliseconds}", "", "", width = WIDTH as usize)?;
        if details.requests.is_empty() {
            let nothing = self.say("запросов не было", "no requests");
            writeln!(out, "  {nothing}")?;
        }
        let told = details.requests.len() == details.exchanges.len();
        for (index, request) in details.requests.iter().enumerate() {
            let exchange = details.exchanges.get(index).filter(|_| told);
            self.request(out, request, exchange)?;
        }
        let answer = self.say("ответ", "answer");
        writeln!(
            out,
            "  {answer:<30}  {}  {} {milliseconds}",
            bar(details.waited_ms, 0, 0, waiting_time, '▲'),
            details.waited_ms
        )?;
        writeln!(out)?;
        self.route(out)?;
        if let Some(outcome) = self.call.outcome() {
            story::write(out, &outcome, self.language)?;
        }
        for (key, value) in &details.facts {
            match value {
                Value::Null | Value::Object(_) | Value::Array(_) => {}
                Value::String(text) => writeln!(out, "  {key}: {text}")?,
                other => writeln!(out, "  {key}: {other}")?,
            }
        }
        for note in &details.notes {
            writeln!(out, "  {}: {}", self.say("замечание", "note"), self.say(&note.text_ru, &note.text_en))?;
        }
        let component = self.document.run.component.get(..12).unwrap_or(&self.document.run.component);
        writeln!(out, "  {}: {component}", self.say("компонент", "component"))
    }

    fn request(&self, out: &mut String, request: &RequestPart, exchange: Option<&ExchangePart>) -> std::fmt::Result {
        let milliseconds = self.say("мс", "ms");
        let turn = exchange.map_or(0, |exchange| exchange.turn_ms).min(request.ms);
        let status = request.status.map_or_else(|| "—".to_owned(), |status| status.to_string());
        let name = format!("{} {status} {}", request.purpose, request.outcome);
        let bar = bar(request.at_ms, turn, request.ms - turn, self.document.details.waiting_time_ms, '█');
        write!(out, "  {name:<30}  {bar}  {} {milliseconds}", request.ms)?;
        if turn > 0 {
            write!(
                out,
                ", {} {turn} {milliseconds}",
                self.say("из них в очереди лимита", "of it waiting for its turn")
            )?;
        }
        match exchange {
            Some(ExchangePart { shared: true, .. }) => {
                write!(out, ", {}", self.say("ответ общий с другим звонком", "answer shared with another call"))?
            }
            Some(ExchangePart { refused: Some(by), .. }) => {
                let by = match by.as_str() {
                    "budget" => self.say("не отправлен: лимит запросов", "not sent: the rate budget"),
                    _ => self.say("не отправлен: amoCRM просила паузу", "not sent: the circuit is open"),
                };
                write!(out, ", {by}")?;
            }
            _ => {}
        }
        writeln!(out)
    }

    fn route(&self, out: &mut String) -> std::fmt::Result {
        match (&self.document.route, &self.document.reason) {
            (RoutePart::Forward { employee, numbers, .. }, _) => {
                let to = self.say("Переадресован", "Forwarded");
                writeln!(out, "{to}: {} ({})", employee.name, employee.id)?;
                for number in numbers {
                    writeln!(out, "  {}  {} {}", number.number, number.ring_seconds, self.say("с", "s"))?;
                }
                Ok(())
            }
            (RoutePart::LinkedOperation { target }, reason) => {
                writeln!(out, "{}: {target}", self.say("Связанная операция", "Linked operation"))?;
                match reason {
                    Some(reason) => writeln!(out, "  {} ({})", self.say(&reason.text_ru, &reason.text_en), reason.code),
                    None => Ok(()),
                }
            }
        }
    }
}

/// A step on the axis of the waiting time: where it began, how long it waited, how long it worked.
fn bar(at: u64, waited: u64, worked: u64, whole: u64, mark: char) -> String {
    let column = |time: u64| (time.min(whole) * WIDTH / whole.max(1)).min(WIDTH - 1);
    let (from, turned, until) = (column(at), column(at + waited), column(at + waited + worked));
    (0..WIDTH)
        .map(|position| match position {
            _ if position < from || position > until => '·',
            _ if position < turned => '░',
            _ => mark,
        })
        .collect()
}
