//! A resolved call as text for people, in Russian or English.

use std::fmt;
use std::time::Duration;

use super::{FactValue, Language, ResolvedCall, Route};

/// Shows a resolved call in a language.
pub struct Text<'a> {
    call: &'a ResolvedCall,
    language: Language,
}

impl ResolvedCall {
    /// The call as text.
    pub const fn text(&self, language: Language) -> Text<'_> {
        Text { call: self, language }
    }
}

impl Text<'_> {
    const fn say(&self, ru: &'static str, en: &'static str) -> &'static str {
        match self.language {
            Language::Ru => ru,
            Language::En => en,
        }
    }

    fn call(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let call = &self.call.call;
        let caller = call.caller.as_deref().unwrap_or(self.say("номер скрыт", "number withheld"));
        write!(out, "{} {caller}", self.say("Звонок", "Call"))?;
        if !call.called.is_empty() {
            write!(out, " → {}", call.called)?;
        }
        writeln!(out, ", {:.0}", call.at)
    }

    fn route(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |time: Duration| format!("{} {}", time.as_secs_f64(), self.say("с", "s"));
        match &self.call.route {
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
            Route::LinkedOperation { target, reason } => {
                writeln!(out, "{}: {target}", self.say("Связанная операция", "Linked operation"))?;
                writeln!(out, "  {}: {}", reason.status.get(self.language), reason.text.get(self.language))?;
                writeln!(out, "  {}: {} ({})", self.say("код причины", "reason code"), reason.code, reason.class)
            }
        }
    }

    fn details(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let details = &self.call.details;
        let milliseconds = self.say("мс", "ms");
        writeln!(out, "{}", self.say("Детализация звонка", "Call details"))?;
        for fact in &details.facts {
            if let Some(value) = &fact.value {
                let value = match value {
                    FactValue::Integer(number) => number.to_string(),
                    FactValue::Text(text) => text.clone(),
                };
                writeln!(out, "  {}: {value}", fact.title.get(self.language))?;
            }
        }
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
        for exchange in &details.exchanges {
            for line in super::exchange::remarks(exchange, self.language) {
                writeln!(out, "  {line}")?;
            }
        }
        for note in &details.notes {
            writeln!(out, "  {}: {}", self.say("Замечание", "Note"), note.text.get(self.language))?;
        }
        Ok(())
    }

    fn cost(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let run = &self.call.run;
        write!(out, "{}: ", self.say("Стоимость", "Cost"))?;
        if let Some(instructions) = run.instructions {
            write!(out, "{instructions} {}, ", self.say("инструкций", "instructions"))?;
        }
        let (kibibytes, milliseconds) = (run.memory_bytes / 1024, run.wall.as_secs_f64() * 1_000.0);
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
