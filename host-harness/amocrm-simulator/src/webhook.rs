//! The webhook that amoCRM sends when a contact's manager changes: `responsible_contact` (amoCRM facts §7.5).

use anyhow::Context;

use crate::endpoints::{PHONE_FIELD_ID, enum_id};
use crate::state::State;

/// The body, `application/x-www-form-urlencoded`: the contact as it is now.
pub(crate) fn responsible_changed(state: &State, contact_id: u64) -> anyhow::Result<String> {
    let account = state.account();
    let contact = account.contact(contact_id).with_context(|| format!("there is no contact {contact_id}"))?;
    let manager = contact.responsible_user_id.unwrap_or(0).to_string();
    let mut body = form_urlencoded::Serializer::new(String::new());
    let mut pair = |key: &str, value: &str| {
        body.append_pair(&format!("contacts[responsible][0]{key}"), value);
    };
    pair("[id]", &contact_id.to_string());
    pair("[name]", &contact.name);
    pair("[responsible_user_id]", &manager);
    pair("[created_user_id]", &manager);
    pair("[modified_user_id]", &manager);
    for key in ["[date_create]", "[created_at]"] {
        pair(key, &contact.created_at.as_second().to_string());
    }
    for key in ["[last_modified]", "[updated_at]"] {
        pair(key, &contact.updated().as_second().to_string());
    }
    pair("[account_id]", &account.account.id.to_string());
    if !contact.phones.is_empty() {
        pair("[custom_fields][0][id]", &PHONE_FIELD_ID.to_string());
        pair("[custom_fields][0][name]", "Телефон");
        pair("[custom_fields][0][code]", "PHONE");
    }
    for (place, phone) in contact.phones.iter().enumerate() {
        pair(&format!("[custom_fields][0][values][{place}][value]"), &phone.value);
        pair(&format!("[custom_fields][0][values][{place}][enum]"), &enum_id(&phone.enum_code).to_string());
    }
    let leads = account.leads.iter().filter(|lead| !lead.is_deleted && lead.contacts.contains(&contact_id));
    for lead in leads {
        let id = lead.id.to_string();
        pair(&format!("[linked_leads_id][{id}][ID]"), &id);
    }
    pair("[type]", "contact");
    let links = format!("http://{}", state.hosts.account());
    Ok(body
        .append_pair("account[subdomain]", &account.account.subdomain)
        .append_pair("account[id]", &account.account.id.to_string())
        .append_pair("account[_links][self]", &links)
        .finish())
}
