//! What was put in force and when, as it is written down: `activations.json` in the state directory.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Origin;
use call::{Localized, localized, system_error_ru};
use runtime::atomic_file;

const FILE: &str = "activations.json";
/// How many changes are remembered for each placement.
const MOST_CHANGES: usize = 50;
/// Of how many operations of one identifier they are remembered, or of one with how many components.
const MOST_HISTORIES: usize = 20;

/// An operation of the configuration: its identifier, and which one of it.
pub(super) type Placed<'a> = (&'a str, &'a Origin);

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
    /// Whether it is what the configuration names: each node then has its own, which may be another one where the program is of another version.
    #[serde(default)]
    pub configured: bool,
    /// Whether that before was.
    #[serde(default)]
    pub from_configured: bool,
    /// What a newer version of this program tells besides.
    #[serde(flatten)]
    #[schema(ignore)]
    pub more: Map<String, Value>,
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
    /// What a newer version of this program tells besides.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// The version before the one in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Before {
    pub(super) digest: String,
    /// Whether it is what the configuration names.
    pub(super) is_configured: bool,
}

/// The record of all operations, those that are gone too: a deletion may be taken back.
#[derive(Clone, Debug, Default)]
pub(super) struct VersionRecord {
    file: Option<PathBuf>,
    pub(super) placements: Placements,
}

/// By the identifiers of operations.
pub(super) type Placements = BTreeMap<String, Vec<History>>;

/// What was put in force while the configuration had an operation with one component. It counts whenever the configuration has that again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct History {
    /// None in a file of an earlier version of this program, until it is known.
    #[serde(default)]
    origin: Option<Origin>,
    #[serde(default)]
    changes: Vec<Change>,
    /// It goes on when the operation gets another component.
    #[serde(default)]
    shadow: Option<ShadowEntry>,
    /// What a newer version of this program tells besides.
    #[serde(flatten)]
    more: Map<String, Value>,
}

/// What a file has of an identifier.
#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenHistories {
    Several(Vec<History>),
    /// As earlier versions of this program wrote it.
    One(History),
}

impl VersionRecord {
    /// Reads the record; one that cannot be read is an empty one and a warning.
    pub(super) fn open(state: Option<&Path>, warnings: &mut Vec<Localized>) -> Self {
        let Some(file) = state.map(|state| state.join(FILE)) else { return Self::default() };
        let written = match std::fs::read(&file) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| error.to_string()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
            Err(error) => Err(error.to_string()),
        };
        let written: BTreeMap<String, WrittenHistories> = written.unwrap_or_else(|error| {
            let name = file.display();
            warnings.push(localized!(
                "{name} не читается ({error}): действуют компоненты из файла настроек; удалите этот файл",
                "{name} cannot be read ({error}): the configured components are in force; delete it"
            ));
            BTreeMap::new()
        });
        let histories = |written| match written {
            WrittenHistories::Several(histories) => histories,
            WrittenHistories::One(history) => vec![history],
        };
        let placements = written.into_iter().map(|(id, written)| (id, histories(written))).collect();
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

