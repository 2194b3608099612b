//! The PBX's employees for operations: `telephony:operation/directory`.
//!
//! Grants: asking for the employee who is mapped to a CRM user, one at a time, within one integration, and who was the last to answer this call's
//! caller. Who the employees are, and whether
//! they are at work, a [`Directory`] tells; it may also say that it cannot answer now.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use wasmtime::component::HasData;

use super::clocks::{Clock, datetime};
use call::dialling::{LONGEST_NAME, MOST_NUMBERS, RING_TIME_BOUNDS, is_dialable, is_keyed};
use call::document::Ring;
use call::durations::milliseconds;
use call::one_line::on_one_line;
use call::{Localized, localized};

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
    /// How they ring. Operations are not told: it is the PBX's way of ringing whom they name.
    #[serde(default, skip_serializing_if = "Ring::is_in_turn")]
    pub ring: Ring,
    /// The person's presence where it is not to be looked up but set, for rehearsing; `NotFed` leaves it to what the host is told.
    pub presence: Presence,
    /// The CRM user of the employee who stands in for this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deputy_crm_user_id: Option<u64>,
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
/// Asked while a caller is waiting: it answers from what it holds. What takes longer than `LONGEST_LOOKUP` counts as unavailable.
#[async_trait]
pub trait Directory: Send + Sync {
    /// The employee who is mapped to a CRM user, with the person's presence at `now`; `None` where nobody is, which is an answer.
    ///
    /// What could not be looked up about a person who was found goes into `faults`, for the call details.
    async fn find(
        &self,
        crm_user_id: u64,
        now: Timestamp,
        faults: &mut Vec<Localized>,
    ) -> Result<Option<Employee>, Unavailable>;
}

/// Who was the last to answer a caller. Written down so in recordings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastTalk {
    /// The employee's CRM user.
    pub crm_user_id: u64,
    /// When that call arrived.
    pub at: Timestamp,
}

/// Who talked to whom, as PBXs reported it, for one integration's operations. Implemented by whoever keeps that.
///
/// Asked while a caller is waiting, as a [`Directory`] is.
#[async_trait]
pub trait Talks: Send + Sync {
    /// Who was the last to answer this caller since then; `None` where nobody was. The number is `+`, the country code and the rest.
    async fn last(&self, caller_number: &str, since: Timestamp) -> Result<Option<LastTalk>, Unavailable>;
}

/// A directory that cannot be asked now. The text says why, for the call details; it names no number and no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable(pub String);

/// The longest that a directory is waited for.
pub(crate) const LONGEST_LOOKUP: Duration = Duration::from_secs(1);

/// Employees that are known beforehand, by CRM user. Clones are the same directory.
#[derive(Clone, Debug, Default)]
pub struct Employees(Arc<BTreeMap<u64, Employee>>);

impl Employees {
    /// A directory of these employees, each mapped to a CRM user id.
    pub fn new(employees: impl IntoIterator<Item = (u64, Employee)>) -> Self {
        Self(Arc::new(employees.into_iter().collect()))
    }

    /// The CRM user who an employee is; none where there is no such employee.
    pub fn crm_user_of(&self, employee_id: &str) -> Option<u64> {
        self.0.iter().find(|(_, employee)| employee.id == employee_id).map(|(user, _)| *user)
    }
}

#[async_trait]
impl Directory for Employees {
    async fn find(
        &self,
        crm_user_id: u64,
        _: Timestamp,
        _: &mut Vec<Localized>,
    ) -> Result<Option<Employee>, Unavailable> {
        Ok(self.0.get(&crm_user_id).cloned())
    }
}

/// The directory of one call.
pub struct CallDirectory {
    directory: Arc<dyn Directory>,
    clock: Clock,
    faults: Vec<Localized>,
    /// Numbers that only the directory may name: with the keys `*` and `#`, which operate features of a PBX or of a network.
    given: Vec<String>,
    /// The identifiers of employees whose numbers ring together.
    together: Vec<String>,
    talks: Option<Arc<dyn Talks>>,
    /// The caller's number as the host reads it.
    caller_number: Option<String>,
}

