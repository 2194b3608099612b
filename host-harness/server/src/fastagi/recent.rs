//! The calls that came over FastAGI not long ago. FastAGI has no proof of who asks, so its reports complete these alone, each by Asterisk's
//! identifier and the time at which the call arrived.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use call::document::CallRecord;
use jiff::{SignedDuration, Timestamp};
use node::call_details::CallKey;

/// How long after its start a call may be reported: longer than people talk.
pub(super) const RECENT: SignedDuration = SignedDuration::from_hours(24);
/// How many calls are remembered.
const MOST: usize = 65_536;

/// The calls by Asterisk's identifier.
#[derive(Debug, Default)]
pub(super) struct RecentCalls(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    at: HashMap<String, Timestamp>,
    /// In the order in which they came.
    order: VecDeque<(String, Timestamp)>,
}

impl RecentCalls {
    /// Remembers a call. The oldest ones are forgotten for it.
    pub(super) fn add(&self, call: &CallRecord) {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.forget(|oldest, length| length >= MOST || call.at.duration_since(oldest) > RECENT);
        remembered.at.insert(call.id.clone(), call.at);
        remembered.order.push_back((call.id.clone(), call.at));
    }

    /// The call of this identifier, if it came not long ago.
    pub(super) fn get(&self, id: &str, now: Timestamp) -> Option<CallKey> {
        let remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = *remembered.at.get(id)?;
        (now.duration_since(at) <= RECENT).then(|| CallKey::Arrived(id.to_owned(), at))
    }
}

impl Remembered {
    fn forget(&mut self, is_too_much: impl Fn(Timestamp, usize) -> bool) {
        while self.order.front().is_some_and(|(_, at)| is_too_much(*at, self.order.len())) {
            let Some((id, at)) = self.order.pop_front() else { return };
            // An identifier may have come again since.
            if self.at.get(&id) == Some(&at) {
                self.at.remove(&id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: &str, second: i64) -> CallRecord {
        let at = Timestamp::from_second(second).unwrap();
        CallRecord { id: id.to_owned(), caller: None, called: String::new(), at }
    }

    #[test]
    fn calls_are_known_by_identifier_and_time_until_they_are_old() {
        let recent = RecentCalls::default();
        recent.add(&call("a", 0));
        recent.add(&call("a", 10));
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(recent.get("a", at(20)), Some(CallKey::Arrived("a".to_owned(), at(10))));
        assert_eq!(recent.get("1", at(20)), None);
        assert_eq!(recent.get("a", at(24 * 3_600 + 11)), None);
        recent.add(&call("b", 24 * 3_600 + 1));
        assert_eq!(
            recent.get("a", at(24 * 3_600 + 2)),
            Some(CallKey::Arrived("a".to_owned(), at(10))),
            "it came again"
        );
    }

    #[test]
    fn a_flood_of_calls_takes_no_more_memory() {
        let recent = RecentCalls::default();
        for number in 0..MOST + 100 {
            recent.add(&call(&number.to_string(), 0));
        }
        let remembered = recent.0.lock().unwrap();
        assert_eq!((remembered.at.len(), remembered.order.len()), (MOST, MOST));
    }
}
