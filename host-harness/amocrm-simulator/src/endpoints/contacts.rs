//! A contact as `GET /api/v4/contacts` and `/api/v4/contacts/{id}` send it (amoCRM facts §1).

use serde_json::{Value, json};

use super::Ask;
use super::card::Card;
use super::entities::{Entity, links};
use crate::Contact;

impl Entity for Contact {
    const COLLECTION: &'static str = "contacts";
    const ORDERED_BY_CREATION: bool = false;

    fn card(&self) -> Card<'_> {
        Card {
            id: self.id,
            name: &self.name,
            other_names: [&self.first_name, &self.last_name].into_iter().flatten().map(String::as_str).collect(),
            responsible_user_id: self.responsible_user_id,
            created_at: self.created_at,
            updated_at: self.updated(),
            is_deleted: self.is_deleted,
            phones: &self.phones,
            custom_fields: &self.custom_fields,
            tags: &self.tags,
        }
    }

    fn dress(&self, ask: &Ask<'_>, document: &mut Value) {
        let (first, last) = self.name.split_once(' ').unwrap_or((self.name.as_str(), ""));
        document["first_name"] = json!(self.first_name.as_deref().unwrap_or(first));
        document["last_name"] = json!(self.last_name.as_deref().unwrap_or(last));
        let embedded = &mut document["_embedded"];
        embedded["companies"] = links(ask, "companies", self.companies.iter().copied());
        if ask.with("leads") {
            let leads = ask.account.leads.iter().filter(|lead| !lead.is_deleted && lead.contacts.contains(&self.id));
            embedded["leads"] = links(ask, "leads", leads.map(|lead| lead.id));
        }
        for name in ["customers", "catalog_elements"] {
            if ask.with(name) {
                embedded[name] = json!([]);
            }
        }
    }
}
