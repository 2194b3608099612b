//! A world of fakes, each scripted by the test and readable afterwards.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use forward_to_personal_manager::contract::{
    Call, Destination, Employee, FactValue, Presence, Resolution, Route, Setting, SettingValue,
};
use forward_to_personal_manager::decision::resolve;
use forward_to_personal_manager::time::Timestamp;
use forward_to_personal_manager::world::{
    Clock, Config, Directory, Http, HttpFailure, HttpFailureKind, KeyValue, Request, Response, World,
};

pub(crate) const CALLER: &str = "+7 916 123-45-67";
/// 2026-11-22T09:00:00Z.
pub(crate) const NOON: u64 = 1_795_338_000_000;
/// Monotonic clocks begin anywhere.
const MONOTONIC_ORIGIN: Duration = Duration::from_secs(1_000);

/// An answer of amoCRM.
pub(crate) type Scripted = Result<Response, HttpFailure>;

pub(crate) struct Fakes {
    pub(crate) now: Cell<u64>,
    pub(crate) monotonic: Cell<Duration>,
    /// How long each request takes.
    pub(crate) latency: Duration,
    /// Answers by the path before `?`; others are 404.
    pub(crate) answers: BTreeMap<&'static str, Scripted>,
    /// Path, and time until the deadline when it was sent.
    pub(crate) requests: RefCell<Vec<(String, Duration)>>,
    pub(crate) stored: RefCell<BTreeMap<String, Vec<u8>>>,
    pub(crate) store_reads: Cell<u32>,
    pub(crate) config: BTreeMap<&'static str, String>,
    pub(crate) employee: Result<Option<Employee>, String>,
    pub(crate) settings: Vec<Setting>,
}

impl Fakes {
    /// An amoCRM that answers these bytes to a search for contacts.
    pub(crate) fn with_contacts(status: u16, body: &[u8]) -> Self {
        let mut fakes = Self {
            now: Cell::new(NOON),
            monotonic: Cell::new(MONOTONIC_ORIGIN),
            latency: Duration::from_millis(5),
            answers: BTreeMap::new(),
            requests: RefCell::default(),
            stored: RefCell::default(),
            store_reads: Cell::new(0),
            config: BTreeMap::from([("amocrm_base_url", "https://example.amocrm.ru".to_owned())]),
            employee: Ok(Some(employee())),
            settings: Vec::new(),
        };
        fakes.answer("/api/v4/contacts", status, body);
        fakes
    }

    /// An amoCRM in which contact 3 has the caller's number and manager 504141.
    pub(crate) fn usual() -> Self {
        Self::with_contacts(200, contact_page("+79161234567", 504_141).as_bytes())
    }

    pub(crate) fn answer(&mut self, path: &'static str, status: u16, body: &[u8]) {
        self.answers.insert(path, Ok(Response { status, body: body.to_vec() }));
    }

    pub(crate) fn fail(&mut self, path: &'static str, kind: HttpFailureKind) {
        self.answers.insert(path, Err(HttpFailure { status: None, kind }));
    }

    pub(crate) fn set_waiting_time(&mut self, milliseconds: u64) {
        let value = SettingValue::Duration(Duration::from_millis(milliseconds));
        self.settings = vec![Setting { key: "waiting_time".to_owned(), value }];
    }

    pub(crate) fn call(&self, caller: Option<&str>) -> Resolution {
        let world = World { clock: self, http: self, key_value: self, config: self, directory: self };
        let call = Call { id: "1".to_owned(), caller: caller.map(str::to_owned), called: "+74951234567".to_owned() };
        resolve(world, &call, &self.settings)
    }

    /// The reason code, or `forward`.
    pub(crate) fn code(&self, caller: Option<&str>) -> &'static str {
        code(&self.call(caller))
    }
}

pub(crate) fn code(resolution: &Resolution) -> &'static str {
    match &resolution.route {
        Route::Forward(_) => "forward",
        Route::LinkedOperation(reason) => reason.code(),
    }
}

/// A fact's value as text, if known.
pub(crate) fn fact(resolution: &Resolution, key: &str) -> Option<String> {
    let fact = resolution.details.facts.iter().find(|fact| fact.key == key).expect("every fact is always given");
    fact.value.as_ref().map(|value| match value {
        FactValue::Integer(number) => number.to_string(),
        FactValue::Text(text) => text.clone(),
    })
}

pub(crate) fn employee() -> Employee {
    Employee {
        id: "anna".to_owned(),
        name: "Anna".to_owned(),
        enabled: true,
        destinations: vec![Destination { number: "101".to_owned(), ring_time: Duration::from_secs(20) }],
        presence: Presence::NotFed,
    }
}

/// One page with one contact.
pub(crate) fn contact_page(phone: &str, manager: u64) -> String {
    serde_json::json!({"_embedded": {"contacts": [{
        "id": 3, "responsible_user_id": manager, "updated_at": 1_590_943_929,
        "custom_fields_values": [{"field_code": "PHONE", "values": [{"value": phone, "enum_code": "WORK"}]}],
    }]}})
    .to_string()
}

impl Clock for Fakes {
    fn now(&self) -> Timestamp {
        Timestamp(self.now.get())
    }

    fn monotonic(&self) -> Duration {
        self.monotonic.get()
    }
}

impl Http for Fakes {
    fn get(&self, request: &Request<'_>) -> Scripted {
        let left = request.deadline.saturating_sub(self.monotonic.get());
        let path = request.path_with_query.split('?').next().unwrap_or_default();
        self.requests.borrow_mut().push((path.to_owned(), left));
        if self.latency >= left {
            self.monotonic.set(request.deadline);
            return Err(HttpFailure { status: None, kind: HttpFailureKind::Deadline });
        }
        self.monotonic.set(self.monotonic.get() + self.latency);
        self.answers.get(path).cloned().unwrap_or(Ok(Response { status: 404, body: Vec::new() }))
    }
}

impl KeyValue for Fakes {
    fn get(&self, _: &str, key: &str) -> Result<Option<Vec<u8>>, String> {
        self.store_reads.set(self.store_reads.get() + 1);
        Ok(self.stored.borrow().get(key).cloned())
    }

    fn set(&self, _: &str, key: &str, value: &[u8]) -> Result<(), String> {
        self.stored.borrow_mut().insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    fn delete(&self, _: &str, key: &str) -> Result<(), String> {
        self.stored.borrow_mut().remove(key);
        Ok(())
    }
}

impl Config for Fakes {
    fn get(&self, key: &str) -> Result<Option<String>, String> {
        Ok(self.config.get(key).cloned())
    }
}

impl Directory for Fakes {
    fn find_by_crm_user(&self, _: u64) -> Result<Option<Employee>, String> {
        self.employee.clone()
    }
}
