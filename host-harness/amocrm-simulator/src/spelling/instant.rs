//! Instants: RFC 3339 text, a bare TOML date-time, or unix seconds (what amoCRM itself sends).

use std::fmt;

use jiff::Timestamp;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const EXPECTED: &str = "an instant: RFC 3339 such as \"2026-03-01T09:30:00+03:00\", or unix seconds";

/// Reads an instant from text.
pub(crate) fn parse(text: &str) -> Result<Timestamp, String> {
    text.parse::<Timestamp>().map_err(|_| format!("\"{text}\" is not {EXPECTED}"))
}

/// An instant inside a serde value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpelledInstant(pub(crate) Timestamp);

struct InstantReader;

impl<'de> Visitor<'de> for InstantReader {
    type Value = SpelledInstant;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<SpelledInstant, E> {
        parse(text).map(SpelledInstant).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<SpelledInstant, E> {
        Timestamp::from_second(seconds)
            .map(SpelledInstant)
            .map_err(|_| E::custom(format!("{seconds} is not {EXPECTED}")))
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<SpelledInstant, E> {
        self.visit_i64(i64::try_from(seconds).unwrap_or(i64::MAX))
    }

    /// A bare TOML date-time comes as a map of its own kind.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SpelledInstant, A::Error> {
        let bare = toml::value::Datetime::deserialize(MapAccessDeserializer::new(map))
            .map_err(|_| A::Error::custom(format!("a table is not {EXPECTED}")))?;
        self.visit_str(&bare.to_string())
    }
}

impl<'de> Deserialize<'de> for SpelledInstant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(InstantReader)
    }
}

impl Serialize for SpelledInstant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_string())
    }
}

/// For `#[serde(with = "…")]` on a `Timestamp`.
pub(crate) mod required {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        SpelledInstant(*at).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        SpelledInstant::deserialize(deserializer).map(|spelled| spelled.0)
    }
}

/// For `#[serde(with = "…", default)]` on an `Option<Timestamp>`.
pub(crate) mod optional {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        at.map(SpelledInstant).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
        Ok(Option::<SpelledInstant>::deserialize(deserializer)?.map(|spelled| spelled.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Holder {
        at: SpelledInstant,
    }

    #[test]
    fn every_spelling_means_the_same_instant() {
        for text in [
            "at = \"2026-03-01T09:30:00+03:00\"",
            "at = 2026-03-01T09:30:00+03:00",
            "at = 2026-03-01T06:30:00Z",
            "at = 1772346600",
        ] {
            let holder: Holder = toml::from_str(text).unwrap();
            assert_eq!(holder.at.0.as_second(), 1_772_346_600, "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_the_fix() {
        for text in ["at = \"yesterday\"", "at = true", "at = 2026-03-01", "at = {}", "at = 9223372036854775807"] {
            let message = toml::from_str::<Holder>(text).err().unwrap().to_string();
            assert!(message.contains("RFC 3339"), "{text}: {message}");
        }
    }
}
