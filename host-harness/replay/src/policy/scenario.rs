//! `[[operation]]` and `[scenario]` in `call.toml`: the placed operations of a case, written as in a configuration file.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::Carried;
use crate::demo;
use call::one_line::one_line;
use call::scenario::{self, Exits};
use runtime::engine::{Operation, WAITING_TIME_BOUNDS, read_component};
use runtime::toml_file::texts;

/// A placed operation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlacedTable {
    pub(super) id: String,
    /// The name of one that the program carries, or a file, relative to the case; the operation under test unless set.
    component: Option<PathBuf>,
    linked_operation: String,
    #[serde(default)]
    exits: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "texts")]
    pub(super) settings: BTreeMap<String, String>,
}

/// What holds for all steps together.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScenarioTable {
    waiting_time: String,
}

/// The placed operations of a case. Calls come to the first one.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) placed: Vec<PlacedTable>,
    /// How long a call may wait in all steps together, where that is bounded.
    pub(super) waiting_time: Option<Duration>,
    /// Whether the case wrote them down. Else it has the operation under test alone, with the settings of each call.
    pub(super) is_written: bool,
}

/// The components that cases name, each loaded once.
pub(super) struct NamedComponents {
    carried: Carried,
    loaded: HashMap<PathBuf, Operation>,
}

impl PlacedTable {
    pub(super) fn exits(&self) -> Exits {
        Exits::new(self.linked_operation.clone(), self.exits.clone())
    }
}

impl Scenario {
    /// Judges what a case wrote; the message says what is wrong.
    pub(super) fn new(placed: Vec<PlacedTable>, table: Option<ScenarioTable>) -> Result<Self, String> {
        let is_written = !placed.is_empty();
        if let (Some(_), false) = (&table, is_written) {
            return Err("there is `[scenario]` without `[[operation]]`; write the operations that it is for".to_owned());
        }
        let mut placed = placed;
        if !is_written {
            let (id, linked_operation) = ("main".to_owned(), demo::LINKED_OPERATION.to_owned());
            placed.push(PlacedTable {
                id,
                component: None,
                linked_operation,
                exits: BTreeMap::new(),
                settings: BTreeMap::new(),
            });
        }
        for (number, one) in placed.iter().enumerate() {
            if placed.iter().skip(number + 1).any(|other| other.id == one.id) {
                return Err(format!("two [[operation]] have the id `{}`; give each its own", one_line(&one.id)));
            }
        }
        let exits: Vec<_> = placed.iter().map(|one| (one.id.as_str(), one.exits())).collect();
        scenario::judge(exits.iter().map(|(id, exits)| (*id, exits)))
            .map_err(|fault| format!("[[operation]]: {}", one_line(&fault.to_string())))?;
        let waiting_time = table.map(ScenarioTable::check).transpose()?;
        Ok(Self { placed, waiting_time, is_written })
    }

    /// The component of each placed operation, in their order.
    pub(super) fn operations(
        &self,
        folder: &Path,
        tested: &Operation,
        components: &mut NamedComponents,
    ) -> Result<Vec<Operation>, String> {
        let component = |one: &PlacedTable| match &one.component {
            None => Ok(tested.clone()),
            Some(file) => components
                .load(folder, file, tested)
                .map_err(|error| format!("  call.toml: [[operation]] `{}`: {error}", one_line(&one.id))),
        };
        self.placed.iter().map(component).collect()
    }
}

impl ScenarioTable {
    fn check(self) -> Result<Duration, String> {
        let written = humantime::parse_duration(&self.waiting_time).ok();
        written.filter(|time| *time >= WAITING_TIME_BOUNDS.0).ok_or_else(|| {
            format!(
                "[scenario]: `waiting_time` = `{}`; write a duration from {}, such as \"6s\"",
                one_line(&self.waiting_time),
                humantime::format_duration(WAITING_TIME_BOUNDS.0)
            )
        })
    }
}

impl NamedComponents {
    pub(super) fn new(carried: Carried) -> Self {
        Self { carried, loaded: HashMap::new() }
    }

    fn load(&mut self, folder: &Path, named: &Path, tested: &Operation) -> Result<Operation, String> {
        let carried = named.to_str().and_then(self.carried);
        let file = carried.map_or_else(|| folder.join(named), |_| named.to_owned());
        if let Some(loaded) = self.loaded.get(&file) {
            return Ok(loaded.clone());
        }
        let engine = tested.engine();
        let loaded = match carried {
            Some(bytes) => engine.load_trusted(bytes),
            None => engine.load(&read_component(&file).map_err(|error| format!("{error:#}"))?),
        };
        let loaded = loaded.map_err(|fit| {
            let findings: Vec<_> =
                fit.rejections().map(|finding| one_line(&finding.to_string()).into_owned()).collect();
            format!("{}: {}", file.display(), findings.join("; "))
        })?;
        self.loaded.insert(file, loaded.clone());
        Ok(loaded)
    }
}
