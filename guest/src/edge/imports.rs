//! Clocks, key-value, configuration and directory, from the component's imports.

use std::cell::OnceCell;
use std::time::Duration;

use super::bindings::telephony::operation::directory::{self, DirectoryError};
use super::bindings::wasi::clocks::{monotonic_clock, wall_clock};
use super::bindings::wasi::config::store as config;
use super::bindings::wasi::keyvalue::store as key_value;
use crate::contract::{Destination, Employee, LastTalk, Presence};
use crate::time::Timestamp;
use crate::world::{Clock, Config, Directory, KeyValue};

pub(super) struct HostClock;

impl Clock for HostClock {
    fn now(&self) -> Timestamp {
        timestamp(wall_clock::now())
    }

    fn monotonic(&self) -> Duration {
        Duration::from_nanos(monotonic_clock::now())
    }
}

fn timestamp(at: wall_clock::Datetime) -> Timestamp {
    Timestamp(at.seconds.saturating_mul(1_000).saturating_add(u64::from(at.nanoseconds / 1_000_000)))
}

/// The bucket of one call or notice, opened when it is first used. It is always the same one: the integration names it.
#[derive(Default)]
pub(super) struct HostKeyValue {
    opened: OnceCell<key_value::Bucket>,
}

impl HostKeyValue {
    fn bucket(&self, name: &str) -> Result<&key_value::Bucket, String> {
        if let Some(bucket) = self.opened.get() {
            return Ok(bucket);
        }
        let bucket = key_value::open(name).map_err(key_value_error)?;
        Ok(self.opened.get_or_init(|| bucket))
    }
}

impl KeyValue for HostKeyValue {
    fn get(&self, bucket: &str, key: &str) -> Result<Option<Vec<u8>>, String> {
        self.bucket(bucket)?.get(key).map_err(key_value_error)
    }

    fn set(&self, bucket: &str, key: &str, value: &[u8]) -> Result<(), String> {
        self.bucket(bucket)?.set(key, value).map_err(key_value_error)
    }

    fn delete(&self, bucket: &str, key: &str) -> Result<(), String> {
        self.bucket(bucket)?.delete(key).map_err(key_value_error)
    }
}

fn key_value_error(error: key_value::Error) -> String {
    match error {
        key_value::Error::NoSuchStore => "no such bucket".to_owned(),
        key_value::Error::AccessDenied => "access to the bucket is denied".to_owned(),
        key_value::Error::Other(text) => text,
    }
}

pub(super) struct HostConfig;

impl Config for HostConfig {
    fn get(&self, key: &str) -> Result<Option<String>, String> {
        config::get(key).map_err(|error| match error {
            config::Error::Upstream(text) | config::Error::Io(text) => text,
        })
    }
}

pub(super) struct HostDirectory;

impl Directory for HostDirectory {
    fn find_by_crm_user(&self, user_id: u64) -> Result<Option<Employee>, String> {
        match directory::find_by_crm_user(user_id) {
            Ok(found) => Ok(found.map(employee)),
            Err(DirectoryError::Unavailable(text)) => Err(text),
        }
    }

    fn find_last_talk(&self, days: u32) -> Result<Option<LastTalk>, String> {
        match directory::find_last_talk(days) {
            Ok(found) => Ok(found.map(|talk| LastTalk { user_id: talk.crm_user_id, at: timestamp(talk.at) })),
            Err(DirectoryError::Unavailable(text)) => Err(text),
        }
    }
}

fn employee(found: directory::Employee) -> Employee {
    let destination = |found: directory::Destination| Destination {
        number: found.number,
        ring_time: Duration::from_millis(found.ring_time),
    };
    Employee {
        id: found.id,
        name: found.name,
        enabled: found.enabled,
        destinations: found.destinations.into_iter().map(destination).collect(),
        presence: match found.presence {
            directory::Presence::NotFed => Presence::NotFed,
            directory::Presence::NeverSeen => Presence::NeverSeen,
            directory::Presence::LastSeen(at) => Presence::LastSeen(timestamp(at)),
        },
        deputy_crm_user_id: found.deputy_crm_user_id,
    }
}
