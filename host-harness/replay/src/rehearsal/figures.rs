//! What came out of a rehearsal, in figures, and what changed between two of them.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::history::{PastCall, callers};
use super::stage::Stage;
use super::variant::Variant;
use call::document::Route;
use call::masking::mask;
use call::{CallDocument, Language, Localized};

/// The name of the first rehearsal.
pub const REHEARSED: &str = "rehearsed";
/// The name of the one beside it.
pub const AGAINST: &str = "against";
/// How many spans a picture has at most.
const MOST_SPANS: i64 = 288;

/// What came out. Fields may be added, none is renamed.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// What was rehearsed.
    pub name: String,
    /// The component's SHA-256.
    pub component: String,
    /// Its settings that differ from the defaults.
    pub settings: BTreeMap<String, String>,
    /// How many calls there were.
    pub calls: usize,
    /// From how many callers.
    pub callers: usize,
    /// How many were forwarded.
    pub forwarded: usize,
    /// How many of those rang a deputy.
    pub to_deputies: usize,
    /// How many went to the linked operation, by the reason's code; of a scenario, that of the last step.
    pub linked: BTreeMap<String, usize>,
    /// What came of calls at each step of a scenario; empty where there is one operation.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub steps: BTreeMap<String, StepFigures>,
    /// How many calls knew the manager from the cache.
    pub cache_hits: usize,
    /// Of the calls that knew a manager, how many knew it from the cache, from 0 to 1.
    pub cache_hit_rate: f64,
    /// How many requests went out.
    pub requests: usize,
    /// The most requests that went out in any second of the clock, and in any minute.
    pub most_requests_in_a_second: usize,
    /// The same in a minute.
    pub most_requests_in_a_minute: usize,
    /// How many may go out in a second.
    pub budget_per_second: u16,
    /// How many requests the budget or the circuit refused.
    pub requests_refused: usize,
    /// How many requests no recording answered.
    pub requests_unknown: u64,
    /// How long calls waited, in milliseconds: half of them at most so long.
    pub waited_ms_p50: u64,
    /// All but one in a hundred at most so long.
    pub waited_ms_p99: u64,
    /// None longer.
    pub waited_ms_max: u64,
    /// The spans of the picture, in order; those without calls and requests too.
    pub spans: Vec<Span>,
    /// How long a span is.
    pub span_seconds: i64,
    /// The texts of the reasons in [`linked`](Self::linked), by code.
    #[serde(skip)]
    pub reasons: BTreeMap<String, Localized>,
    #[serde(skip)]
    outcomes: Vec<String>,
    #[serde(skip)]
    who: Vec<(Timestamp, String)>,
}

impl Figures {
    /// What people call the rehearsal.
    pub fn title(&self, language: Language) -> &str {
        match self.name.as_str() {
            REHEARSED => language.say("проверяется", "rehearsed"),
            AGAINST => language.say("для сравнения", "against"),
            other => other,
        }
    }
}

/// What came of calls at one step of a scenario.
#[derive(Clone, Debug, Default, Serialize)]
pub struct StepFigures {
    /// How many calls came to it.
    pub calls: usize,
    /// How many it forwarded.
    pub forwarded: usize,
    /// How many it sent on at once, by where to.
    pub targets: BTreeMap<String, usize>,
}

/// A span of time.
#[derive(Clone, Debug, Serialize)]
pub struct Span {
    /// When it begins.
    pub at: Timestamp,
    /// Calls that were forwarded.
    pub forwarded: usize,
    /// Calls that went to the linked operation because something failed.
    pub failed: usize,
    /// Calls that went to the linked operation for other reasons.
    pub linked: usize,
    /// Requests that went out.
    pub requests: usize,
}

/// What changed between two rehearsals of the same history.
#[derive(Clone, Debug, Serialize)]
pub struct Changes {
    /// How many calls went elsewhere.
    pub changed: usize,
    /// The first of them.
    pub some: Vec<Change>,
}

/// A call that went elsewhere.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// When it arrived.
    pub at: Timestamp,
    /// The caller, masked.
    pub caller: String,
    /// Where it went first.
    pub from: String,
    /// Where it went then.
    pub to: String,
}

