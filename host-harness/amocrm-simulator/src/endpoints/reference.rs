//! What clients read once before anything else: pipelines with their stages, the custom fields, the kinds of events (amoCRM facts §11).

use serde_json::{Value, json};

use super::fields::{PHONE_FIELD_ID, field_id};
use super::{Ask, Endpoint};
use crate::{CustomField, Lead};

/// The document at this rest of a collection's path, where there is one.
pub(super) fn document(ask: &Ask<'_>, endpoint: Endpoint, rest: &str) -> Option<Value> {
    let (name, entities) = match (endpoint, rest) {
        (Endpoint::Leads, "/pipelines") => ("pipelines", pipelines(ask)),
        (Endpoint::Contacts, "/custom_fields") => (
            "custom_fields",
            fields(ask, true, ask.account.contacts.iter().map(|contact| contact.custom_fields.as_slice())),
        ),
        (Endpoint::Companies, "/custom_fields") => (
            "custom_fields",
            fields(ask, true, ask.account.companies.iter().map(|company| company.custom_fields.as_slice())),
        ),
        (Endpoint::Leads, "/custom_fields") => {
            ("custom_fields", fields(ask, false, ask.account.leads.iter().map(|lead| lead.custom_fields.as_slice())))
        }
        (Endpoint::Events, "/types") => ("events_types", event_types(ask)),
        _ => return None,
    };
    let href = ask.href(&format!("/api/v4/{}{rest}", endpoint.name()));
    Some(json!({
        "_total_items": entities.len(),
        "_page": 1,
        "_page_count": 1,
        "_links": {"self": {"href": href}},
        "_embedded": {name: entities},
    }))
}

/// One pipeline for each that a lead names, with the stages that its leads are in and the two that every pipeline ends with.
fn pipelines(ask: &Ask<'_>) -> Vec<Value> {
    let mut ids: Vec<u64> = ask.account.leads.iter().map(|lead| lead.pipeline_id).collect();
    ids.push(Lead::default().pipeline_id);
    ids.sort_unstable();
    ids.dedup();
    let pipeline = |(place, id): (usize, u64)| {
        let leads = ask.account.leads.iter().filter(|lead| lead.pipeline_id == id);
        let mut stages: Vec<u64> = leads.map(|lead| lead.status_id).chain([Lead::WON, Lead::LOST]).collect();
        stages.sort_unstable_by_key(|stage| (*stage <= Lead::LOST, *stage));
        stages.dedup();
        let stages = stages.iter().enumerate().map(|(sort, stage)| {
            let name = match *stage {
                Lead::WON => "Успешно реализовано".to_owned(),
                Lead::LOST => "Закрыто и не реализовано".to_owned(),
                other => format!("Этап {other}"),
            };
            json!({"id": stage, "name": name, "sort": (sort + 1) * 10, "is_editable": *stage > Lead::LOST,
                   "pipeline_id": id, "color": "#99ccff", "type": 0, "account_id": ask.account.account.id})
        });
        json!({"id": id, "name": "Воронка", "sort": place + 1, "is_main": place == 0, "is_unsorted_on": true,
               "is_archive": false, "account_id": ask.account.account.id,
               "_embedded": {"statuses": stages.collect::<Vec<_>>()}})
    };
    ids.into_iter().enumerate().map(pipeline).collect()
}

/// The PHONE field, where these entities have it, and every other field that one of them has.
fn fields<'a>(ask: &Ask<'_>, phones: bool, of_entities: impl Iterator<Item = &'a [CustomField]>) -> Vec<Value> {
    let field = |id: u64, name: &str, code: Option<&str>, kind: &str| {
        json!({"id": id, "name": name, "type": kind, "code": code, "sort": 500, "is_api_only": false, "enums": null,
               "account_id": ask.account.account.id})
    };
    let mut known = Vec::new();
    if phones {
        known.push(field(PHONE_FIELD_ID, "Телефон", Some("PHONE"), "multitext"));
    }
    for one in of_entities.flatten() {
        let id = field_id(one);
        if known.iter().all(|known| known["id"] != id) {
            known.push(field(id, &one.name, one.code.as_deref(), &one.field_type));
        }
    }
    known
}

/// The kinds of the events that the account has.
fn event_types(ask: &Ask<'_>) -> Vec<Value> {
    let mut kinds: Vec<&str> = ask.account.events.iter().map(|event| event.kind.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds.into_iter().map(|kind| json!({"key": kind, "type": 1, "lang": kind})).collect()
}
