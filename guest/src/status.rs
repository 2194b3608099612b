//! Manager status (rules O7, D6, D7): is the personal manager authorised in amoCRM today?
//!
//! Checked on every call. What events have just shown is used again for as long as the integration says, so that a busy line does not
//! spend a request a call; presence never is, and neither is a failure.

use std::time::Duration;

use crate::amocrm::{Activity, Client};
use crate::cache::{Cache, KeptStatus};
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
            details.status("unknown", None, None, None);
            return ManagerStatus::Unknown;
        }
    };
    let Evidence { at_work, name, at, reused } = evidence;
    details.status(if at_work { "at-work" } else { "absent" }, Some(name), at, reused);
    if at_work { ManagerStatus::AtWork } else { ManagerStatus::Absent }
}

struct Evidence {
    at_work: bool,
    /// `presence`, `event:<type>`, `never-seen` or `no-events`.
    name: String,
    at: Option<Timestamp>,
    /// How long ago it was learned, where an earlier call did.
    reused: Option<Duration>,
}

impl Evidence {
    fn new(at_work: bool, name: &str, at: Option<Timestamp>) -> Self {
        Self { at_work, name: name.to_owned(), at, reused: None }
    }
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
            return Ok(Evidence::new(false, "never-seen", None));
        }
        Presence::LastSeen(at) => Some(at),
        Presence::NotFed => None,
    };
    let midnight = midnight(client, cache, details)?;
    if let Some(at) = last_seen {
        return Ok(Evidence::new(at >= midnight, "presence", Some(at)));
    }
    let (activity, reused) = activity(client, cache, user_id, midnight, details)?;
    let evidence = match activity {
        Some(activity) => Evidence::new(true, &format!("event:{}", activity.kind), Some(activity.at)),
        None => Evidence::new(false, "no-events", None),
    };
    Ok(Evidence { reused, ..evidence })
}

/// What the user did since midnight, and how long ago that was learned where an earlier call did.
fn activity(
    client: &Client,
    cache: &Cache,
    user_id: u64,
    midnight: Timestamp,
    details: &mut Recorder,
) -> Result<(Option<Activity>, Option<Duration>), Reason> {
    let reuse = client.integration.status_reuse;
    if reuse.is_zero() {
        return client.activity_since(midnight, user_id, details).map(|activity| (activity, None));
    }
    if let Some((KeptStatus { midnight: asked, activity }, age)) = cache.status(user_id, reuse, details) {
        // Of this same day, and so is its evidence.
        if asked == midnight && activity.as_ref().is_none_or(|activity| activity.at >= midnight) {
            return Ok((activity, Some(age)));
        }
    }
    let activity = client.activity_since(midnight, user_id, details)?;
    let status = KeptStatus { midnight, activity };
    cache.keep_status(user_id, &status, client.world.clock.now(), details);
    Ok((status.activity, None))
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
