//! The PBX's employees for operations: `telephony:operation/directory`.
//!
//! Grants: asking for the employee who is mapped to a CRM user, one at a time, within one integration. Who the employees are, and whether
//! they are at work, a [`Directory`] tells; it may also say that it cannot answer now.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use wasmtime::component::{HasData, Linker};

use super::clocks::{Clock, datetime};
use super::journal::{Import, Journal, Outcome, Script, milliseconds};
use crate::bindings::telephony::operation::directory as wit;

/// A person whom the PBX can ring. Written down so in recordings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Employee {
    /// The stable identifier.
    pub id: String,
    /// The name shown in call details.
    pub name: String,
    /// Whether the employee is switched on in the PBX.
    pub enabled: bool,
    /// The numbers to ring, in order.
    #[serde(rename = "numbers")]
    pub destinations: Vec<Destination>,
    /// The person's presence where it is not to be looked up but set, for rehearsing; `NotFed` leaves it to what the host is told.
    pub presence: Presence,
}

/// A number to ring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// An extension or a telephone number, as the PBX dials it.
    pub number: String,
    /// How long it rings.
    #[serde(rename = "ring_time_ms", with = "milliseconds")]
    pub ring_time: Duration,
}

/// A person's presence in the CRM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// Nobody reports it.
    #[default]
    NotFed,
    /// Reported for this integration, and this person was never seen.
    NeverSeen,
    /// Last seen at this time.
    LastSeen(Timestamp),
}

/// The PBX's employees, as one integration's operations may ask for them. Implemented by whoever embeds the host.
///
/// Asked while a caller is waiting: it answers from what it holds. What takes longer than [`LONGEST_LOOKUP`] counts as unavailable.
#[async_trait]
pub trait Directory: Send + Sync {
    /// The employee who is mapped to a CRM user, with the person's presence at `now`; `None` where nobody is, which is an answer.
    ///
    /// What could not be looked up about a person who was found goes into `faults`, for the call details.
    async fn find(
        &self,
        crm_user_id: u64,
        now: Timestamp,
        faults: &mut Vec<String>,
    ) -> Result<Option<Employee>, Unavailable>;
}

/// A directory that cannot be asked now. The text says why, for the call details; it names no number and no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable(pub String);

/// The longest that a directory is waited for.
pub const LONGEST_LOOKUP: Duration = Duration::from_secs(1);

/// Employees that are known beforehand, by CRM user. Clones are the same directory.
#[derive(Clone, Debug, Default)]
pub struct Employees(Arc<BTreeMap<u64, Employee>>);

impl Employees {
    /// A directory of these employees, each mapped to a CRM user id.
    pub fn new(employees: impl IntoIterator<Item = (u64, Employee)>) -> Self {
        Self(Arc::new(employees.into_iter().collect()))
    }
}

#[async_trait]
impl Directory for Employees {
    async fn find(&self, crm_user_id: u64, _: Timestamp, _: &mut Vec<String>) -> Result<Option<Employee>, Unavailable> {
        Ok(self.0.get(&crm_user_id).cloned())
    }
}

/// The directory of one call.
pub struct CallDirectory {
    directory: Arc<dyn Directory>,
    clock: Clock,
    faults: Vec<String>,
    journal: Journal,
    script: Script,
}

impl CallDirectory {
    /// A call's view of a directory.
    pub fn new(directory: Arc<dyn Directory>, clock: Clock) -> Self {
        Self { directory, clock, faults: Vec::new(), journal: Journal::default(), script: Script::default() }
    }

    /// The same, noted in a call's journal, and answered as the script says where it says anything.
    pub(crate) fn noted(self, journal: Journal, script: Script) -> Self {
        Self { journal, script, ..self }
    }

    /// What could not be looked up so far, for the call details.
    pub fn faults(&self) -> &[String] {
        &self.faults
    }

    async fn find(&mut self, crm_user_id: u64) -> Outcome<Option<Employee>> {
        let looking = self.directory.find(crm_user_id, self.clock.now(), &mut self.faults);
        match timeout(LONGEST_LOOKUP, looking).await {
            Ok(Ok(found)) => Outcome::Done(found),
            Ok(Err(Unavailable(why))) => Outcome::Failed(why),
            Err(_) => Outcome::Failed(format!("no answer in {} ms", LONGEST_LOOKUP.as_millis())),
        }
    }
}

struct HasDirectory;

impl HasData for HasDirectory {
    type Data<'a> = &'a mut CallDirectory;
}

/// Links the interface; `get` finds the directory in a store's data.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    get: fn(&mut T) -> &mut CallDirectory,
) -> wasmtime::Result<()> {
    wit::add_to_linker::<T, HasDirectory>(linker, get)
}

impl wit::Host for CallDirectory {
    async fn find_by_crm_user(
        &mut self,
        crm_user_id: u64,
    ) -> wasmtime::Result<Result<Option<wit::Employee>, wit::DirectoryError>> {
        let index = self.journal.note(|| Import::Directory { crm_user_id, answer: Outcome::Unanswered });
        let found = match self.script.directory() {
            None => self.find(crm_user_id).await,
            Some(found) => found,
        };
        self.journal.learn(index, 0, |import| {
            if let Import::Directory { answer, .. } = import {
                answer.clone_from(&found);
            }
        });
        match found {
            Outcome::Done(found) => Ok(Ok(found.map(employee))),
            Outcome::Failed(why) => Ok(Err(wit::DirectoryError::Unavailable(why))),
            // The call that is replayed ended while it waited here.
            Outcome::Unanswered | Outcome::NoSuchStore | Outcome::AccessDenied => std::future::pending().await,
        }
    }
}

fn employee(found: Employee) -> wit::Employee {
    let destination = |destination: Destination| wit::Destination {
        number: destination.number,
        ring_time: u64::try_from(destination.ring_time.as_millis()).unwrap_or(u64::MAX),
    };
    wit::Employee {
        id: found.id,
        name: found.name,
        enabled: found.enabled,
        destinations: found.destinations.into_iter().map(destination).collect(),
        presence: match found.presence {
            Presence::NotFed => wit::Presence::NotFed,
            Presence::NeverSeen => wit::Presence::NeverSeen,
            Presence::LastSeen(at) => wit::Presence::LastSeen(datetime(at)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Silent;

    #[async_trait]
    impl Directory for Silent {
        async fn find(&self, _: u64, _: Timestamp, _: &mut Vec<String>) -> Result<Option<Employee>, Unavailable> {
            std::future::pending().await
        }
    }

    #[tokio::test(start_paused = true)]
    async fn d09_a_directory_that_does_not_answer_is_unavailable() {
        let mut directory = CallDirectory::new(Arc::new(Silent), Clock::system());
        assert_eq!(directory.find(1).await, Outcome::Failed("no answer in 1000 ms".to_owned()));
    }
}
