//! `call.toml`: the calls of a case.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use amocrm_simulator::FaultRule;
use jiff::Timestamp;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::expect::Expectation;
use super::scenario::{PlacedTable, Scenario, ScenarioTable};
use crate::demo;
use runtime::toml_file::texts;

/// `call.toml` as it is written. What stands at the top holds for every call that does not say otherwise.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    about: String,
    #[serde(default, deserialize_with = "instant")]
    at: Option<Timestamp>,
    caller: Option<String>,
    called: Option<String>,
    #[serde(default, deserialize_with = "faults")]
    faults: Option<Vec<FaultRule>>,
    #[serde(default, deserialize_with = "texts")]
    settings: BTreeMap<String, String>,
    #[serde(default)]
    integration: Configured,
    #[serde(default)]
    operation: Vec<PlacedTable>,
    scenario: Option<ScenarioTable>,
    expect: Option<Expectation>,
    #[serde(default)]
    call: Vec<CallEntry>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CallEntry {
    #[serde(default, deserialize_with = "instant")]
    at: Option<Timestamp>,
    #[serde(default, deserialize_with = "duration")]
    after: Option<Duration>,
    caller: Option<String>,
    called: Option<String>,
    #[serde(default, deserialize_with = "faults")]
    faults: Option<Vec<FaultRule>>,
    #[serde(default, deserialize_with = "texts")]
    settings: BTreeMap<String, String>,
    #[serde(default)]
    integration: Configured,
    #[serde(default)]
    managers: BTreeMap<String, u64>,
    expect: Option<Expectation>,
}

/// The integration's configuration: whether it is on, and any key that the operation describes. What is not written has its default.
#[derive(Clone, Default, Deserialize)]
pub(super) struct Configured {
    pub(super) enabled: Option<bool>,
    #[serde(flatten, deserialize_with = "texts")]
    pub(super) keys: BTreeMap<String, String>,
}

/// One call, with everything that holds while it is resolved.
pub(super) struct Step {
    pub(super) at: Timestamp,
    /// Empty: withheld.
    pub(super) caller: String,
    pub(super) called: String,
    pub(super) faults: Vec<FaultRule>,
    pub(super) settings: BTreeMap<String, String>,
    pub(super) integration: Configured,
    /// Contacts that get another manager in amoCRM before this call.
    pub(super) managers: Vec<(u64, u64)>,
    /// What the call must come to.
    pub(super) expect: Option<Expectation>,
}

/// The calls, in order, and whether they were written as `[[call]]`, so that their answers are a list.
pub(super) struct Calls {
    /// What the case shows, in a sentence.
    pub(super) about: String,
    pub(super) scenario: Scenario,
    pub(super) steps: Vec<Step>,
    pub(super) several: bool,
}

/// Reads `call.toml`.
pub(super) fn read(file: &Path) -> Result<Calls, String> {
    parse(&std::fs::read_to_string(file).map_err(|error| format!("  call.toml cannot be read: {error}"))?)
}

/// Reads the text of a `call.toml`.
pub(super) fn parse(text: &str) -> Result<Calls, String> {
    let mut script: Script = toml::from_str(text).map_err(|error| format!("  call.toml: {error}"))?;
    let wrong = |message: String| format!("  call.toml: {message}");
    let scenario = Scenario::new(std::mem::take(&mut script.operation), script.scenario.take()).map_err(wrong)?;
    if scenario.is_written && !(script.settings.is_empty() && script.call.iter().all(|call| call.settings.is_empty())) {
        return Err(wrong("`settings` belong to one operation; write them into its `[[operation]]`".to_owned()));
    }
    let several = !script.call.is_empty();
    let entries = if several { std::mem::take(&mut script.call) } else { vec![CallEntry::default()] };
    let mut steps: Vec<Step> = Vec::with_capacity(entries.len());
    for (index, entry) in entries.into_iter().enumerate() {
        let previous = steps.last().map(|step| step.at);
        let step =
            step(&script, entry, previous).map_err(|message| format!("  call.toml, call {}: {message}", index + 1))?;
        steps.push(step);
    }
    Ok(Calls { about: script.about, scenario, steps, several })
}

fn step(script: &Script, entry: CallEntry, previous: Option<Timestamp>) -> Result<Step, String> {
    let at = match (entry.at, entry.after, previous.or(script.at)) {
        (Some(_), Some(_), _) => return Err("it has both `at` and `after`; write one of them".to_owned()),
        (Some(at), None, _) | (None, None, Some(at)) => at,
        (None, Some(after), Some(start)) => start.checked_add(after).map_err(|error| format!("`after`: {error}"))?,
        (None, _, None) => return Err("there is no `at`; write when the call arrives".to_owned()),
    };
    let contact = |(id, manager): (String, u64)| {
        let id = id.parse().map_err(|_| format!("`managers`: `{id}` is not a contact's id; write 3 = 504142"))?;
        Ok((id, manager))
    };
    let mut settings = script.settings.clone();
    settings.extend(entry.settings);
    let mut keys = script.integration.keys.clone();
    keys.extend(entry.integration.keys);
    Ok(Step {
        at,
        caller: entry
            .caller
            .or_else(|| script.caller.clone())
            .ok_or("there is no `caller`; write the number, or \"\" for a withheld one")?,
        called: entry.called.or_else(|| script.called.clone()).unwrap_or_else(|| demo::CALLED.to_owned()),
        faults: entry.faults.or_else(|| script.faults.clone()).unwrap_or_default(),
        settings,
        integration: Configured { enabled: entry.integration.enabled.or(script.integration.enabled), keys },
        managers: entry.managers.into_iter().map(contact).collect::<Result<_, String>>()?,
        expect: entry.expect.or_else(|| script.expect.clone()),
    })
}

fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let wrong = || D::Error::custom(format!("`{text}` is not a time; write \"2026-11-22T12:00:00+03:00\""));
    text.parse().map(Some).map_err(|_| wrong())
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let wrong = || D::Error::custom(format!("`{text}` is not a duration; write \"5h59m\""));
    humantime::parse_duration(&text).map(Some).map_err(|_| wrong())
}

fn faults<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<FaultRule>>, D::Error> {
    let rules = Vec::<String>::deserialize(deserializer)?;
    rules.iter().map(|rule| rule.parse().map_err(D::Error::custom)).collect::<Result<_, _>>().map(Some)
}
