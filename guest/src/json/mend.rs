//! Text in place of bytes that are nearly JSON.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Unexpected;

/// What stands for a character that is broken.
const REPLACEMENT: &str = "\\ufffd";

/// The document without a byte order mark, with invalid UTF-8 and lone surrogates replaced. A sound document stays as it is.
pub fn mended(document: &[u8]) -> Cow<'_, str> {
    let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
    match String::from_utf8_lossy(document) {
        Cow::Borrowed(text) => without_lone_surrogates(text).map_or(Cow::Borrowed(text), Cow::Owned),
        Cow::Owned(text) => Cow::Owned(without_lone_surrogates(&text).unwrap_or(text)),
    }
}

/// The text with each escape of half a surrogate pair replaced; `None` where it holds none.
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
fn surrogate(text: &str, at: usize) -> Option<Half> {
    let code = text.get(at..at + 6)?.strip_prefix("\\u")?;
    match u16::from_str_radix(code, 16).ok()? {
        0xd800..=0xdbff => Some(Half::High),
        0xdc00..=0xdfff => Some(Half::Low),
        _ => None,
    }
}

/// The object without members that are named again after them.
pub(super) fn without_repeated_members(object: &str) -> Result<String, Unexpected> {
    let Members(members) = super::strictly(object.as_bytes())?;
    let mut text = String::with_capacity(object.len());
    text.push('{');
    for (at, (name, value)) in members.iter().enumerate() {
        if members.iter().skip(at + 1).all(|(later, _)| later.get() != name.get()) {
            if text.len() > 1 {
                text.push(',');
            }
            text.extend([name.get(), ":", value.get()]);
        }
    }
    text.push('}');
    Ok(text)
}

/// The members of an object, as they are written.
struct Members<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = object.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
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
        for (object, once) in [
            ("{}", Ok("{}")),
            (r#"{"a":1}"#, Ok(r#"{"a":1}"#)),
            (r#" {"a" : 1, "b":[{"a":2}], "a":{"a":3}} "#, Ok(r#"{"b":[{"a":2}],"a":{"a":3}}"#)),
            ("[1]", Err(Unexpected)),
            ("", Err(Unexpected)),
        ] {
            assert_eq!(without_repeated_members(object), once.map(str::to_owned), "{object}");
        }
    }
}
