//! Figures as text: one column a rehearsal.

use std::collections::BTreeSet;

use call::one_line::Lines;

use super::figures::{Changes, Figures};

/// The figures side by side, and what changed where there are two.
pub fn side_by_side(figures: &[Figures], changes: Option<&Changes>) -> Lines {
    let mut text = Lines::default();
    let mut row = |title: &str, of: &dyn Fn(&Figures) -> String| {
        let cells: Vec<_> = figures.iter().map(|one| format!("{:>22}", of(one))).collect();
        text.line(format_args!("{title:<34}{}", cells.concat()));
    };
    row("", &|one| one.name.clone());
    row("calls", &|one| one.calls.to_string());
    row("  callers", &|one| one.callers.to_string());
    row("forwarded", &|one| share(one.forwarded, one.calls));
    let reasons: BTreeSet<_> = figures.iter().flat_map(|one| one.linked.keys()).collect();
    for reason in reasons {
        row(&format!("  {reason}"), &|one| share(one.linked.get(reason).copied().unwrap_or(0), one.calls));
    }
    let steps: BTreeSet<_> = figures.iter().flat_map(|one| one.steps.keys()).collect();
    for step in steps {
        let of = |one: &Figures| one.steps.get(step).cloned().unwrap_or_default();
        row(&format!("at the step {step}"), &|one| share(of(one).calls, one.calls));
        row("  forwarded", &|one| share(of(one).forwarded, one.calls));
        let targets: BTreeSet<_> = figures.iter().flat_map(|one| of(one).targets.into_keys()).collect();
        for target in targets {
            row(&format!("  to {target}"), &|one| share(of(one).targets.get(&target).copied().unwrap_or(0), one.calls));
        }
    }
    row("manager known from the cache", &|one| format!("{} ({:.1} %)", one.cache_hits, one.cache_hit_rate * 100.0));
    row("requests to amoCRM", &|one| one.requests.to_string());
    row("  most in a minute (budget)", &|one| {
        format!("{} ({})", one.most_requests_in_a_minute, u64::from(one.budget_per_second) * 60)
    });
    row("  most in a second (budget)", &|one| format!("{} ({})", one.most_requests_in_a_second, one.budget_per_second));
    row("  refused by budget or circuit", &|one| one.requests_refused.to_string());
    if figures.iter().any(|one| one.requests_unknown > 0) {
        row("  answered by no recording", &|one| one.requests_unknown.to_string());
    }
    row("waited, ms: half, 99 %, longest", &|one| {
        format!("{}, {}, {}", one.waited_ms_p50, one.waited_ms_p99, one.waited_ms_max)
    });
    if let Some(changes) = changes {
        text.blank();
        text.line(format_args!("{} calls would go elsewhere", changes.changed));
        for change in &changes.some {
            let caller = if change.caller.is_empty() { "withheld" } else { &change.caller };
            text.line(format_args!("  {:.0}  {caller:<15}  {}  →  {}", change.at, change.from, change.to));
        }
        if changes.changed > changes.some.len() {
            text.line(format_args!("  and {} more", changes.changed - changes.some.len()));
        }
    }
    text
}

#[expect(clippy::cast_precision_loss, reason = "nobody counts to 2^52")]
fn share(part: usize, whole: usize) -> String {
    format!("{part} ({:.1} %)", if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 })
}
