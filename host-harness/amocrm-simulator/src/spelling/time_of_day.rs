//! Times of day in the account's own time: `"09:30"`, or a bare TOML time.

use std::fmt;

use jiff::civil::Time;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const EXPECTED: &str = "a time of day such as \"09:30\" or \"09:30:15\"";

/// A time of day inside a serde value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpelledTime(pub(crate) Time);

struct TimeReader;

impl<'de> Visitor<'de> for TimeReader {
    type Value = SpelledTime;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<SpelledTime, E> {
        ["%H:%M:%S", "%H:%M"]
            .iter()
            .find_map(|format| Time::strptime(format, text).ok())
            .map(SpelledTime)
            .ok_or_else(|| E::custom(format!("\"{text}\" is not {EXPECTED}")))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SpelledTime, A::Error> {
        let bare = toml::value::Datetime::deserialize(MapAccessDeserializer::new(map))
            .map_err(|_| A::Error::custom(format!("a table is not {EXPECTED}")))?;
        self.visit_str(&bare.to_string())
    }
}

impl<'de> Deserialize<'de> for SpelledTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TimeReader)
    }
}

impl Serialize for SpelledTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.strftime("%H:%M:%S").to_string())
    }
}
