//! `custom_fields_values`: the phones and the other fields of an entity, as amoCRM sends them (amoCRM facts §1.2).

use serde_json::{Map, Value, json};

use super::card::Card;
use crate::{CustomField, PhoneEnumKey};

/// The kinds of phones and e-mails, in the order of their ids.
const ENUM_CODES: [&str; 6] = ["WORK", "WORKDD", "MOB", "FAX", "HOME", "OTHER"];
/// The id of the PHONE field.
pub(crate) const PHONE_FIELD_ID: u64 = 264_911;

/// `custom_fields_values`: `null` where nothing is filled.
pub(super) fn fields(card: &Card<'_>, key: PhoneEnumKey) -> Value {
    let mut fields = Vec::new();
    if !card.phones.is_empty() {
        let values: Vec<Value> =
            card.phones.iter().map(|phone| value(json!(phone.value), Some(&phone.enum_code), key)).collect();
        fields.push(json!({
            "field_id": PHONE_FIELD_ID,
            "field_name": "Телефон",
            "field_code": "PHONE",
            "field_type": "multitext",
            "values": values,
        }));
    }
    for field in card.custom_fields {
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
        element.insert("enum_id".to_owned(), json!(enum_id(code)));
        element.insert(key.to_owned(), json!(code));
    }
    Value::Object(element)
}

/// The id of a kind of phones and e-mails.
pub(crate) fn enum_id(code: &str) -> usize {
    let place = ENUM_CODES.iter().position(|known| *known == code).unwrap_or(ENUM_CODES.len());
    193_201 + 2 * place
}

/// The same id for the same field in every card.
pub(super) fn field_id(field: &CustomField) -> u64 {
    match field.code.as_deref() {
        Some("PHONE") => PHONE_FIELD_ID,
        Some("EMAIL") => 264_913,
        Some("POSITION") => 264_909,
        _ => 500_001 + field.name.bytes().fold(0, |sum: u64, byte| (sum * 31 + u64::from(byte)) % 99_991),
    }
}
