//! What would have happened, beside what did.

use serde_json::Value;

use call::one_line::Lines;

use super::{Recording, Replayed, ReplayedChain};
use crate::difference::{differences, drop_volatile};

/// The recorded call and the replayed one side by side, step by step: what else differs between them, what the recording could not answer, and
/// where its steps end.
pub fn side_by_side(recording: &Recording, chain: &ReplayedChain<'_>) -> Lines {
    let is_scenario = recording.steps().count() > 1;
    let mut text = Lines::default();
    for step in &chain.steps {
        let name = format!("Step `{}` ({})", step.recording.placement, step.recording.operation);
        match &step.replayed {
            None => {
                text.line(format_args!("{name}: taken as it was recorded; no component at hand is of its operation"))
            }
            Some(replayed) if replayed.exactly => text.line(format_args!("{name}: as it was recorded")),
            Some(replayed) => {
                if is_scenario {
                    text.line(format_args!("{name}:"));
                }
                compared(&mut text, step.recording, replayed);
            }
        }
    }
    if let Some(placement) = &chain.left_for {
        text.blank();
        text.line(format_args!(
            "The call would go on to the operation `{placement}`. The recording does not hold that step, so where the call ends is not known."
        ));
    }
    let reached = |step: &&Recording| chain.steps.iter().any(|reached| std::ptr::eq(reached.recording, *step));
    let missed: Vec<_> =
        recording.steps().filter(|step| !reached(step)).map(|step| format!("`{}`", step.placement)).collect();
    if !missed.is_empty() {
        text.blank();
        text.line(format_args!("The call would not come to {}.", missed.join(", ")));
    }
    text
}

/// One step.
fn compared(text: &mut Lines, recording: &Recording, replayed: &Replayed) {
    // What the recording cannot tell comes first: whoever reads a reason below takes it for what would have happened.
    let (heading, actual) = if replayed.unknown.is_empty() {
        ("would have been", "what would have been")
    } else {
        text.line("What would have been is not known: the recording has no answer to these questions");
        for question in &replayed.unknown {
            text.line(format_args!("  {question}"));
        }
        text.blank();
        ("if nothing answers", "what comes of it if nothing answers")
    };
    text.line(format_args!("  {:<12}{:<36}  {heading}", "", "recorded"));
    let mut row = |title: &str, of: fn(&Value) -> String| {
        let (then, now) = (of(&recording.resolved), of(&replayed.json));
        let mark = if then == now { ' ' } else { '*' };
        text.line(format_args!("{mark} {title:<12}{then:<36}  {now}"));
    };
    row("goes to", route);
    row("reason", |call| text_at(call, "/reason/code"));
    row("waited", |call| format!("{} ms", text_at(call, "/details/waited_ms")));
    row("requests", requests);
    let (mut then, mut now) = (recording.resolved.clone(), replayed.json.clone());
    drop_volatile(&mut then);
    drop_volatile(&mut now);
    let differences: Vec<_> = differences(&then, &now);
    if !differences.is_empty() {
        text.blank();
        text.line(format_args!("What differs (expected is what was recorded, actual {actual}):"));
        text.append(&Lines::split(&differences.concat()));
    }
}

fn text_at(call: &Value, pointer: &str) -> String {
    match call.pointer(pointer) {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn route(call: &Value) -> String {
    let employee = text_at(call, "/route/employee/id");
    if employee == "-" {
        return text_at(call, "/route/target");
    }
    let numbers: Vec<_> = call
        .pointer("/route/numbers")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|number| text_at(number, "/number"))
        .collect();
    format!("{employee} {}", numbers.join(", "))
}

fn requests(call: &Value) -> String {
    let purposes: Vec<_> = call
        .pointer("/details/requests")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|request| text_at(request, "/purpose"))
        .collect();
    if purposes.is_empty() { "none".to_owned() } else { purposes.join(", ") }
}
