//! One case: the files of its folder, and how they become a PBX, an amoCRM and calls.

use std::fs;
use std::path::Path;

use amocrm_simulator::Account;
use host_harness::capabilities::directory::Employee;
use host_harness::config::read_employees;
use host_harness::demo;
use host_harness::placement::read_settings;
use serde_json::Value;

use super::script::{self, Calls, Step};
use crate::support::Scene;

/// The files that a case may have. Any other is refused, or a misspelt one would silently change nothing.
const FILES: [&str; 4] = ["call.toml", "account.toml", "employees.toml", "expected.json"];

/// A case as its folder says.
pub(super) struct Case {
    calls: Calls,
    account: Account,
    employees: Vec<(u64, Employee)>,
}

impl Case {
    /// Reads the folder; without an account and employees of its own a case has those of the demonstration.
    pub(super) fn read(folder: &Path) -> Result<Self, String> {
        for entry in fs::read_dir(folder).map_err(|error| format!("  not a folder of a case: {error}"))? {
            let name = entry.map_err(|error| format!("  {error}"))?.file_name();
            if !FILES.iter().any(|file| name == *file) {
                return Err(format!("  `{}` is no file of a case; there are {}", name.display(), FILES.join(", ")));
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
                read_employees(&employees).map_err(|error| format!("  {error}"))?
            } else {
                demo::employees()
            },
        })
    }

    /// Resolves the calls: one document, or a list where they were written as a list.
    pub(super) async fn run(self) -> Result<Value, String> {
        let mut scene = Scene::with_account(self.account).await;
        scene.integration.employees = self.employees;
        let own_faults = scene.simulator.faults();
        let mut answers = Vec::with_capacity(self.calls.steps.len());
        for step in self.calls.steps {
            // The faults of the call come before those of the account; counts begin anew with each call.
            scene.simulator.set_faults([&step.faults[..], &own_faults].concat());
            answers.push(resolve(&mut scene, step).await?);
        }
        if self.calls.several { Ok(Value::Array(answers)) } else { answers.pop().ok_or_else(|| "no call".to_owned()) }
    }
}

async fn resolve(scene: &mut Scene, step: Step) -> Result<Value, String> {
    scene.advance(step.at.duration_since(scene.clock.now()));
    scene.integration.enabled = step.integration.enabled.unwrap_or(true);
    scene.integration.consider_manager_status = step.integration.consider_manager_status.unwrap_or(false);
    scene.integration.default_country_code = step.integration.default_country_code.unwrap_or(7);
    for (contact, manager) in step.managers {
        let changed = scene
            .simulator
            .update(|account| account.contact_mut(contact).map(|contact| contact.responsible_user_id = Some(manager)));
        changed.ok_or_else(|| format!("  call.toml: `managers`: the account has no contact {contact}"))?;
    }
    let description = scene.operation.describe().await.map_err(|failure| format!("  {failure}"))?;
    scene.settings =
        read_settings(&description, &step.settings).map_err(|error| format!("  call.toml: [settings]: {error}"))?;
    Ok(scene.call_to(&step.caller, &step.called).await.json)
}
