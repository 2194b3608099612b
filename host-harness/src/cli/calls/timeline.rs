//! One kept call as a timeline: each step with a bar against the waiting time.

use std::time::Duration;

use call::details::{Details, RequestRecord};
use call::exchange::Exchange;
use call::one_line::Lines;
use call::titles::Titles;
use call::{CallDocument, Language};
use jiff::tz::TimeZone;

use super::{story, table};
use node::call_details::{KeptCall, Numbers};

/// The width of the whole waiting time.
const WIDTH: u64 = 48;

/// The call as text.
pub(super) fn of(call: &KeptCall, document: &CallDocument, numbers: Numbers, language: Language) -> Lines {
    let timeline = Timeline { call, document, numbers, language };
    let mut out = Lines::default();
    timeline.write(&mut out);
    out
}

struct Timeline<'a> {
    call: &'a KeptCall,
    document: &'a CallDocument,
    numbers: Numbers,
    language: Language,
}

impl Timeline<'_> {
    fn say<'t>(&self, ru: &'t str, en: &'t str) -> &'t str {
        self.language.say(ru, en)
    }

    fn write(&self, out: &mut Lines) {
        let (call, details) = (&self.document.call, &self.document.details);
        let at = call.at.to_zoned_datetime(TimeZone::system());
        let caller = table::caller(self.call, self.document, self.numbers, self.language);
        out.line(format_args!("{} {} ({})", self.say("Звонок", "Call"), self.call.seq, call.id));
        out.line(format_args!("  {caller} → {}, {}", call.called, at.strftime("%Y-%m-%d %H:%M:%S %:z")));
        out.line(format_args!(
            "  {}: {}; {}: {}",
            self.say("операция", "operation"),
            self.call.operation,
            self.say("интеграция", "integration"),
            self.call.integration
        ));
        out.blank();

        let text = self.document.text(self.language).in_zone(TimeZone::system());
        for (number, step) in (1..).zip(&self.document.steps) {
            text.step(out, number, step);
            text.facts(out, &step.details, &step.titles);
            self.bars(out, &step.details, &step.titles);
            text.notes(out, &step.details);
            out.blank();
        }
        text.last_step(out);
        self.bars(out, details, &self.document.titles);
        out.blank();
        text.route(out);
        if let Some(outcome) = self.call.outcome() {
            story::write(out, &outcome, self.language);
        }
        out.line(format_args!("{}", self.say("Детализация звонка", "Call details")));
        text.facts(out, details, &self.document.titles);
        text.notes(out, details);
        let component = self.document.component();
        let component = component.get(..12).unwrap_or(component);
        out.line(format_args!("  {}: {component}", self.say("компонент", "component")));
    }

    /// What a step asked and for how long, against its waiting time.
    fn bars(&self, out: &mut Lines, details: &Details, titles: &Titles) {
        let milliseconds = self.say("мс", "ms");
        let (waiting_time, waited) = (milliseconds_of(details.waiting_time), milliseconds_of(details.waited));
        out.line(format_args!("{:<34}0{:─<width$}{waiting_time} {milliseconds}", "", "", width = WIDTH as usize));
        if details.requests.is_empty() {
            let nothing = self.say("запросов не было", "no requests");
            out.line(format_args!("  {nothing}"));
        }
        let told = details.requests.len() == details.exchanges.len();
        for (index, request) in details.requests.iter().enumerate() {
            let exchange = details.exchanges.get(index).filter(|_| told);
            let purpose = titles.purpose(&request.purpose, self.language);
            self.request(out, request, purpose, exchange, waiting_time);
        }
        let answer = self.say("ответ", "answer");
        out.line(format_args!("  {answer:<30}  {}  {waited} {milliseconds}", bar(waited, 0, 0, waiting_time, '▲')));
    }

    fn request(
        &self,
        out: &mut Lines,
        request: &RequestRecord,
        purpose: &str,
        exchange: Option<&Exchange>,
        waiting_time: u64,
    ) {
        let milliseconds = self.say("мс", "ms");
        let took = milliseconds_of(request.took);
        let turn = exchange.map_or(0, |exchange| milliseconds_of(exchange.turn)).min(took);
        let status = request.status.map_or_else(|| "—".to_owned(), |status| status.to_string());
        let name = format!("{purpose} {status} {}", request.outcome);
        let bar = bar(milliseconds_of(request.at), turn, took - turn, waiting_time, '█');
        let mut line = format!("  {name:<30}  {bar}  {took} {milliseconds}");
        let mut add = |text: &str| {
            line.push_str(", ");
            line.push_str(text);
        };
        if turn > 0 {
            let waiting = self.say("из них в очереди лимита", "of it waiting for its turn");
            add(&format!("{waiting} {turn} {milliseconds}"));
        }
        match exchange {
            Some(Exchange { shared: true, .. }) => {
                add(self.say("ответ общий с другим звонком", "answer shared with another call"));
            }
            Some(Exchange { refused: Some(by), .. }) => add(match by.as_str() {
                "budget" => self.say("не отправлен: лимит запросов", "not sent: the rate budget"),
                _ => self.say("не отправлен: amoCRM просила паузу", "not sent: the circuit is open"),
            }),
            _ => {}
        }
        if exchange.is_some_and(|exchange| exchange.repeated) {
            add(self.say(
                "отправлен ещё раз: соединение оборвалось до ответа",
                "sent again: the connection broke before any answer",
            ));
        }
        out.line(line);
    }
}

fn milliseconds_of(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
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
