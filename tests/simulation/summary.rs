//! What came of a world: the rule that was broken, or the sums.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

/// A rule that a call broke.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Violation {
    /// Which rule.
    pub(crate) rule: &'static str,
    /// At which happening of the plan the call came in.
    pub(crate) happening: usize,
    /// What was seen.
    pub(crate) seen: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} is broken by the call of happening {}: {}", self.rule, self.happening, self.seen)
    }
}

/// What came of a world, or of many.
#[derive(Clone, Debug, Default)]
pub(crate) struct Summary {
    pub(crate) calls: usize,
    pub(crate) outcomes: BTreeMap<String, usize>,
    pub(crate) hits: usize,
    /// Calls of which the model knew for certain that the manager was kept, or no longer.
    pub(crate) certain_hits: usize,
    pub(crate) certain_misses: usize,
    pub(crate) requests: u64,
    /// Calls that rang a deputy.
    pub(crate) to_deputies: usize,
    /// Calls that rang whoever last answered the caller.
    pub(crate) to_last_talked: usize,
    /// Calls that the PBX came back with, since nobody answered.
    pub(crate) came_back: usize,
    /// The most steps of a call, where there were several operations.
    pub(crate) most_steps: usize,
    /// Of everything that every call showed.
    pub(crate) digest: u64,
}

impl Summary {
    pub(crate) fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.hits += other.hits;
        self.certain_hits += other.certain_hits;
        self.certain_misses += other.certain_misses;
        self.requests += other.requests;
        self.to_deputies += other.to_deputies;
        self.to_last_talked += other.to_last_talked;
        self.came_back += other.came_back;
        self.most_steps = self.most_steps.max(other.most_steps);
        for (outcome, number) in &other.outcomes {
            *self.outcomes.entry(outcome.clone()).or_default() += number;
        }
    }

    pub(crate) fn count(&mut self, outcome: &str, shown: &str) {
        *self.outcomes.entry(outcome.to_owned()).or_default() += 1;
        let mut hasher = DefaultHasher::new();
        (self.digest, shown).hash(&mut hasher);
        self.digest = hasher.finish();
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcomes: Vec<_> = self.outcomes.iter().map(|(outcome, number)| format!("{number} {outcome}")).collect();
        write!(
            formatter,
            "{} calls, {} requests, {} cache hits ({} certain, and {} certain misses), {} to deputies, {} to who talked last, {} came back, at most {} steps: {}",
            self.calls,
            self.requests,
            self.hits,
            self.certain_hits,
            self.certain_misses,
            self.to_deputies,
            self.to_last_talked,
            self.came_back,
            self.most_steps,
            outcomes.join(", ")
        )
    }
}
