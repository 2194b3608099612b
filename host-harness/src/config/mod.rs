//! The configuration file, `host-harness.toml`: integrations with their employees and configuration, and placed operations.
//!
//! Unknown keys are refused and every value's bounds are checked; messages name the file, the place, the key and the fix. No message
//! repeats a line of the file, since a line may hold a secret by mistake.
//!
//! ```toml
//! [[integration]]
//! account = "https://example.amocrm.ru"
//! token = "env:AMOCRM_TOKEN"
//!
//! [[integration.employee]]
//! id = "anna"
//! amocrm_user = 504141
//! numbers = ["101", { number = "+79035550101", ring_time = "25s" }]
//!
//! [[operation]]
//! linked_operation = "queue:sales"
//! ```

mod account;
mod call_details;
mod errors;
mod integration;
mod pbx;
mod proxy;
mod recordings;
mod server;
mod shared_numbers;
mod store;
mod texts;
mod tokens;
mod traces;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use crate::component_source::ComponentSource;
use crate::oci_reference::Reference;
use crate::private_files;
use ::server::ServerSettings;
use amocrm::integration::{Access, IntegrationSettings};
use call::masking::unless_secret;
use call::scenario::{self, Exits, MOST_STEPS, placement_of};
use call::{Localized, localized};
use call_details::CallDetailsEntry;
use errors::Errors;
use integration::IntegrationEntry;
use node::call_details::CallDetailsSettings;
use node::observe::traces::TraceSettings;
use pbx::{AsteriskEntry, KamailioEntry};
use recordings::RecordingsEntry;
use replay::recording::SamplingSettings;
use runtime::engine::WAITING_TIME_BOUNDS;
use runtime::toml_file::{self, ConfigError};
use server::ServerEntry;
use store::StoreEntry;
use stores::StoreLocation;
use texts::{identifiers, place_of_calls, visible};
use traces::TracesEntry;

/// A configuration file, read and checked.
#[derive(Debug)]
pub struct HarnessConfig {
    /// The integrations, their identifiers unique. Where the file has none, there is one without an account, for operations that need none.
    pub integrations: Vec<IntegrationSettings>,
    /// The placed operations, their identifiers unique. None is needed before there are calls.
    pub operations: Vec<OperationEntry>,
    /// How long a call may wait in all its steps together, where that is bounded.
    pub scenario_waiting_time: Option<Duration>,
    /// How a server keeps the details of its calls.
    pub call_details: CallDetailsSettings,
    /// Which of a server's calls are recorded, if any.
    pub recordings: Option<SamplingSettings>,
    /// Where a server's traces go, if anywhere.
    pub traces: Option<TraceSettings>,
    /// How a server is set up.
    pub server: ServerSettings,
    /// Where values are kept, unless a command is told otherwise.
    pub store: Option<StoreLocation>,
    /// What is not wrong, but may not be meant, a text each.
    pub warnings: Vec<Localized>,
}

/// A placed operation, as configured.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperationEntry {
    /// The identifier, `main` unless set.
    #[serde(default = "main")]
    pub id: String,
    /// The integration's identifier; may be left out where there is only one.
    #[serde(default)]
    pub integration: Option<String>,
    /// The component: the name of one that this program carries, a file, relative to the configuration file, or one in a registry.
    #[serde(default)]
    pub component: ComponentSource,
    /// The same as the file has it.
    #[serde(skip)]
    pub component_as_named: Option<String>,
    /// Where calls go for whose reason there is no other exit: a place of the PBX's, or `operation:ID`.
    pub linked_operation: String,
    /// Where others go, by the code of their reason, its class, or `not-answered`.
    #[serde(default)]
    pub exits: BTreeMap<String, String>,
    /// Settings by key, as the operation describes them. Numbers and flags may be written as such.
    #[serde(default, deserialize_with = "toml_file::texts")]
    pub settings: BTreeMap<String, String>,
}

impl OperationEntry {
    /// All of them.
    pub fn exits(&self) -> Exits {
        Exits::new(self.linked_operation.clone(), self.exits.clone())
    }
}

