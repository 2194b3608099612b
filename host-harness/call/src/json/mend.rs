//! Text in place of bytes that are nearly JSON.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::Unexpected;

/// What stands for a character that is broken.
const REPLACEMENT: &str = "\\ufffd";

/// The document without a byte order mark, with invalid UTF-8 and lone surrogates replaced. A sound document stays as it is.
#[inline]
pub fn mended(document: &[u8]) -> Cow<'_, str> {
    let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
    match String::from_utf8_lossy(document) {
        Cow::Borrowed(text) => without_lone_surrogates(text).map_or(Cow::Borrowed(text), Cow::Owned),
        Cow::Owned(text) => Cow::Owned(without_lone_surrogates(&text).unwrap_or(text)),
    }
}

/// The text with each escape of half a surrogate pair replaced; `None` where it holds none.
#[inline]
fn without_lone_surrogates(text: &str) -> Option<String> {
    let mut mended = String::new();
    let mut kept = 0;
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('\\')) {
        let escape = at + found;
        match (surrogate(text, escape), surrogate(text, escape + 6)) {
            (Some(Half::High), Some(Half::Low)) => at = escape + 12,
            (Some(_), _) => {
                mended.push_str(text.get(kept..escape)?);
                mended.push_str(REPLACEMENT);
                at = escape + 6;
                kept = at;
            }
            // Another escape: the character after the backslash belongs to it, also where that is a backslash.
            (None, _) => at = escape + 1 + text.get(escape + 1..)?.chars().next().map_or(0, char::len_utf8),
        }
    }
    if kept == 0 {
        return None;
    }
    mended.push_str(text.get(kept..)?);
    Some(mended)
}

enum Half {
    High,
    Low,
}

/// Which half of a surrogate pair is escaped here (`\ud83d`), if any.
#[inline]
fn surrogate(text: &str, at: usize) -> Option<Half> {
    let code = text.get(at..at + 6)?.strip_prefix("\\u")?;
    match u16::from_str_radix(code, 16).ok()? {
        0xd800..=0xdbff => Some(Half::High),
        0xdc00..=0xdfff => Some(Half::Low),
        _ => None,
    }
}

/// Deeper objects stay as they are: what is asked for lies in the seventh at most.
const DEEPEST: usize = 8;

/// The document without members that are named again after them in the same object. What is not JSON stays as it is.
#[inline]
pub fn without_repeated_members(document: &str) -> String {
    let mut text = String::with_capacity(document.len());
    write_once(document, DEEPEST, &mut text);
    text
}

#[inline]
fn write_once(value: &str, depth: usize, text: &mut String) {
    let parts = if depth > 0 { super::strictly(value) } else { Err(Unexpected) };
    match parts {
        Ok(Parts::Object(members)) => {
            text.push('{');
            for (at, (name, value)) in last_of_each(members).into_iter().enumerate() {
                text.push_str(if at == 0 { "" } else { "," });
                text.extend([name, ":"]);
                write_once(value, depth - 1, text);
            }
            text.push('}');
        }
        Ok(Parts::List(entries)) => {
            text.push('[');
            for (at, value) in entries.into_iter().enumerate() {
                text.push_str(if at == 0 { "" } else { "," });
                write_once(value.get(), depth - 1, text);
            }
            text.push(']');
        }
        Err(Unexpected) => text.push_str(value),
    }
}

/// Of members with one name the last, in the order they came in.
#[inline]
fn last_of_each<'a>(members: Vec<(&'a RawValue, &'a RawValue)>) -> Vec<(&'a str, &'a str)> {
    let mut named = BTreeSet::new();
    let mut last: Vec<_> = members.iter().rev().map(|(name, value)| (name.get(), value.get())).collect();
    last.retain(|(name, _)| named.insert(*name));
    last.reverse();
    last
}

/// An object or a list, its parts as they are written.
enum Parts<'a> {
    Object(Vec<(&'a RawValue, &'a RawValue)>),
    List(Vec<&'a RawValue>),
}

impl<'de> Deserialize<'de> for Parts<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PartsVisitor)
    }
}

struct PartsVisitor;

impl<'de> Visitor<'de> for PartsVisitor {
    type Value = Parts<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object or a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = object.next_entry()? {
            members.push(member);
        }
        Ok(Parts::Object(members))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = list.next_element()? {
            entries.push(entry);
        }
        Ok(Parts::List(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d02_what_is_broken_is_replaced_and_nothing_else() {
        for (document, text) in [
            (&b"{}"[..], "{}"),
            (b"\xef\xbb\xbf{}", "{}"),
            (b"\"\xff\"", "\"\u{fffd}\""),
            (br#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (br#""a\ud83d""#, r#""a\ufffd""#),
            (br#""\ud83d\ud83d\ude00 \uDE00b""#, r#""\ufffd\ud83d\ude00 \ufffdb""#),
            (br#""\\ud83d \"\ud83d""#, r#""\\ud83d \"\ufffd""#),
            (br#""\u00e9\u+d83""#, r#""\u00e9\u+d83""#),
            (b"\\", "\\"),
            ("\\я\\ud83d".as_bytes(), "\\я\\ufffd"),
        ] {
            assert_eq!(mended(document), text);
        }
    }

    #[test]
    fn d02_of_members_with_one_name_the_last_is_kept() {
        for (document, once) in [
            ("{}", "{}"),
            (r#"{"a":1}"#, r#"{"a":1}"#),
            (r#" {"a" : 1, "b":[{"a":2}], "a":{"a":3}} "#, r#"{"b":[{"a":2}],"a":{"a":3}}"#),
            (r#"[1, {"a":1,"a":2}, [{"b":1,"b":{"c":3,"c":4}}]]"#, r#"[1,{"a":2},[{"b":{"c":4}}]]"#),
            ("[]", "[]"),
            (r#""text""#, r#""text""#),
            (r#"{"a":1,"a""#, r#"{"a":1,"a""#),
            ("", ""),
        ] {
            assert_eq!(without_repeated_members(document), once, "{document}");
        }
        let nested = |inner: &str| format!("{}{inner}{}", "[".repeat(DEEPEST), "]".repeat(DEEPEST));
        assert_eq!(without_repeated_members(&nested(r#"{"a":1,"a":2}"#)), nested(r#"{"a":1,"a":2}"#));
    }
}
