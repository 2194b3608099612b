//! What a host is given for a call: an account behind HTTP, its configuration, the PBX's employees, settings, the time.

use std::collections::BTreeMap;

use amocrm_simulator::{Options, Simulator};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use replay::policy::{Asked, AskedCall};
use runtime::bindings::exports::telephony::operation::operation::Description;
use runtime::bindings::telephony::operation::types::{ItemValue, Setting, SettingValue};
use runtime::capabilities::clocks::Clock;
use runtime::capabilities::directory::{Employee, Presence};
use runtime::settings::read_settings;
use serde_json::{Value, json};
use test_support::{LINKED_OPERATION, START};

use crate::configuration::Configuration;

/// The token that the demonstration's account takes.
const TOKEN: &str = "demonstration-token";

/// One host's account, and the time there.
pub(super) struct Site {
    simulator: Simulator,
    clock: Clock,
}

/// A call and all around it.
pub(super) struct Surroundings<'a> {
    pub(super) asked: &'a Asked,
    pub(super) call: &'a AskedCall,
    settings: Vec<Setting>,
    account: &'a str,
}

impl Site {
    pub(super) async fn new() -> Self {
        let clock = Clock::frozen_at(START.parse().expect("a time"));
        let options = Options { token: Some(TOKEN.to_owned()), ..Options::default() };
        Self { simulator: test_support::account::simulator(&clock, options).await, clock }
    }

    pub(super) fn address(&self) -> &str {
        self.simulator.base_url()
    }

    /// A case begins: the account is the case's.
    pub(super) fn begin(&self, asked: &Asked) {
        self.simulator.update(|account| *account = asked.account.clone());
    }

    /// A call begins, with the time, the faults and the managers that it has.
    pub(super) fn arrange(&self, asked: &Asked, call: &AskedCall) {
        self.clock.advance(call.at.duration_since(self.clock.now()));
        self.simulator.set_faults([&call.faults[..], &asked.account.faults].concat());
        for (contact, manager) in call.managers.iter().copied() {
            self.simulator.update(|account| {
                account.contact_mut(contact).expect("a contact of the account").responsible_user_id = Some(manager);
            });
        }
    }

    pub(super) fn surroundings<'a>(
        &'a self,
        asked: &'a Asked,
        call: &'a AskedCall,
        description: &Description,
    ) -> Surroundings<'a> {
        let settings = read_settings(description, &call.settings).expect("settings of the operation");
        Surroundings { asked, call, settings, account: self.address() }
    }
}

impl Surroundings<'_> {
    fn configured(&self) -> Configuration {
        let mut configured: Configuration = self.call.configuration.clone();
        for (key, value) in [("amocrm_base_url", self.account), ("amocrm_access_token", TOKEN)] {
            configured.insert(key.to_owned(), value.to_owned());
        }
        configured
    }

    /// For a host of the component alone: values of the contract, with the names of JavaScript.
    pub(super) fn alone(&self) -> Value {
        let employees: BTreeMap<_, _> =
            self.asked.employees.iter().map(|(user, employee)| (user, contract_employee(employee))).collect();
        let caller = Some(&self.call.caller).filter(|caller| !caller.is_empty());
        json!({
            "kept": self.asked.name,
            "at": self.call.at.as_millisecond(),
            "configuration": self.configured(),
            "employees": employees,
            "settings": self.settings.iter().map(setting).collect::<Vec<_>>(),
            "call": {"id": "call-1", "caller": caller, "called": self.call.called},
        })
    }

    /// For a host of the composed component: all is configuration.
    pub(super) fn composed(&self, bucket: &str) -> Configuration {
        let mut configured = self.configured();
        let employees: Vec<_> = self.asked.employees.iter().map(|employee| self.employee(employee)).collect();
        configured.insert("kv_bucket".to_owned(), bucket.to_owned());
        configured.insert("linked_operation".to_owned(), LINKED_OPERATION.to_owned());
        configured.insert("employees_base64".to_owned(), STANDARD.encode(json!(employees).to_string()));
        configured.extend(self.call.settings.iter().map(|(key, value)| (format!("setting_{key}"), value.clone())));
        configured
    }

    /// The call as it is posted.
    pub(super) fn posted(&self) -> Value {
        json!({"id": "call-1", "caller": self.call.caller, "called": self.call.called})
    }

    /// As the configuration of the composed component writes an employee.
    fn employee(&self, (user, employee): &(u64, Employee)) -> Value {
        let numbers = employee.destinations.iter().map(|destination| {
            json!({"number": destination.number, "ring_time": format!("{}s", destination.ring_time.as_secs())})
        });
        let mut written = json!({
            "id": employee.id, "name": employee.name, "amocrm_user": user, "enabled": employee.enabled,
            "numbers": numbers.collect::<Vec<_>>(),
        });
        match employee.presence {
            Presence::NotFed => {}
            Presence::NeverSeen => written["presence"] = json!("never-seen"),
            Presence::LastSeen(at) => written["presence"] = json!(at.to_string()),
        }
        if let Some(deputy) = employee.deputy_crm_user_id {
            let named = self.asked.employees.iter().find(|(user, _)| *user == deputy).expect("the deputy");
            written["deputy"] = json!(named.1.id);
        }
        written
    }
}

fn contract_employee(employee: &Employee) -> Value {
    let destinations = employee.destinations.iter();
    let destinations = destinations
        .map(|destination| json!({"number": destination.number, "ringTime": destination.ring_time.as_secs() * 1_000}));
    let presence = match employee.presence {
        Presence::NotFed => json!({"tag": "not-fed"}),
        Presence::NeverSeen => json!({"tag": "never-seen"}),
        Presence::LastSeen(at) => json!({"tag": "last-seen", "val": {"seconds": at.as_second(), "nanoseconds": 0}}),
    };
    let mut written = json!({
        "id": employee.id, "name": employee.name, "enabled": employee.enabled,
        "destinations": destinations.collect::<Vec<_>>(), "presence": presence,
    });
    if let Some(deputy) = employee.deputy_crm_user_id {
        written["deputyCrmUserId"] = json!(deputy);
    }
    written
}

fn setting(setting: &Setting) -> Value {
    let value = match &setting.value {
        SettingValue::Flag(value) => json!({"tag": "flag", "val": value}),
        SettingValue::Integer(value) => json!({"tag": "integer", "val": value}),
        SettingValue::Duration(value) => json!({"tag": "duration", "val": value}),
        SettingValue::Choice(value) => json!({"tag": "choice", "val": value}),
        SettingValue::Text(value) => json!({"tag": "text", "val": value}),
        SettingValue::List(items) => json!({"tag": "list", "val": items.iter().map(item).collect::<Vec<_>>()}),
    };
    json!({"key": setting.key, "value": value})
}

fn item(item: &ItemValue) -> Value {
    match item {
        ItemValue::Integer(value) => json!({"tag": "integer", "val": value}),
        ItemValue::Duration(value) => json!({"tag": "duration", "val": value}),
        ItemValue::Choice(value) => json!({"tag": "choice", "val": value}),
        ItemValue::Text(value) => json!({"tag": "text", "val": value}),
    }
}
