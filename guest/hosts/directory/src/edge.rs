//! The exported directory, on top of the imported configuration.

mod bindings {
    wit_bindgen::generate!({
        path: ["../../../wit", "wit"],
        world: "telephony:directory-from-configuration/directory-from-configuration",
        generate_all,
    });
}

use bindings::exports::telephony::operation::directory::{
    Datetime, Destination, DirectoryError, Employee, Guest, Presence,
};
use bindings::wasi::config::store::{self, Error};

use crate::employees;

/// The configuration key.
const EMPLOYEES: &str = "employees";

struct Directory;

impl Guest for Directory {
    fn find_by_crm_user(crm_user_id: u64) -> Result<Option<Employee>, DirectoryError> {
        let written = match store::get(EMPLOYEES) {
            Ok(written) => written,
            Err(Error::Upstream(text) | Error::Io(text)) => {
                return Err(DirectoryError::Unavailable(format!(
                    "configuration key `{EMPLOYEES}` cannot be read: {text}"
                )));
            }
        };
        // Nobody configured is a directory without employees: that is an answer.
        let Some(written) = written else { return Ok(None) };
        let found = employees::find(&written, crm_user_id)
            .map_err(|error| DirectoryError::Unavailable(format!("configuration key `{EMPLOYEES}`: {error}")))?;
        Ok(found.map(employee))
    }
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
    }
}

bindings::export!(Directory with_types_in bindings);
