//! Kept calls as a table: a line for each.

use jiff::tz::TimeZone;

use call::document::Route;
use call::one_line::Lines;
use call::{CallDocument, Language};

use node::call_details::{KeptCall, Numbers};

/// The calls as lines, with a line of titles above them where it is wanted.
pub(super) fn of(calls: &[KeptCall], numbers: Numbers, language: Language, with_head: bool) -> Lines {
    let mut text = Lines::default();
    if with_head && !calls.is_empty() {
        let titles = match language {
            Language::Ru => ["№", "время", "кто звонит", "куда", "ожидание", "откуда", "чем закончился"],
            Language::En => ["no.", "time", "caller", "where to", "waited", "from", "ended"],
        };
        line(&mut text, titles);
    }
    for call in calls {
        let seq = call.seq.to_string();
        match call.document() {
            None => line(&mut text, [seq.as_str(), "?", "?", unreadable(language), "", "", ""]),
            Some(document) => {
                let at = document.call.at.to_zoned_datetime(TimeZone::system()).strftime("%d.%m %H:%M:%S").to_string();
                let (caller, route) = (caller(call, &document, numbers, language), route(&document, language));
                let waited = format!("{} {}", document.waited().as_millis(), language.say("мс", "ms"));
                let source = document.details.facts.manager_source();
                let ended = call.outcome().map(|outcome| outcome.in_brief(language)).unwrap_or_default();
                line(&mut text, [&seq, &at, &caller, &route, &waited, source.unwrap_or_default(), &ended]);
            }
        }
    }
    text
}

fn line(text: &mut Lines, [seq, at, caller, route, waited, source, ended]: [&str; 7]) {
    let start = format!("{seq:>6}  {at:<14}  {caller:<14}  {route:<44}  {waited:>9}");
    // Nothing stands behind the last word.
    text.line(format!("{start}  {source:<8}  {ended}").trim_end());
}

/// The caller's number: masked, unless the whole one is asked for and kept.
pub(super) fn caller(call: &KeptCall, document: &CallDocument, numbers: Numbers, language: Language) -> String {
    match (&call.caller, &document.call.caller) {
        (Some(whole), _) if numbers == Numbers::Whole => whole.whole().to_owned(),
        (_, Some(masked)) => masked.clone(),
        _ => language.say("скрыт", "withheld").to_owned(),
    }
}

/// Where a call went, in a few words.
fn route(document: &CallDocument, language: Language) -> String {
    match (&document.route, &document.reason) {
        (Route::Forward { employee, destinations, .. }, _) => {
            let numbers: Vec<_> = destinations.iter().map(|number| number.number.as_str()).collect();
            format!("{} ({})", employee.name, numbers.join(", "))
        }
        (Route::LinkedOperation { target }, Some(reason)) => format!("{target}: {}", reason.code),
        (Route::LinkedOperation { target }, None) => {
            format!("{target}: {}", language.say("причина не названа", "no reason given"))
        }
    }
}

fn unreadable(language: Language) -> &'static str {
    language.say("запись не читается", "the record cannot be read")
}
