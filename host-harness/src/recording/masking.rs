//! Telephone numbers in recordings: other digits in their place, so that nobody can be called, while equal numbers stay equal, different ones
//! different, and each keeps its length, its country and its spelling. A component then decides as it did.
//!
//! The last seven digits are encrypted with FF1 (NIST SP 800-38G), which makes seven digits of seven digits. Seven, because a number is written with
//! a plus, an 8 or nothing before it, and all of them must stay the same number. Whoever has the key can undo it; the key stays in the
//! state directory. Shorter numbers are extensions of the PBX and stay.

use std::fs;
use std::ops::Range;
use std::path::Path;

use aes::Aes256;
use anyhow::{Context, anyhow};
use fpe::ff1::{FF1, FlexibleNumeralString};

use crate::capabilities::journal::{Blob, HttpEnd, Import, KeyValueAsk, Outcome, PieceKind};
use crate::own_file::write_whole;

/// How many digits at the end of a number are replaced.
const DIGITS: usize = 7;
/// The key's file in the state directory.
const KEY_FILE: &str = "recordings.key";

/// Replaces numbers, by one key.
pub(crate) struct Numbers(FF1<Aes256>);

impl Numbers {
    /// By the key that is kept in the state directory, and made when there is none; without such a directory, by one that nobody has afterwards.
    pub(crate) fn kept_in(directory: Option<&Path>) -> anyhow::Result<Self> {
        let Some(directory) = directory else { return Self::by(&new_key()?) };
        let file = directory.join(KEY_FILE);
        if !file.exists() {
            write_whole(&file, &new_key()?).with_context(|| format!("{} cannot be written", file.display()))?;
        }
        let key = fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        Self::by(&key).with_context(|| {
            format!("{} is not a key of 32 bytes: move it away, and numbers are hidden by a new one", file.display())
        })
    }

    fn by(key: &[u8]) -> anyhow::Result<Self> {
        let key: &[u8; 32] = key.try_into()?;
        FF1::<Aes256>::new(key, 10).map(Self).map_err(|error| anyhow!("{error:?}"))
    }

    /// One number, in any spelling.
    pub(crate) fn number(&self, number: &str) -> String {
        let mut bytes = number.as_bytes().to_vec();
        self.replace(&mut bytes, 0..number.len());
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The answers of imports. Questions stay: a component asks them anew of the hidden numbers.
    pub(crate) fn answer(&self, import: &mut Import, caller: Option<&str>) {
        let caller = caller.and_then(last_digits);
        match import {
            Import::Directory { answer: Some(person), .. } => {
                for rung in &mut person.numbers {
                    rung.number = self.number(&rung.number);
                }
            }
            Import::KeyValue(KeyValueAsk::Get { answer: Outcome::Done(Some(value)), .. }) => {
                let mut bytes = value.0.to_vec();
                self.text(&mut bytes, caller);
                *value = Blob(bytes.into());
            }
            Import::Http(ask) => {
                if let Some(HttpEnd::Answered { body, headers, .. }) = ask.answer.as_mut().map(|answer| &mut answer.end)
                {
                    for (_, value) in headers {
                        let mut bytes = value.0.to_vec();
                        self.known(&mut bytes, caller);
                        *value = Blob(bytes.into());
                    }
                    // A number may be cut in two by the pieces.
                    let pieces = body.iter_mut().filter_map(|piece| match &mut piece.kind {
                        PieceKind::Bytes(bytes) => Some(bytes),
                        _ => None,
                    });
                    let mut pieces: Vec<_> = pieces.collect();
                    let mut whole: Vec<u8> = pieces.iter().flat_map(|piece| piece.0.to_vec()).collect();
                    self.text(&mut whole, caller);
                    for piece in &mut pieces {
                        let rest = whole.split_off(piece.len().min(whole.len()));
                        **piece = Blob(std::mem::replace(&mut whole, rest).into());
                    }
                }
            }
            _ => {}
        }
    }

    /// What looks like a number in the strings of JSON, and the caller's own number anywhere. Of other text, what begins like a number.
    fn text(&self, text: &mut [u8], caller: Option<[u8; DIGITS]>) {
        if serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok() {
            for string in strings(text) {
                for run in runs(text, string) {
                    self.replace(text, run);
                }
            }
        }
        self.known(text, caller);
    }

    /// The caller's own number, wherever it stands and has not been replaced yet.
    fn known(&self, text: &mut [u8], caller: Option<[u8; DIGITS]>) {
        let Some(caller) = caller else { return };
        let mut from = 0;
        while let Some(found) = text.get(from..).and_then(|rest| rest.windows(DIGITS).position(|seen| *seen == caller))
        {
            let at = from + found..from + found + DIGITS;
            from = at.end;
            // In the middle of a longer number it is chance.
            if !text.get(at.end).is_some_and(u8::is_ascii_digit) {
                self.replace(text, at);
            }
        }
    }

    /// Replaces the last digits in this part of a text, if there are enough.
    fn replace(&self, text: &mut [u8], part: Range<usize>) {
        let Some(part) = text.get_mut(part) else { return };
        let mut places: Vec<&mut u8> =
            part.iter_mut().rev().filter(|byte| byte.is_ascii_digit()).take(DIGITS).collect();
        if places.len() < DIGITS {
            return;
        }
        let digits: Vec<u16> = places.iter().rev().map(|digit| u16::from(**digit - b'0')).collect();
        let replaced = self.0.encrypt(&[], &FlexibleNumeralString::from(digits)).map(Vec::<u16>::from);
        for (place, digit) in places.iter_mut().rev().zip(replaced.unwrap_or_default()) {
            **place = b'0' + u8::try_from(digit).unwrap_or_default();
        }
    }
}

fn new_key() -> anyhow::Result<[u8; 32]> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|error| anyhow!("the operating system gives no randomness: {error}"))?;
    Ok(key)
}

