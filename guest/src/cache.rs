//! What is kept in key-value storage from the moment it was received: managers and the account's time zone for 6 hours (rule O5), a manager's status
//! for as long as the integration says (rule O7).
//!
//! A record carries its own version and time of receipt, since key-value storage has no time-to-live. A record that is too old, from the
//! future, unreadable, or of another version is a miss and is removed. A store that fails to read is a miss; one that fails to write is
//! noted (rule D9). Callers' numbers are hashed in keys, with the host's secret where it has one (rule D12), and nothing of a contact is kept but its id (rule
//! D10) and, where the placement shows it on the telephone, its name (rule E6).
//!
//! Beside each manager stands a record for the contact, the company and the lead that it was found through: the hashes of the callers that
//! this concerns, so that a notice which says nothing but an id finds them (rule B5). Two calls of one contact from two numbers at the same
//! moment can lose one of them; such a manager is kept for its six hours.

use call::json::{self, Object};
use std::time::Duration;

use blake2::Blake2b;
use blake2::digest::consts::U16;
use blake2::digest::{FixedOutput, Update};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::amocrm::Activity;
use crate::caller::Caller;
use crate::contract::Text;
use crate::details::{Origin, Recorder};
use crate::settings::Lookup;
use crate::time::{TimeZone, Timestamp, UtcOffset};
use crate::world::{Clock, KeyValue};

/// How long a manager or the account's time zone is used, from the moment its content was received.
pub(crate) const KEPT_FOR: Duration = Duration::from_secs(6 * 3_600);

/// The version of the records written here.
const VERSION: u64 = 2;

/// The cache of one integration.
#[derive(Clone, Copy)]
pub struct Cache<'a> {
    /// The store.
    pub key_value: &'a dyn KeyValue,
    /// The bucket's name.
    pub bucket: &'a str,
    /// The host's clock.
    pub clock: &'a dyn Clock,
    /// What callers' numbers are hashed with (rule D12), at most 64 bytes.
    pub secret: Option<&'a str>,
}

/// A caller's manager, as kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptManager {
    /// The responsible user.
    pub user_id: u64,
    /// Of what.
    pub origin: Origin,
    /// Whether other contacts of the same number had other managers (rule D3).
    pub ambiguous: bool,
    /// The contact's name, where the placement shows it (rule E6).
    pub contact_name: Option<String>,
}

/// A caller in stored keys: 32 hexadecimal digits in place of its number (rule D12).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerKey(String);

/// What a manager can be found through in amoCRM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entity {
    /// A contact.
    Contact,
    /// A company.
    Company,
    /// A lead.
    Lead,
}

/// How many callers are kept of one contact, company or lead.
const MOST_CALLERS: usize = 32;

/// What amoCRM's events showed of a user, as kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptStatus {
    /// When the account's day began that was asked about: the record says nothing of another day.
    pub midnight: Timestamp,
    /// The event that showed the user at work since then; `None` when there was none.
    pub activity: Option<Activity>,
}

/// A record, around what is kept.
#[derive(Serialize)]
struct Record<T> {
    version: u64,
    received_at_ms: u64,
    value: T,
}

/// A record as it is read. What is kept is looked at only where version and age allow.
#[derive(Deserialize)]
struct Stored<'a> {
    version: u64,
    received_at_ms: u64,
    #[serde(borrow)]
    value: &'a RawValue,
}

#[derive(Deserialize, Serialize)]
struct ManagerRecord {
    user_id: u64,
    ambiguous: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    company_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lead_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_name: Option<String>,
}

/// Times are in seconds since the Unix epoch.
#[derive(Deserialize, Serialize)]
struct StatusRecord {
    midnight: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    activity: Option<ActivityRecord>,
}

#[derive(Deserialize, Serialize)]
struct ActivityRecord {
    kind: String,
    at: u64,
}

#[derive(Deserialize, Serialize)]
struct TimeZoneRecord {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    utc_offset_seconds: Option<i32>,
}