/// Figures in the making.
pub(super) struct Gathering {
    figures: Figures,
    /// The placement that calls come to.
    first: String,
    began: Timestamp,
    knew: usize,
    waited: Vec<u64>,
    seconds: BTreeMap<i64, usize>,
}

impl Gathering {
    pub(super) fn of(variant: &Variant, stage: &Stage, calls: &[PastCall]) -> Self {
        let began = calls.first().map_or(Timestamp::UNIX_EPOCH, |call| call.at);
        let lasted = calls.last().map_or(0, |call| call.at.as_second() - began.as_second());
        let span_seconds = span_seconds(lasted);
        let began = Timestamp::from_second(began.as_second() / span_seconds * span_seconds).unwrap_or(began);
        let ended = calls.last().map_or(began, |call| call.at);
        let number = (ended.as_second() - began.as_second()) / span_seconds + 1;
        let at = |index: i64| began.saturating_add(SignedDuration::from_secs(index * span_seconds)).unwrap_or(began);
        let spans = (0..number).map(|index| Span { at: at(index), forwarded: 0, failed: 0, linked: 0, requests: 0 });
        let figures = Figures {
            name: variant.name.clone(),
            component: variant.operation.digest().to_string(),
            settings: variant.settings.clone(),
            calls: calls.len(),
            callers: callers(calls),
            forwarded: 0,
            to_deputies: 0,
            linked: BTreeMap::new(),
            steps: match stage.placements.as_slice() {
                [] | [_] => BTreeMap::new(),
                steps => steps.iter().map(|step| (step.id.clone(), StepFigures::default())).collect(),
            },
            cache_hits: 0,
            cache_hit_rate: 0.0,
            requests: 0,
            most_requests_in_a_second: 0,
            most_requests_in_a_minute: 0,
            budget_per_second: stage.integrations.iter().map(|integration| integration.requests_per_second).sum(),
            requests_refused: 0,
            requests_unknown: 0,
            waited_ms_p50: 0,
            waited_ms_p99: 0,
            waited_ms_max: 0,
            spans: spans.collect(),
            span_seconds,
            reasons: BTreeMap::new(),
            outcomes: vec![String::new(); calls.len()],
            who: calls.iter().map(|call| (call.at, call.caller.as_deref().map_or_else(String::new, mask))).collect(),
        };
        let first = stage.placements.first().map(|first| first.id.clone()).unwrap_or_default();
        Self { figures, first, began, knew: 0, waited: Vec::with_capacity(calls.len()), seconds: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, number: usize, resolved: &CallDocument) {
        let at = resolved.call.at;
        let (outcome, failed) = match &resolved.route {
            Route::Forward { employee, destinations, .. } => {
                let numbers: Vec<_> = destinations.iter().map(|rung| rung.number.as_str()).collect();
                (format!("{} ({})", employee.id, numbers.join(", ")), None)
            }
            Route::LinkedOperation { target } => {
                let (code, class) =
                    (resolved.outcome().to_owned(), resolved.reason.as_ref().map(|reason| &*reason.class));
                *self.figures.linked.entry(code.clone()).or_default() += 1;
                if let Some(reason) = resolved.reason.as_ref().filter(|_| !self.figures.reasons.contains_key(&code)) {
                    let text = Localized::new(&reason.text_ru, &reason.text_en);
                    self.figures.reasons.insert(code.clone(), text);
                }
                let told = if self.figures.steps.is_empty() { code } else { format!("{code} ({target})") };
                (told, Some(matches!(class, Some("technical-failure" | "no-answer"))))
            }
        };
        self.figures.forwarded += usize::from(failed.is_none());
        self.figures.to_deputies += usize::from(resolved.details.facts.deputy_for().is_some());
        if let Some(span) = self.span(at) {
            match failed {
                None => span.forwarded += 1,
                Some(true) => span.failed += 1,
                Some(false) => span.linked += 1,
            }
        }
        if let Some(place) = self.figures.outcomes.get_mut(number) {
            *place = outcome;
        }
        for step in &resolved.steps {
            self.came_to(&step.placement, Some(&step.target));
        }
        let at_once = failed.is_some().then(|| resolved.target());
        self.came_to(resolved.placement.as_deref().unwrap_or(&self.first.clone()), at_once);
        let steps = || resolved.steps.iter().map(|step| &step.details).chain([&resolved.details]);
        let hits: Vec<_> = steps().filter_map(|details| details.facts.is_cache_hit()).collect();
        self.knew += usize::from(!hits.is_empty());
        self.figures.cache_hits += usize::from(hits.contains(&true));
        let mut waited = Duration::ZERO;
        for details in steps() {
            for exchange in &details.exchanges {
                if exchange.sent {
                    self.request(at, waited + exchange.at + exchange.turn);
                }
                self.figures.requests_refused += usize::from(exchange.refused.is_some());
            }
            waited += details.waited;
        }
        self.waited.push(u64::try_from(waited.as_millis()).unwrap_or(u64::MAX));
    }

    /// Counts a call at a step, and where it went at once from there.
    fn came_to(&mut self, placement: &str, target: Option<&str>) {
        let Some(step) = self.figures.steps.get_mut(placement) else { return };
        step.calls += 1;
        match target {
            None => step.forwarded += 1,
            Some(target) => *step.targets.entry(target.to_owned()).or_default() += 1,
        }
    }

    fn request(&mut self, at: Timestamp, after: Duration) {
        let at = SignedDuration::try_from(after).ok().and_then(|after| at.checked_add(after).ok()).unwrap_or(at);
        self.figures.requests += 1;
        *self.seconds.entry(at.as_second()).or_default() += 1;
        if let Some(span) = self.span(at) {
            span.requests += 1;
        }
    }

    fn span(&mut self, at: Timestamp) -> Option<&mut Span> {
        let index = (at.as_second() - self.began.as_second()) / self.figures.span_seconds;
        let last = self.figures.spans.len().saturating_sub(1);
        self.figures.spans.get_mut(usize::try_from(index).unwrap_or(0).min(last))
    }

    #[expect(clippy::cast_precision_loss, reason = "nobody counts to 2^52")]
    pub(super) fn end(mut self, unknown: u64) -> Figures {
        let figures = &mut self.figures;
        figures.requests_unknown = unknown;
        figures.cache_hit_rate = if self.knew == 0 { 0.0 } else { figures.cache_hits as f64 / self.knew as f64 };
        figures.most_requests_in_a_second = self.seconds.values().copied().max().unwrap_or(0);
        let mut minutes = BTreeMap::<i64, usize>::new();
        for (second, requests) in &self.seconds {
            *minutes.entry(second / 60).or_default() += requests;
        }
        figures.most_requests_in_a_minute = minutes.values().copied().max().unwrap_or(0);
        self.waited.sort_unstable();
        let share = |hundredths: usize| {
            let rank = (self.waited.len() * hundredths).div_ceil(100).saturating_sub(1);
            self.waited.get(rank).copied().unwrap_or(0)
        };
        (figures.waited_ms_p50, figures.waited_ms_p99, figures.waited_ms_max) = (share(50), share(99), share(100));
        self.figures
    }
}

/// Spans that people think in, as few as needed.
fn span_seconds(lasted: i64) -> i64 {
    const STEPS: [i64; 9] = [1, 10, 60, 300, 900, 3_600, 21_600, 86_400, 604_800];
    STEPS.into_iter().find(|step| lasted / step < MOST_SPANS).unwrap_or(STEPS[STEPS.len() - 1])
}

impl Changes {
    /// Between a rehearsal and another one of the same history; at most this many are listed.
    pub fn between(first: &Figures, then: &Figures, listed: usize) -> Self {
        let pairs = first.outcomes.iter().zip(&then.outcomes).zip(&first.who);
        let changed = pairs.filter(|((from, to), _)| from != to).map(|((from, to), (at, caller))| Change {
            at: *at,
            caller: caller.clone(),
            from: from.clone(),
            to: to.clone(),
        });
        let mut some: Vec<_> = changed.collect();
        let changed = some.len();
        some.truncate(listed);
        Self { changed, some }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_never_has_too_many_spans() {
        for (lasted, step) in
            [(0, 1), (287, 1), (3_600, 60), (86_400, 900), (31 * 86_400, 21_600), (i64::MAX / 2, 604_800)]
        {
            assert_eq!(span_seconds(lasted), step, "{lasted}");
        }
    }
}
