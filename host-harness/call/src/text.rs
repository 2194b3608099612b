//! A resolved call as text for people, in Russian or English: the whole of it, and its parts for those who show them among others.

use std::fmt::{self, Write};
use std::time::Duration;

use crate::document::{CallDocument, Route};
use crate::language::Language;

/// Shows a resolved call in a language.
pub struct Text<'a> {
    document: &'a CallDocument,
    language: Language,
}

impl CallDocument {
    /// The call as text.
    pub const fn text(&self, language: Language) -> Text<'_> {
        Text { document: self, language }
    }
}

impl Text<'_> {
    const fn say(&self, ru: &'static str, en: &'static str) -> &'static str {
        self.language.say(ru, en)
    }

    fn call(&self, out: &mut impl Write) -> fmt::Result {
        let call = &self.document.call;
        let caller = call.caller.as_deref().unwrap_or(self.say("номер скрыт", "number withheld"));
        write!(out, "{} {caller}", self.say("Звонок", "Call"))?;
        if !call.called.is_empty() {
            write!(out, " → {}", call.called)?;
        }
        writeln!(out, ", {:.0}", call.at)
    }

    /// Where the call goes: the numbers that are rung, or the linked operation and why.
    pub fn route(&self, out: &mut impl Write) -> fmt::Result {
        let seconds = |time: Duration| format!("{} {}", time.as_secs_f64(), self.say("с", "s"));
        match &self.document.route {
            Route::Forward { employee, destinations, then } => {
                writeln!(out, "{}: {} ({})", self.say("Переадресация", "Forwarded"), employee.name, employee.id)?;
                for (index, destination) in destinations.iter().enumerate() {
                    let ring_time = seconds(destination.ring_time);
                    writeln!(
                        out,
                        "  {}. {}  {} {ring_time}",
                        index + 1,
                        destination.number,
                        self.say("звонит", "rings for")
                    )?;
                }
                writeln!(out, "  {}: {then}", self.say("затем связанная операция", "then the linked operation"))
            }
            Route::LinkedOperation { target } => {
                writeln!(out, "{}: {target}", self.say("Связанная операция", "Linked operation"))?;
                let Some(reason) = &self.document.reason else { return Ok(()) };
                writeln!(out, "  {}: {}", reason.status(self.language), reason.text(self.language))?;
                writeln!(out, "  {}: {} ({})", self.say("код причины", "reason code"), reason.code, reason.class)
            }
        }
    }

    /// What the operation found out, a line for each fact that is known.
    pub fn facts(&self, out: &mut impl Write) -> fmt::Result {
        for fact in self.document.details.facts.known() {
            writeln!(out, "  {}: {}", self.document.titles.get(&fact.key, self.language), fact.value)?;
        }
        Ok(())
    }

    /// The remarks, a line for each.
    pub fn notes(&self, out: &mut impl Write) -> fmt::Result {
        for note in &self.document.details.notes {
            writeln!(out, "  {}: {}", self.say("Замечание", "Note"), note.text(self.language))?;
        }
        Ok(())
    }

    fn details(&self, out: &mut impl Write) -> fmt::Result {
        let details = &self.document.details;
        let milliseconds = self.say("мс", "ms");
        writeln!(out, "{}", self.say("Детализация звонка", "Call details"))?;
        self.facts(out)?;
        let (waited, waiting_time) = (details.waited.as_millis(), details.waiting_time.as_millis());
        let waiting = self.say("Ожидание", "Waited");
        // An operation that waits for nothing has no waiting time.
        let of = if waiting_time == 0 { String::new() } else { format!(" {} {waiting_time}", self.say("из", "of")) };
        writeln!(out, "  {waiting}: {waited}{of} {milliseconds}")?;
        if details.requests.is_empty() {
            writeln!(out, "  {}", self.say("Запросов не было", "No requests"))?;
        }
        for request in &details.requests {
            let status = request.status.map_or_else(|| "—".to_owned(), |status| status.to_string());
            writeln!(
                out,
                "  {} {}: {status} {}, {} {milliseconds} ({} {} {milliseconds})",
                self.say("Запрос", "Request"),
                request.purpose,
                request.outcome,
                request.took.as_millis(),
                self.say("на отметке", "at"),
                request.at.as_millis(),
            )?;
        }
        for line in details.exchanges.iter().flat_map(|exchange| exchange.remarks(self.language)) {
            writeln!(out, "  {line}")?;
        }
        self.notes(out)
    }

    fn cost(&self, out: &mut impl Write) -> fmt::Result {
        let run = &self.document.run;
        write!(out, "{}: ", self.say("Стоимость", "Cost"))?;
        if let Some(instructions) = run.instructions {
            write!(out, "{instructions} {}, ", self.say("инструкций", "instructions"))?;
        }
        let (kibibytes, milliseconds) = (run.memory_bytes.unwrap_or_default() / 1024, run.wall.as_secs_f64() * 1_000.0);
        writeln!(
            out,
            "{kibibytes} {}, {milliseconds:.1} {}",
            self.say("КиБ памяти", "KiB of memory"),
            self.say("мс", "ms")
        )
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.call(out)?;
        self.route(out)?;
        self.details(out)?;
        self.cost(out)
    }
}
