//! What is kept in key-value storage from the moment it was received: managers and account days for 6 hours (rule O5), a manager's status
//! for as long as the integration says (rule O7).
//!
//! A record carries its own version and time of receipt, since key-value storage has no time-to-live. A record that is too old, from the
//! future, unreadable, or of another version is a miss and is removed. A store that fails to read is a miss; one that fails to write is
//! noted (rule D9). Callers' numbers are hashed in keys, and nothing of a contact is kept but its id (rule D10).
//!
//! Beside each manager stands a record for the contact, the company and the lead that it was found through: the hashes of the callers that
//! this concerns, so that a notice which says nothing but an id finds them (rule B5). Two calls of one contact from two numbers at the same
//! moment can lose one of them; such a manager is kept for its six hours.

use std::time::Duration;

use crate::amocrm::Activity;
use crate::caller::Caller;
use crate::contract::Text;
use crate::details::{Origin, Recorder};
use crate::json::{Json, Take, Unexpected};
use crate::settings::Lookup;
use crate::time::{Timestamp, UtcOffset};
use crate::world::{Clock, KeyValue};

/// How long a manager or an account's day is used, from the moment its content was received.
pub const KEPT_FOR: Duration = Duration::from_secs(6 * 3_600);

/// The version of the records written here.
const VERSION: u64 = 1;

/// The cache of one integration.
#[derive(Clone, Copy)]
pub struct Cache<'a> {
    /// The store.
    pub key_value: &'a dyn KeyValue,
    /// The bucket's name.
    pub bucket: &'a str,
    /// The host's clock.
    pub clock: &'a dyn Clock,
}

/// A caller's manager, as kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptManager {
    /// The responsible user.
    pub user_id: u64,
    /// Of what.
    pub origin: Origin,
    /// Whether other contacts of the same number had other managers (rule D3).
    pub ambiguous: bool,
}

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

