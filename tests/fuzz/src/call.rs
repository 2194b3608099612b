//! One call, natively, in a world whose amoCRM answers one endpoint with the fuzzer's bytes.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use forward_to_personal_manager::contract::{
    Call, Destination, Employee, LastTalk, Presence, Resolution, Route, Setting, SettingValue,
};
use forward_to_personal_manager::time::Timestamp;
use forward_to_personal_manager::world::{
    Clock, Config, Directory, Http, HttpFailure, KeyValue, Request, Response, World,
};
use forward_to_personal_manager::{decision, notices};

/// 2026-11-22T09:00:00Z in milliseconds.
const NOW: u64 = 1_795_338_000_000;
const CALLER: &str = "+79161234567";
const ANNA: u64 = 504_141;

/// amoCRM's answers when all is well: the caller's contact, no company, an open lead of it, an active user, the account's day, an event.
const WELL: [(&str, &str); 6] = [
    (
        "/api/v4/contacts",
        r#"{"_embedded":{"contacts":[{"id":3,"responsible_user_id":504141,"updated_at":1,"custom_fields_values":[{"field_code":"PHONE","values":[{"value":"+79161234567"}]}]}]}}"#,
    ),
    ("/api/v4/companies", r#"{"_embedded":{"companies":[]}}"#),
    (
        "/api/v4/leads",
        r#"{"_embedded":{"leads":[{"id":7,"responsible_user_id":504141,"status_id":1,"updated_at":1,"closed_at":null,"_embedded":{"contacts":[{"id":3}]}}]}}"#,
    ),
    ("/api/v4/users", r#"{"id":504141,"rights":{"is_active":true}}"#),
    ("/api/v4/account", r#"{"_embedded":{"datetime_settings":{"timezone_offset":"+03:00"}}}"#),
    (
        "/api/v4/events",
        r#"{"_embedded":{"events":[{"type":"lead_added","created_by":504141,"created_at":1795330000}]}}"#,
    ),
];

/// Every setting that asks amoCRM for more, or rings another.
const FLAGS: [&str; 4] = ["search_companies", "open_lead_first", "refuse_deactivated_managers", "forward_to_deputy"];

/// Resolves a call where the endpoint of this path answers with these bytes, and checks what no answer may break (rule D9).
pub fn resolve_with(path: &'static str, body: &[u8]) {
    let world = Outside { path, body, store: RefCell::default() };
    let resolution = world.resolve();
    let Route::Forward(forwarding) = resolution.route else { return };
    assert_eq!(forwarding.employee_id, "anna", "nobody else is in the directory");
    assert!(!forwarding.destinations.is_empty());
    // What was kept of that answer is read back by the next call, with nothing asked for the manager (rule O5).
    let again = world.resolve();
    assert!(again.details.requests.iter().all(|request| request.purpose == "events" || request.purpose == "account"));
}

/// Passes a webhook on, and checks that it costs the next call a request at most (amoCRM facts §7.5).
pub fn notice_with(body: &[u8]) {
    let world = Outside { path: "", body: b"", store: RefCell::default() };
    world.resolve();
    notices::receive(world.world(), notices::AMOCRM_WEBHOOK, body);
    let Route::Forward(forwarding) = world.resolve().route else { panic!("a notice led a call astray") };
    assert_eq!(forwarding.employee_id, "anna");
}

/// Resolves a call with these bytes under every key of the store (rules O5, D9). amoCRM has nobody, so who is rung stands in the record; and
/// that must be one that this program could have written, less than six hours ago. Whether it was believed.
pub fn record_with(record: &[u8]) -> bool {
    // Any other name than that of the endpoint would be answered well.
    let world = Outside { path: "/api/v4/contacts", body: WELL[0].1.as_bytes(), store: RefCell::default() };
    world.resolve();
    let mut store = world.store.take();
    store.values_mut().for_each(|value| *value = record.to_vec());
    let world = Outside { path: "/api/v4/contacts", body: b"", store: RefCell::new(store) };
    let Route::Forward(forwarding) = world.resolve().route else { return false };
    assert_eq!(forwarding.employee_id, "anna", "nobody else is in the directory");
    // Which of two members of one name counts is not for JSON to say, and a name may be spelled in several ways.
    let text = String::from_utf8_lossy(record);
    let twice = |name| text.matches(name).count() > 1;
    if text.contains('\\')
        || ["version", "received_at_ms", "value", "user_id", "contact_id", "company_id"].into_iter().any(twice)
    {
        return true;
    }
    let read: serde_json::Value = serde_json::from_slice(record).expect("a record is JSON");
    let received = read["received_at_ms"].as_u64().expect("a time of receipt");
    assert!(received <= NOW && NOW - received < 6 * 3_600_000, "received at {received}");
    let value = &read["value"];
    assert_eq!((read["version"].as_u64(), value["user_id"].as_u64()), (Some(2), Some(ANNA)));
    assert!(value["contact_id"].is_u64() || value["company_id"].is_u64(), "somebody's manager");
    true
}

struct Outside<'a> {
    path: &'static str,
    body: &'a [u8],
    store: RefCell<BTreeMap<String, Vec<u8>>>,
}

impl Outside<'_> {
    fn resolve(&self) -> Resolution {
        let call = Call { id: "1".to_owned(), caller: Some(CALLER.to_owned()), called: "100".to_owned() };
        let flags = FLAGS.map(|key| Setting { key: key.to_owned(), value: SettingValue::Flag(true) });
        decision::resolve(self.world(), &call, &flags)
    }

    fn world(&self) -> World<'_> {
        World { clock: self, http: self, key_value: self, config: self, directory: self }
    }
}

