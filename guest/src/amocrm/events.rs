//! `GET /api/v4/events`: what a user did in amoCRM today (rules O7, D7; amoCRM facts §4 row D, §7.9).

use call::json::{LenientNumber, LenientText};
use serde::Deserialize;

use super::Client;
use super::page::{Entry, Page};
use crate::details::Recorder;
use crate::reason::Reason;
use crate::time::Timestamp;

/// The list of events: its name in paths, answers and call details.
pub(super) const EVENTS: &str = "events";

/// Events asked for in one page: the most that amoCRM gives.
const PAGE: usize = 100;
/// Pages read for one check.
const MAXIMUM_PAGES: usize = 5;

/// How much of an event's type is kept for the call details; amoCRM's own are shorter.
const LONGEST_KIND: usize = 64;

/// An event that shows a person at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// The event's type.
    pub kind: String,
    /// When it happened.
    pub at: Timestamp,
}

/// An event as far as it matters here.
struct Event {
    activity: Activity,
    created_by: u64,
}

/// An event as amoCRM sends it.
#[derive(Deserialize)]
struct EventJson {
    #[serde(default)]
    r#type: LenientText,
    #[serde(default)]
    created_by: LenientNumber,
    #[serde(default)]
    created_at: LenientNumber,
}

impl Client<'_> {
    /// An event that the user made since this time; `None` when there is none.
    ///
    /// `Err(AnswerNotUnderstood)` when so many service events came back that the user's own, if any, were not reached, and when there is none
    /// but one that could not be read.
    pub(crate) fn activity_since(
        &self,
        since: Timestamp,
        user_id: u64,
        details: &mut Recorder,
    ) -> Result<Option<Activity>, Reason> {
        let mut all_read = true;
        for number in 1..=MAXIMUM_PAGES {
            let path = format!(
                "/api/v4/events?filter%5Bcreated_by%5D%5B%5D={user_id}&filter%5Bcreated_at%5D%5Bfrom%5D={}&limit={PAGE}&page={number}",
                since.unix_seconds()
            );
            let page = self.get(EVENTS, &path, |answer| Page::<Event>::read(EVENTS, PAGE, answer), details)?;
            let is_last = page.as_ref().is_none_or(|page| page.is_last);
            if let Some(page) = page {
                page.note_unreadable(EVENTS, details);
                all_read &= !page.has_unreadable();
                // amoCRM ignores filters that the account has not paid for (amoCRM facts §1.3), so each event is verified.
                let own = page.entries.into_iter().find(|event| {
                    let Activity { kind, at } = &event.activity;
                    event.created_by == user_id && *at >= since && !is_service_event(kind)
                });
                if let Some(event) = own {
                    return Ok(Some(event.activity));
                }
            }
            if is_last {
                return if all_read { Ok(None) } else { Err(Reason::AnswerNotUnderstood) };
            }
        }
        Err(Reason::AnswerNotUnderstood)
    }
}

impl Entry for Event {
    type Json = EventJson;

    fn read(json: EventJson) -> Result<Self, &'static str> {
        let kind = json.r#type.0.ok_or("type")?;
        Ok(Self {
            activity: Activity {
                kind: kind.chars().take(LONGEST_KIND).collect(),
                at: Timestamp::from_unix_seconds(json.created_at.known().ok_or("created_at")?),
            },
            created_by: json.created_by.known().ok_or("created_by")?,
        })
    }
}

/// Whether events of this type are written by integrations and robots on a user's behalf, and so prove nothing (amoCRM facts §4 row D).
///
/// Notes are such events except the two kinds that people type and attach by hand.
pub(crate) fn is_service_event(kind: &str) -> bool {
    const SERVICE: [&str; 7] = [
        "incoming_call",
        "outgoing_call",
        "incoming_chat_message",
        "incoming_sms",
        "incoming_mail",
        "robot_replied",
        "link_followed",
    ];
    const TYPED_BY_HAND: [&str; 2] = ["common_note_added", "attachment_note_added"];
    SERVICE.contains(&kind) || (kind.ends_with("_note_added") && !TYPED_BY_HAND.contains(&kind))
}
