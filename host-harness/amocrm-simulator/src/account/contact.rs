//! A contact: a person that the company speaks to, with its phones and other fields.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::spelling::{instant, text_or_table};

/// When an entity was created that does not say so: 2026-01-12 09:00 in Moscow.
pub(super) const LONG_AGO: Timestamp = Timestamp::constant(1_768_197_600, 0);

/// A contact (amoCRM facts §1.2). Everything has a default; a contact with neither phones nor custom fields has
/// `custom_fields_values: null`, as in amoCRM.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Contact {
    /// The contact's id. Absent (0): one more than the largest before it.
    pub id: u64,
    /// The name as the card shows it; may be empty.
    pub name: String,
    /// First name; absent: the first word of the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Last name; absent: the rest of the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// The personal manager. Absent: `null`; an explicit 0 stays 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub responsible_user_id: Option<u64>,
    /// When it was created; RFC 3339 or unix seconds.
    #[serde(with = "instant::required")]
    pub created_at: Timestamp,
    /// When it was last changed; RFC 3339 or unix seconds. Absent: when it was created.
    #[serde(with = "instant::optional", skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// Whether it is in the bin.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_deleted: bool,
    /// The values of its PHONE field, free text as somebody typed them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<Phone>,
    /// Its other fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub custom_fields: Vec<CustomField>,
    /// Ids of its companies ([`crate::Lead::contacts`] says which leads it has); amoCRM shows none or one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub companies: Vec<u64>,
    /// Names of its tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

impl Default for Contact {
    fn default() -> Self {
        Self {
            id: 0,
            name: String::new(),
            first_name: None,
            last_name: None,
            responsible_user_id: None,
            created_at: LONG_AGO,
            updated_at: None,
            is_deleted: false,
            phones: Vec::new(),
            custom_fields: Vec::new(),
            companies: Vec::new(),
            tags: Vec::new(),
        }
    }
}

impl Contact {
    /// When it was last changed.
    pub fn updated(&self) -> Timestamp {
        self.updated_at.unwrap_or(self.created_at)
    }
}

/// One value of a contact's PHONE field: in a file `"+7 916 …"`, or `{ value = "…", enum_code = "MOB" }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Phone {
    /// The number, free text.
    pub value: String,
    /// Its kind: `WORK` (the default), `WORKDD`, `MOB`, `FAX`, `HOME` or `OTHER`.
    pub enum_code: String,
}

/// A phone as a table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PhoneTable {
    value: String,
    #[serde(default)]
    enum_code: Option<String>,
}

impl From<PhoneTable> for Phone {
    fn from(table: PhoneTable) -> Self {
        Self { value: table.value, enum_code: table.enum_code.unwrap_or_else(|| "WORK".to_owned()) }
    }
}

impl From<&str> for Phone {
    fn from(value: &str) -> Self {
        Self { value: value.to_owned(), enum_code: "WORK".to_owned() }
    }
}

impl FromStr for Phone {
    type Err = Infallible;

    fn from_str(value: &str) -> Result<Self, Infallible> {
        Ok(Self::from(value))
    }
}

impl<'de> Deserialize<'de> for Phone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text_or_table::read::<Phone, PhoneTable, D>(
            deserializer,
            "a phone in quotes, or { value = \"…\", enum_code = \"MOB\" }",
        )
    }
}

/// A custom field other than the phone: an order number, an e-mail, a position.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomField {
    /// The field's name as the card shows it.
    pub name: String,
    /// Its code (`EMAIL`, `POSITION`); absent: `null`, as for fields that people add.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Its type (`text`, `numeric`, `multitext`, `textarea`, …).
    #[serde(default = "text", rename = "type")]
    pub field_type: String,
    /// Its values.
    pub values: Vec<FieldValue>,
}

fn text() -> String {
    "text".to_owned()
}

/// One value of a custom field: in a file a text, a number, a truth value, or `{ value = …, enum_code = "WORK" }`.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldValue {
    /// The value, sent as it is.
    pub value: Value,
    /// Its kind, for fields that have kinds.
    pub enum_code: Option<String>,
}

impl From<Value> for FieldValue {
    fn from(value: Value) -> Self {
        Self { value, enum_code: None }
    }
}

impl Serialize for FieldValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.enum_code {
            None => self.value.serialize(serializer),
            Some(code) => serializer.collect_map([("value", &self.value), ("enum_code", &Value::from(code.as_str()))]),
        }
    }
}

struct ValueReader;

impl<'de> Visitor<'de> for ValueReader {
    type Value = FieldValue;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text, a number, true, false, or { value = …, enum_code = \"WORK\" }")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<FieldValue, E> {
        Ok(Value::from(value).into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<FieldValue, E> {
        Ok(Value::from(value).into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<FieldValue, E> {
        Ok(Value::from(value).into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<FieldValue, E> {
        Ok(Value::from(value).into())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<FieldValue, E> {
        Ok(Value::from(value).into())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FieldValue, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            value: Value,
            #[serde(default)]
            enum_code: Option<String>,
        }
        let Table { value, enum_code } = Table::deserialize(MapAccessDeserializer::new(map))?;
        Ok(FieldValue { value, enum_code })
    }
}

impl<'de> Deserialize<'de> for FieldValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueReader)
    }
}