impl Clock for Outside<'_> {
    fn now(&self) -> Timestamp {
        Timestamp(NOW)
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

impl Http for Outside<'_> {
    fn get(&self, request: &Request<'_>) -> Result<Response, HttpFailure> {
        let asked = |path: &str| request.path_with_query.starts_with(path);
        let body = match WELL.iter().find(|(path, _)| asked(path)) {
            // Contacts without a hit, so that companies are asked for.
            Some((path, _)) if *path == "/api/v4/contacts" && self.path == "/api/v4/companies" => b"",
            Some((path, _)) if *path == self.path => self.body,
            Some((_, well)) => well.as_bytes(),
            None => b"",
        };
        Ok(Response { status: if body.is_empty() { 204 } else { 200 }, body: body.to_vec() })
    }
}

impl KeyValue for Outside<'_> {
    fn get(&self, _: &str, key: &str) -> Result<Option<Vec<u8>>, String> {
        Ok(self.store.borrow().get(key).cloned())
    }

    fn set(&self, _: &str, key: &str, value: &[u8]) -> Result<(), String> {
        self.store.borrow_mut().insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    fn delete(&self, _: &str, key: &str) -> Result<(), String> {
        self.store.borrow_mut().remove(key);
        Ok(())
    }
}

impl Config for Outside<'_> {
    fn get(&self, key: &str) -> Result<Option<String>, String> {
        Ok(match key {
            "amocrm_base_url" => Some("https://example.amocrm.ru".to_owned()),
            "consider_manager_status" => Some("true".to_owned()),
            _ => None,
        })
    }
}

impl Directory for Outside<'_> {
    fn find_by_crm_user(&self, user_id: u64) -> Result<Option<Employee>, String> {
        let destination = Destination { number: "101".to_owned(), ring_time: Duration::from_secs(20) };
        Ok((user_id == ANNA).then(|| Employee {
            id: "anna".to_owned(),
            name: "Anna".to_owned(),
            enabled: true,
            destinations: vec![destination],
            presence: Presence::NotFed,
            deputy_crm_user_id: Some(ANNA + 1),
        }))
    }

    fn find_last_talk(&self, _: u32) -> Result<Option<LastTalk>, String> {
        Ok(None)
    }
}
