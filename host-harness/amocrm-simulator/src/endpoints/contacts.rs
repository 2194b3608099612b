//! `GET /api/v4/contacts` and `/api/v4/contacts/{id}` (facts §1). Filters are ignored, as on an account without the paid
//! package (facts §1.3).

use serde_json::{Map, Value, json};

use super::search::Search;
use super::{Ask, Refusal, bad_request, nothing};
use crate::paging::Page;
use crate::{Contact, CustomField, DefaultOrder, PhoneEnumKey};

/// The largest page.
const MOST: usize = 250;
/// The kinds of phones and e-mails, in the order of their ids.
const ENUM_CODES: [&str; 6] = ["WORK", "WORKDD", "MOB", "FAX", "HOME", "OTHER"];
const PHONE_FIELD_ID: u64 = 264_911;

pub(super) fn list(ask: &Ask<'_>) -> Result<Value, Refusal> {
    let behaviour = &ask.account.behaviour;
    let page = Page::read(ask.params, behaviour.default_limit, MOST)?;
    let order = order(ask)?;
    let search = Search::new(ask.params.get("query"), behaviour);
    let only_deleted = ask.with("only_deleted");
    let mut found: Vec<&Contact> = ask
        .account
        .contacts
        .iter()
        .filter(|contact| if only_deleted { contact.is_deleted } else { behaviour.list_deleted || !contact.is_deleted })
        .filter(|contact| search.as_ref().is_none_or(|search| search.finds(contact)))
        .collect();
    found.sort_by_key(|contact| contact.id);
    match order {
        DefaultOrder::IdAsc => {}
        DefaultOrder::IdDesc => found.reverse(),
        DefaultOrder::UpdatedAtAsc => found.sort_by_key(|contact| contact.updated()),
        DefaultOrder::UpdatedAtDesc => found.sort_by_key(|contact| std::cmp::Reverse(contact.updated())),
    }
    let (contacts, more) = page.cut(found);
    if contacts.is_empty() {
        return Err(nothing());
    }
    Ok(json!({
        "_page": page.number,
        "_links": page.links(&ask.href("/api/v4/contacts"), ask.params, more),
        "_embedded": {"contacts": contacts.iter().map(|contact| entity(ask, contact)).collect::<Vec<_>>()},
    }))
}

pub(super) fn one(ask: &Ask<'_>, id: u64) -> Result<Value, Refusal> {
    ask.account.contact(id).map(|contact| entity(ask, contact)).ok_or_else(nothing)
}

fn order(ask: &Ask<'_>) -> Result<DefaultOrder, Refusal> {
    let Some(name) = ask.params.names().find(|name| name.starts_with("order[")) else {
        return Ok(ask.account.behaviour.default_order);
    };
    let direction = ask.params.get(name).unwrap_or_default().to_ascii_lowercase();
    match (name, direction.as_str()) {
        ("order[id]", "asc") => Ok(DefaultOrder::IdAsc),
        ("order[id]", "desc") => Ok(DefaultOrder::IdDesc),
        ("order[updated_at]", "asc") => Ok(DefaultOrder::UpdatedAtAsc),
        ("order[updated_at]", "desc") => Ok(DefaultOrder::UpdatedAtDesc),
        _ => Err(bad_request(name, "The value you selected is not a valid choice.")),
    }
}

fn entity(ask: &Ask<'_>, contact: &Contact) -> Value {
    let (first, last) = contact.name.split_once(' ').unwrap_or((contact.name.as_str(), ""));
    let manager = contact.responsible_user_id;
    let mut embedded = json!({
        "tags": contact.tags.iter().enumerate()
            .map(|(place, name)| json!({"id": place + 1, "name": name, "color": null}))
            .collect::<Vec<_>>(),
        "companies": contact.companies.iter().map(|id| json!({"id": id})).collect::<Vec<_>>(),
    });
    for name in ["leads", "customers", "catalog_elements"] {
        if ask.with(name) {
            embedded[name] = json!([]);
        }
    }
    let mut entity = json!({
        "id": contact.id,
        "name": contact.name,
        "first_name": contact.first_name.as_deref().unwrap_or(first),
        "last_name": contact.last_name.as_deref().unwrap_or(last),
        "responsible_user_id": manager,
        "group_id": 0,
        "created_by": manager.unwrap_or(0),
        "updated_by": manager.unwrap_or(0),
        "created_at": contact.created_at.as_second(),
        "updated_at": contact.updated().as_second(),
        "closest_task_at": null,
        "custom_fields_values": fields(contact, ask.account.behaviour.phone_enum_key),
        "account_id": ask.account.account.id,
        "_links": {"self": {"href": ask.href(&format!("/api/v4/contacts/{}", contact.id))}},
        "_embedded": embedded,
    });
    if ask.account.behaviour.show_is_deleted {
        entity["is_deleted"] = json!(contact.is_deleted);
    }
    entity
}

/// `custom_fields_values`: `null` where nothing is filled.
fn fields(contact: &Contact, key: PhoneEnumKey) -> Value {
    let mut fields = Vec::new();
    if !contact.phones.is_empty() {
        let values: Vec<Value> =
            contact.phones.iter().map(|phone| value(json!(phone.value), Some(&phone.enum_code), key)).collect();
        fields.push(json!({
            "field_id": PHONE_FIELD_ID,
            "field_name": "Телефон",
            "field_code": "PHONE",
            "field_type": "multitext",
            "values": values,
        }));
    }
    for field in &contact.custom_fields {
        let values: Vec<Value> =
            field.values.iter().map(|one| value(one.value.clone(), one.enum_code.as_deref(), key)).collect();
        fields.push(json!({
            "field_id": field_id(field),
            "field_name": field.name,
            "field_code": field.code,
            "field_type": field.field_type,
            "values": values,
        }));
    }
    if fields.is_empty() { Value::Null } else { Value::Array(fields) }
}

fn value(value: Value, code: Option<&str>, key: PhoneEnumKey) -> Value {
    let mut element = Map::from_iter([("value".to_owned(), value)]);
    let key = match key {
        PhoneEnumKey::EnumCode => "enum_code",
        PhoneEnumKey::Enum => "enum",
        PhoneEnumKey::None => return Value::Object(element),
    };
    if let Some(code) = code {
        let place = ENUM_CODES.iter().position(|known| *known == code).unwrap_or(ENUM_CODES.len());
        element.insert("enum_id".to_owned(), json!(193_201 + 2 * place));
        element.insert(key.to_owned(), json!(code));
    }
    Value::Object(element)
}

/// The same id for the same field in every contact.
fn field_id(field: &CustomField) -> u64 {
    match field.code.as_deref() {
        Some("PHONE") => PHONE_FIELD_ID,
        Some("EMAIL") => 264_913,
        Some("POSITION") => 264_909,
        _ => 500_001 + field.name.bytes().fold(0, |sum: u64, byte| (sum * 31 + u64::from(byte)) % 99_991),
    }
}