    /// The same, where what an earlier version of this program wrote belongs to the operations that are placed now; none where it wrote nothing.
    pub(super) fn adopted<'a>(&self, placed: impl IntoIterator<Item = Placed<'a>>) -> Option<Self> {
        let mut adopted = self.clone();
        for (id, origin) in placed {
            let histories = adopted.placements.get_mut(id).into_iter().flatten();
            histories
                .filter(|history| history.origin.is_none())
                .for_each(|history| history.origin = Some(origin.clone()));
        }
        // What was written of operations that are gone by now belongs to none.
        adopted.placements.values_mut().for_each(|histories| histories.retain(|history| history.origin.is_some()));
        let is_known = |history: &History| history.origin.is_some();
        (!self.placements.values().flatten().all(is_known)).then_some(adopted)
    }

    /// The same file with this in it.
    pub(super) fn with_placements(&self, placements: Placements) -> Self {
        Self { file: self.file.clone(), placements }
    }

    fn history(&self, (id, origin): Placed<'_>) -> Option<&History> {
        self.placements.get(id)?.iter().find(|history| history.origin.as_ref() == Some(origin))
    }

    /// Changes that of the operation, which is the last from now on: the oldest go first.
    fn change(&mut self, (id, origin): Placed<'_>, change: impl FnOnce(&mut History)) {
        let histories = self.placements.entry(id.to_owned()).or_default();
        let known =
            histories.iter().position(|history| history.origin.as_ref() == Some(origin)).map(|at| histories.remove(at));
        let mut history = known.unwrap_or_else(|| History { origin: Some(origin.clone()), ..History::default() });
        change(&mut history);
        if histories.len() >= MOST_HISTORIES {
            histories.remove(0);
        }
        histories.push(history);
    }

    /// The version that was activated last; none where the configured one is in force.
    pub(super) fn in_force(&self, placed: Placed<'_>) -> Option<&str> {
        let last = self.changes(placed).last()?;
        (last.how != How::Configured && !last.configured).then_some(last.digest.as_str())
    }

    /// Whether the version in force was insisted on.
    pub(super) fn is_insisted_on(&self, placed: Placed<'_>) -> bool {
        self.changes(placed).last().is_some_and(|last| last.insisted)
    }

    /// The version before the one in force. What was rolled back is no such version any more.
    pub(super) fn before(&self, placed: Placed<'_>) -> Option<Before> {
        let mut before = Vec::new();
        for change in self.changes(placed) {
            match change.how {
                How::Activated => {
                    before.push(Before { digest: change.from.clone(), is_configured: change.from_configured });
                }
                How::RolledBack => drop(before.pop()),
                // What a file had before is nowhere any more.
                How::Configured => before.clear(),
            }
        }
        before.pop()
    }

    pub(super) fn changes(&self, placed: Placed<'_>) -> &[Change] {
        self.history(placed).map(|history| history.changes.as_slice()).unwrap_or_default()
    }

    pub(super) fn shadow(&self, (id, origin): Placed<'_>) -> Option<&ShadowEntry> {
        let histories = self.placements.get(id)?.iter();
        let mut its =
            histories.filter(|history| history.origin.as_ref().is_some_and(|known| known.made == origin.made));
        its.find_map(|history| history.shadow.as_ref())
    }

    /// The components that a restart, a shadow or a roll back of these operations needs.
    pub(super) fn needed<'a>(&self, placed: impl IntoIterator<Item = Placed<'a>>) -> BTreeSet<String> {
        let needed = placed.into_iter().flat_map(|placed| {
            let shadow = self.shadow(placed).map(|shadow| shadow.digest.clone());
            [self.in_force(placed).map(str::to_owned), self.before(placed).map(|before| before.digest), shadow]
        });
        needed.flatten().collect()
    }

    /// The components that operations had which are gone, or had beside another component: all that a change needs that is taken back.
    pub(super) fn remembered(&self) -> BTreeSet<String> {
        let histories = self
            .placements
            .iter()
            .flat_map(|(id, histories)| histories.iter().map(move |history| (id.as_str(), history)));
        self.needed(histories.filter_map(|(id, history)| Some((id, history.origin.as_ref()?))))
    }

    pub(super) fn with_change(&self, placed: Placed<'_>, change: Change) -> Self {
        let mut changed = self.clone();
        changed.change(placed, |history| {
            if history.changes.len() >= MOST_CHANGES {
                history.changes.remove(0);
            }
            history.changes.push(change);
        });
        changed
    }

    pub(super) fn with_shadow(&self, placed: Placed<'_>, shadow: Option<ShadowEntry>) -> Self {
        let mut changed = self.clone();
        for history in changed.placements.get_mut(placed.0).into_iter().flatten() {
            if history.origin.as_ref().is_some_and(|known| known.made == placed.1.made) {
                history.shadow = None;
            }
        }
        if shadow.is_some() {
            changed.change(placed, |history| history.shadow = shadow);
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    static MAIN: Origin = Origin { made: 0, component: None };

    fn main() -> Placed<'static> {
        ("main", &MAIN)
    }

    fn change(digest: &str, from: &str, how: How) -> Change {
        Change {
            digest: digest.to_owned(),
            from: from.to_owned(),
            at: Timestamp::UNIX_EPOCH,
            by: String::new(),
            author: None,
            how,
            insisted: false,
            configured: false,
            from_configured: false,
            more: Map::new(),
        }
    }

    fn before(record: &VersionRecord) -> Option<String> {
        record.before(main()).map(|before| before.digest)
    }

    proptest! {
        #[test]
        fn rolling_back_undoes_activations_one_by_one(placements in proptest::collection::vec(proptest::option::of(0_u8..5), 0..40)) {
            let mut record = VersionRecord::default();
            let mut line = vec!["configured".to_owned()];
            for placement in placements {
                let now = line.last().cloned().unwrap_or_default();
                prop_assert_eq!(before(&record), line.iter().rev().nth(1).cloned());
                match placement.map(|version| version.to_string()) {
                    Some(version) if version != now => {
                        record = record.with_change(main(), change(&version, &now, How::Activated));
                        line.push(version);
                    }
                    Some(_) => {}
                    None => {
                        if let Some(before) = before(&record) {
                            record = record.with_change(main(), change(&before, &now, How::RolledBack));
                            line.pop();
                        }
                    }
                }
                if line.len() > 1 {
                    prop_assert_eq!(record.in_force(main()), line.last().map(String::as_str));
                }
                prop_assert!(line.len() == 1 || record.needed([main()]).contains(&line[line.len() - 1]));
            }
        }
    }

    #[test]
    fn a_changed_file_ends_what_was_before() {
        let record = VersionRecord::default().with_change(main(), change("b", "a", How::Activated));
        let record = record.with_change(main(), change("c", "b", How::Configured));
        assert_eq!((record.in_force(main()), before(&record)), (None, None));
    }

    #[test]
    fn what_was_rolled_back_to_the_configuration_is_each_nodes_own() {
        let activated = Change { from_configured: true, ..change("b", "a", How::Activated) };
        let record = VersionRecord::default().with_change(main(), activated);
        assert_eq!(record.before(main()), Some(Before { digest: "a".to_owned(), is_configured: true }));
        let back = Change { configured: true, ..change("a", "b", How::RolledBack) };
        assert_eq!(record.with_change(main(), back).in_force(main()), None);
    }

    #[test]
    fn what_cannot_be_read_is_said_and_counts_as_nothing() {
        let state = tempfile::tempdir().unwrap();
        std::fs::write(state.path().join(FILE), "{").unwrap();
        let mut warnings = Vec::new();
        let record = VersionRecord::open(Some(state.path()), &mut warnings);
        assert_eq!(record.in_force(main()), None);
        assert!(warnings[0].en.contains("cannot be read"), "{warnings:?}");
    }

    #[test]
    fn what_belongs_to_one_operation_belongs_to_no_other_of_its_identifier() {
        let made = Origin { made: 7, component: None };
        let named = Origin { component: Some("own.wasm".to_owned()), ..MAIN.clone() };
        let shadow = ShadowEntry {
            digest: "s".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            by: String::new(),
            insisted: true,
            more: Map::new(),
        };
        let record = VersionRecord::default().with_change(main(), change("b", "a", How::Activated));
        let record = record.with_shadow(main(), Some(shadow));
        let of = |origin| (record.in_force(("main", origin)), record.shadow(("main", origin)).is_some());
        assert_eq!((of(&MAIN), of(&made), of(&named)), ((Some("b"), true), (None, false), (None, true)));
        assert!(record.needed([("main", &made)]).is_empty());
        assert_eq!(record.remembered(), ["a", "b", "s"].map(str::to_owned).into());
        let ended = record.with_shadow(("main", &named), None);
        assert!(ended.shadow(main()).is_none() && record.with_shadow(("main", &made), None).shadow(main()).is_some());
    }

    #[test]
    fn the_oldest_is_forgotten_first() {
        let origins: Vec<_> = (0..MOST_HISTORIES as u64 + 5).map(|made| Origin { made, component: None }).collect();
        let mut record = VersionRecord::default();
        for origin in &origins {
            record = record.with_change(("main", origin), change("b", "a", How::Activated));
            record = record.with_change(main(), change("c", "a", How::Activated));
        }
        let kept: Vec<_> = origins.iter().filter(|origin| record.in_force(("main", origin)).is_some()).collect();
        assert_eq!((kept.len(), kept[0].made, kept[1].made), (MOST_HISTORIES, 0, 6), "what is used goes on");
    }

    #[test]
    fn what_an_earlier_version_of_this_program_wrote_belongs_to_what_is_placed_now() {
        let state = tempfile::tempdir().unwrap();
        let written = VersionRecord::default().with_change(main(), change("b", "a", How::Activated));
        let history = serde_json::to_value(&written.placements["main"][0]).unwrap();
        let history = serde_json::json!({"changes": history["changes"]});
        let text = serde_json::json!({"main": history, "gone": history}).to_string();
        std::fs::write(state.path().join(FILE), text).unwrap();
        let named = Origin { made: 0, component: Some("own.wasm".to_owned()) };
        let record = VersionRecord::open(Some(state.path()), &mut Vec::new());
        assert_eq!(record.in_force(("main", &named)), None);
        let adopted = record.adopted([("main", &named)]).unwrap();
        assert_eq!((adopted.in_force(("main", &named)), adopted.in_force(("gone", &MAIN))), (Some("b"), None));
        adopted.write().unwrap();
        let again = VersionRecord::open(Some(state.path()), &mut Vec::new());
        assert_eq!((again.in_force(("main", &named)), again.in_force(main())), (Some("b"), None));
        assert!(again.adopted([main()]).is_none(), "once");
    }
}