impl CallDirectory {
    /// A call's view of a directory.
    pub fn new(directory: Arc<dyn Directory>, clock: Clock) -> Self {
        Self {
            directory,
            clock,
            faults: Vec::new(),
            given: Vec::new(),
            together: Vec::new(),
            talks: None,
            caller_number: None,
        }
    }

    /// The same, where it is known who talked to whom.
    #[must_use]
    pub fn with_talks(self, talks: Arc<dyn Talks>) -> Self {
        Self { talks: Some(talks), ..self }
    }

    /// Whose call it is.
    pub(crate) fn of_caller(self, caller_number: Option<&str>) -> Self {
        Self { caller_number: caller_number.map(str::to_owned), ..self }
    }

    /// What could not be looked up so far, for the call details.
    pub fn faults(&self) -> &[Localized] {
        &self.faults
    }

    /// How the numbers of an employee ring who was found in this call.
    pub(crate) fn ring(&self, employee: &str) -> Ring {
        if self.together.iter().any(|id| id == employee) { Ring::Together } else { Ring::InTurn }
    }

    /// Remembers how the numbers of an employee ring, as the directory or a recording of it says.
    pub(crate) fn rings(&mut self, employee: &Employee) {
        if employee.ring == Ring::Together {
            self.together.push(employee.id.clone());
        }
    }

    async fn find(&mut self, crm_user_id: u64) -> Result<Option<Employee>, Unavailable> {
        let looking = self.directory.find(crm_user_id, self.clock.now(), &mut self.faults);
        let found = in_time(looking).await?;
        Ok(found.map(|employee| self.bounded(employee)))
    }

    async fn last_talk(&self, days: u32) -> Result<Option<LastTalk>, Unavailable> {
        let unknown = || Unavailable("this host does not keep who talked to whom".to_owned());
        let talks = self.talks.as_ref().ok_or_else(unknown)?;
        // A number that can be read in two ways is nobody's for certain.
        let Some(caller) = &self.caller_number else { return Ok(None) };
        let since = self.clock.now().saturating_sub(SignedDuration::from_hours(24 * i64::from(days)));
        in_time(talks.last(caller, since.unwrap_or(Timestamp::MIN))).await
    }
}

/// An answer of what is held, or why there is none: a caller waits.
async fn in_time<T>(looking: impl Future<Output = Result<T, Unavailable>>) -> Result<T, Unavailable> {
    match timeout(LONGEST_LOOKUP, looking).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(Unavailable(why))) => Err(Unavailable(on_one_line(&why, LONGEST_NAME))),
        Err(_) => Err(Unavailable(format!("no answer in {} ms", LONGEST_LOOKUP.as_millis()))),
    }
}

impl CallDirectory {
    /// An employee as the contract bounds one. What is left out or changed is a fault of the directory's, and the others are rung.
    fn bounded(&mut self, mut employee: Employee) -> Employee {
        let id = on_one_line(&employee.id, LONGEST_NAME);
        let mut fault = |what: Localized| {
            let whose = localized!("сотрудник `{id}`", "employee `{id}`");
            self.faults.push(whose.then(": ", &what));
        };
        for (ru, en, text) in [("идентификатор", "id", &mut employee.id), ("имя", "name", &mut employee.name)]
        {
            if let Some((end, _)) = text.char_indices().nth(LONGEST_NAME) {
                text.truncate(end);
                fault(Localized::new(
                    format!("{ru}: взяты только первые {LONGEST_NAME} знаков"),
                    format!("the {en} is cut to {LONGEST_NAME} characters"),
                ));
            }
        }
        let (least, greatest) = RING_TIME_BOUNDS;
        let mut place = 0;
        employee.destinations.retain_mut(|destination| {
            place += 1;
            let dialled = is_keyed(&destination.number);
            if !dialled {
                fault(localized!(
                    "номер {place} набрать нельзя, он пропущен",
                    "number {place} cannot be dialled and is left out"
                ));
            } else if !(least..=greatest).contains(&destination.ring_time) {
                destination.ring_time = destination.ring_time.clamp(least, greatest);
                let seconds = destination.ring_time.as_secs();
                fault(localized!(
                    "номер {place} звонит {seconds} с: другое время не допускается",
                    "number {place} rings for {seconds} s instead"
                ));
            }
            dialled
        });
        if employee.destinations.len() > MOST_NUMBERS {
            fault(localized!(
                "номеров слишком много, звонят первые {MOST_NUMBERS}",
                "only the first {MOST_NUMBERS} numbers are rung"
            ));
            employee.destinations.truncate(MOST_NUMBERS);
        }
        self.rings(&employee);
        employee
    }

