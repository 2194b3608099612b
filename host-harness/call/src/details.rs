//! How a call came to its route (rule O4): the operation's facts, its requests, what the host saw of them, and remarks.

use std::fmt;
use std::time::Duration;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::durations::milliseconds;
use crate::exchange::Exchange;
use crate::language::{Language, Localized};

/// How a call came to its route.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Details {
    /// Named values that the operation found out, in its order; they stand beside the other fields.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, FactValue>))]
    pub facts: Facts,
    /// The waiting time in force, in milliseconds.
    #[serde(rename = "waiting_time_ms", with = "milliseconds")]
    #[cfg_attr(feature = "openapi", schema(value_type = u64))]
    pub waiting_time: Duration,
    /// How long the operation took, in milliseconds.
    #[serde(rename = "waited_ms", with = "milliseconds")]
    #[cfg_attr(feature = "openapi", schema(value_type = u64))]
    pub waited: Duration,
    /// The requests it made, in order.
    #[serde(default)]
    pub requests: Vec<RequestRecord>,
    /// What the host saw of those requests, in order.
    #[serde(default)]
    pub exchanges: Vec<Exchange>,
    /// Remarks, in order: the operation's, then the host's.
    #[serde(default)]
    pub notes: Vec<Note>,
}

/// Named values, in the operation's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts(Vec<Fact>);

/// A named value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The stable key.
    pub key: String,
    /// Its value.
    pub value: FactValue,
}

/// The value of a fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum FactValue {
    /// A whole number.
    Integer(u64),
    /// A word or a short text.
    Text(String),
    /// Not known: null.
    Unknown,
}

/// One request of the operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RequestRecord {
    /// What was asked for.
    pub purpose: String,
    /// When it was sent, in milliseconds from the start of the call.
    #[serde(rename = "at_ms", with = "milliseconds")]
    #[cfg_attr(feature = "openapi", schema(value_type = u64))]
    pub at: Duration,
    /// How long it took, in milliseconds.
    #[serde(rename = "ms", with = "milliseconds")]
    #[cfg_attr(feature = "openapi", schema(value_type = u64))]
    pub took: Duration,
    /// The HTTP status, where one arrived.
    pub status: Option<u16>,
    /// `ok`, or what went wrong.
    pub outcome: String,
}

/// A remark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Note {
    /// Its stable code.
    #[serde(default)]
    pub code: String,
    /// What it says, in Russian.
    pub text_ru: String,
    /// What it says, in English.
    pub text_en: String,
}

impl Facts {
    /// The value of a fact; none where it is not known, or the operation has no such fact.
    pub fn get(&self, key: &str) -> Option<&FactValue> {
        self.known().find(|fact| fact.key == key).map(|fact| &fact.value)
    }

    /// The facts whose values are known, in their order.
    pub fn known(&self) -> impl Iterator<Item = &Fact> {
        self.0.iter().filter(|fact| fact.value != FactValue::Unknown)
    }

    /// The facts in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Fact> {
        self.0.iter()
    }
}

impl FromIterator<Fact> for Facts {
    fn from_iter<T: IntoIterator<Item = Fact>>(facts: T) -> Self {
        Self(facts.into_iter().collect())
    }
}

impl Serialize for Facts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // The contract keeps the names apart; where a component does not, the fields of every operation win.
        const OWN: [&str; 5] = ["waiting_time_ms", "waited_ms", "requests", "exchanges", "notes"];
        let mut map = serializer.serialize_map(None)?;
        for fact in self.0.iter().filter(|fact| !OWN.contains(&fact.key.as_str())) {
            map.serialize_entry(&fact.key, &fact.value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Facts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FactsVisitor)
    }
}

/// Reads facts; a member that is none, of a later version of the format, is passed over.
struct FactsVisitor;

#[derive(Deserialize)]
#[serde(untagged)]
enum Member {
    Fact(FactValue),
    Other(IgnoredAny),
}

impl<'de> Visitor<'de> for FactsVisitor {
    type Value = Facts;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("facts by their keys")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Facts, A::Error> {
        let mut facts = Vec::new();
        while let Some((key, member)) = map.next_entry()? {
            match member {
                Member::Fact(value) => facts.push(Fact { key, value }),
                Member::Other(IgnoredAny) => {}
            }
        }
        Ok(Facts(facts))
    }
}

impl FactValue {
    /// The number, where it is one.
    pub const fn as_integer(&self) -> Option<u64> {
        match self {
            Self::Integer(number) => Some(*number),
            Self::Text(_) | Self::Unknown => None,
        }
    }

    /// The text, where it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Integer(_) | Self::Unknown => None,
            Self::Text(text) => Some(text),
        }
    }
}

impl fmt::Display for FactValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(number) => number.fmt(formatter),
            Self::Text(text) => text.fmt(formatter),
            Self::Unknown => formatter.write_str("—"),
        }
    }
}

impl Note {
    /// A remark in both languages.
    pub fn new(code: &str, text: Localized) -> Self {
        Self { code: code.to_owned(), text_ru: text.ru, text_en: text.en }
    }

    /// What it says in one language.
    pub fn text(&self, language: Language) -> &str {
        language.say(&self.text_ru, &self.text_en)
    }
}