fn last_digits(number: &str) -> Option<[u8; DIGITS]> {
    let digits: Vec<u8> = number.bytes().filter(u8::is_ascii_digit).collect();
    digits.last_chunk().copied()
}

/// Where the strings of a JSON text stand.
fn strings(json: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut begun = None;
    let mut at = 0;
    while let Some(byte) = json.get(at) {
        match (byte, begun) {
            (b'\\', Some(_)) => at += 1,
            (b'"', Some(start)) => {
                found.push(start..at);
                begun = None;
            }
            (b'"', None) => begun = Some(at + 1),
            _ => {}
        }
        at += 1;
    }
    found
}

/// Where numbers stand in a string: digits with at most two other signs between them. Addresses and dates have none.
fn runs(text: &[u8], string: Range<usize>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let Some(whole) = text.get(string.clone()) else { return found };
    if whole.starts_with(b"http") || whole.starts_with(b"/") {
        return found;
    }
    let mut run: Option<Range<usize>> = None;
    let mut at = string.start;
    while at < string.end {
        let byte = text.get(at).copied().unwrap_or_default();
        match (byte, &mut run) {
            (b'0'..=b'9', Some(run)) => run.end = at + 1,
            (b'0'..=b'9', None) => run = Some(at..at + 1),
            (b' ' | b'(' | b')' | b'-' | b'+' | b'.', Some(begun)) if at < begun.end + 2 => {}
            (sign, _) => {
                found.extend(run.take());
                // `\u0417` has digits that are none.
                if sign == b'\\' {
                    at += if text.get(at + 1) == Some(&b'u') { 5 } else { 1 };
                }
            }
        }
        at += 1;
    }
    found.extend(run);
    found.retain(|run| !text.get(run.clone()).is_some_and(is_date));
    found
}

/// `2026-11-22`
fn is_date(text: &[u8]) -> bool {
    text.len() == 10 && text.get(4) == Some(&b'-') && text.get(7) == Some(&b'-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn numbers() -> Numbers {
        Numbers::by(&[7; 32]).unwrap()
    }

    fn hidden(text: &str, caller: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        numbers().text(&mut bytes, last_digits(caller));
        String::from_utf8(bytes).unwrap()
    }

    fn digits(text: &str) -> String {
        text.chars().filter(char::is_ascii_digit).collect()
    }

    #[test]
    fn every_spelling_of_a_number_becomes_the_same_number_and_keeps_its_form() {
        let made = numbers().number("+79161234567");
        assert!(made.starts_with("+7916") && made != "+79161234567");
        let tail = &made[5..];
        for spelling in ["8 (916) 123-45-67", "9161234567", "123 45 67", "+7.916.123.45.67"] {
            let other = numbers().number(spelling);
            assert_eq!(digits(&other)[digits(&other).len() - 7..], *tail, "{spelling}");
            assert_eq!(
                other.replace(|sign: char| sign.is_ascii_digit(), "0"),
                spelling.replace(|sign: char| sign.is_ascii_digit(), "0")
            );
        }
        assert_eq!(numbers().number("101"), "101", "an extension");
    }

    #[test]
    fn of_json_only_numbers_in_strings_are_replaced() {
        let text = r#"{"id":12345678,"at":"2026-11-22","name":"\u0417\u04171234","href":"https://a.amocrm.ru/contacts/12345678?query=9161234567","phone":"8 (916) 123-45-67","other":"+4930123456789"}"#;
        let made = hidden(text, "+79161234567");
        assert!(made.contains(r#""id":12345678,"at":"2026-11-22","name":"\u0417\u04171234","href":"https://a.amocrm.ru/contacts/12345678?query=916"#), "{made}");
        assert!(!made.contains("1234567\"") && !made.contains("123-45-67") && !made.contains("30123456789"), "{made}");
        let value: serde_json::Value = serde_json::from_str(&made).unwrap();
        let phone = numbers().number("8 (916) 123-45-67");
        assert_eq!(value["phone"], phone.as_str());
        assert!(value["href"].as_str().unwrap().ends_with(&digits(&phone)[4..]), "the same number in an address");
    }

    proptest! {
        #[test]
        fn different_numbers_stay_different(left in "[0-9]{7,15}", right in "[0-9]{7,15}") {
            let numbers = numbers();
            prop_assert_eq!(left == right, numbers.number(&left) == numbers.number(&right));
        }

        #[test]
        fn no_text_breaks_it(text in ".{0,80}", caller in "[+0-9 ]{0,16}") {
            prop_assert_eq!(hidden(&text, &caller).len(), text.len());
        }

        #[test]
        fn json_stays_json_of_the_same_length(name in ".{0,20}", phone in "[+0-9 ()-]{0,20}", id in any::<u64>()) {
            let text = serde_json::json!({ "name": name, "values": [{ "value": phone }], "id": id }).to_string();
            let made = hidden(&text, &phone);
            prop_assert_eq!(made.len(), text.len());
            prop_assert!(serde_json::from_str::<serde_json::Value>(&made).is_ok());
        }
    }
}
