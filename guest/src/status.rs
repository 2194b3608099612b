//! Manager status (rules O7, D6, D7): is the personal manager authorised in amoCRM today?

use crate::amocrm::Client;
use crate::cache::Cache;
use crate::contract::{Presence, Text};
use crate::details::Recorder;
use crate::reason::Reason;
use crate::time::Timestamp;

/// Whether the manager is at work today, checked on every call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManagerStatus {
    /// Authorised in amoCRM today.
    AtWork,
    /// Not authorised in amoCRM today.
    Absent,
    /// The check failed or timed out.
    Unknown,
}

/// Checks the manager's status and records it with its evidence.
pub fn check(
    client: &Client,
    cache: &Cache,
    user_id: u64,
    presence: Presence,
    details: &mut Recorder,
) -> ManagerStatus {
    let evidence = match evidence(client, cache, user_id, presence, details) {
        Ok(evidence) => evidence,
        Err(cause) => {
            let text = cause.text();
            details.note(
                "status-check-failed",
                Text::made(format!("Проверка статуса: {}", text.ru), format!("status check: {}", text.en)),
            );
            details.status("unknown", None, None);
            return ManagerStatus::Unknown;
        }
    };
    details.status(if evidence.at_work { "at-work" } else { "absent" }, Some(evidence.name), evidence.at);
    if evidence.at_work { ManagerStatus::AtWork } else { ManagerStatus::Absent }
}

struct Evidence {
    at_work: bool,
    /// `presence`, `event:<type>`, `never-seen` or `no-events`.
    name: String,
    at: Option<Timestamp>,
}

fn evidence(
    client: &Client,
    cache: &Cache,
    user_id: u64,
    presence: Presence,
    details: &mut Recorder,
) -> Result<Evidence, Reason> {
    let last_seen = match presence {
        // Known without asking for the account's day.
        Presence::NeverSeen => {
            return Ok(Evidence { at_work: false, name: "never-seen".to_owned(), at: None });
        }
        Presence::LastSeen(at) => Some(at),
        Presence::NotFed => None,
    };
    let midnight = midnight(client, cache, details)?;
    if let Some(at) = last_seen {
        return Ok(Evidence { at_work: at >= midnight, name: "presence".to_owned(), at: Some(at) });
    }
    Ok(match client.activity_since(midnight, user_id, details)? {
        Some(activity) => Evidence { at_work: true, name: format!("event:{}", activity.kind), at: Some(activity.at) },
        None => Evidence { at_work: false, name: "no-events".to_owned(), at: None },
    })
}

/// When the account's own day began.
fn midnight(client: &Client, cache: &Cache, details: &mut Recorder) -> Result<Timestamp, Reason> {
    let offset = match cache.utc_offset(details) {
        Some(offset) => offset,
        None => {
            let offset = client.utc_offset(details)?;
            cache.keep_utc_offset(offset, client.world.clock.now(), details);
            offset
        }
    };
    Ok(offset.start_of_day(client.world.clock.now()))
}
