//! `GET /api/v4/events` (amoCRM facts §4 row D, §7.9). Newest first; events that the clock has not reached are not listed.

use jiff::Timestamp;
use jiff::tz::Offset;
use serde_json::{Value, json};

use super::filter::{Span, among, numbers};
use super::{Ask, Refusal, bad_request, nothing};
use crate::Event;
use crate::paging::Page;

/// The largest page, and the page when none is asked for.
const MOST: usize = 100;
/// How many users or entities one filter may name.
const FILTER_MOST: usize = 10;

pub(super) fn list(ask: &Ask<'_>) -> Result<Value, Refusal> {
    let page = Page::read(ask.params, MOST, MOST)?;
    let filter = Filter::read(ask)?;
    let offset = ask.account.account.offset().unwrap_or(Offset::UTC);
    let mut events: Vec<(&Event, Timestamp)> = ask
        .account
        .events
        .iter()
        .map(|event| (event, event.time.resolve(ask.now, offset)))
        .filter(|(event, at)| *at <= ask.now && filter.passes(event, *at))
        .collect();
    events.sort_by(|(left, left_at), (right, right_at)| right_at.cmp(left_at).then_with(|| right.id.cmp(&left.id)));
    let (events, more) = page.cut(events);
    if events.is_empty() {
        return Err(nothing());
    }
    Ok(json!({
        "_page": page.number,
        "_links": page.links(&ask.href("/api/v4/events"), ask.params, more || ask.account.behaviour.next_on_last_page),
        "_embedded": {"events": events.iter().map(|(event, at)| entity(ask, event, *at)).collect::<Vec<_>>()},
    }))
}

fn entity(ask: &Ask<'_>, event: &Event, at: Timestamp) -> Value {
    json!({
        "id": event.id,
        "type": event.kind,
        "entity_id": event.entity_id,
        "entity_type": event.entity_type,
        "created_by": event.created_by,
        "created_at": at.as_second(),
        "value_after": value_after(ask, event),
        "value_before": [],
        "account_id": ask.account.account.id,
        "_links": {"self": {"href": ask.href(&format!("/api/v4/events/{}", event.id))}},
    })
}

/// What the event left behind, in the shape of its kind (amoCRM facts §7.9); empty for kinds that leave nothing.
fn value_after(ask: &Ask<'_>, event: &Event) -> Value {
    let lead = ask.account.leads.iter().find(|lead| event.entity_type == "lead" && lead.id == event.entity_id);
    match event.kind.as_str() {
        "lead_status_changed" => {
            let lead = lead.cloned().unwrap_or_default();
            json!([{"lead_status": {"id": lead.status_id, "pipeline_id": lead.pipeline_id}}])
        }
        "entity_responsible_changed" => json!([{"responsible_user": {"id": event.created_by}}]),
        "entity_tag_added" => json!([{"tag": {"name": "VIP"}}]),
        kind if kind.ends_with("_call") || kind.ends_with("_note_added") => {
            json!([{"note": {"id": event.entity_id}}])
        }
        _ => json!([]),
    }
}

/// What a request asks of events; an empty list asks nothing.
struct Filter<'a> {
    ids: Vec<&'a str>,
    created_by: Vec<u64>,
    kinds: Vec<&'a str>,
    entities: Vec<&'a str>,
    entity_ids: Vec<u64>,
    created: Span,
}

impl<'a> Filter<'a> {
    fn read(ask: &Ask<'a>) -> Result<Self, Refusal> {
        let params = ask.params;
        let filter = Self {
            ids: params.values("filter[id]"),
            created_by: numbers(ask, "filter[created_by]", FILTER_MOST)?,
            kinds: params.values("filter[type]"),
            entities: params.values("filter[entity]"),
            entity_ids: numbers(ask, "filter[entity_id]", FILTER_MOST)?,
            created: Span::read(ask, "filter[created_at]")?,
        };
        if !filter.entity_ids.is_empty() && filter.entities.len() != 1 {
            return Err(bad_request("filter[entity_id]", "This filter needs exactly one filter[entity]."));
        }
        Ok(filter)
    }

    fn passes(&self, event: &Event, at: Timestamp) -> bool {
        among(&self.ids, &event.id.as_str())
            && among(&self.created_by, &event.created_by)
            && among(&self.kinds, &event.kind.as_str())
            && among(&self.entities, &event.entity_type.as_str())
            && among(&self.entity_ids, &event.entity_id)
            && self.created.holds(at)
    }
}
