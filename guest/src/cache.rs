//! What is kept in key-value storage for 6 hours from the moment it was received (rule O5): managers and account days.
//!
//! A record carries its own version and time of receipt, since key-value storage has no time-to-live. A record that is too old, from the
//! future, unreadable, or of another version is a miss and is removed. A store that fails to read is a miss; one that fails to write is
//! noted (rule D9). Callers' numbers are hashed in keys, and nothing of a contact is kept but its id (rule D10).

use std::time::Duration;

use crate::caller::InternationalNumber;
use crate::contract::Text;
use crate::details::Recorder;
use crate::json::{Json, Unexpected};
use crate::time::{Timestamp, UtcOffset};
use crate::world::{Clock, KeyValue};

/// How long a record is used, from the moment its content was received.
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

/// A contact's manager, as kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptManager {
    /// The responsible user.
    pub user_id: u64,
    /// The contact.
    pub contact_id: u64,
    /// Whether other contacts of the same number had other managers (rule D3).
    pub ambiguous: bool,
}

impl Cache<'_> {
    /// The manager kept for a caller, and how long ago it was received.
    pub fn manager(&self, number: &InternationalNumber, details: &mut Recorder) -> Option<(KeptManager, Duration)> {
        self.read(&manager_key(number), kept_manager, details)
    }

    /// Keeps the manager received at `received_at`.
    pub fn keep_manager(
        &self,
        number: &InternationalNumber,
        manager: KeptManager,
        received_at: Timestamp,
        details: &mut Recorder,
    ) {
        let KeptManager { user_id, contact_id, ambiguous } = manager;
        let value = format!(r#"{{"user_id":{user_id},"contact_id":{contact_id},"ambiguous":{ambiguous}}}"#);
        self.write(&manager_key(number), &value, received_at, details);
    }

    /// The account's distance from UTC, if kept.
    pub fn utc_offset(&self, details: &mut Recorder) -> Option<UtcOffset> {
        self.read(ACCOUNT_KEY, kept_offset, details).map(|(offset, _)| offset)
    }

    /// Keeps the account's distance from UTC.
    pub fn keep_utc_offset(&self, offset: UtcOffset, received_at: Timestamp, details: &mut Recorder) {
        self.write(ACCOUNT_KEY, &format!(r#"{{"utc_offset_seconds":{}}}"#, offset.seconds()), received_at, details);
    }

    fn read<T>(
        &self,
        key: &str,
        read: fn(&Json) -> Result<T, Unexpected>,
        details: &mut Recorder,
    ) -> Option<(T, Duration)> {
        let bytes = match self.key_value.get(self.bucket, key) {
            Ok(bytes) => bytes?,
            Err(error) => {
                details.note(
                    "store-read-failed",
                    store_text("Хранилище не прочитано", "the store could not be read", &error),
                );
                return None;
            }
        };
        match understand(&bytes, read, self.clock.now()) {
            Understood::Fresh(value, age) => return Some((value, age)),
            Understood::Old => {}
            Understood::Unreadable => details.note(
                "record-unreadable",
                Text::fixed(
                    "Запись в хранилище не распознана и удалена",
                    "a stored record could not be understood and was removed",
                ),
            ),
        }
        if let Err(error) = self.key_value.delete(self.bucket, key) {
            details.note(
                "store-write-failed",
                store_text("Старая запись не удалена", "an old record could not be removed", &error),
            );
        }
        None
    }

    /// Writes a record around `value`, which is JSON made of numbers and flags alone.
    fn write(&self, key: &str, value: &str, received_at: Timestamp, details: &mut Recorder) {
        let record = format!(r#"{{"version":{VERSION},"received_at_ms":{},"value":{value}}}"#, received_at.0);
        if let Err(error) = self.key_value.set(self.bucket, key, record.as_bytes()) {
            details.note(
                "store-write-failed",
                store_text("Хранилище не записано", "the store could not be written", &error),
            );
        }
    }
}

enum Understood<T> {
    Fresh(T, Duration),
    Old,
    Unreadable,
}

fn understand<T>(bytes: &[u8], read: fn(&Json) -> Result<T, Unexpected>, now: Timestamp) -> Understood<T> {
    let Ok(record) = Json::parse(bytes) else {
        return Understood::Unreadable;
    };
    let (Ok(version), Ok(received_at)) = (record.get("version").unsigned(), record.get("received_at_ms").unsigned())
    else {
        return Understood::Unreadable;
    };
    match Timestamp(received_at).age_at(now) {
        Some(age) if version == VERSION && age < KEPT_FOR => match read(record.get("value")) {
            Ok(value) => Understood::Fresh(value, age),
            Err(Unexpected) => Understood::Unreadable,
        },
        // Of another version, too old, or received in the future of a clock that has since been set back: its age is not known.
        _ => Understood::Old,
    }
}

fn kept_manager(value: &Json) -> Result<KeptManager, Unexpected> {
    Ok(KeptManager {
        user_id: value.get("user_id").unsigned()?,
        contact_id: value.get("contact_id").unsigned()?,
        ambiguous: *value.get("ambiguous") == Json::Bool(true),
    })
}

fn kept_offset(value: &Json) -> Result<UtcOffset, Unexpected> {
    let Json::Integer(seconds) = value.get("utc_offset_seconds") else {
        return Err(Unexpected);
    };
    i32::try_from(*seconds).ok().and_then(UtcOffset::from_seconds).ok_or(Unexpected)
}

const ACCOUNT_KEY: &str = "account-day";

fn manager_key(number: &InternationalNumber) -> String {
    format!("manager:{}", number.hash())
}

fn store_text(ru: &str, en: &str, error: &str) -> Text {
    let error: String = error.chars().take(200).collect();
    Text::made(format!("{ru}: {error}"), format!("{en}: {error}"))
}
