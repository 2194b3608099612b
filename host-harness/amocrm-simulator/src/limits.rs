//! Limits (amoCRM facts §6): how many requests a second the account takes, and the block that follows repeated abuse.

use std::collections::VecDeque;
use std::time::Duration;

use http::StatusCode;
use tokio::time::Instant;

use crate::answer::Answer;
use crate::problem;

/// The span in which requests are counted.
const SECOND: Duration = Duration::from_secs(1);
/// The span in which refusals are counted.
const MINUTE: Duration = Duration::from_secs(60);

/// What the account takes before it refuses. Reckoned by the machine's monotonic clock, whatever the simulator's clock shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// How many requests to the API (`/api/…`) may arrive in any second; those beyond are refused with 429. Refused ones
    /// have arrived too.
    pub per_second: u32,
    /// So many refusals within a minute block the account: 403 on every request, that for a token too, until
    /// [`crate::Simulator::unblock`]. How many amoCRM itself bears is unknown.
    pub block_after: u32,
    /// Whether 429 is the JSON of Kommo, with `retry_after`, instead of the gateway's HTML.
    pub json: bool,
}

impl Default for RateLimit {
    /// 7 requests a second, blocked after 20 refusals, HTML.
    fn default() -> Self {
        Self { per_second: 7, block_after: 20, json: false }
    }
}

/// What arrived lately, and whether the account is blocked.
pub(crate) struct Gate {
    limit: Option<RateLimit>,
    arrivals: VecDeque<Instant>,
    most: usize,
    refusals: VecDeque<Instant>,
    blocked: bool,
}

impl Gate {
    pub(crate) fn new(limit: Option<RateLimit>) -> Self {
        Self { limit, arrivals: VecDeque::new(), most: 0, refusals: VecDeque::new(), blocked: false }
    }

    /// A request arrives; `None` lets it in.
    pub(crate) fn arrive(&mut self, path: &str, now: Instant) -> Option<Answer> {
        let api = path.starts_with("/api/");
        if api {
            self.arrivals.push_back(now);
            forget(&mut self.arrivals, now, SECOND);
            self.most = self.most.max(self.arrivals.len());
        }
        if self.blocked {
            return Some(Answer::nginx(StatusCode::FORBIDDEN));
        }
        let limit = self.limit.as_ref()?;
        if !api || self.arrivals.len() <= count(limit.per_second) {
            return None;
        }
        self.refusals.push_back(now);
        forget(&mut self.refusals, now, MINUTE);
        self.blocked = self.refusals.len() >= count(limit.block_after);
        Some(if limit.json { problem::too_many_requests() } else { Answer::nginx(StatusCode::TOO_MANY_REQUESTS) })
    }

    pub(crate) fn blocked(&self) -> bool {
        self.blocked
    }

    pub(crate) fn unblock(&mut self) {
        self.blocked = false;
        self.refusals.clear();
    }

    pub(crate) fn most_in_a_second(&self) -> usize {
        self.most
    }

    /// Counts the most in a second anew.
    pub(crate) fn clear(&mut self) {
        self.most = 0;
    }
}

/// Drops what is as old as this span or older.
fn forget(instants: &mut VecDeque<Instant>, now: Instant, span: Duration) {
    while instants.front().is_some_and(|first| now.duration_since(*first) >= span) {
        instants.pop_front();
    }
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The statuses of requests that arrive at these milliseconds; 200 for those let in.
    fn statuses(gate: &mut Gate, begin: Instant, arrivals: &[u64]) -> Vec<u16> {
        let arrive = |at: &u64| gate.arrive("/api/v4/contacts", begin + Duration::from_millis(*at));
        arrivals.iter().map(arrive).map(|answer| answer.map_or(200, |answer| answer.status.as_u16())).collect()
    }

    #[test]
    fn any_second_counts_not_only_whole_ones() {
        let begin = Instant::now();
        let mut gate = Gate::new(Some(RateLimit { per_second: 2, ..RateLimit::default() }));
        assert_eq!(statuses(&mut gate, begin, &[0, 900, 999, 1000, 2000, 2001]), [200, 200, 429, 429, 200, 200]);
        assert_eq!(gate.most_in_a_second(), 3);
        gate.clear();
        assert_eq!(gate.most_in_a_second(), 0);
    }

    #[test]
    fn whatever_the_arrivals_the_second_behind_each_decides() {
        let mut random = fastrand::Rng::with_seed(3);
        for _ in 0..200 {
            let per_second = random.u32(0..10);
            let mut gate = Gate::new(Some(RateLimit { per_second, block_after: u32::MAX, json: false }));
            let mut at = 0;
            let arrivals: Vec<u64> = (0..random.usize(1..60))
                .map(|_| {
                    at += random.u64(0..300);
                    at
                })
                .collect();
            let behind = |place: usize| arrivals[..=place].iter().filter(|at| *at + 1000 > arrivals[place]).count();
            let expected: Vec<u16> =
                (0..arrivals.len()).map(|place| if behind(place) > per_second as usize { 429 } else { 200 }).collect();
            assert_eq!(statuses(&mut gate, Instant::now(), &arrivals), expected, "{per_second} {arrivals:?}");
            assert_eq!(Some(gate.most_in_a_second()), (0..arrivals.len()).map(behind).max());
        }
    }

    #[test]
    fn refusals_block_within_a_minute_only() {
        let begin = Instant::now();
        let mut gate = Gate::new(Some(RateLimit { per_second: 0, block_after: 2, json: false }));
        assert_eq!(statuses(&mut gate, begin, &[0, 60_000]), [429, 429]);
        assert!(!gate.blocked());
        assert_eq!(statuses(&mut gate, begin, &[119_999, 120_000, 999_000]), [429, 403, 403]);
        gate.unblock();
        assert_eq!(statuses(&mut gate, begin, &[999_001]), [429]);
    }

    #[test]
    fn only_the_api_is_counted_and_everything_is_blocked() {
        let now = Instant::now();
        let mut gate = Gate::new(Some(RateLimit { per_second: 0, block_after: 1, json: false }));
        assert!(gate.arrive("/oauth2/access_token", now).is_none());
        assert!(gate.arrive("/api/v4/account", now).is_some() && gate.blocked());
        assert!(gate.arrive("/oauth2/access_token", now).is_some());
        assert_eq!(gate.most_in_a_second(), 1);
    }
}
