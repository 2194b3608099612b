//! The PBX's employees for operations: `telephony:operation/directory`.
//!
//! Grants: asking for the employee who is mapped to an amoCRM user, one at a time, within one integration. The employee comes with the
//! presence that the host was told of ([`PresenceBook`]), read anew for every call.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use wasmtime::component::{HasData, Linker};

use super::clocks::{Clock, datetime};
use super::journal::{Import, Journal, Outcome, Script, milliseconds};
use crate::bindings::telephony::operation::directory as wit;
use crate::presence::PresenceBook;

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

/// A person's presence in amoCRM.
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

/// The employees of one integration, by amoCRM user. Clones are the same directory.
#[derive(Clone, Debug, Default)]
pub struct Directory(Arc<BTreeMap<u64, Employee>>);

impl Directory {
    /// A directory of these employees, each mapped to an amoCRM user id.
    pub fn new(employees: impl IntoIterator<Item = (u64, Employee)>) -> Self {
        Self(Arc::new(employees.into_iter().collect()))
    }

    /// The employee mapped to an amoCRM user.
    pub fn find(&self, crm_user_id: u64) -> Option<Employee> {
        self.0.get(&crm_user_id).cloned()
    }
}

/// The directory of one call.
#[derive(Debug, Default)]
pub struct CallDirectory {
    directory: Directory,
    /// Who was seen at work, and what time it is; absent where the operation does not ask.
    presence: Option<(PresenceBook, Clock)>,
    faults: Vec<String>,
    journal: Journal,
    script: Script,
}

impl CallDirectory {
    /// These employees, their presence as it was set.
    pub fn new(directory: Directory) -> Self {
        Self { directory, ..Self::default() }
    }

    /// The same, with the presence that the host was told of.
    pub fn with_presence(self, book: PresenceBook, clock: Clock) -> Self {
        Self { presence: Some((book, clock)), ..self }
    }

    /// The same, noted in a call's journal, and answered as the script says where it says anything.
    pub(crate) fn noted(self, journal: Journal, script: Script) -> Self {
        Self { journal, script, ..self }
    }

    /// What could not be looked up so far, for the call details.
    pub fn faults(&self) -> &[String] {
        &self.faults
    }

    /// A store that fails to read knows nothing of anybody (rule D9).
    async fn find(&mut self, crm_user_id: u64) -> Option<Employee> {
        let mut found = self.directory.find(crm_user_id)?;
        if let (Presence::NotFed, Some((book, clock))) = (found.presence, &self.presence) {
            match book.of(crm_user_id, clock.now()).await {
                Ok(presence) => found.presence = presence,
                Err(error) => self.faults.push(format!("who is at work is not known: {error}")),
            }
        }
        Some(found)
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
            Some(Outcome::Done(found)) => found,
            Some(_) => std::future::pending().await,
        };
        self.journal.learn(index, 0, |import| {
            if let Import::Directory { answer, .. } = import {
                *answer = Outcome::Done(found.clone());
            }
        });
        Ok(Ok(found.map(employee)))
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