/// `[scenario]`: what holds for all steps of a call together.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScenarioEntry {
    /// How long a call may wait in all its steps together.
    waiting_time: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    integration: Vec<IntegrationEntry>,
    #[serde(default)]
    operation: Vec<OperationEntry>,
    scenario: Option<ScenarioEntry>,
    call_details: Option<CallDetailsEntry>,
    recordings: Option<RecordingsEntry>,
    traces: Option<TracesEntry>,
    kamailio: Option<KamailioEntry>,
    asterisk: Option<AsteriskEntry>,
    #[serde(default)]
    server: ServerEntry,
    store: Option<StoreEntry>,
}

/// The folder that paths in a configuration file are relative to.
fn folder(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new("."))
}

fn main() -> String {
    "main".to_owned()
}

/// What the file says, and the same as it is written.
fn read(path: &Path, text: &str) -> Result<(File, toml::Value), ConfigError> {
    let written = toml_file::parse(path, text)?;
    // Before the keys are judged: who misspells one is told the keys that there are.
    let refused = server::refuse_given_up(&written).and_then(|()| texts::bounded(&written));
    refused.map_err(|message| ConfigError::of(path, message))?;
    Ok((toml_file::parse(path, text)?, written))
}

impl HarnessConfig {
    /// Reads a configuration file, and the secrets that it refers to.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        Self::parse(path, &toml_file::read_text(path)?)
    }

    /// Where values are kept by the text of such a file, whatever else is in it.
    pub(crate) fn store_of(path: &Path, text: &str) -> Result<Option<StoreLocation>, ConfigError> {
        #[derive(Deserialize)]
        struct Section {
            store: Option<StoreEntry>,
        }
        let Section { store } = toml_file::parse(path, text)?;
        let store = store.map(|entry| entry.check(folder(path))).transpose();
        store.map_err(|message| ConfigError::of(path, message))
    }

    /// Reads a configuration from the text of such a file, and the secrets that it refers to.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let (file, written) = read(path, text)?;
        Self::checked(file, path)?.examined(&written, path)
    }

    /// The same, with what others may do with the files of its secrets.
    fn examined(mut self, written: &toml::Value, path: &Path) -> Result<Self, ConfigError> {
        let examined = private_files::examine_secrets(written, folder(path));
        self.warnings.extend(examined.map_err(|message| ConfigError::of(path, message))?);
        Ok(self)
    }

    /// The same, and everything that is wrong with the file where it is wrong.
    pub(crate) fn judge(path: &Path, text: &str) -> Result<Self, Vec<ConfigError>> {
        let (file, written) = read(path, text).map_err(|error| vec![error])?;
        let all =
            |messages: Vec<_>| messages.into_iter().map(|message| ConfigError::of(path, message)).collect::<Vec<_>>();
        let config = Self::check(file, path).map_err(all)?;
        config.examined(&written, path).map_err(|error| vec![error])
    }

    fn checked(file: File, path: &Path) -> Result<Self, ConfigError> {
        Self::check(file, path).map_err(|messages| {
            let first = messages.into_iter().next();
            // Nothing is refused without a word.
            let unsaid = || Localized::new("настройки не приняты", "the configuration is refused");
            ConfigError::of(path, first.unwrap_or_else(unsaid))
        })
    }

    fn check(file: File, path: &Path) -> Result<Self, Vec<Localized>> {
        let folder = folder(path);
        if file.integration.is_empty() && file.operation.is_empty() {
            return Err(vec![Localized::new(
                "нет ни одной операции; добавьте `[[operation]]` с `linked_operation`, а если она обращается к amoCRM, то и `[[integration]]` \
                 с `account` и `token` или с ключами OAuth",
                "there is no operation; add `[[operation]]` with `linked_operation`, and, where it asks amoCRM, `[[integration]]` with \
                 `account` and `token`, or with the keys of OAuth",
            )]);
        }
        let mut errors = Errors::default();
        let mut ids: Vec<String> = file.integration.iter().map(|entry| entry.id.clone()).collect();
        let operation_ids: Vec<String> = file.operation.iter().map(|entry| entry.id.clone()).collect();
        for (section, ids) in [("[[integration]]", &ids), ("[[operation]]", &operation_ids)] {
            errors.take(identifiers(section, ids.iter().map(String::as_str)));
        }
        let mut integrations: Vec<_> =
            file.integration.into_iter().filter_map(|entry| errors.take(entry.check(path))).collect();
        if ids.is_empty() {
            ids.push(main());
            integrations.push(IntegrationSettings::new(main(), Access::NoAccount, Vec::new()));
        }
        let mut operations = file.operation;
        for operation in &mut operations {
            errors.take(check_operation(operation, &ids, folder));
        }
        let exits: Vec<_> = operations.iter().map(|entry| (entry.id.as_str(), entry.exits())).collect();
        let judged = scenario::judge(exits.iter().map(|(id, exits)| (*id, exits)));
        errors.take(judged.map_err(|fault| Localized::from(fault).at("[[operation]]")));
        let scenario_waiting_time = errors.take(file.scenario.map(ScenarioEntry::check).transpose());
        let traces = errors.take(file.traces.map(|entry| entry.check(folder)).transpose());
        let server = errors.take(file.server.check(folder));
        if file.kamailio.is_some() || file.asterisk.is_some() {
            errors.take(pbx::check_numbers(&integrations));
        }
        let kamailio = errors.take(file.kamailio.map(|entry| entry.check(&operations)).transpose());
        let asterisk = errors.take(file.asterisk.map(AsteriskEntry::check).transpose());
        let store = errors.take(file.store.map(|entry| entry.check(folder)).transpose());
        let call_details = errors.take(file.call_details.map(CallDetailsEntry::check).transpose());
        let recordings = errors.take(file.recordings.map(RecordingsEntry::check).transpose());
        let of_accounts = integrations.iter().filter_map(account::warning);
        let warnings = of_accounts.chain(integrations.iter().filter_map(shared_numbers::warning)).collect();
        let judged = || {
            Some(Self {
                integrations,
                operations,
                scenario_waiting_time: scenario_waiting_time?,
                store: store?,
                call_details: call_details?.unwrap_or_default(),
                recordings: recordings?,
                traces: traces?,
                server: ServerSettings { kamailio: kamailio?, asterisk: asterisk?, ..server? },
                warnings,
            })
        };
        errors.end(judged())
    }

    /// The placed operation of that identifier, or the only one.
    pub fn operation(&self, id: Option<&str>) -> Result<&OperationEntry, Localized> {
        let known = || self.operations.iter().map(|entry| format!("`{}`", entry.id)).collect::<Vec<_>>().join(", ");
        match (id, self.operations.as_slice()) {
            (_, []) => Err(Localized::new(
                "нет ни одной операции; добавьте `[[operation]]` с `linked_operation`",
                "there is no placed operation; add `[[operation]]` with `linked_operation`",
            )),
            (None, [only]) => Ok(only),
            (None, _) => Err(localized!(
                "операций несколько; укажите одну из {} в --operation",
                "there are several placed operations; name one of {} with --operation",
                known()
            )),
            (Some(id), all) => {
                let found = all.iter().find(|entry| entry.id == id);
                found.ok_or_else(|| {
                    localized!(
                        "операции `{id}` нет; есть {}",
                        "there is no placed operation `{id}`; there are {}",
                        known()
                    )
                })
            }
        }
    }

    /// The integrations of that identifier, or all of them.
    pub fn integrations(&self, id: Option<&str>) -> Result<Vec<&IntegrationSettings>, Localized> {
        let chosen: Vec<_> =
            self.integrations.iter().filter(|integration| id.is_none_or(|id| integration.id == id)).collect();
        if chosen.is_empty() {
            let known: Vec<_> = self.integrations.iter().map(|entry| format!("`{}`", entry.id)).collect();
            let known = known.join(", ");
            return Err(localized!(
                "интеграции с таким именем нет; есть {known}",
                "there is no integration of that name; there are {known}"
            ));
        }
        Ok(chosen)
    }

    /// The operations that are placed on an integration.
    pub(crate) fn operations_of(&self, integration: &IntegrationSettings) -> impl Iterator<Item = &OperationEntry> {
        let is_its = |entry: &&OperationEntry| self.integration_of(entry).is_some_and(|of| of.id == integration.id);
        self.operations.iter().filter(is_its)
    }

    /// The operations that a call may come to from this one: itself first, then those that exits lead to.
    pub(crate) fn steps_from<'a>(&'a self, first: &'a OperationEntry) -> Vec<&'a OperationEntry> {
        let mut steps = vec![first];
        let mut place = 0;
        while let Some(step) = steps.get(place).copied() {
            let exits = step.exits();
            let targets: Vec<_> = exits.targets().filter_map(placement_of).collect();
            let further = self.operations.iter().filter(|entry| targets.contains(&entry.id.as_str()));
            let further: Vec<_> = further.filter(|entry| !steps.iter().any(|known| known.id == entry.id)).collect();
            steps.extend(further);
            place += 1;
        }
        steps
    }

    /// The integration that a placed operation belongs to.
    pub(crate) fn integration_of(&self, operation: &OperationEntry) -> Option<&IntegrationSettings> {
        match &operation.integration {
            Some(id) => self.integrations.iter().find(|integration| integration.id == *id),
            None => self.integrations.first(),
        }
    }
}

