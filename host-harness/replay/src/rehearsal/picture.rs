//! A picture of the day as SVG: where calls went, span by span, and below it the requests to amoCRM. One panel a rehearsal, all to one scale.

mod ticks;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use call::Language;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::figures::{Figures, Span};
use ticks::ticks;

const WIDTH: f64 = 960.0;
const PANEL: f64 = 330.0;
const LEFT: f64 = 48.0;
const PLOT: f64 = WIDTH - LEFT - 24.0;
/// Where the bars of calls begin and end.
const CALLS: (f64, f64) = (62.0, 212.0);
/// Where those of requests do.
const REQUESTS: (f64, f64) = (232.0, 284.0);
/// A bar is no wider than that, however few there are.
const WIDEST: f64 = 24.0;

// Dark enough on white to be told apart and read (at least 4.5 : 1), and the colours that the page has for the same.
const FORWARDED_COLOUR: &str = "#1a6f3e";
const LINKED_COLOUR: &str = "#0b5cad";
const FAILED_COLOUR: &str = "#b3261e";
const REQUESTS_COLOUR: &str = "#5b6470";
const TEXT_COLOUR: &str = "#1b1f26";

/// For whom figures are shown.
#[derive(Clone, Debug)]
pub struct Reader {
    /// In which language.
    pub language: Language,
    /// In whose time.
    pub zone: TimeZone,
}

/// The highest bars of all panels.
#[derive(Clone, Copy)]
struct Scale {
    calls: usize,
    requests: f64,
}

/// Draws the figures; text in it is escaped.
pub fn picture(figures: &[Figures], reader: &Reader) -> String {
    let mut svg = String::new();
    let height = PANEL * count(figures.len());
    // Writing to a string does not fail.
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\" \
         fill=\"{TEXT_COLOUR}\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>"
    );
    let scale = Scale {
        calls: figures.iter().flat_map(|one| &one.spans).map(calls).max().unwrap_or(1).max(1),
        requests: figures.iter().map(top_of_requests).fold(1.0, f64::max),
    };
    for (index, one) in figures.iter().enumerate() {
        let _ = writeln!(svg, "<g transform=\"translate(0 {})\">", PANEL * count(index));
        heading(&mut svg, &title(one, figures, reader.language), one, scale, reader.language);
        bars(&mut svg, one, scale);
        axes(&mut svg, one, scale, reader);
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

/// What this rehearsal is, beside the other one: the settings and the component that differ.
fn title(one: &Figures, all: &[Figures], language: Language) -> String {
    let name = one.title(language);
    let others = || all.iter().filter(|other| !std::ptr::eq(*other, one));
    let differing = |settings: &BTreeMap<String, String>, key: &str| {
        others().any(|other| other.settings.get(key) != settings.get(key))
    };
    let keys = all.iter().flat_map(|any| any.settings.keys()).collect::<std::collections::BTreeSet<_>>();
    let by_default = language.say("по умолчанию", "as described");
    let mut said: Vec<_> = keys
        .into_iter()
        .filter(|key| differing(&one.settings, key))
        .map(|key| format!("{key} = {}", one.settings.get(key).map_or(by_default, String::as_str)))
        .collect();
    if others().any(|other| other.component != one.component) {
        let digest = one.component.get(..12).unwrap_or(&one.component);
        said.push(format!("{} {digest}", language.say("компонент", "component")));
    }
    if said.is_empty() { name.to_owned() } else { format!("{name}: {}", said.join(", ")) }
}

/// The title, and what the colours mean.
fn heading(svg: &mut String, title: &str, one: &Figures, scale: Scale, language: Language) {
    let _ =
        writeln!(svg, "<text x=\"{LEFT}\" y=\"20\" font-size=\"15\" font-weight=\"bold\">{}</text>", escaped(title));
    let sum = |of: fn(&Span) -> usize| one.spans.iter().map(of).sum::<usize>();
    let mut x = LEFT;
    for (colour, text, number) in [
        (FORWARDED_COLOUR, language.say("переадресовано", "forwarded"), one.forwarded),
        (LINKED_COLOUR, language.say("в связанную операцию", "to the linked operation"), sum(|span| span.linked)),
        (FAILED_COLOUR, language.say("туда же из-за сбоя", "there because of a failure"), sum(|span| span.failed)),
        (REQUESTS_COLOUR, language.say("запросов к amoCRM", "requests to amoCRM"), one.requests),
    ] {
        let text = format!("{text}: {number}");
        let _ = write!(
            svg,
            "<rect x=\"{x:.0}\" y=\"32\" width=\"11\" height=\"11\" fill=\"{colour}\"/><text x=\"{:.0}\" y=\"42\">{text}</text>",
            x + 16.0
        );
        // There is no measuring a text here; a letter is seven wide at most.
        x += 36.0 + 7.0 * count(text.chars().count());
    }
    if is_budget_drawn(one, scale) {
        let _ = write!(
            svg,
            "<line x1=\"{x:.0}\" x2=\"{:.0}\" y1=\"38\" y2=\"38\" stroke=\"{TEXT_COLOUR}\" stroke-dasharray=\"4 3\"/>\
             <text x=\"{:.0}\" y=\"42\">{}</text>",
            x + 20.0,
            x + 25.0,
            language.say("предел", "budget")
        );
    }
    svg.push('\n');
}

fn bars(svg: &mut String, one: &Figures, scale: Scale) {
    let step = PLOT / count(one.spans.len().max(1));
    let wide = (step * 0.9).clamp(0.5, WIDEST);
    let mut bar = |x: f64, y: f64, tall: f64, colour: &str| {
        let _ =
            write!(svg, "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{wide:.1}\" height=\"{tall:.1}\" fill=\"{colour}\"/>");
    };
    for (index, span) in one.spans.iter().enumerate() {
        let x = LEFT + step * count(index);
        let mut y = CALLS.1;
        let parts = [(span.forwarded, FORWARDED_COLOUR), (span.linked, LINKED_COLOUR), (span.failed, FAILED_COLOUR)];
        for (number, colour) in parts.into_iter().filter(|(number, _)| *number > 0) {
            let tall = (CALLS.1 - CALLS.0) * count(number) / count(scale.calls);
            y -= tall;
            bar(x, y, tall, colour);
        }
        if span.requests > 0 {
            let tall = (REQUESTS.1 - REQUESTS.0) * count(span.requests) / scale.requests;
            bar(x, REQUESTS.1 - tall, tall, REQUESTS_COLOUR);
        }
    }
    svg.push('\n');
}

fn axes(svg: &mut String, one: &Figures, scale: Scale, reader: &Reader) {
    let (right, language) = (LEFT + PLOT, reader.language);
    for ((top, bottom), most) in [(CALLS, count(scale.calls)), (REQUESTS, scale.requests)] {
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{right}\" y1=\"{bottom}\" y2=\"{bottom}\" stroke=\"{TEXT_COLOUR}\"/>\
             <text x=\"{0}\" y=\"{1}\" text-anchor=\"end\">{most}</text><text x=\"{0}\" y=\"{bottom}\" text-anchor=\"end\">0</text>",
            LEFT - 6.0,
            top + 9.0
        );
    }
    if is_budget_drawn(one, scale) {
        let y = REQUESTS.1 - (REQUESTS.1 - REQUESTS.0) * budget_of_span(one) / scale.requests;
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"{TEXT_COLOUR}\" stroke-dasharray=\"4 3\"/>"
        );
    }
    let Some(from) = one.spans.first().map(|span| span.at) else { return };
    let lasts =
        SignedDuration::from_secs(one.span_seconds.saturating_mul(i64::try_from(one.spans.len()).unwrap_or(i64::MAX)));
    let until = from.saturating_add(lasts).unwrap_or(from);
    for tick in ticks(from, until, &reader.zone, language) {
        let x = LEFT + PLOT * part(from, tick.at, lasts);
        let anchor = if x > right - 30.0 { "end" } else { "start" };
        let _ = write!(
            svg,
            "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{}\" y2=\"{}\" stroke=\"{TEXT_COLOUR}\"/>\
             <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
            REQUESTS.1,
            REQUESTS.1 + 5.0,
            REQUESTS.1 + 18.0,
            escaped(&tick.label)
        );
    }
    let _ =
        writeln!(svg, "\n<text x=\"{LEFT}\" y=\"{}\">{}</text>", REQUESTS.1 + 34.0, escaped(&below(one, from, reader)));
}

