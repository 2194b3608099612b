//! A company as `GET /api/v4/companies` and `/api/v4/companies/{id}` send it (amoCRM facts §2).

use serde_json::{Value, json};

use super::Ask;
use super::card::Card;
use super::entities::{Entity, links};
use crate::Company;

impl Entity for Company {
    const COLLECTION: &'static str = "companies";
    const ORDERED_BY_CREATION: bool = false;

    fn card(&self) -> Card<'_> {
        Card {
            id: self.id,
            name: &self.name,
            other_names: Vec::new(),
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
        let embedded = &mut document["_embedded"];
        if ask.with("contacts") {
            let contacts = ask.account.contacts.iter();
            let contacts = contacts.filter(|contact| !contact.is_deleted && contact.companies.contains(&self.id));
            embedded["contacts"] = links(ask, "contacts", contacts.map(|contact| contact.id));
        }
        if ask.with("leads") {
            let leads = ask.account.leads.iter().filter(|lead| !lead.is_deleted && lead.companies.contains(&self.id));
            embedded["leads"] = links(ask, "leads", leads.map(|lead| lead.id));
        }
        for name in ["customers", "catalog_elements"] {
            if ask.with(name) {
                embedded[name] = json!([]);
            }
        }
    }
}
