//! `GET /api/v4/{contacts,companies,leads}/{id}/links`, and `…/links` of several at once: what belongs to what (amoCRM facts §2).

use serde_json::{Value, json};

use super::filter::{among, numbers};
use super::{Ask, Endpoint, Refusal, nothing};
use crate::Account;

/// How many entities one filter may name.
const MOST: usize = 250;

/// One side of a link: the collection's name and the id.
type Side = (&'static str, u64);

/// The links of this entity; without an id, of those that `filter[entity_id]` names, each with its own side too.
pub(super) fn list(ask: &Ask<'_>, endpoint: Endpoint, id: Option<u64>) -> Result<Value, Refusal> {
    let of = match id {
        Some(id) => vec![id],
        None => numbers(ask, "filter[entity_id]", MOST)?,
    };
    let to = numbers(ask, "filter[to_entity_id]", MOST)?;
    let to_type = ask.params.get("filter[to_entity_type]");
    let links: Vec<Value> = links(ask.account)
        .into_iter()
        .filter(|(from, target, _)| {
            from.0 == endpoint.name()
                && of.contains(&from.1)
                && among(&to, &target.1)
                && to_type.is_none_or(|name| name == target.0)
        })
        .map(|(from, target, is_main)| {
            let metadata = is_main.map(|is_main| json!({"main_contact": is_main}));
            let mut link = json!({"to_entity_id": target.1, "to_entity_type": target.0, "metadata": metadata});
            if id.is_none() {
                link["entity_id"] = from.1.into();
                link["entity_type"] = from.0.into();
            }
            link
        })
        .collect();
    if links.is_empty() {
        return Err(nothing());
    }
    let path = match id {
        Some(id) => format!("/api/v4/{}/{id}/links", endpoint.name()),
        None => format!("/api/v4/{}/links", endpoint.name()),
    };
    Ok(json!({
        "_total_items": links.len(),
        "_links": {"self": {"href": ask.href(&path)}},
        "_embedded": {"links": links},
    }))
}

/// Every link from both of its sides; of a lead and a contact, whether it is the main one.
fn links(account: &Account) -> Vec<(Side, Side, Option<bool>)> {
    let mut found = Vec::new();
    let mut add = |one: Side, other: Side, is_main: Option<bool>| {
        found.extend([(one, other, is_main), (other, one, is_main)]);
    };
    for contact in &account.contacts {
        contact.companies.iter().for_each(|company| add(("contacts", contact.id), ("companies", *company), None));
    }
    for lead in &account.leads {
        let of_lead = ("leads", lead.id);
        for (place, contact) in lead.contacts.iter().enumerate() {
            add(of_lead, ("contacts", *contact), Some(place == 0));
        }
        lead.companies.iter().for_each(|company| add(of_lead, ("companies", *company), None));
    }
    found
}
