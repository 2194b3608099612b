//! The exported directory, on top of the imported configuration.

mod bindings {
    wit_bindgen::generate!({
        path: ["../../../wit", "wit"],
        world: "telephony:directory-from-configuration/directory-from-configuration",
        generate_all,
    });
}

use bindings::exports::telephony::operation::directory::{
    Datetime, Destination, DirectoryError, Employee, Guest, LastTalk, Presence,
};
use bindings::wasi::config::store::{self, Error};

use crate::employees;

/// The configuration key, and the one that is read where that is not set.
const EMPLOYEES: &str = "employees";
const IN_BASE64: &str = "employees_base64";

struct Directory;

impl Guest for Directory {
    fn find_by_crm_user(crm_user_id: u64) -> Result<Option<Employee>, DirectoryError> {
        find(crm_user_id).map_err(DirectoryError::Unavailable)
    }

    fn find_last_talk(_: u32) -> Result<Option<LastTalk>, DirectoryError> {
        Err(DirectoryError::Unavailable("this host does not keep who talked to whom".to_owned()))
    }
}

fn find(crm_user_id: u64) -> Result<Option<Employee>, String> {
    let of_key = |key: &str, error: String| format!("configuration key `{key}`: {error}");
    let (key, written) = match configured(EMPLOYEES)? {
        Some(written) => (EMPLOYEES, written),
        // Nobody configured is a directory without employees: that is an answer.
        None => match configured(IN_BASE64)? {
            Some(encoded) => (IN_BASE64, employees::decode(&encoded).map_err(|error| of_key(IN_BASE64, error))?),
            None => return Ok(None),
        },
    };
    let found = employees::find(&written, crm_user_id).map_err(|error| of_key(key, error))?;
    Ok(found.map(employee))
}

fn configured(key: &str) -> Result<Option<String>, String> {
    store::get(key).map_err(|error| match error {
        Error::Upstream(text) | Error::Io(text) => format!("configuration key `{key}` cannot be read: {text}"),
    })
}

fn employee(found: employees::Employee) -> Employee {
    let destination = |(number, ring_time)| Destination { number, ring_time };
    Employee {
        id: found.id,
        name: found.name,
        enabled: found.enabled,
        destinations: found.numbers.into_iter().map(destination).collect(),
        presence: match found.presence {
            employees::Presence::NotFed => Presence::NotFed,
            employees::Presence::NeverSeen => Presence::NeverSeen,
            employees::Presence::LastSeen(seconds) => Presence::LastSeen(Datetime { seconds, nanoseconds: 0 }),
        },
        deputy_crm_user_id: found.deputy,
    }
}

bindings::export!(Directory with_types_in bindings);
