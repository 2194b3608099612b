//! Members of JSON objects that come twice: which of the two is meant, nobody can tell.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::pointer::escaped;

/// The first member that its object has twice already, as a JSON pointer. None also where the document is no JSON: that is told elsewhere.
pub(crate) fn repeated(document: &[u8]) -> Option<String> {
    let mut found = None;
    let mut read = serde_json::Deserializer::from_slice(document);
    // What it comes to does not matter: where a member is repeated, that is found.
    let _ = Member { place: String::new(), found: &mut found }.deserialize(&mut read);
    found
}

/// A value and where it stands.
struct Member<'a> {
    place: String,
    found: &'a mut Option<String>,
}

impl<'de> DeserializeSeed<'de> for Member<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Member<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value of JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            let place = format!("{}/{}", self.place, escaped(&key));
            if !seen.insert(key) {
                *self.found = Some(place);
                return Err(A::Error::custom("a member is repeated"));
            }
            map.next_value_seed(Member { place, found: &mut *self.found })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        for at in 0.. {
            let place = format!("{}/{at}", self.place);
            if items.next_element_seed(Member { place, found: &mut *self.found })?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_that_comes_twice_is_found_wherever_it_stands() {
        for (document, found) in [
            (r#"{"a": 1, "b": {"a": 1}, "c": [{"a": 1}, {"a": 2}]}"#, None),
            (r#"{"a": 1, "a": 1}"#, Some("/a")),
            (
                r#"{"settings": {"waiting_time": "2s", "x": null, "waiting_time": "3s"}}"#,
                Some("/settings/waiting_time"),
            ),
            (r#"{"a": [true, {"b/c": 1.5, "b/c": -1}]}"#, Some("/a/1/b~1c")),
            (r#"{"\u0061": "x", "a": "x"}"#, Some("/a")),
            (r#"{"a": 1, "#, None),
            ("", None),
        ] {
            assert_eq!(repeated(document.as_bytes()).as_deref(), found, "{document}");
        }
        let deep = "[".repeat(10_000);
        assert_eq!(repeated(deep.as_bytes()), None, "as deep as serde_json goes");
    }
}
