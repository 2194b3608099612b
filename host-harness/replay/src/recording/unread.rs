//! What an operation did not read of its answers, such as names and notes: blanked in a recording.
//!
//! A component gets whole bodies, so nobody sees which fields it reads. But a call can be resolved again: where a field is blanked and the call
//! takes the same course and ends in the same way, the field was not read, or might as well not have been. Fields are told apart by their place
//! in the document and by what they look like, so that one telephone number that is read keeps no addresses of the same list.

use std::collections::BTreeSet;
use std::ops::Range;

use call::json;
use runtime::journal::{Blob, Entry, HttpEnd, Import, KeyValueAsk, Outcome, PieceKind};
use serde::de::IgnoredAny;

use super::masking;

/// Above it, fields are tried together: a document may have as many of them as it likes.
const MOST_FIELDS: usize = 64;
/// Headers that say how the body is to be read, or when to come again.
const KEPT_HEADERS: [&str; 4] = ["content-type", "content-length", "transfer-encoding", "retry-after"];

/// Names of contacts and companies. They are blanked though an operation reads them: a telephone may show them, a recording may not (rule E6).
const NAMES: [&str; 4] = [
    "_embedded.contacts.name text",
    "_embedded.contacts.name telephone",
    "_embedded.companies.name text",
    "_embedded.companies.name telephone",
];
/// Where the operation keeps one of them.
const KEPT_NAME: &str = "value.contact_name ";

/// Fields: their place in a document or their header's name, and what they look like.
pub(super) type Fields = BTreeSet<String>;

/// All fields of these answers.
pub(super) fn fields(answers: &mut [Entry]) -> Fields {
    let mut found = Fields::new();
    each(answers, |name, _| {
        found.insert(name.to_owned());
        false
    });
    found
}

/// Blanks these fields. Each value keeps its length, and a document stays one.
pub(super) fn blank(answers: &mut [Entry], fields: &Fields) {
    each(answers, |name, _| fields.contains(name));
}

/// Blanks the names of contacts and companies, where they were answered and where they were kept.
pub(super) fn blank_names(answers: &mut [Entry]) {
    each(answers, |name, _| NAMES.contains(&name));
    for entry in answers {
        if let Import::KeyValue(KeyValueAsk::Get { answer: Outcome::Done(Some(kept)), .. }) = &mut entry.import {
            let mut bytes = kept.0.to_vec();
            for value in values(&bytes.clone()).into_iter().filter(|value| value.field.starts_with(KEPT_NAME)) {
                if let Some(bytes) = bytes.get_mut(value.range) {
                    value.kind.blank(bytes);
                }
            }
            *kept = Blob::from(bytes);
        }
    }
}

/// Groups of fields that are tried together at first.
pub(super) fn groups(fields: Fields) -> Vec<Fields> {
    let together = fields.len().div_ceil(MOST_FIELDS).max(1);
    let fields: Vec<_> = fields.into_iter().collect();
    fields.chunks(together).map(|fields| fields.iter().cloned().collect()).collect()
}

/// Looks at each value with the name of its field, and blanks those for which it says so.
fn each(answers: &mut [Entry], mut is_blanked: impl FnMut(&str, &[u8]) -> bool) {
    for entry in answers {
        let Import::Http(ask) = &mut entry.import else { continue };
        let Some(HttpEnd::Answered { headers, body, .. }) = ask.answer.as_mut().map(|answer| &mut answer.end) else {
            continue;
        };
        for (name, value) in headers {
            let name = name.to_ascii_lowercase();
            if !KEPT_HEADERS.contains(&&*name) && is_blanked(&format!("header {name}"), &value.0) {
                *value = Blob::from(vec![b'x'; value.len()]);
            }
        }
        // A value may be cut in two by the pieces.
        let pieces = body.iter_mut().filter_map(|piece| match &mut piece.kind {
            PieceKind::Bytes(bytes) => Some(bytes),
            _ => None,
        });
        let mut pieces: Vec<_> = pieces.collect();
        let mut whole: Vec<u8> = pieces.iter().flat_map(|piece| piece.0.to_vec()).collect();
        for value in values(&whole) {
            let Some(bytes) = whole.get_mut(value.range) else { continue };
            if is_blanked(&value.field, bytes) {
                value.kind.blank(bytes);
            }
        }
        for piece in &mut pieces {
            let rest = whole.split_off(piece.len().min(whole.len()));
            **piece = Blob::from(std::mem::replace(&mut whole, rest));
        }
    }
}

/// One value of a body.
struct Value {
    field: String,
    kind: ValueKind,
    range: Range<usize>,
}

#[derive(Clone, Copy)]
enum ValueKind {
    Text,
    Telephone,
    Number,
}

impl ValueKind {
    fn blank(self, value: &mut [u8]) {
        for byte in value {
            match self {
                Self::Text | Self::Telephone => *byte = b'x',
                // A number stays one.
                Self::Number if byte.is_ascii_digit() => *byte = b'1',
                Self::Number => {}
            }
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Telephone => "telephone",
            Self::Number => "number",
        }
    }
}