fn check_operation(operation: &mut OperationEntry, integrations: &[String], folder: &Path) -> Result<(), Localized> {
    let place = format!("[[operation]] `{}`", operation.id);
    if operation.linked_operation.trim().is_empty() {
        return Err(localized!(
            "{place}: `linked_operation` пуст; укажите, куда идут звонки, которые не переадресованы",
            "{place}: `linked_operation` is empty; name where calls go that are not forwarded"
        ));
    }
    place_of_calls(&place, "linked_operation", &operation.linked_operation)?;
    for (exit, target) in &operation.exits {
        let exit = unless_secret(exit);
        if target.trim().is_empty() {
            return Err(localized!(
                "{place}: `exits`: `{exit}` пуст; укажите, куда идут такие звонки, или уберите его",
                "{place}: `exits`: `{exit}` is empty; name where those calls go, or leave it out"
            ));
        }
        visible(&place, "exits", exit)?;
        place_of_calls(&place, "exits", target)?;
    }
    match &operation.integration {
        Some(id) if !integrations.contains(id) => {
            let id = unless_secret(id);
            return Err(localized!(
                "{place}: `integration` = `{id}` — такого `id` нет ни у одной [[integration]]",
                "{place}: `integration` = `{id}` is not the id of any [[integration]]"
            ));
        }
        None if integrations.len() > 1 => {
            return Err(localized!(
                "{place}: интеграций несколько; укажите одну в `integration`",
                "{place}: there are several integrations; name one with `integration`"
            ));
        }
        _ => {}
    }
    if let ComponentSource::Registry(written) = &operation.component {
        Reference::pinned(written).map_err(|error| error.at(format_args!("{place}: `component`")))?;
    }
    operation.component_as_named = operation.component.as_named();
    operation.component = std::mem::take(&mut operation.component).relative_to(folder);
    Ok(())
}

impl ScenarioEntry {
    fn check(self) -> Result<Duration, Localized> {
        let (least, greatest) =
            (WAITING_TIME_BOUNDS.0, WAITING_TIME_BOUNDS.1 * u32::try_from(MOST_STEPS).unwrap_or(u32::MAX));
        let written = humantime::parse_duration(&self.waiting_time).ok();
        written.filter(|time| (least..=greatest).contains(time)).ok_or_else(|| {
            localized!(
                "[scenario]: `waiting_time` = `{}`; укажите время от {} до {}, например 6s",
                "[scenario]: `waiting_time` = `{}`; set a duration from {} to {}, for example 6s",
                unless_secret(&self.waiting_time),
                humantime::format_duration(least),
                humantime::format_duration(greatest)
            )
        })
    }
}
