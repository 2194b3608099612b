//! An event: something that a user or an integration did in the account, and when.

use std::time::Duration;

use jiff::civil::Time;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::spelling::{duration, instant, time_of_day};

/// An event of the account (amoCRM facts §7.9). In a file it has exactly one of `created_at`, `ago`, `today`, `yesterday`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "EventTable", into = "EventTable")]
pub struct Event {
    /// The event's id; empty in a file: made of its place in the list.
    pub id: String,
    /// What happened: `lead_status_changed`, `incoming_call`, … (`type` in a file).
    pub kind: String,
    /// What it happened to: `lead`, `contact`, `company`, `customer`, `task`, `catalog_N`.
    pub entity_type: String,
    /// Id of what it happened to.
    pub entity_id: u64,
    /// The user it is attributed to; 0 is the robot.
    pub created_by: u64,
    /// When it happened.
    pub time: EventTime,
}

/// When an event happened. A simulator reckons [`EventTime::Ago`] once, when it is given the event; days move with its clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventTime {
    /// At this instant. While it is still ahead of the clock, the event has not happened and is not listed.
    At(Timestamp),
    /// So long before the simulator was given the event.
    Ago(Duration),
    /// At this time of the account's present day; while that is still ahead, at that day's midnight, so that an account file works at any hour
    /// and two requests get the same time.
    Today(Time),
    /// At this time of the account's previous day.
    Yesterday(Time),
}

impl EventTime {
    /// The instant that it means when the clock shows `now`.
    pub fn resolve(&self, now: Timestamp, account: Offset) -> Timestamp {
        let of_day = |days_back: i64, time: Time| {
            let mut date = account.to_datetime(now).date();
            for _ in 0..days_back {
                date = date.yesterday().unwrap_or(date);
            }
            account.to_timestamp(date.to_datetime(time)).unwrap_or(now)
        };
        match *self {
            EventTime::At(at) => at,
            EventTime::Ago(ago) => {
                SignedDuration::try_from(ago).ok().and_then(|ago| now.checked_sub(ago).ok()).unwrap_or(Timestamp::MIN)
            }
            EventTime::Today(time) => {
                let at = of_day(0, time);
                if at <= now { at } else { of_day(0, Time::midnight()) }
            }
            EventTime::Yesterday(time) => of_day(1, time),
        }
    }
}

/// An event as a file has it.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EventTable {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    id: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default = "lead")]
    entity_type: String,
    #[serde(default = "one")]
    entity_id: u64,
    created_by: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created_at: Option<instant::SpelledInstant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ago: Option<duration::SpelledDuration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    today: Option<time_of_day::SpelledTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    yesterday: Option<time_of_day::SpelledTime>,
}

fn lead() -> String {
    "lead".to_owned()
}

fn one() -> u64 {
    1
}

impl TryFrom<EventTable> for Event {
    type Error = String;

    fn try_from(table: EventTable) -> Result<Self, String> {
        let time = match (table.created_at, table.ago, table.today, table.yesterday) {
            (Some(at), None, None, None) => EventTime::At(at.0),
            (None, Some(ago), None, None) => EventTime::Ago(ago.0),
            (None, None, Some(time), None) => EventTime::Today(time.0),
            (None, None, None, Some(time)) => EventTime::Yesterday(time.0),
            _ => {
                return Err(format!(
                    "the event \"{}\" by {} needs exactly one of created_at = \"2026-03-01T09:30:00+03:00\", \
                     ago = \"2h\", today = \"09:30\", yesterday = \"18:00\"",
                    table.kind, table.created_by
                ));
            }
        };
        Ok(Self {
            id: table.id,
            kind: table.kind,
            entity_type: table.entity_type,
            entity_id: table.entity_id,
            created_by: table.created_by,
            time,
        })
    }
}

impl From<Event> for EventTable {
    fn from(event: Event) -> Self {
        let mut table = Self {
            id: event.id,
            kind: event.kind,
            entity_type: event.entity_type,
            entity_id: event.entity_id,
            created_by: event.created_by,
            ..Self::default()
        };
        match event.time {
            EventTime::At(at) => table.created_at = Some(instant::SpelledInstant(at)),
            EventTime::Ago(ago) => table.ago = Some(duration::SpelledDuration(ago)),
            EventTime::Today(time) => table.today = Some(time_of_day::SpelledTime(time)),
            EventTime::Yesterday(time) => table.yesterday = Some(time_of_day::SpelledTime(time)),
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOSCOW: Offset = Offset::constant(3);

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn today_is_the_accounts_day_and_never_ahead_of_the_clock() {
        let nine = EventTime::Today(Time::constant(9, 30, 0, 0));
        // 22:30 in London is already tomorrow in Moscow, where 09:30 has not come: the event is at its midnight,
        // whenever it is asked for.
        for night in ["2026-03-01T21:00:00Z", "2026-03-01T22:30:00Z", "2026-03-02T06:29:59Z"] {
            assert_eq!(nine.resolve(at(night), MOSCOW), at("2026-03-01T21:00:00Z"));
        }
        assert_eq!(nine.resolve(at("2026-03-02T10:00:00Z"), MOSCOW), at("2026-03-02T06:30:00Z"));
    }

    #[test]
    fn yesterday_and_ago_move_with_the_clock() {
        let evening = EventTime::Yesterday(Time::constant(18, 0, 0, 0));
        assert_eq!(evening.resolve(at("2026-03-01T21:00:00Z"), MOSCOW), at("2026-03-01T15:00:00Z"));
        let ago = EventTime::Ago(Duration::from_secs(7200));
        assert_eq!(ago.resolve(at("2026-03-01T21:00:00Z"), MOSCOW), at("2026-03-01T19:00:00Z"));
    }

    #[test]
    fn an_event_needs_one_time_exactly() {
        for text in [
            "{\"type\":\"x\",\"created_by\":1}",
            "{\"type\":\"x\",\"created_by\":1,\"ago\":\"2h\",\"today\":\"09:30\"}",
        ] {
            let message = serde_json::from_str::<Event>(text).unwrap_err().to_string();
            assert!(message.contains("exactly one of"), "{message}");
        }
    }
}
