//! What is kept of a JSON document: the few known members, found by one visitor.
//!
//! amoCRM's answers are large and mostly unused, so unknown members are skipped while reading and cost nothing. One hand-written visitor
//! serves every answer and stored record; derived ones would add some 2 kB each to a component that is to stay small.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The members that are kept, sorted: every member of an answer is looked up here.
const KNOWN: [&str; 33] = [
    "_embedded",
    "_links",
    "ambiguous",
    "closed_at",
    "companies",
    "company_id",
    "contact_id",
    "contacts",
    "created_at",
    "created_by",
    "custom_fields_values",
    "datetime_settings",
    "events",
    "field_code",
    "id",
    "is_active",
    "is_deleted",
    "lead_id",
    "leads",
    "midnight",
    "next",
    "received_at_ms",
    "responsible_user_id",
    "rights",
    "status_id",
    "timezone_offset",
    "type",
    "updated_at",
    "user_id",
    "utc_offset_seconds",
    "value",
    "values",
    "version",
];

/// The longest list that is read; amoCRM's pages end at 250 entries.
const MAXIMUM_LIST: usize = 2_000;

/// A JSON value, without the members that nobody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`, or absent.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number that fits.
    Integer(i64),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Json>),
    /// An object's known members, in the document's order.
    Object(Vec<(&'static str, Json)>),
    /// A number that is not a whole one, or a list that is too long: nothing that anybody asks for.
    Other,
}

/// The value has a shape that was not expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unexpected;

/// Takes from a document what was asked for, or finds that it has another shape.
pub type Take<'a> = dyn FnMut(&Json) -> Result<(), Unexpected> + 'a;

impl Json {
    /// Reads a document; `Err` when it is not JSON.
    pub fn parse(bytes: &[u8]) -> Result<Self, Unexpected> {
        serde_json::from_slice(bytes).map_err(|_| Unexpected)
    }

    /// A member, one of the known ones; `Null` where it is absent or this is no object.
    pub fn get(&self, key: &str) -> &Self {
        debug_assert!(KNOWN.contains(&key), "a member that is not known is never read: add it");
        match self {
            Self::Object(members) => {
                members.iter().find(|(name, _)| *name == key).map_or(&Self::Null, |(_, value)| value)
            }
            _ => &Self::Null,
        }
    }

    /// The entries of a list.
    pub fn list(&self) -> Result<&[Self], Unexpected> {
        match self {
            Self::List(entries) => Ok(entries),
            _ => Err(Unexpected),
        }
    }

    /// The entries of a list; none where it is `null` or absent.
    pub fn optional_list(&self) -> Result<&[Self], Unexpected> {
        match self {
            Self::Null => Ok(&[]),
            other => other.list(),
        }
    }

    /// A whole number that is not negative.
    pub fn unsigned(&self) -> Result<u64, Unexpected> {
        match self {
            Self::Integer(number) => u64::try_from(*number).map_err(|_| Unexpected),
            _ => Err(Unexpected),
        }
    }

    /// A whole number that is not negative; `None` where it is `null` or absent.
    pub fn optional_unsigned(&self) -> Result<Option<u64>, Unexpected> {
        match self {
            Self::Null => Ok(None),
            other => other.unsigned().map(Some),
        }
    }

    /// Text; `None` where it is `null` or absent.
    pub fn optional_text(&self) -> Result<Option<&str>, Unexpected> {
        match self {
            Self::Null => Ok(None),
            Self::Text(text) => Ok(Some(text)),
            _ => Err(Unexpected),
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Kept)
    }
}

struct Kept;

impl<'de> Visitor<'de> for Kept {
    type Value = Json;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(i64::try_from(value).map_or(Json::Other, Json::Integer))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Json, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = sequence.next_element()? {
            entries.push(entry);
            if entries.len() > MAXIMUM_LIST {
                while sequence.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(Json::Other);
            }
        }
        Ok(Json::List(entries))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(key) = map.next_key_seed(KnownKey)? {
            match key {
                // The first of two equal names counts, and a second is not even read.
                Some(key) if members.iter().all(|(name, _)| *name != key) => members.push((key, map.next_value()?)),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Json::Object(members))
    }
}

/// Reads a member's name: one of the known ones, or none.
struct KnownKey;

impl<'de> DeserializeSeed<'de> for KnownKey {
    type Value = Option<&'static str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for KnownKey {
    type Value = Option<&'static str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(KNOWN.binary_search(&name).ok().and_then(|position| KNOWN.get(position)).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_member_is_found() {
        assert!(KNOWN.is_sorted());
    }
}
