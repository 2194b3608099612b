//! What was put in force and when, as it is written down: `activations.json` in the state directory.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use call::{Localized, localized, system_error_ru};
use runtime::atomic_file;

const FILE: &str = "activations.json";
/// How many changes are remembered for each placement.
const MOST_CHANGES: usize = 50;

/// A version that was put in force at a placement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Change {
    /// The component's SHA-256.
    pub digest: String,
    /// That of the version before.
    pub from: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who wanted it, or from where: `page` for the server's own page.
    pub by: String,
    /// Whose token it was; null where there was none.
    #[serde(default)]
    pub author: Option<String>,
    /// How it came into force.
    pub how: How,
    /// Whether it was insisted on, although it did not fit the placement.
    #[serde(default)]
    pub insisted: bool,
}

/// How a version came into force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// It was activated.
    Activated,
    /// The version after it was rolled back.
    RolledBack,
    /// It is what the configuration names, and its file had changed.
    Configured,
}

/// A placement's shadow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ShadowEntry {
    /// The component's SHA-256.
    pub digest: String,
    /// Since when.
    pub at: Timestamp,
    /// Who wanted it.
    pub by: String,
    /// Whether it was insisted on, although it did not fit the placement.
    #[serde(default)]
    pub insisted: bool,
}

/// The record of all placements.
#[derive(Clone, Debug, Default)]
pub(super) struct VersionRecord {
    file: Option<PathBuf>,
    placements: BTreeMap<String, PlacementRecord>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct PlacementRecord {
    #[serde(default)]
    changes: Vec<Change>,
    #[serde(default)]
    shadow: Option<ShadowEntry>,
}

impl VersionRecord {
    /// Reads the record; one that cannot be read is an empty one and a warning.
    pub(super) fn open(state: Option<&Path>, warnings: &mut Vec<Localized>) -> Self {
        let Some(file) = state.map(|state| state.join(FILE)) else { return Self::default() };
        let placements = match std::fs::read(&file) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| error.to_string()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
            Err(error) => Err(error.to_string()),
        };
        let placements = placements.unwrap_or_else(|error| {
            let name = file.display();
            warnings.push(localized!(
                "{name} не читается ({error}): действуют компоненты из файла настроек; удалите этот файл",
                "{name} cannot be read ({error}): the configured components are in force; delete it"
            ));
            BTreeMap::new()
        });
        Self { file: Some(file), placements }
    }

    pub(super) fn write(&self) -> Result<(), Localized> {
        let Some(file) = &self.file else { return Ok(()) };
        let text = serde_json::to_vec_pretty(&self.placements).map_err(io::Error::from);
        let written = text.and_then(|text| atomic_file::write(file, &text));
        written.map_err(|error| {
            let file = file.display();
            Localized::new(
                format!("{file} не записан ({})", system_error_ru(&error)),
                format!("{file} cannot be written ({error})"),
            )
        })
    }

    /// The version that was activated last; none where the configured one is in force.
    pub(super) fn in_force(&self, placement: &str) -> Option<&str> {
        let last = self.changes(placement).last()?;
        (last.how != How::Configured).then_some(last.digest.as_str())
    }

    /// Whether the version in force was insisted on.
    pub(super) fn is_insisted_on(&self, placement: &str) -> bool {
        self.changes(placement).last().is_some_and(|last| last.insisted)
    }

    /// The version before the one in force. What was rolled back is no such version any more.
    pub(super) fn before(&self, placement: &str) -> Option<String> {
        let mut before = Vec::new();
        for change in self.changes(placement) {
            match change.how {
                How::Activated => before.push(&change.from),
                How::RolledBack => drop(before.pop()),
                // What a file had before is nowhere any more.
                How::Configured => before.clear(),
            }
        }
        before.pop().cloned()
    }

    pub(super) fn changes(&self, placement: &str) -> &[Change] {
        self.placements.get(placement).map(|placement| placement.changes.as_slice()).unwrap_or_default()
    }

    pub(super) fn shadow(&self, placement: &str) -> Option<&ShadowEntry> {
        self.placements.get(placement)?.shadow.as_ref()
    }

    /// The components that a restart, a shadow or a roll back needs.
    pub(super) fn needed(&self) -> BTreeSet<String> {
        let placements = self.placements.iter().flat_map(|(id, placement)| {
            [self.in_force(id).map(str::to_owned), self.before(id), placement.shadow.as_ref().map(|s| s.digest.clone())]
        });
        placements.flatten().collect()
    }

    pub(super) fn with_change(&self, placement: &str, change: Change) -> Self {
        let mut changed = self.clone();
        let changes = &mut changed.placements.entry(placement.to_owned()).or_default().changes;
        if changes.len() >= MOST_CHANGES {
            changes.remove(0);
        }
        changes.push(change);
        changed
    }

    pub(super) fn with_shadow(&self, placement: &str, shadow: Option<ShadowEntry>) -> Self {
        let mut changed = self.clone();
        changed.placements.entry(placement.to_owned()).or_default().shadow = shadow;
        changed
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn change(digest: &str, from: &str, how: How) -> Change {
        Change {
            digest: digest.to_owned(),
            from: from.to_owned(),
            at: Timestamp::UNIX_EPOCH,
            by: String::new(),
            author: None,
            how,
            insisted: false,
        }
    }

    proptest! {
        #[test]
        fn rolling_back_undoes_activations_one_by_one(placements in proptest::collection::vec(proptest::option::of(0_u8..5), 0..40)) {
            let mut record = VersionRecord::default();
            let mut line = vec!["configured".to_owned()];
            for placement in placements {
                let now = line.last().cloned().unwrap_or_default();
                prop_assert_eq!(record.before("main"), line.iter().rev().nth(1).cloned());
                match placement.map(|version| version.to_string()) {
                    Some(version) if version != now => {
                        record = record.with_change("main", change(&version, &now, How::Activated));
                        line.push(version);
                    }
                    Some(_) => {}
                    None => {
                        if let Some(before) = record.before("main") {
                            record = record.with_change("main", change(&before, &now, How::RolledBack));
                            line.pop();
                        }
                    }
                }
                if line.len() > 1 {
                    prop_assert_eq!(record.in_force("main"), line.last().map(String::as_str));
                }
                prop_assert!(line.len() == 1 || record.needed().contains(&line[line.len() - 1]));
            }
        }
    }

    #[test]
    fn a_changed_file_ends_what_was_before() {
        let record = VersionRecord::default().with_change("main", change("b", "a", How::Activated));
        let record = record.with_change("main", change("c", "b", How::Configured));
        assert_eq!((record.in_force("main"), record.before("main")), (None, None));
    }

    #[test]
    fn what_cannot_be_read_is_said_and_counts_as_nothing() {
        let state = tempfile::tempdir().unwrap();
        std::fs::write(state.path().join(FILE), "{").unwrap();
        let mut warnings = Vec::new();
        let record = VersionRecord::open(Some(state.path()), &mut warnings);
        assert_eq!(record.in_force("main"), None);
        assert!(warnings[0].en.contains("cannot be read"), "{warnings:?}");
    }
}
