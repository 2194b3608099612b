//! What nodes with one store share of their versions: one record with what was put in force at each operation, and the components that are kept for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::record::Placements;
use crate::library::{Component, LibraryError, MOST_COMPONENTS, SharedShelf, Uses, is_digest};
use runtime::store::{KeyValueStore, Recorded, Seen, SharedRecord, Shelf};

const SHELF: Shelf<'_> = Shelf { namespace: "/host-harness", bucket: "versions" };
const RECORD: &str = "record";
/// How many bytes the components in the store may have together.
const MOST_BYTES: usize = 256 * 1024 * 1024;
/// How long a component stays that no version names.
const UNNAMED_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SharedVersions {
    number: u64,
    #[serde(default)]
    pub(super) components: Vec<SharedComponent>,
    #[serde(default)]
    pub(super) placements: Placements,
    /// What a newer version of this program tells besides.
    #[serde(flatten)]
    more: Map<String, Value>,
}

/// A component that is in the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SharedComponent {
    /// Its SHA-256 in hexadecimal.
    pub(super) digest: String,
    size: usize,
    uploaded_at: Timestamp,
    /// What a newer version of this program tells besides.
    #[serde(flatten)]
    more: Map<String, Value>,
}

impl Recorded for SharedVersions {
    const FORMAT: u32 = 1;

    fn number(&self) -> u64 {
        self.number
    }
}

/// Where nodes share their versions.
pub(super) struct Sharing {
    pub(super) record: SharedRecord<SharedVersions>,
    pub(super) shelf: SharedShelf,
}

impl Sharing {
    pub(super) fn new(store: Arc<dyn KeyValueStore>) -> Self {
        Self { shelf: SharedShelf::new(Arc::clone(&store)), record: SharedRecord::new(store, SHELF, RECORD) }
    }
}

impl SharedVersions {
    /// What comes after what was seen, with this in its place.
    pub(super) fn after(seen: Option<&Seen<Self>>, change: impl FnOnce(&mut Self)) -> Seen<Self> {
        let mut next = seen.map(|seen| seen.said.clone()).unwrap_or_default();
        next.number += 1;
        change(&mut next);
        Seen::of(next)
    }

    /// Its components by their digests. A digest becomes a file's name, so nothing else may stand in its place.
    pub(super) fn digests(&self) -> impl Iterator<Item = &str> {
        self.components.iter().map(|component| component.digest.as_str()).filter(|digest| is_digest(digest))
    }

    pub(super) fn names(&self, digest: &str) -> bool {
        self.digests().any(|named| named == digest)
    }

    /// Adds a component, and gives the digests of those that make room for it: what no version has named for a week, and as many of those as it takes
    /// that are not in use, the oldest first.
    ///
    /// # Errors
    /// Where all that are there are in use.
    pub(super) fn add(
        &mut self,
        component: &Component,
        uses: &Uses,
        now: Timestamp,
    ) -> Result<Vec<String>, LibraryError> {
        let Component { digest, size, uploaded_at, .. } = component;
        if self.names(digest) {
            return Ok(Vec::new());
        }
        let (is_used, was_used) =
            (|digest: &str| uses.now.contains(digest), |digest: &str| uses.before.contains(digest));
        let before: Vec<_> = self.components.iter().map(|component| component.digest.clone()).collect();
        let is_needed = |component: &SharedComponent| {
            let digest = component.digest.as_str();
            is_used(digest) || was_used(digest) || now.duration_since(component.uploaded_at) <= UNNAMED_FOR
        };
        self.components.retain(is_needed);
        let is_full = |components: &[SharedComponent]| {
            let bytes = components.iter().map(|component| component.size).sum::<usize>();
            components.len() >= MOST_COMPONENTS || bytes.saturating_add(*size) > MOST_BYTES
        };
        while is_full(&self.components) {
            let unused = self.components.iter().filter(|component| !is_used(&component.digest));
            let oldest = unused.min_by_key(|component| (was_used(&component.digest), component.uploaded_at));
            let oldest = oldest.map(|component| component.digest.clone()).ok_or(LibraryError::Full)?;
            self.components.retain(|component| component.digest != oldest);
        }
        let uploaded_at = uploaded_at.unwrap_or(now);
        self.components.push(SharedComponent { digest: digest.clone(), size: *size, uploaded_at, more: Map::new() });
        let kept: BTreeSet<&str> = self.digests().collect();
        Ok(before.into_iter().filter(|digest| !kept.contains(digest.as_str())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(digest: &str, size: usize, day: i64) -> Component {
        Component {
            digest: digest.repeat(64),
            size,
            uploaded_at: Some(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * day)),
            remarks: Vec::new(),
            requirements: None,
            description: Value::Null,
        }
    }

    fn uses(now: &[&str], before: &[&str]) -> Uses {
        let of = |digests: &[&str]| digests.iter().map(|digest| digest.repeat(64)).collect();
        Uses { now: of(now), before: of(before) }
    }

    #[test]
    fn what_no_version_names_goes_after_a_week_and_the_oldest_that_is_not_in_use_makes_room() {
        let mut record = SharedVersions::default();
        let now = |day| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * day);
        let large = MOST_BYTES / 4;
        for (digest, day) in [("a", 0), ("b", 1), ("c", 2)] {
            let gone = record.add(&component(digest, large, day), &uses(&["a"], &["b"]), now(day)).unwrap();
            assert_eq!(gone, [""; 0]);
        }
        // `a` is in use, `b` was and may be again.
        let gone = record.add(&component("d", large, 8), &uses(&["a"], &["b"]), now(8)).unwrap();
        assert_eq!(gone, [""; 0], "six days");
        let gone = record.add(&component("e", large, 8), &uses(&["a"], &["b"]), now(8)).unwrap();
        assert_eq!(gone, ["c".repeat(64)]);
        let gone = record.add(&component("f", 1, 16), &uses(&["a"], &["b"]), now(16)).unwrap();
        assert_eq!(gone, ["d".repeat(64), "e".repeat(64)]);
        let gone = record.add(&component("1", large * 3, 16), &uses(&["a"], &["b"]), now(16)).unwrap();
        assert_eq!(gone, ["b".repeat(64), "f".repeat(64)]);
        let full = record.add(&component("2", large * 4, 16), &uses(&["a", "1"], &[]), now(16));
        assert!(matches!(full, Err(LibraryError::Full)));
    }

    #[test]
    fn what_a_newer_version_tells_besides_survives() {
        let written = serde_json::json!({
            "format": 1, "number": 7, "weights": {"main": 0.1},
            "components": [{"digest": "a", "size": 1, "uploaded_at": "2026-11-22T09:00:00Z", "signed_by": "anna"}],
            "placements": {"main": [{"origin": {"made": 0, "component": null}, "share": 0.5, "shadow": null, "changes": [{
                "digest": "a", "from": "b", "at": "2026-11-22T09:00:00Z", "by": "http", "author": null, "how": "activated", "insisted": false,
                "configured": false, "from_configured": true, "ticket": "T-1"
            }]}]}
        });
        let read: SharedVersions = serde_json::from_value(written.clone()).unwrap();
        let again = SharedVersions::after(Some(&Seen::of(read)), |_| {});
        let again: Value = serde_json::from_slice(again.document()).unwrap();
        let mut expected = written;
        expected["number"] = 8.into();
        assert_eq!(again, expected);
    }
}
