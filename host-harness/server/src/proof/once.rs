//! Each signature counts once.
//!
//! A signature under something that changes the host is used up in the store: for every process, and beyond a restart. One under a call is
//! remembered in memory alone, since a live caller must not wait for a disk: somebody who recorded it could send it to another process, or
//! after a restart, and would be told a route for as long as it counts.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::signature::{Signature, WINDOW};
use runtime::store::UsedOnce;
use runtime::store::{KeyValueStore, StoreError};

/// The namespace beside those of integrations, which contain no line break.
const NAMESPACE: &str = "\nserver";
/// How many signatures are remembered in one span. Beyond, the span before is forgotten early.
const MOST: usize = 500_000;

pub(super) struct Once {
    lasting: UsedOnce,
    recent: Mutex<Recent>,
}

/// Those of this span of time and of the span before: whatever still counts is in one of them.
#[derive(Default)]
struct Recent {
    began: i64,
    now: HashSet<[u8; 16]>,
    before: HashSet<[u8; 16]>,
}

impl Once {
    pub(super) fn new(records: Arc<dyn KeyValueStore>) -> Self {
        Self { lasting: UsedOnce::new(records, NAMESPACE), recent: Mutex::default() }
    }

    /// Uses a signature up; `false` where it was used before.
    pub(super) async fn first_use(
        &self,
        signature: &Signature<'_>,
        now: Timestamp,
        lasting: bool,
    ) -> Result<bool, StoreError> {
        let first = {
            let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
            recent.first_use(&signature.mac, now.as_second())
        };
        if !first || !lasting {
            return Ok(first);
        }
        let expires_at = Timestamp::from_second(signature.at.saturating_add(WINDOW)).unwrap_or(Timestamp::MAX);
        let id = base16ct::lower::encode_string(&signature.mac);
        self.lasting.first_use(&id, expires_at, now).await
    }
}

impl Recent {
    fn first_use(&mut self, mac: &[u8; 32], now: i64) -> bool {
        // From five minutes before its time to five minutes after.
        const SPAN: i64 = 2 * WINDOW + 1;
        let away = now.saturating_sub(self.began);
        if !(0..SPAN).contains(&away) || self.now.len() >= MOST {
            self.before = std::mem::take(&mut self.now);
            if !(0..2 * SPAN).contains(&away) && away > 0 {
                self.before.clear();
            }
            self.began = now;
        }
        let mut short = [0; 16];
        short.copy_from_slice(&mac[..16]);
        !self.before.contains(&short) && self.now.insert(short)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_remembered_for_as_long_as_it_may_count() {
        let mut recent = Recent::default();
        let start = 1_795_334_400;
        assert!(recent.first_use(&[1; 32], start));
        for later in [0, 1, 300, 600] {
            assert!(!recent.first_use(&[1; 32], start + later), "{later}");
        }
        assert!(recent.first_use(&[2; 32], start + 600));
        assert!(!recent.first_use(&[2; 32], start + 1_200));
        // Ten minutes of the first are long over: it counts for nothing by its time.
        assert!(recent.first_use(&[1; 32], start + 10_000));
        assert!(recent.now.len() + recent.before.len() <= 3);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut recent = Recent { began: 0, ..Recent::default() };
        for number in 0..(2 * MOST as u64 + 10) {
            let mut mac = [0; 32];
            mac[..8].copy_from_slice(&number.to_le_bytes());
            recent.first_use(&mac, 1);
        }
        assert!(recent.now.len() + recent.before.len() <= 2 * MOST);
    }
}