impl Cache<'_> {
    /// The manager kept for a caller, and how long ago it was received.
    pub fn manager(
        &self,
        caller: &CallerKey,
        lookup: Lookup,
        details: &mut Recorder,
    ) -> Option<(KeptManager, Duration)> {
        self.read(&manager_key(&caller.0, lookup), KEPT_FOR, ManagerRecord::manager, details)
    }

    /// Keeps the manager received at `received_at`.
    pub fn keep_manager(
        &self,
        caller: &CallerKey,
        lookup: Lookup,
        manager: KeptManager,
        received_at: Timestamp,
        details: &mut Recorder,
    ) {
        let KeptManager { user_id, origin: Origin { contact_id, company_id, lead_id }, ambiguous, contact_name } =
            manager;
        let record = ManagerRecord { user_id, ambiguous, contact_id, company_id, lead_id, contact_name };
        let caller = &caller.0;
        if self.write(&manager_key(caller, lookup), record, received_at, details).is_none() {
            return;
        }
        for (entity, id) in [(Entity::Contact, contact_id), (Entity::Company, company_id), (Entity::Lead, lead_id)] {
            if let Some(id) = id {
                self.add_caller(entity, id, caller, details);
            }
        }
    }

    /// Forgets the managers of a caller, however they were looked up. How many records there were; `None` when the store failed, which is
    /// noted.
    pub(crate) fn forget_managers(&self, caller: &Caller, details: &mut Recorder) -> Option<u64> {
        self.forget_managers_of(&self.key_of(caller).0, details)
    }

    /// Forgets the managers that were found through a contact, a company or a lead. How many records there were; `None` when the store failed,
    /// which is noted.
    pub(crate) fn forget_found_through(&self, entity: Entity, id: u64, details: &mut Recorder) -> Option<u64> {
        let key = callers_key(entity, id);
        let Some(callers) = self.get(&key, details)? else { return Some(0) };
        let mut forgotten = 0;
        for caller in callers_of(&callers) {
            forgotten += self.forget_managers_of(caller, details)?;
        }
        self.remove(&key, details).map(|()| forgotten)
    }

    /// Notes down that a caller's manager was found through this.
    fn add_caller(&self, entity: Entity, id: u64, caller: &str, details: &mut Recorder) {
        let key = callers_key(entity, id);
        // A store that fails to read has said so to the call already.
        let before = self.key_value.get(self.bucket, &key).ok().flatten().unwrap_or_default();
        let others = callers_of(&before).filter(|other| *other != caller).take(MOST_CALLERS - 1);
        let callers = std::iter::once(caller).chain(others).collect::<Vec<_>>().join(" ");
        // Written also where it says so already: a store that expires what it keeps then keeps it as long as the manager.
        self.set(&key, callers.as_bytes(), details);
    }

    fn forget_managers_of(&self, caller: &str, details: &mut Recorder) -> Option<u64> {
        let mut forgotten = 0;
        for lookup in Lookup::all() {
            let key = manager_key(caller, lookup);
            // Most combinations are in use nowhere, and a look is cheaper than a removal. What cannot be read may be there.
            if self.key_value.get(self.bucket, &key) != Ok(None) {
                self.remove(&key, details)?;
                forgotten += 1;
            }
        }
        Some(forgotten)
    }

    /// The user's status, if kept for less than `kept_for`, and how long ago it was received.
    pub fn status(&self, user_id: u64, kept_for: Duration, details: &mut Recorder) -> Option<(KeptStatus, Duration)> {
        self.read(&status_key(user_id), kept_for, StatusRecord::status, details)
    }

    /// Keeps the user's status received at `received_at`.
    pub(crate) fn keep_status(
        &self,
        user_id: u64,
        status: &KeptStatus,
        received_at: Timestamp,
        details: &mut Recorder,
    ) {
        let activity = status.activity.as_ref();
        let record = StatusRecord {
            midnight: status.midnight.unix_seconds(),
            activity: activity
                .map(|Activity { kind, at }| ActivityRecord { kind: kind.clone(), at: at.unix_seconds() }),
        };
        self.write(&status_key(user_id), record, received_at, details);
    }

    /// The account's time zone, if kept, and how long ago it was received.
    pub(crate) fn time_zone(&self, details: &mut Recorder) -> Option<(TimeZone, Duration)> {
        self.read(ACCOUNT_KEY, KEPT_FOR, TimeZoneRecord::time_zone, details)
    }

    /// Keeps the account's time zone.
    pub(crate) fn keep_time_zone(&self, time_zone: &TimeZone, received_at: Timestamp, details: &mut Recorder) {
        let record = TimeZoneRecord {
            name: time_zone.name().map(str::to_owned),
            utc_offset_seconds: time_zone.offset().map(UtcOffset::seconds),
        };
        self.write(ACCOUNT_KEY, record, received_at, details);
    }

    /// Reads a record and how long ago it was received. What is not used is removed.
    fn read<R: DeserializeOwned, T>(
        &self,
        key: &str,
        kept_for: Duration,
        value: fn(R) -> Option<T>,
        details: &mut Recorder,
    ) -> Option<(T, Duration)> {
        let bytes = self.get(key, details)??;
        match understand(&bytes, kept_for, self.clock.now(), value) {
            Ok(Some(found)) => return Some(found),
            Ok(None) => {}
            Err(Unreadable) => details.note(
                "record-unreadable",
                Text::fixed(
                    "Запись в хранилище не распознана и удалена",
                    "a stored record could not be understood and was removed",
                ),
            ),
        }
        self.remove(key, details);
        None
    }

    /// What is stored under a key; `None` when the store failed, which is noted.
    fn get(&self, key: &str, details: &mut Recorder) -> Option<Option<Vec<u8>>> {
        let stored = self.key_value.get(self.bucket, key);
        stored
            .map_err(|error| {
                details.note(
                    "store-read-failed",
                    store_text("Хранилище не прочитано", "the store could not be read", &error),
                );
            })
            .ok()
    }

    /// Stores something under a key; `None` when the store failed, which is noted.
    fn set(&self, key: &str, value: &[u8], details: &mut Recorder) -> Option<()> {
        let stored = self.key_value.set(self.bucket, key, value);
        stored
            .map_err(|error| {
                details.note(
                    "store-write-failed",
                    store_text("Хранилище не записано", "the store could not be written", &error),
                );
            })
            .ok()
    }

    /// Removes a record; `None` when the store failed, which is noted.
    fn remove(&self, key: &str, details: &mut Recorder) -> Option<()> {
        let removed = self.key_value.delete(self.bucket, key);
        removed
            .map_err(|error| {
                details.note(
                    "store-write-failed",
                    store_text("Старая запись не удалена", "an old record could not be removed", &error),
                );
            })
            .ok()
    }

    /// Writes a record; `None` when the store failed, which is noted.
    fn write(&self, key: &str, value: impl Serialize, received_at: Timestamp, details: &mut Recorder) -> Option<()> {
        let record = Record { version: VERSION, received_at_ms: received_at.0, value };
        // Numbers, flags and texts can always be written as JSON.
        let record = serde_json::to_vec(&record).ok()?;
        self.set(key, &record, details)
    }

    /// The caller in stored keys: BLAKE2b (RFC 7693) of the secret and the numbers that the caller may mean, which without the secret nobody can
    /// reverse by trying all numbers. Where the host gives none, numbers are hidden from a casual look alone.
    ///
    /// Secret and numbers fill one block, so this takes half of what the function's own keyed mode does. BLAKE2b needs no other construction to be
    /// keyed: its length cannot be extended.
    pub(crate) fn key_of(&self, caller: &Caller) -> CallerKey {
        let mut hash = Blake2b::<U16>::default();
        hash.update(self.secret.unwrap_or_default().as_bytes());
        hash.update(b"\0telephony:operation/caller\0");
        for (position, number) in caller.readings().iter().enumerate() {
            hash.update(if position == 0 { b"" } else { b"/" });
            hash.update(number.digits().as_bytes());
        }
        let digest = hash.finalize_fixed();
        let mut text = vec![0; 2 * digest.len()];
        for (pair, byte) in text.chunks_exact_mut(2).zip(digest) {
            pair.copy_from_slice(&[byte >> 4, byte & 15].map(|nibble| b"0123456789abcdef"[usize::from(nibble)]));
        }
        CallerKey(String::from_utf8(text).unwrap_or_default())
    }
}

