//! `GET /api/v4/events`: what a user did in amoCRM since midnight (rule O7; amoCRM facts §4 row D, §7.9).

use super::{Client, has_next_page};
use crate::details::Recorder;
use crate::json::{Json, Unexpected};
use crate::reason::Reason;
use crate::time::Timestamp;

/// Events asked for in one page: the most that amoCRM gives.
const PAGE: u64 = 100;
/// Pages read for one check.
const MAXIMUM_PAGES: u64 = 5;

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

struct Page {
    events: Vec<Event>,
    has_next: bool,
}

struct Event {
    activity: Activity,
    created_by: u64,
}

impl Client<'_> {
    /// An event that the user made since `midnight`; `None` when there is none.
    ///
    /// `Err(AnswerNotUnderstood)` when so many service events came back that the user's own, if any, were not reached.
    pub fn activity_since(
        &self,
        midnight: Timestamp,
        user_id: u64,
        details: &mut Recorder,
    ) -> Result<Option<Activity>, Reason> {
        for page in 1..=MAXIMUM_PAGES {
            let path = format!(
                "/api/v4/events?filter%5Bcreated_by%5D%5B%5D={user_id}&filter%5Bcreated_at%5D%5Bfrom%5D={}&limit={PAGE}&page={page}",
                midnight.unix_seconds()
            );
            let Some(answer) = self.get("events", &path, page_of_events, details)? else {
                return Ok(None);
            };
            // amoCRM ignores filters that the account has not paid for (facts §1.3), so each event is verified.
            let own = answer.events.into_iter().find(|event| {
                let Activity { kind, at } = &event.activity;
                event.created_by == user_id && *at >= midnight && !is_service_event(kind)
            });
            if let Some(event) = own {
                return Ok(Some(event.activity));
            }
            if !answer.has_next {
                return Ok(None);
            }
        }
        Err(Reason::AnswerNotUnderstood)
    }
}

fn page_of_events(answer: &Json) -> Result<Page, Unexpected> {
    let mut events = Vec::new();
    for entry in answer.get("_embedded").get("events").list()? {
        events.push(event(entry)?);
    }
    Ok(Page { events, has_next: has_next_page(answer) })
}

fn event(event: &Json) -> Result<Event, Unexpected> {
    Ok(Event { activity: Activity::read(event)?, created_by: event.get("created_by").unsigned()? })
}

impl Activity {
    /// Reads type and time, from an event of amoCRM's or from what is kept of one.
    pub fn read(event: &Json) -> Result<Self, Unexpected> {
        Ok(Self {
            kind: event.get("type").optional_text()?.ok_or(Unexpected)?.chars().take(LONGEST_KIND).collect(),
            at: Timestamp::from_unix_seconds(event.get("created_at").unsigned()?),
        })
    }
}

/// Whether events of this type are written by integrations and robots on a user's behalf, and so prove nothing (facts §4 row D).
///
/// Notes are such events except the two kinds that people type and attach by hand.
pub fn is_service_event(kind: &str) -> bool {
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