impl Cache<'_> {
    /// The manager kept for a caller, and how long ago it was received.
    pub fn manager(&self, caller: &Caller, lookup: Lookup, details: &mut Recorder) -> Option<(KeptManager, Duration)> {
        self.read(&manager_key(&caller.hash(), lookup), KEPT_FOR, kept_manager, details)
    }

    /// Keeps the manager received at `received_at`.
    pub fn keep_manager(
        &self,
        caller: &Caller,
        lookup: Lookup,
        manager: KeptManager,
        received_at: Timestamp,
        details: &mut Recorder,
    ) {
        let KeptManager { user_id, origin, ambiguous } = manager;
        let mut value = format!(r#"{{"user_id":{user_id},"ambiguous":{ambiguous}"#);
        for (name, id) in
            [("contact_id", origin.contact_id), ("company_id", origin.company_id), ("lead_id", origin.lead_id)]
        {
            if let Some(id) = id {
                value += &format!(r#","{name}":{id}"#);
            }
        }
        value.push('}');
        let caller = caller.hash();
        if self.write(&manager_key(&caller, lookup), &value, received_at, details).is_none() {
            return;
        }
        for (entity, id) in
            [(Entity::Contact, origin.contact_id), (Entity::Company, origin.company_id), (Entity::Lead, origin.lead_id)]
        {
            if let Some(id) = id {
                self.add_caller(entity, id, &caller, details);
            }
        }
    }

    /// Forgets the managers of a caller, however they were looked up. How many records there were; `None` when the store failed, which is
    /// noted.
    pub fn forget_managers(&self, caller: &Caller, details: &mut Recorder) -> Option<u64> {
        self.forget_managers_of(&caller.hash(), details)
    }

    /// Forgets the managers that were found through a contact, a company or a lead. How many records there were; `None` when the store failed,
    /// which is noted.
    pub fn forget_found_through(&self, entity: Entity, id: u64, details: &mut Recorder) -> Option<u64> {
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
        self.read(&status_key(user_id), kept_for, kept_status, details)
    }

    /// Keeps the user's status received at `received_at`.
    pub fn keep_status(&self, user_id: u64, status: &KeptStatus, received_at: Timestamp, details: &mut Recorder) {
        let midnight = status.midnight.unix_seconds();
        let value = match &status.activity {
            None => format!(r#"{{"midnight":{midnight}}}"#),
            Some(Activity { kind, at }) if kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') => {
                format!(r#"{{"midnight":{midnight},"type":"{kind}","created_at":{}}}"#, at.unix_seconds())
            }
            // No type of amoCRM's. What would have to be escaped is not kept.
            Some(_) => return,
        };
        self.write(&status_key(user_id), &value, received_at, details);
    }

    /// The account's distance from UTC, if kept.
    pub fn utc_offset(&self, details: &mut Recorder) -> Option<UtcOffset> {
        self.read(ACCOUNT_KEY, KEPT_FOR, kept_offset, details).map(|(offset, _)| offset)
    }

    /// Keeps the account's distance from UTC.
    pub fn keep_utc_offset(&self, offset: UtcOffset, received_at: Timestamp, details: &mut Recorder) {
        self.write(
            ACCOUNT_KEY,
            &format!(r#"{{"utc_offset_seconds":{}}}"#, i64::from(offset.seconds())),
            received_at,
            details,
        );
    }

    /// Reads a record and how long ago it was received. What is not used is removed.
    fn read<T>(
        &self,
        key: &str,
        kept_for: Duration,
        read: fn(&Json) -> Result<T, Unexpected>,
        details: &mut Recorder,
    ) -> Option<(T, Duration)> {
        let mut taken = None;
        let mut take = |value: &Json| {
            taken = Some(read(value)?);
            Ok(())
        };
        let age = self.look(key, kept_for, &mut take, details)?;
        taken.map(|value| (value, age))
    }

    /// What [`Self::read`] does for every type alike, so that the component holds it once.
    fn look(&self, key: &str, kept_for: Duration, take: &mut Take, details: &mut Recorder) -> Option<Duration> {
        let bytes = self.get(key, details)??;
        match understand(&bytes, kept_for, take, self.clock.now()) {
            Ok(Some(age)) => return Some(age),
            Ok(None) => {}
            Err(Unexpected) => details.note(
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

    /// Writes a record around `value`, which is JSON made of numbers, flags and plain words alone; `None` when the store failed, which is noted.
    fn write(&self, key: &str, value: &str, received_at: Timestamp, details: &mut Recorder) -> Option<()> {
        let record = format!(r#"{{"version":{VERSION},"received_at_ms":{},"value":{value}}}"#, received_at.0);
        self.set(key, record.as_bytes(), details)
    }
}

/// The age of a record that is to be used; `None` for one of another version, too old, or received in the future of a clock that has
/// since been set back: its age is not known.
fn understand(
    bytes: &[u8],
    kept_for: Duration,
    take: &mut Take,
    now: Timestamp,
) -> Result<Option<Duration>, Unexpected> {
    let record = Json::parse(bytes)?;
    let version = record.get("version").unsigned()?;
    let age = Timestamp(record.get("received_at_ms").unsigned()?).age_at(now);
    let age = age.filter(|age| version == VERSION && *age < kept_for);
    if age.is_some() {
        take(record.get("value"))?;
    }
    Ok(age)
}

fn kept_manager(value: &Json) -> Result<KeptManager, Unexpected> {
    let origin = Origin {
        contact_id: value.get("contact_id").optional_unsigned()?,
        company_id: value.get("company_id").optional_unsigned()?,
        lead_id: value.get("lead_id").optional_unsigned()?,
    };
    // A manager is somebody's: of a contact or of a company.
    origin.contact_id.or(origin.company_id).ok_or(Unexpected)?;
    Ok(KeptManager {
        user_id: value.get("user_id").unsigned()?,
        origin,
        ambiguous: *value.get("ambiguous") == Json::Bool(true),
    })
}

fn kept_status(value: &Json) -> Result<KeptStatus, Unexpected> {
    let midnight = Timestamp::from_unix_seconds(value.get("midnight").unsigned()?);
    let activity = match value.get("type") {
        Json::Null => None,
        _ => Some(Activity::read(value)?),
    };
    Ok(KeptStatus { midnight, activity })
}

fn kept_offset(value: &Json) -> Result<UtcOffset, Unexpected> {
    let Json::Integer(seconds) = value.get("utc_offset_seconds") else {
        return Err(Unexpected);
    };
    i32::try_from(*seconds).ok().and_then(UtcOffset::from_seconds).ok_or(Unexpected)
}

const ACCOUNT_KEY: &str = "account-day";

fn manager_key(caller: &str, lookup: Lookup) -> String {
    let mark = |on, mark| if on { mark } else { "" };
    let companies = mark(lookup.companies, "companies:");
    let open_lead = mark(lookup.open_lead, "lead:");
    let active_only = mark(lookup.active_only, "active:");
    format!("manager:{companies}{open_lead}{active_only}{caller}")
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
