//! Manager status (rules O7, D6, D7): is the personal manager authorised in amoCRM today?
//!
//! Checked on every call. What events have just shown is used again for as long as the integration says, so that a busy line does not
//! spend a request a call; presence never is, and neither is a failure.

use std::time::Duration;

use crate::amocrm::{Activity, Client};
use crate::cache::{Cache, KeptStatus};
use crate::contract::{Presence, Text};
use crate::details::Recorder;
use crate::facts::EVIDENCE;
use crate::reason::Reason;
use crate::settings::excerpt;
use crate::time::{DayRule, Timestamp, UtcOffset};

/// Evidence of this last time counts across midnight: whoever was at work ten minutes ago still is.
const ACROSS_MIDNIGHT: Duration = Duration::from_secs(3_600);

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

/// Whose status is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose<'a> {
    /// The personal manager's, which the facts tell.
    Manager,
    /// That of whoever last answered the caller, which the facts tell too.
    LastTalked,
    /// That of a deputy with this name, which a note tells.
    Deputy(&'a str),
}

/// Checks a manager's or a deputy's status and records it with its evidence.
pub fn check(
    client: &Client,
    cache: &Cache,
    user_id: u64,
    presence: Presence,
    whose: Whose<'_>,
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
            match whose {
                Whose::Manager | Whose::LastTalked => details.status("unknown", None, None, None),
                Whose::Deputy(name) => note_deputy(name, None, details),
            }
            return ManagerStatus::Unknown;
        }
    };
    let at_work = evidence.at_work;
    match whose {
        Whose::Manager | Whose::LastTalked => {
            let Evidence { name, at, reused, .. } = evidence;
            details.status(if at_work { "at-work" } else { "absent" }, Some(name), at, reused);
        }
        Whose::Deputy(name) => note_deputy(name, Some(&evidence), details),
    }
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
    let today = today(client, cache, details)?;
    if let Some(at) = last_seen {
        return Ok(Evidence::new(at >= today.since, "presence", Some(at)));
    }
    let (activity, reused) = activity(client, cache, user_id, today, details)?;
    let evidence = match activity {
        Some(activity) => Evidence::new(true, &format!("event:{}", activity.kind), Some(activity.at)),
        None => Evidence::new(false, "no-events", None),
    };
    Ok(Evidence { reused, ..evidence })
}

/// What the user did today, and how long ago that was learned where an earlier call did.
fn activity(
    client: &Client,
    cache: &Cache,
    user_id: u64,
    Today { midnight, since }: Today,
    details: &mut Recorder,
) -> Result<(Option<Activity>, Option<Duration>), Reason> {
    let reuse = client.integration.status_reuse;
    if reuse.is_zero() {
        return client.activity_since(since, user_id, details).map(|activity| (activity, None));
    }
    if let Some((KeptStatus { midnight: asked, activity }, age)) = cache.status(user_id, reuse, details) {
        // Of this same day, and so is its evidence.
        if asked == midnight && activity.as_ref().is_none_or(|activity| activity.at >= since) {
            return Ok((activity, Some(age)));
        }
    }
    let activity = client.activity_since(since, user_id, details)?;
    let status = KeptStatus { midnight, activity };
    cache.keep_status(user_id, &status, client.world.clock.now(), details);
    Ok((status.activity, None))
}

/// The account's own day, as evidence is judged by it.
#[derive(Clone, Copy)]
struct Today {
    /// When the day began.
    midnight: Timestamp,
    /// From when on evidence counts: from midnight, and from an hour ago where midnight is nearer than that.
    since: Timestamp,
}

fn today(client: &Client, cache: &Cache, details: &mut Recorder) -> Result<Today, Reason> {
    let clock = client.world.clock;
    let (time_zone, received_at) = match cache.time_zone(details) {
        Some((time_zone, age)) => (time_zone, clock.now().before(age)),
        None => {
            let time_zone = client.time_zone(details)?;
            let received_at = clock.now();
            cache.keep_time_zone(&time_zone, received_at, details);
            (time_zone, received_at)
        }
    };
    let day_rule = time_zone.day_rule(received_at).ok_or(Reason::AnswerNotUnderstood)?;
    if let DayRule::Offset(offset) = day_rule {
        note_offset(time_zone.name(), offset, details);
    }
    let now = clock.now();
    let midnight = day_rule.start_of_day(now);
    Ok(Today { midnight, since: midnight.min(now.before(ACROSS_MIDNIGHT)) })
}

/// Notes a deputy's status with its evidence, or that it is unknown.
#[cold]
fn note_deputy(name: &str, evidence: Option<&Evidence>, details: &mut Recorder) {
    let name = excerpt(name);
    let [ru, en] = match evidence.map(|evidence| evidence.at_work) {
        Some(true) => ["на работе", "at work"],
        Some(false) => ["не на работе", "absent"],
        None => ["неизвестен", "unknown"],
    };
    let code = evidence.map(|evidence| evidence.name.as_str()).unwrap_or_default();
    let known = EVIDENCE.iter().find(|(name, _)| code.split(':').next() == Some(*name));
    let [because_ru, because_en] = match known {
        Some((_, title)) => [format!(" ({})", title.ru), format!(" ({})", title.en)],
        None => [" (—)".to_owned(), " (—)".to_owned()],
    };
    details.note(
        "deputy-status",
        Text::made(
            format!("Статус заместителя «{name}»: {ru}{because_ru}"),
            format!("status of the deputy `{name}`: {en}{because_en}"),
        ),
    );
}

/// Notes why the day is counted by the offset that amoCRM reported.
fn note_offset(name: Option<&str>, offset: UtcOffset, details: &mut Recorder) {
    let name = excerpt(name.unwrap_or_default());
    details.note(
        "time-zone-by-offset",
        Text::made(
            format!(
                "Часовой пояс «{name}» неизвестен или не сходится со смещением {offset}: день считается по смещению"
            ),
            format!(
                "the time zone `{name}` is unknown or contradicts the offset {offset}: the day is counted by the offset"
            ),
        ),
    );
}
