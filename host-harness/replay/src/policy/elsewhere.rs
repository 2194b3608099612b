//! What a case asks, for hosts other than this one: they bring their own clock, store and employees, and resolve the same calls.

use std::collections::BTreeMap;

use amocrm_simulator::{Account, FaultRule};
use jiff::Timestamp;

use super::Cases;
use super::case::Case;
use super::content::CaseKind;
use runtime::capabilities::directory::Employee;

/// A case as another host is asked it.
pub struct Asked {
    /// The name of its folder.
    pub name: String,
    /// The account.
    pub account: Account,
    /// The PBX's employees, by amoCRM user.
    pub employees: Vec<(u64, Employee)>,
    /// Whether it places operations in a scenario, which another host does not have.
    pub is_scenario: bool,
    /// The calls, in their order.
    pub calls: Vec<AskedCall>,
}

/// A call of a case, with everything that holds while it is resolved.
pub struct AskedCall {
    /// When it arrives.
    pub at: Timestamp,
    /// The caller; empty where withheld.
    pub caller: String,
    /// The called number.
    pub called: String,
    /// How amoCRM misbehaves, beside the faults of the account.
    pub faults: Vec<FaultRule>,
    /// Contacts that get another manager before this call.
    pub managers: Vec<(u64, u64)>,
    /// The settings of the placed operation, as they are written.
    pub settings: BTreeMap<String, String>,
    /// The keys of the configuration, as they are written.
    pub configuration: BTreeMap<String, String>,
}

impl Cases {
    /// What each case asks that was written for its folder. Recorded calls are not among them, nor what cannot be read.
    pub fn asked(&self) -> Vec<Asked> {
        let cases = self.read.iter().filter_map(|read| match &read.content.as_ref().ok()?.kind {
            CaseKind::Written(case) => Some(asked(read.name(), case)),
            CaseKind::Recorded(_) => None,
        });
        cases.collect()
    }
}

fn asked(name: String, case: &Case) -> Asked {
    let calls = case.calls.steps.iter().map(|step| {
        let mut configuration = step.integration.keys.clone();
        configuration.extend(step.integration.enabled.map(|enabled| ("enabled".to_owned(), enabled.to_string())));
        AskedCall {
            at: step.at,
            caller: step.caller.clone(),
            called: step.called.clone(),
            faults: step.faults.clone(),
            managers: step.managers.clone(),
            settings: step.settings.clone(),
            configuration,
        }
    });
    Asked {
        name,
        account: case.account.clone(),
        employees: case.employees.clone(),
        is_scenario: case.calls.scenario.is_written,
        calls: calls.collect(),
    }
}
