//! The decision alone, natively: the same code as in the component, with a world of maps. What a sandbox is measured against.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use forward_to_personal_manager::contract::{Call, Destination, Employee, LastTalk, Presence};
use forward_to_personal_manager::decision;
use forward_to_personal_manager::time::Timestamp;
use forward_to_personal_manager::world::{
    Clock, Config, Directory, Http, HttpFailure, HttpFailureKind, KeyValue, Request, Response, World,
};

use crate::ANNA;

/// What amoCRM answers to the one question that is asked.
const CONTACTS: &str = include_str!("contacts.json");

pub(crate) struct Native {
    store: Mutex<BTreeMap<String, Vec<u8>>>,
    config: BTreeMap<&'static str, String>,
    started: Instant,
}

impl Native {
    pub(crate) fn new() -> Self {
        let config = [
            ("enabled", "true"),
            ("consider_manager_status", "false"),
            ("manager_status_reuse_seconds", "30"),
            ("default_country_code", "7"),
            ("kv_bucket", "default"),
            ("amocrm_base_url", "https://example.amocrm.ru"),
        ];
        let config = config.into_iter().map(|(key, value)| (key, value.to_owned())).collect();
        Self { store: Mutex::default(), config, started: Instant::now() }
    }

    /// Whether the call was forwarded.
    pub(crate) fn call(&self, caller: &str) -> bool {
        let world = World { clock: self, http: self, key_value: self, config: self, directory: self };
        let call = Call { id: "call-1".to_owned(), caller: Some(caller.to_owned()), called: "+74951234567".to_owned() };
        let resolution = decision::resolve(world, &call, &[]);
        matches!(resolution.route, forward_to_personal_manager::contract::Route::Forward(_))
    }
}

impl Clock for Native {
    fn now(&self) -> Timestamp {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(u64::try_from(now.as_millis()).unwrap_or_default())
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}

impl Http for Native {
    fn get(&self, request: &Request<'_>) -> Result<Response, HttpFailure> {
        if request.path_with_query.contains("/contacts") {
            return Ok(Response { status: 200, body: CONTACTS.as_bytes().to_vec() });
        }
        Err(HttpFailure { status: None, kind: HttpFailureKind::Denied })
    }
}

impl KeyValue for Native {
    fn get(&self, _: &str, key: &str) -> Result<Option<Vec<u8>>, String> {
        Ok(self.store.lock().map_err(|error| error.to_string())?.get(key).cloned())
    }

    fn set(&self, _: &str, key: &str, value: &[u8]) -> Result<(), String> {
        self.store.lock().map_err(|error| error.to_string())?.insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    fn delete(&self, _: &str, key: &str) -> Result<(), String> {
        self.store.lock().map_err(|error| error.to_string())?.remove(key);
        Ok(())
    }
}

impl Config for Native {
    fn get(&self, key: &str) -> Result<Option<String>, String> {
        Ok(self.config.get(key).cloned())
    }
}

impl Directory for Native {
    fn find_by_crm_user(&self, user_id: u64) -> Result<Option<Employee>, String> {
        let destination =
            |number: &str, seconds| Destination { number: number.to_owned(), ring_time: Duration::from_secs(seconds) };
        Ok((user_id == ANNA).then(|| Employee {
            id: "anna".to_owned(),
            name: "Анна Соколова".to_owned(),
            enabled: true,
            destinations: vec![destination("101", 20), destination("+79035550101", 25)],
            presence: Presence::NotFed,
            deputy_crm_user_id: None,
        }))
    }

    fn find_last_talk(&self, _: u32) -> Result<Option<LastTalk>, String> {
        Ok(None)
    }
}