/// Whose time it is, and what a bar is.
fn below(one: &Figures, from: Timestamp, reader: &Reader) -> String {
    let zone = match (reader.zone.iana_name(), reader.zone.to_offset(from)) {
        (Some("Etc/UTC"), _) | (None, Offset::UTC) => "UTC".to_owned(),
        (Some(name), _) => name.to_owned(),
        (None, offset) => format!("UTC{offset}"),
    };
    let bar = match (one.span_seconds, reader.language) {
        (seconds, Language::Ru) if seconds % 86_400 == 0 => format!("{} сут", seconds / 86_400),
        (seconds, Language::Ru) if seconds % 3_600 == 0 => format!("{} ч", seconds / 3_600),
        (seconds, Language::Ru) if seconds % 60 == 0 => format!("{} мин", seconds / 60),
        (seconds, Language::Ru) => format!("{seconds} с"),
        (seconds, Language::En) if seconds % 86_400 == 0 => format!("{} d", seconds / 86_400),
        (seconds, Language::En) if seconds % 3_600 == 0 => format!("{} h", seconds / 3_600),
        (seconds, Language::En) if seconds % 60 == 0 => format!("{} min", seconds / 60),
        (seconds, Language::En) => format!("{seconds} s"),
    };
    match reader.language {
        Language::Ru => format!("Время: {zone}. Столбик — {bar}"),
        Language::En => format!("Time: {zone}. A bar is {bar}"),
    }
}

fn calls(span: &Span) -> usize {
    span.forwarded + span.linked + span.failed
}

fn budget_of_span(one: &Figures) -> f64 {
    f64::from(one.budget_per_second) * f64::from(i32::try_from(one.span_seconds).unwrap_or(i32::MAX))
}

/// The budget is drawn where requests come near it.
fn top_of_requests(one: &Figures) -> f64 {
    let most = count(one.spans.iter().map(|span| span.requests).max().unwrap_or(0));
    let budget = budget_of_span(one);
    if most * 3.0 >= budget { most.max(budget) } else { most }
}

fn is_budget_drawn(one: &Figures, scale: Scale) -> bool {
    budget_of_span(one) <= scale.requests
}

/// Which part of a time has passed.
fn part(from: Timestamp, at: Timestamp, lasts: SignedDuration) -> f64 {
    at.duration_since(from).as_secs_f64() / lasts.as_secs_f64().max(1.0)
}

#[expect(clippy::cast_precision_loss, reason = "nobody draws 2^52 calls")]
fn count(number: usize) -> f64 {
    number as f64
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