    /// Remembers what this call was told, by the directory or by a recording of it.
    pub(crate) fn told(&mut self, found: &wit::Employee) {
        let numbers = found.destinations.iter().map(|destination| &destination.number);
        self.given.extend(numbers.filter(|number| !is_dialable(number) && is_keyed(number)).cloned());
    }

    /// Whether the directory has named this number in this call.
    pub(crate) fn has_given(&self, number: &str) -> bool {
        self.given.iter().any(|given| given == number)
    }
}

/// A call's directory, as a linker knows it.
pub(crate) struct HasDirectory;

impl HasData for HasDirectory {
    type Data<'a> = &'a mut CallDirectory;
}

impl wit::Host for CallDirectory {
    async fn find_by_crm_user(
        &mut self,
        crm_user_id: u64,
    ) -> wasmtime::Result<Result<Option<wit::Employee>, wit::DirectoryError>> {
        Ok(match self.find(crm_user_id).await {
            Ok(found) => Ok(found.map(wit::Employee::from)),
            Err(Unavailable(why)) => Err(wit::DirectoryError::Unavailable(why)),
        })
    }

    async fn find_last_talk(
        &mut self,
        days: u32,
    ) -> wasmtime::Result<Result<Option<wit::LastTalk>, wit::DirectoryError>> {
        Ok(match self.last_talk(days).await {
            Ok(found) => Ok(found.map(wit::LastTalk::from)),
            Err(Unavailable(why)) => Err(wit::DirectoryError::Unavailable(why)),
        })
    }
}

impl From<LastTalk> for wit::LastTalk {
    fn from(LastTalk { crm_user_id, at }: LastTalk) -> Self {
        Self { crm_user_id, at: datetime(at) }
    }
}

impl From<Employee> for wit::Employee {
    fn from(employee: Employee) -> Self {
        let destination = |destination: Destination| wit::Destination {
            number: destination.number,
            ring_time: u64::try_from(destination.ring_time.as_millis()).unwrap_or(u64::MAX),
        };
        Self {
            id: employee.id,
            name: employee.name,
            enabled: employee.enabled,
            destinations: employee.destinations.into_iter().map(destination).collect(),
            presence: match employee.presence {
                Presence::NotFed => wit::Presence::NotFed,
                Presence::NeverSeen => wit::Presence::NeverSeen,
                Presence::LastSeen(at) => wit::Presence::LastSeen(datetime(at)),
            },
            deputy_crm_user_id: employee.deputy_crm_user_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Silent;

    #[async_trait]
    impl Directory for Silent {
        async fn find(&self, _: u64, _: Timestamp, _: &mut Vec<Localized>) -> Result<Option<Employee>, Unavailable> {
            std::future::pending().await
        }
    }

    #[tokio::test(start_paused = true)]
    async fn d09_a_directory_that_does_not_answer_is_unavailable() {
        let mut directory = CallDirectory::new(Arc::new(Silent), Clock::system());
        assert_eq!(directory.find(1).await, Err(Unavailable("no answer in 1000 ms".to_owned())));
    }
}
