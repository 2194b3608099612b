//! One case: the files of its folder, and how they become a PBX, an amoCRM and calls.

use std::fs;
use std::path::Path;

use amocrm_simulator::Account;
use jiff::Timestamp;
use serde_json::Value;

use super::expect::Expectation;
use super::scenario::{NamedComponents, Scenario};
use super::script::{self, Calls, Step};
use super::site::Site;
use crate::demo;
use amocrm::employees;
use call::CallDocument;
use runtime::capabilities::directory::Employee;
use runtime::engine::Operation;

/// The files that a case may have. Any other is refused, or a misspelt one would silently change nothing.
const FILES: [&str; 4] = ["call.toml", "account.toml", "employees.toml", "expected.json"];

/// A case as its folder says.
pub(super) struct Case {
    pub(super) calls: Calls,
    pub(super) account: Account,
    pub(super) employees: Vec<(u64, Employee)>,
}

impl Case {
    /// Reads the folder; without an account and employees of its own a case has those of the demonstration.
    pub(super) fn read(folder: &Path) -> Result<Self, String> {
        for entry in fs::read_dir(folder).map_err(|error| format!("  not a folder of a case: {error}"))? {
            let name = entry.map_err(|error| format!("  {error}"))?.file_name();
            if !FILES.iter().any(|file| name == *file) {
                return Err(format!("  `{}` is not a file of a case; there are {}", name.display(), FILES.join(", ")));
            }
        }
        let account = folder.join("account.toml");
        let employees = folder.join("employees.toml");
        Ok(Self {
            calls: script::read(&folder.join("call.toml"))?,
            account: if account.exists() {
                Account::load(&account).map_err(|error| format!("  {error:#}"))?
            } else {
                Account::demo()
            },
            employees: if employees.exists() {
                employees::read(&employees).map_err(|error| format!("  {error}"))?
            } else {
                demo::employees()
            },
        })
    }

    /// What the case shows, in a sentence.
    pub(super) fn about(&self) -> &str {
        &self.calls.about
    }

    /// Whether its calls were written as a list, and so are its answers.
    pub(super) const fn several(&self) -> bool {
        self.calls.several
    }

    /// Whether `call.toml` says of each call what it must come to. Fails where it says so with no word.
    pub(super) fn is_judged(&self) -> Result<bool, String> {
        let expectations = self.calls.steps.iter().map(|step| step.expect.as_ref());
        match expectations.clone().position(|expect| expect.is_some_and(Expectation::is_empty)) {
            Some(index) => Err(format!(
                "  call.toml, call {}: `expect` says nothing; write, for example, expect.employee = \"anna\"",
                index + 1
            )),
            None => Ok(expectations.clone().all(|expect| expect.is_some())),
        }
    }

    /// Where the answers are not what `call.toml` says.
    pub(super) fn differences(&self, answers: &[CallDocument]) -> Vec<String> {
        let judged = answers.iter().zip(&self.calls.steps).enumerate();
        let judged = judged.filter_map(|(index, (answer, step))| Some((index + 1, answer, step.expect.as_ref()?)));
        let first = self.calls.scenario.placed.first().map_or("", |placed| placed.id.as_str());
        judged.flat_map(|(number, answer, expect)| expect.differences(number, first, answer)).collect()
    }

    /// Resolves the calls, one after another.
    pub(super) async fn run(
        &self,
        folder: &Path,
        operation: &Operation,
        components: &mut NamedComponents,
    ) -> Result<Vec<CallDocument>, String> {
        let scenario = &self.calls.scenario;
        let operations = scenario.operations(folder, operation, components)?;
        let start = self.calls.steps.first().map_or(Timestamp::UNIX_EPOCH, |step| step.at);
        let mut site = Site::build(start, self.account.clone(), self.employees.clone(), operations).await?;
        let own_faults = site.simulator.faults();
        let mut answers = Vec::with_capacity(self.calls.steps.len());
        for step in &self.calls.steps {
            // The faults of the call come before those of the account; counts begin anew with each call.
            site.simulator.set_faults([&step.faults[..], &own_faults].concat());
            answers.push(resolve(&mut site, scenario, step).await?);
        }
        Ok(answers)
    }
}

async fn resolve(site: &mut Site, scenario: &Scenario, step: &Step) -> Result<CallDocument, String> {
    site.clock.advance(step.at.duration_since(site.clock.now()));
    site.integration.enabled = step.integration.enabled.unwrap_or(true);
    for (contact, manager) in step.managers.iter().copied() {
        let changed = site
            .simulator
            .update(|account| account.contact_mut(contact).map(|contact| contact.responsible_user_id = Some(manager)));
        changed.ok_or_else(|| format!("  call.toml: `managers`: the account has no contact {contact}"))?;
    }
    site.call(scenario, step).await
}

/// The answers as they are written down: one document, or a list where the calls were written as a list.
pub(super) fn documents(answers: &[CallDocument], several: bool) -> Result<Value, String> {
    let mut documents = answers
        .iter()
        .map(serde_json::to_value)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| format!("  {error}"))?;
    match (several, documents.pop()) {
        (false, Some(only)) => Ok(only),
        (_, last) => Ok(Value::Array(documents.into_iter().chain(last).collect())),
    }
}
