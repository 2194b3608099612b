//! The rules in force, and which of them a request falls under.

use super::{Fault, FaultRule};
use crate::Endpoint;

/// The rules in force, each with what it has seen.
#[derive(Debug)]
pub(crate) struct FaultBook {
    rules: Vec<(FaultRule, Tally)>,
    random: fastrand::Rng,
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    matched: u64,
    happened: u64,
}

impl FaultBook {
    pub(crate) fn new(rules: Vec<FaultRule>, seed: u64) -> Self {
        let mut book = Self { rules: Vec::new(), random: fastrand::Rng::with_seed(seed) };
        book.set(rules);
        book
    }

    /// Replaces all rules; their counts begin anew.
    pub(crate) fn set(&mut self, rules: Vec<FaultRule>) {
        self.rules = rules.into_iter().map(|rule| (rule, Tally::default())).collect();
    }

    pub(crate) fn add(&mut self, rule: FaultRule) {
        self.rules.push((rule, Tally::default()));
    }

    pub(crate) fn rules(&self) -> Vec<FaultRule> {
        self.rules.iter().map(|(rule, _)| rule.clone()).collect()
    }

    /// The fault for this request, if any. `query` is decoded.
    pub(crate) fn choose(&mut self, endpoint: Option<Endpoint>, query: &str) -> Option<Fault> {
        for (rule, tally) in &mut self.rules {
            let fits = (rule.endpoint.is_none() || rule.endpoint == endpoint)
                && rule.query_contains.as_deref().is_none_or(|text| query.contains(text));
            if !fits {
                continue;
            }
            tally.matched += 1;
            if tally.matched <= rule.skip || rule.times.is_some_and(|times| tally.happened >= times) {
                continue;
            }
            if rule.probability < 1.0 && self.random.f64() >= rule.probability {
                continue;
            }
            tally.happened += 1;
            return Some(rule.fault.clone());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(book: &mut FaultBook, count: usize) -> Vec<bool> {
        (0..count).map(|_| book.choose(Some(Endpoint::Contacts), "query=916").is_some()).collect()
    }

    #[test]
    fn a_rule_skips_then_happens_so_often() {
        let mut book = FaultBook::new(vec![FaultRule::new(Fault::Hang).skip(1).times(2)], 0);
        assert_eq!(draw(&mut book, 5), [false, true, true, false, false]);
    }

    #[test]
    fn a_rule_looks_at_endpoint_and_query() {
        let rule = FaultRule::new(Fault::Hang).on(Endpoint::Events);
        assert_eq!(draw(&mut FaultBook::new(vec![rule], 0), 1), [false]);
        let rule = FaultRule::new(Fault::Hang).query_contains("917");
        assert_eq!(draw(&mut FaultBook::new(vec![rule], 0), 1), [false]);
        let rule = FaultRule::new(Fault::Hang).query_contains("query=916");
        assert_eq!(draw(&mut FaultBook::new(vec![rule], 0), 1), [true]);
    }

    #[test]
    fn the_same_seed_gives_the_same_faults() {
        let rules = vec![FaultRule::new(Fault::Hang).probability(0.3)];
        let first = draw(&mut FaultBook::new(rules.clone(), 7), 1000);
        assert_eq!(first, draw(&mut FaultBook::new(rules, 7), 1000));
        let happened = first.iter().filter(|happened| **happened).count();
        assert!((250..350).contains(&happened), "{happened}");
    }
}
