//! A lead as `GET /api/v4/leads` and `/api/v4/leads/{id}` send it (amoCRM facts §2).

use serde_json::{Value, json};

use super::Ask;
use super::card::Card;
use super::entities::{Entity, links};
use super::search::Search;
use crate::{Account, Lead};

impl Entity for Lead {
    const COLLECTION: &'static str = "leads";
    const ORDERED_BY_CREATION: bool = true;

    fn card(&self) -> Card<'_> {
        Card {
            id: self.id,
            name: &self.name,
            other_names: Vec::new(),
            responsible_user_id: self.responsible_user_id,
            created_at: self.created_at,
            updated_at: self.updated(),
            is_deleted: self.is_deleted,
            phones: &[],
            custom_fields: &self.custom_fields,
            tags: &self.tags,
        }
    }

    /// By its own fields, or by a phone of one of its contacts (amoCRM facts §1.5).
    fn is_found(&self, search: &Search, account: &Account) -> bool {
        let mut contacts = self.contacts.iter().filter_map(|id| account.contact(*id));
        search.finds(&self.card()) || contacts.any(|contact| search.finds_phone(&contact.phones))
    }

    fn dress(&self, ask: &Ask<'_>, document: &mut Value) {
        document["price"] = json!(self.price);
        document["pipeline_id"] = json!(self.pipeline_id);
        document["status_id"] = json!(self.status_id);
        document["closed_at"] = json!(self.closed().map(|at| at.as_second()));
        for name in ["loss_reason_id", "source_id", "score", "labor_cost"] {
            document[name] = Value::Null;
        }
        let embedded = &mut document["_embedded"];
        embedded["companies"] = links(ask, "companies", self.companies.iter().copied());
        if ask.with("contacts") {
            let contacts = self.contacts.iter().enumerate();
            embedded["contacts"] = contacts.map(|(place, id)| json!({"id": id, "is_main": place == 0})).collect();
        }
        for name in ["catalog_elements", "loss_reason"] {
            if ask.with(name) {
                embedded[name] = json!([]);
            }
        }
    }
}
