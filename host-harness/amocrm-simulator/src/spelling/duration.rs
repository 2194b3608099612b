//! Durations as people write them: `2s`, `500ms`, `1h 30m`.

use std::time::Duration;

use jiff::fmt::friendly::{Designator, SpanParser, SpanPrinter};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Reads a duration; the message says how one is written.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    SpanParser::new()
        .parse_unsigned_duration(text.trim())
        .map_err(|_| format!("\"{text}\" is not a duration; write a number and a unit, such as 2s, 500ms or 1h 30m"))
}

/// Writes a duration so that [`parse`] reads it back.
pub(crate) fn spell(duration: Duration) -> String {
    SpanPrinter::new().designator(Designator::Compact).unsigned_duration_to_string(&duration)
}

/// A duration inside a serde value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpelledDuration(pub(crate) Duration);

impl<'de> Deserialize<'de> for SpelledDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).map(SpelledDuration).map_err(serde::de::Error::custom)
    }
}

impl Serialize for SpelledDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&spell(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_reads_back_as_it_was_written() {
        for (text, millis) in [("2s", 2_000), ("500ms", 500), ("1h 30m", 5_400_000), ("0s", 0)] {
            let duration = parse(text).unwrap();
            assert_eq!(duration, Duration::from_millis(millis), "{text}");
            assert_eq!(parse(&spell(duration)).unwrap(), duration);
        }
    }

    #[test]
    fn a_number_without_a_unit_is_refused_with_the_fix() {
        for text in ["2", "", "soon", "-2s"] {
            assert!(parse(text).unwrap_err().contains("such as 2s"), "{text}");
        }
    }
}
