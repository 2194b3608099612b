//! What the codes of the call details are called (rule O4): an operation's facts, the codes among their values, and the purposes of its
//! requests, as it describes them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::details::{Fact, FactValue};
use crate::language::{Language, Localized};

/// What facts, their values and the purposes of requests are called. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Titles(Arc<BTreeMap<String, Title>>);

/// What a fact is called, and the codes among its values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Title {
    /// The name.
    #[serde(flatten)]
    pub name: Localized,
    /// The values that are codes, in words.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, Localized>,
}

/// The purposes of requests stand under this key: no fact may have it, since it is a field of the details.
const REQUESTS: &str = "requests";

impl Titles {
    /// Of an operation's facts, and of the purposes of its requests.
    pub fn new(facts: impl Iterator<Item = (String, Title)>, purposes: BTreeMap<String, Localized>) -> Self {
        let requests = Title { name: Localized::new("Запросы", "Requests"), values: purposes };
        let requests = (!requests.values.is_empty()).then(|| (REQUESTS.to_owned(), requests));
        facts.chain(requests).collect()
    }

    /// The name of a fact; its key, where the operation gives a fact that it does not describe.
    pub fn name<'a>(&'a self, key: &'a str, language: Language) -> &'a str {
        self.0.get(key).map_or(key, |title| title.name.get(language))
    }

    /// The value of a fact as people read it: a code in words, a point in time in their zone.
    pub fn value<'a>(&'a self, fact: &'a Fact, language: Language, zone: &TimeZone) -> Cow<'a, str> {
        let FactValue::Text(text) = &fact.value else { return fact.value.to_string().into() };
        if let Some(words) = self.words(&fact.key, text, language) {
            return words.into();
        }
        if let Some((code, rest)) = text.split_once(':')
            && let Some(words) = self.words(&fact.key, code, language)
        {
            return format!("{words}: {rest}").into();
        }
        match text.parse::<Timestamp>() {
            Ok(at) if fact.key.ends_with("_at") => in_zone(at, zone).into(),
            _ => text.into(),
        }
    }

    /// What a request was for.
    pub fn purpose<'a>(&'a self, purpose: &'a str, language: Language) -> &'a str {
        self.words(REQUESTS, purpose, language).unwrap_or(purpose)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those of several components, where one list of all is wanted.
    pub fn together<'a>(all: impl Iterator<Item = &'a Self>) -> Self {
        all.flat_map(|titles| titles.0.iter()).map(|(key, title)| (key.clone(), title.clone())).collect()
    }

    fn words(&self, key: &str, code: &str, language: Language) -> Option<&str> {
        self.0.get(key)?.values.get(code).map(|words| words.get(language))
    }
}

impl<T: Into<Title>> FromIterator<(String, T)> for Titles {
    fn from_iter<I: IntoIterator<Item = (String, T)>>(titles: I) -> Self {
        Self(Arc::new(titles.into_iter().map(|(key, title)| (key, title.into())).collect()))
    }
}

impl Serialize for Titles {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Titles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::deserialize(deserializer).map(|titles| Self(Arc::new(titles)))
    }
}

impl From<Localized> for Title {
    fn from(name: Localized) -> Self {
        Self { name, values: BTreeMap::new() }
    }
}

/// A point in time to the second, in this zone.
pub(crate) fn in_zone(at: Timestamp, zone: &TimeZone) -> String {
    let offset = zone.to_offset(at);
    if offset.is_zero() { format!("{at:.0}") } else { format!("{:.0}", at.display_with_offset(offset)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles() -> Titles {
        let source = Title {
            name: Localized::new("Источник", "Source"),
            values: [("crm".to_owned(), Localized::new("из amoCRM", "from amoCRM"))].into(),
        };
        let purposes = [("contacts".to_owned(), Localized::new("контакты", "the contacts"))].into();
        Titles::new([("source".to_owned(), source)].into_iter(), purposes)
    }

    fn value(key: &str, value: FactValue, zone: &TimeZone) -> String {
        titles().value(&Fact { key: key.to_owned(), value }, Language::Ru, zone).into_owned()
    }

    #[test]
    fn o4_codes_are_shown_in_words_and_everything_else_as_it_is() {
        let text = |text: &str| FactValue::Text(text.to_owned());
        assert_eq!(value("source", text("crm"), &TimeZone::UTC), "из amoCRM");
        assert_eq!(value("source", text("moon"), &TimeZone::UTC), "moon");
        assert_eq!(value("source", text("crm:spare"), &TimeZone::UTC), "из amoCRM: spare");
        assert_eq!(value("source", text("moon:crm"), &TimeZone::UTC), "moon:crm");
        assert_eq!(value("other", text("crm"), &TimeZone::UTC), "crm");
        assert_eq!(value("source", FactValue::Integer(7), &TimeZone::UTC), "7");
        assert_eq!(titles().name("source", Language::En), "Source");
        assert_eq!(titles().name("other", Language::En), "other");
        assert_eq!(titles().purpose("contacts", Language::En), "the contacts");
        assert_eq!(titles().purpose("users", Language::En), "users");
    }

    #[test]
    fn o4_a_point_in_time_is_shown_in_the_readers_zone() {
        let moscow = TimeZone::fixed(jiff::tz::offset(3));
        let at = || FactValue::Text("2026-11-22T09:00:00Z".to_owned());
        assert_eq!(value("seen_at", at(), &moscow), "2026-11-22T12:00:00+03:00");
        assert_eq!(value("seen_at", at(), &TimeZone::UTC), "2026-11-22T09:00:00Z");
        assert_eq!(value("name", at(), &moscow), "2026-11-22T09:00:00Z");
    }

    #[test]
    fn titles_are_read_as_they_are_written_and_as_they_were_before_values_had_words() {
        let written = serde_json::to_string(&titles()).unwrap();
        assert_eq!(serde_json::from_str::<Titles>(&written).unwrap(), titles());
        let earlier: Titles = serde_json::from_str(r#"{"source": {"ru": "Источник", "en": "Source"}}"#).unwrap();
        assert_eq!(earlier.name("source", Language::Ru), "Источник");
    }
}
