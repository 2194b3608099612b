//! Right answers, oddly written: as public reports have them from amoCRM, from proxies before it, and from the integrations that fill its fields.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use serde_json::{Value, json};

/// What is odd about an answer that is right otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// `byte-order-mark`: U+FEFF stands before the document.
    ByteOrderMark,
    /// `invalid-utf-8`: each entity's name ends with half of a letter.
    InvalidUtf8,
    /// `lone-surrogate`: each entity's name ends with half of an emoji, `\ud83d`.
    LoneSurrogate,
    /// `php-objects`: lists that are not empty are objects, `{"0":…,"1":…}`, as PHP writes a list whose keys had a gap.
    PhpObjects,
    /// `numbers-as-text`: each number is text, ids among them.
    NumbersAsText,
    /// `odd-entry`: before the entities of each list stand one whose id and fields cannot be read, and `null`.
    OddEntry,
}

/// What stands for the odd bytes until the document is written.
const MARK: &str = "@odd@";

impl Oddity {
    /// All of them.
    pub const ALL: [Oddity; 6] = [
        Oddity::ByteOrderMark,
        Oddity::InvalidUtf8,
        Oddity::LoneSurrogate,
        Oddity::PhpObjects,
        Oddity::NumbersAsText,
        Oddity::OddEntry,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Oddity::ByteOrderMark => "byte-order-mark",
            Oddity::InvalidUtf8 => "invalid-utf-8",
            Oddity::LoneSurrogate => "lone-surrogate",
            Oddity::PhpObjects => "php-objects",
            Oddity::NumbersAsText => "numbers-as-text",
            Oddity::OddEntry => "odd-entry",
        }
    }

    /// The body in this form. What is no JSON stays as it is.
    pub(super) fn applied(self, body: &Bytes) -> Bytes {
        let Ok(mut document) = serde_json::from_slice::<Value>(body) else { return body.clone() };
        let odd_bytes: &[u8] = match self {
            Oddity::ByteOrderMark => return [b"\xef\xbb\xbf", &body[..]].concat().into(),
            Oddity::InvalidUtf8 => b"\xd0",
            Oddity::LoneSurrogate => b"\\ud83d",
            Oddity::PhpObjects | Oddity::NumbersAsText | Oddity::OddEntry => b"",
        };
        match self {
            Oddity::ByteOrderMark => {}
            Oddity::InvalidUtf8 | Oddity::LoneSurrogate => each_list(&mut document, |list| {
                list.iter_mut().for_each(|entity| entity["name"] = json!(format!("Hot lead {MARK}")));
            }),
            Oddity::PhpObjects => keyed(&mut document),
            Oddity::NumbersAsText => as_text(&mut document),
            Oddity::OddEntry => each_list(&mut document, |list| {
                list.splice(0..0, [json!({"id": "three", "custom_fields_values": false}), json!(null)]);
            }),
        }
        let text = document.to_string();
        let mut parts = text.split(MARK);
        let mut written = parts.next().unwrap_or_default().as_bytes().to_vec();
        for part in parts {
            written.extend_from_slice(odd_bytes);
            written.extend_from_slice(part.as_bytes());
        }
        written.into()
    }
}

/// The lists that a page holds.
fn each_list(document: &mut Value, change: impl Fn(&mut Vec<Value>)) {
    let Some(lists) = document.get_mut("_embedded").and_then(Value::as_object_mut) else { return };
    lists.values_mut().filter_map(Value::as_array_mut).for_each(change);
}

fn keyed(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.iter_mut().for_each(keyed);
            if !items.is_empty() {
                let entries = items.drain(..).enumerate().map(|(place, item)| (place.to_string(), item));
                *value = Value::Object(entries.collect());
            }
        }
        Value::Object(members) => members.values_mut().for_each(keyed),
        _ => {}
    }
}

fn as_text(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(as_text),
        Value::Object(members) => members.values_mut().for_each(as_text),
        Value::Number(number) => *value = Value::String(number.to_string()),
        _ => {}
    }
}

impl fmt::Display for Oddity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Oddity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|oddity| oddity.name() == text)
            .ok_or_else(|| format!("unknown oddity \"{text}\"; it is one of {}", Self::ALL.map(Self::name).join(", ")))
    }
}
