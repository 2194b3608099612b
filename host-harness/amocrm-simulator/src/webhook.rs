//! The webhooks that amoCRM sends when the manager of a contact or a lead changes, and when one of them is deleted (amoCRM facts §7.5, §11).

use anyhow::Context;

use crate::Account;
use crate::endpoints::{PHONE_FIELD_ID, enum_id};
use crate::state::{Managed, State};

/// A form while it is written.
struct Form {
    serializer: form_urlencoded::Serializer<'static, String>,
    /// What the names of the entity's fields begin with.
    prefix: String,
}

impl Form {
    fn about(collection: &str, action: &str) -> Self {
        let prefix = format!("{collection}[{action}][0]");
        Self { serializer: form_urlencoded::Serializer::new(String::new()), prefix }
    }

    fn pair(&mut self, key: &str, value: &str) {
        self.serializer.append_pair(&format!("{}{key}", self.prefix), value);
    }

    /// The whole form, with the account that it comes from.
    fn finish(mut self, state: &State, account: &Account) -> String {
        self.serializer
            .append_pair("account[subdomain]", &account.account.subdomain)
            .append_pair("account[id]", &account.account.id.to_string())
            .append_pair("account[_links][self]", &state.hosts.account_base())
            .finish()
    }

    fn managers(&mut self, now: Option<u64>, before: Option<u64>) {
        let now = now.unwrap_or(0).to_string();
        self.pair("[responsible_user_id]", &now);
        if let Some(before) = before {
            self.pair("[old_responsible_user_id]", &before.to_string());
        }
        for key in ["[created_user_id]", "[modified_user_id]"] {
            self.pair(key, &now);
        }
    }

    fn times(&mut self, created: jiff::Timestamp, updated: jiff::Timestamp) {
        for (key, at) in [
            ("[date_create]", created),
            ("[created_at]", created),
            ("[last_modified]", updated),
            ("[updated_at]", updated),
        ] {
            self.pair(key, &at.as_second().to_string());
        }
    }
}

/// `responsible_contact`: the contact as it is now.
pub(crate) fn responsible_changed(state: &State, contact_id: u64) -> anyhow::Result<String> {
    let account = state.account();
    let contact = account.contact(contact_id).with_context(|| format!("there is no contact {contact_id}"))?;
    let mut form = Form::about("contacts", "responsible");
    form.pair("[id]", &contact_id.to_string());
    form.pair("[name]", &contact.name);
    form.managers(contact.responsible_user_id, state.former_manager(Managed::Contact(contact_id)));
    form.times(contact.created_at, contact.updated());
    form.pair("[account_id]", &account.account.id.to_string());
    if !contact.phones.is_empty() {
        form.pair("[custom_fields][0][id]", &PHONE_FIELD_ID.to_string());
        form.pair("[custom_fields][0][name]", "Телефон");
        form.pair("[custom_fields][0][code]", "PHONE");
    }
    for (place, phone) in contact.phones.iter().enumerate() {
        form.pair(&format!("[custom_fields][0][values][{place}][value]"), &phone.value);
        form.pair(&format!("[custom_fields][0][values][{place}][enum]"), &enum_id(&phone.enum_code).to_string());
    }
    let leads = account.leads.iter().filter(|lead| !lead.is_deleted && lead.contacts.contains(&contact_id));
    for lead in leads {
        let id = lead.id.to_string();
        form.pair(&format!("[linked_leads_id][{id}][ID]"), &id);
    }
    form.pair("[type]", "contact");
    Ok(form.finish(state, &account))
}

/// `responsible_lead`: the lead as it is now, which names no contact.
pub(crate) fn lead_responsible_changed(state: &State, lead_id: u64) -> anyhow::Result<String> {
    let account = state.account();
    let lead = account.leads.iter().find(|lead| lead.id == lead_id);
    let lead = lead.with_context(|| format!("there is no lead {lead_id}"))?;
    let mut form = Form::about("leads", "responsible");
    form.pair("[id]", &lead_id.to_string());
    form.pair("[name]", &lead.name);
    form.pair("[status_id]", &lead.status_id.to_string());
    form.pair("[price]", &lead.price.to_string());
    form.managers(lead.responsible_user_id, state.former_manager(Managed::Lead(lead_id)));
    form.times(lead.created_at, lead.updated());
    form.pair("[pipeline_id]", &lead.pipeline_id.to_string());
    form.pair("[account_id]", &account.account.id.to_string());
    Ok(form.finish(state, &account))
}

/// `delete_contact`, `delete_company`, `delete_lead`: the id alone. `collection` is `contacts`, `companies` or `leads`.
pub(crate) fn deleted(state: &State, collection: &str, id: u64) -> String {
    let mut form = Form::about(collection, "delete");
    form.pair("[id]", &id.to_string());
    form.finish(state, &state.account())
}