/// The strings and numbers of a JSON document; any other text is one value.
fn values(body: &[u8]) -> Vec<Value> {
    if json::read::<IgnoredAny>(body).is_err() {
        return vec![Value { field: "body".to_owned(), kind: ValueKind::Text, range: 0..body.len() }];
    }
    let mut found = Vec::new();
    // The containers around the place, each with the name under which a value stands in it; lists have none.
    let mut around: Vec<Option<String>> = Vec::new();
    let mut is_name = false;
    let mut at = 0;
    while let Some(byte) = body.get(at) {
        match byte {
            b'{' | b'[' => {
                is_name = *byte == b'{';
                around.push(is_name.then(String::new));
            }
            b'}' | b']' => {
                around.pop();
                is_name = false;
            }
            b',' => is_name = around.last().is_some_and(Option::is_some),
            b':' => is_name = false,
            b'"' => {
                let text = at + 1..end_of_text(body, at + 1);
                at = text.end;
                match around.last_mut() {
                    Some(Some(name)) if is_name => {
                        *name = String::from_utf8_lossy(body.get(text).unwrap_or_default()).into_owned();
                    }
                    _ => {
                        let kind = if masking::holds_number(body, text.clone()) {
                            ValueKind::Telephone
                        } else {
                            ValueKind::Text
                        };
                        found.push(value(kind, text, &around));
                    }
                }
            }
            b'-' | b'0'..=b'9' => {
                let rest = body.get(at..).unwrap_or_default();
                let length =
                    rest.iter().take_while(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'));
                let number = at..at + length.count();
                at = number.end - 1;
                found.push(value(ValueKind::Number, number, &around));
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// A value that stands here, with the containers around it.
fn value(kind: ValueKind, range: Range<usize>, around: &[Option<String>]) -> Value {
    let names: Vec<_> = around.iter().flatten().map(String::as_str).collect();
    Value { field: format!("{} {}", names.join("."), kind.name()), kind, range }
}

/// Where a string ends whose first character stands here.
fn end_of_text(json: &[u8], start: usize) -> usize {
    let mut at = start;
    loop {
        match json.get(at) {
            Some(b'\\') => at += 2,
            Some(b'"') | None => return at.min(json.len()),
            Some(_) => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn blanked(body: &str, is_blanked: impl Fn(&str) -> bool) -> String {
        let mut bytes = body.as_bytes().to_vec();
        for value in values(body.as_bytes()) {
            if is_blanked(&value.field) {
                value.kind.blank(&mut bytes[value.range]);
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[test]
    fn d10_fields_are_told_apart_by_place_and_kind() {
        let body = r#"{"first_name":"Jonas \"J\"","price":-10.5,"values":[{"value":"+79165550123"},{"value":"jonas@example.com"}],"gone":null,"a":{"first_name":"В"}}"#;
        let expected = r#"{"first_name":"xxxxxxxxxxx","price":-10.5,"values":[{"value":"+79165550123"},{"value":"xxxxxxxxxxxxxxxxx"}],"gone":null,"a":{"first_name":"В"}}"#;
        let named = ["first_name text", "values.value text"];
        assert_eq!(blanked(body, |field| named.contains(&field)), expected);
        let all = blanked(body, |_| true);
        assert!(all.contains(r#""price":-11.1"#) && all.contains(r#""a":{"first_name":"xx"}"#), "{all}");
        assert!(!all.contains("7916") && !all.contains("onas"), "{all}");
    }

    #[test]
    fn d10_what_is_no_json_is_one_field() {
        assert_eq!(blanked("<p>Jonas</p>", |field| field == "body"), "xxxxxxxxxxxx");
    }

    #[test]
    fn d10_fields_without_number_are_tried_in_a_bounded_number_of_groups() {
        for fields in [0, 1, 64, 65, 1_000] {
            let all: Fields = (0..fields).map(|field| field.to_string()).collect();
            let groups = groups(all.clone());
            assert!(groups.len() <= MOST_FIELDS, "{fields}");
            assert_eq!(groups.into_iter().flatten().collect::<Fields>(), all);
        }
    }

    proptest! {
        #[test]
        fn d10_json_stays_json_of_the_same_length_and_form(
            name in ".{0,20}", key in "[a-z\"\\\\]{0,6}", id in any::<i64>(), price in any::<f64>()
        ) {
            let body = serde_json::json!({ &key: name, "list": [id, { "price": price, "b": true }] }).to_string();
            let made = blanked(&body, |_| true);
            let value: serde_json::Value = serde_json::from_str(&made).unwrap();
            prop_assert_eq!(made.len(), body.len());
            prop_assert!(value[&key].as_str().is_some_and(|text| text.chars().all(|character| character == 'x')));
        }

        #[test]
        fn d10_no_body_breaks_it(body in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = values(&body);
        }
    }
}
