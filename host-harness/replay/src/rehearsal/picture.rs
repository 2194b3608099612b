//! A picture of the day as SVG: where calls went, span by span, and the requests to amoCRM against the budget. One panel a rehearsal.

use std::fmt::Write as _;

use super::figures::{Figures, Span};

const WIDTH: f64 = 960.0;
const PANEL: f64 = 300.0;
const LEFT: f64 = 48.0;
const PLOT: f64 = WIDTH - LEFT - 56.0;
const TOP: f64 = 44.0;
const HEIGHT: f64 = 210.0;
/// About how many labels of time there are.
const LABELS: usize = 8;

const FORWARDED: &str = "#2e9e6b";
const LINKED: &str = "#9aa5b1";
const FAILED: &str = "#d64545";
const REQUESTS: &str = "#2f6fde";

/// Draws the figures; text in it is escaped.
pub fn picture(figures: &[Figures]) -> String {
    let mut svg = String::new();
    let height = PANEL * count(figures.len());
    // Writing to a string does not fail.
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>"
    );
    let most_calls = figures.iter().flat_map(|one| &one.spans).map(calls).max().unwrap_or(1).max(1);
    let most_requests = figures.iter().map(top_of_requests).fold(1.0, f64::max);
    for (index, one) in figures.iter().enumerate() {
        let _ = writeln!(svg, "<g transform=\"translate(0 {})\">", PANEL * count(index));
        panel(&mut svg, one, count(most_calls), most_requests);
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

fn panel(svg: &mut String, one: &Figures, most_calls: f64, most_requests: f64) {
    let bottom = TOP + HEIGHT;
    let step = PLOT / count(one.spans.len().max(1));
    let _ = writeln!(
        svg,
        "<text x=\"{LEFT}\" y=\"18\" font-size=\"14\" font-weight=\"bold\">{}</text>\
         <text x=\"{LEFT}\" y=\"34\"><tspan fill=\"{FORWARDED}\">■ forwarded {}</tspan>  <tspan fill=\"{LINKED}\">■ linked operation {}</tspan>  \
         <tspan fill=\"{FAILED}\">■ of a failure {}</tspan>  <tspan fill=\"{REQUESTS}\">— requests {}, budget dashed</tspan></text>",
        escaped(&one.name),
        one.forwarded,
        one.spans.iter().map(|span| span.linked).sum::<usize>(),
        one.spans.iter().map(|span| span.failed).sum::<usize>(),
        one.requests
    );
    let mut line = String::new();
    for (index, span) in one.spans.iter().enumerate() {
        let x = LEFT + step * count(index);
        let mut y = bottom;
        for (number, colour) in [(span.forwarded, FORWARDED), (span.linked, LINKED), (span.failed, FAILED)] {
            let tall = HEIGHT * count(number) / most_calls;
            if number > 0 {
                y -= tall;
                let wide = (step * 0.9).max(0.5);
                let _ = write!(
                    svg,
                    "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{wide:.1}\" height=\"{tall:.1}\" fill=\"{colour}\"/>"
                );
            }
        }
        let up = bottom - HEIGHT * count(span.requests) / most_requests;
        let _ = write!(line, "{:.1},{up:.1} ", x + step / 2.0);
    }
    let _ = writeln!(
        svg,
        "\n<polyline points=\"{}\" fill=\"none\" stroke=\"{REQUESTS}\" stroke-width=\"1.2\"/>",
        line.trim_end()
    );
    let budget = bottom - HEIGHT * budget_of_span(one) / most_requests;
    if budget >= TOP {
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{budget:.1}\" y2=\"{budget:.1}\" stroke=\"{REQUESTS}\" stroke-dasharray=\"4 3\"/>",
            LEFT + PLOT
        );
    }
    let _ = writeln!(
        svg,
        "<line x1=\"{LEFT}\" x2=\"{0}\" y1=\"{bottom}\" y2=\"{bottom}\" stroke=\"black\"/>\
         <text x=\"{1}\" y=\"{TOP}\" text-anchor=\"end\">{most_calls}</text><text x=\"{1}\" y=\"{bottom}\" text-anchor=\"end\">0</text>\
         <text x=\"{2}\" y=\"{TOP}\" fill=\"{REQUESTS}\">{most_requests}</text>",
        LEFT + PLOT,
        LEFT - 6.0,
        LEFT + PLOT + 6.0
    );
    let every = one.spans.len().div_ceil(LABELS).max(1);
    for (index, span) in one.spans.iter().enumerate().step_by(every) {
        let x = LEFT + step * count(index);
        let _ = write!(svg, "<text x=\"{x:.1}\" y=\"{}\">{}</text>", bottom + 16.0, span.at.strftime("%d.%m %H:%M"));
    }
    let _ = writeln!(
        svg,
        "<text x=\"{LEFT}\" y=\"{}\" fill=\"#666\">UTC, {} s a bar</text>",
        bottom + 32.0,
        one.span_seconds
    );
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

#[expect(clippy::cast_precision_loss, reason = "nobody draws 2^52 calls")]
fn count(number: usize) -> f64 {
    number as f64
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