/// A record that no version of this program wrote.
struct Unreadable;

/// What a record holds, and its age; `None` for one of another version, too old, or received in the future of a clock that has since been
/// set back: its age is not known.
fn understand<R: DeserializeOwned, T>(
    bytes: &[u8],
    kept_for: Duration,
    now: Timestamp,
    value: fn(R) -> Option<T>,
) -> Result<Option<(T, Duration)>, Unreadable> {
    let record = json::text(bytes).and_then(json::strictly::<Object<Stored>>).ok().and_then(|record| record.0);
    let record = record.ok_or(Unreadable)?;
    let age = Timestamp(record.received_at_ms).age_at(now);
    let Some(age) = age.filter(|age| record.version == VERSION && *age < kept_for) else { return Ok(None) };
    let kept = json::strictly::<Object<R>>(record.value.get()).ok().and_then(|kept| kept.0);
    let found = kept.and_then(value).ok_or(Unreadable)?;
    Ok(Some((found, age)))
}

impl ManagerRecord {
    fn manager(self) -> Option<KeptManager> {
        let Self { user_id, ambiguous, contact_id, company_id, lead_id, contact_name } = self;
        // A manager is somebody's: of a contact or of a company.
        contact_id.or(company_id)?;
        Some(KeptManager { user_id, origin: Origin { contact_id, company_id, lead_id }, ambiguous, contact_name })
    }
}

impl StatusRecord {
    fn status(self) -> Option<KeptStatus> {
        let activity =
            self.activity.map(|ActivityRecord { kind, at }| Activity { kind, at: Timestamp::from_unix_seconds(at) });
        Some(KeptStatus { midnight: Timestamp::from_unix_seconds(self.midnight), activity })
    }
}

impl TimeZoneRecord {
    fn time_zone(self) -> Option<TimeZone> {
        let offset = match self.utc_offset_seconds {
            Some(seconds) => Some(UtcOffset::from_seconds(seconds)?),
            None => None,
        };
        TimeZone::new(self.name, offset)
    }
}

const ACCOUNT_KEY: &str = "account-day";

fn manager_key(caller: &str, lookup: Lookup) -> String {
    let mark = |on, mark| if on { mark } else { "" };
    let companies = mark(lookup.companies, "companies:");
    let open_lead = mark(lookup.open_lead, "lead:");
    let active_only = mark(lookup.active_only, "active:");
    // Half of what formatting takes, and a call from the cache makes one.
    ["manager:", companies, open_lead, active_only, caller].concat()
}

fn callers_key(entity: Entity, id: u64) -> String {
    let name = match entity {
        Entity::Contact => "contact",
        Entity::Company => "company",
        Entity::Lead => "lead",
    };
    format!("callers:{name}:{id}")
}

/// The hashes of callers in such a record.
fn callers_of(record: &[u8]) -> impl Iterator<Item = &str> {
    str::from_utf8(record).unwrap_or_default().split(' ').filter(|caller| !caller.is_empty()).take(MOST_CALLERS)
}

fn status_key(user_id: u64) -> String {
    format!("status:{user_id}")
}

fn store_text(ru: &str, en: &str, error: &str) -> Text {
    let error: String = error.chars().take(200).collect();
    Text::made(format!("{ru}: {error}"), format!("{en}: {error}"))
}
