//! Telephone numbers in recordings: other digits in their place, so that nobody can be called, while equal numbers stay equal, different ones
//! different, and each keeps its length, its country and its spelling. A component then decides as it did.
//!
//! The last seven digits are encrypted with FF1 (NIST SP 800-38G), which makes seven digits of seven digits. Seven, because a number is written with
//! a plus, an 8 or nothing before it, and all of them must stay the same number. Whoever has the key can undo it; the key stays in the
//! state directory. Shorter numbers are extensions of the PBX and stay; so do those that stand for a withheld number, which are nobody's and decide
//! where a call goes.

use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::path::Path;

use aes::Aes256;
use anyhow::{Context, anyhow};
use call::scenario::{EarlierStep, StepExit};
use call::{json, numbers};
use fpe::ff1::{FF1, FlexibleNumeralString};
use serde::de::IgnoredAny;

use runtime::atomic_file;
use runtime::journal::{Blob, HttpEnd, Import, KeyValueAsk, Outcome, PieceKind};

/// How many digits at the end of a number are replaced.
const DIGITS: usize = 7;
/// The key's file in the state directory.
const KEY_FILE: &str = "recordings.key";

/// Replaces numbers, by one key.
pub struct Numbers(FF1<Aes256>);

impl Numbers {
    /// By the key that is kept in the state directory, and made when there is none; without such a directory, by one that nobody has afterwards.
    pub fn kept_in(directory: Option<&Path>) -> anyhow::Result<Self> {
        let Some(directory) = directory else { return Self::by(&new_key()?) };
        let file = directory.join(KEY_FILE);
        if !file.exists() {
            atomic_file::write(&file, &new_key()?).with_context(|| format!("{} cannot be written", file.display()))?;
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
    pub fn number(&self, number: &str) -> String {
        let mut bytes = number.as_bytes().to_vec();
        let all = 0..bytes.len();
        for run in runs(&bytes, all, Notation::Plain) {
            self.replace(&mut bytes, &run);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The numbers that were rung in steps before.
    pub(super) fn earlier_steps(&self, steps: &mut [EarlierStep]) {
        for step in steps {
            if let StepExit::NotAnswered(rung) = &mut step.exit {
                rung.iter_mut().for_each(|rung| rung.number = self.number(&rung.number));
            }
        }
    }

    /// The answers of imports. Questions stay: a component asks them anew of the hidden numbers.
    pub(crate) fn answer(&self, import: &mut Import, caller: Option<&str>) {
        let caller = caller.and_then(last_digits);
        match import {
            Import::Directory { answer: Outcome::Done(Some(found)), .. } => {
                for rung in &mut found.destinations {
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
        // As a component may understand it, with a byte order mark or broken characters too.
        if json::read::<IgnoredAny>(text).is_ok() {
            for string in numbers_may_be_in(text) {
                for run in runs(text, string, Notation::Json) {
                    self.replace(text, &run);
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
                self.replace(text, &at.collect::<Vec<_>>());
            }
        }
    }

    /// Replaces the last of the digits at these places, if there are enough.
    fn replace(&self, text: &mut [u8], places: &[usize]) {
        let Some(places) = places.last_chunk::<DIGITS>() else { return };
        let digits =
            places.iter().map(|place| u16::from(text.get(*place).map_or(0, |digit| digit.wrapping_sub(b'0') % 10)));
        let replaced =
            self.0.encrypt(&[], &FlexibleNumeralString::from(digits.collect::<Vec<_>>())).map(Vec::<u16>::from);
        for (place, digit) in places.iter().zip(replaced.unwrap_or_default()) {
            if let Some(byte) = text.get_mut(*place) {
                *byte = b'0' + u8::try_from(digit).unwrap_or_default();
            }
        }
    }
}

/// Puts zeros in place of the secrets among the configuration's values, such as the one by which callers' numbers are hashed in stored keys (rule
/// D12). The call is resolved again with them, so that the keys of a recording are those of its own secret. They are as long as the secrets, whose
/// length an operation may judge.
pub(super) fn hide_secrets(import: &mut Import, secrets: &BTreeSet<String>) {
    let hide = |key: &str, value: &mut String| {
        if secrets.contains(key) {
            *value = "0".repeat(value.chars().count());
        }
    };
    match import {
        Import::Configuration { key, answer: Some(value) } => hide(key, value),
        Import::WholeConfiguration { answer } => answer.iter_mut().for_each(|(key, value)| hide(key, value)),
        _ => {}
    }
}

/// Whether a part of a JSON text looks like a telephone number.
pub(super) fn holds_number(json: &[u8], part: Range<usize>) -> bool {
    !runs(json, part, Notation::Json).is_empty()
}

fn new_key() -> anyhow::Result<[u8; 32]> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|error| anyhow!("the operating system gives no randomness: {error}"))?;
    Ok(key)
}

fn last_digits(number: &str) -> Option<[u8; DIGITS]> {
    let bytes = number.as_bytes();
    let run = runs(bytes, 0..bytes.len(), Notation::Plain).into_iter().next()?;
    let digits: Vec<u8> = run.iter().filter_map(|place| bytes.get(*place).copied()).collect();
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

/// Where the strings of a JSON text stand that may hold telephone numbers: not those under the name of a time or an identifier, which some servers
/// write as text.
fn numbers_may_be_in(json: &[u8]) -> Vec<Range<usize>> {
    let all = strings(json);
    let is_named = |(place, string): (usize, &Range<usize>)| {
        let before = place.checked_sub(1).and_then(|before| all.get(before));
        before.is_some_and(|name| {
            // The closing quote of the name, and the opening one of the value.
            let between = json.get(name.end + 1..string.start - 1).unwrap_or_default();
            let name = json.get(name.clone()).unwrap_or_default();
            between.trim_ascii() == b":" && (name == b"id" || name.ends_with(b"_id") || name.ends_with(b"_at"))
        })
    };
    let is_digits =
        |string: &Range<usize>| json.get(string.clone()).is_some_and(|text| text.iter().all(u8::is_ascii_digit));
    let may = all.iter().enumerate().filter(|(place, string)| !(is_named((*place, *string)) && is_digits(string)));
    may.map(|(_, string)| string.clone()).collect()
}

/// How a text is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Notation {
    Plain,
    /// With `\u0417` for characters.
    Json,
}

/// The places of the digits of each number in a part of a text: at least seven digits with at most three other signs between two of them, and no
/// letters. Addresses and dates are none.
fn runs(text: &[u8], part: Range<usize>, notation: Notation) -> Vec<Vec<usize>> {
    let whole = text.get(part.clone()).unwrap_or_default();
    if whole.starts_with(b"http") || whole.starts_with(b"/") {
        return Vec::new();
    }
    let (mut found, mut run, mut between) = (vec![], vec![], 0);
    let mut at = part.start;
    while at < part.end {
        let (character, length) = character(text.get(at..part.end).unwrap_or_default(), notation);
        match character {
            '0'..='9' if length == 1 => {
                run.push(at);
                between = 0;
            }
            ' ' | '(' | ')' | '-' | '+' | '.' | '/' => between += 1,
            other if !other.is_ascii() && !other.is_alphabetic() => between += 1,
            _ => between = usize::MAX,
        }
        if between > 3 {
            found.push(std::mem::take(&mut run));
            between = 0;
        }
        at += length;
    }
    found.push(run);
    found.retain(|run| run.len() >= DIGITS && !is_date(text, run) && !is_placeholder(text, run));
    found
}

/// The first character, and how many bytes it takes. What cannot be read counts as a letter.
fn character(text: &[u8], notation: Notation) -> (char, usize) {
    match text {
        [b'\\', b'u', digits @ ..] if notation == Notation::Json => {
            let code = digits.get(..4).and_then(|digits| std::str::from_utf8(digits).ok());
            let code = code.and_then(|digits| u32::from_str_radix(digits, 16).ok());
            (code.and_then(char::from_u32).unwrap_or('?'), 6)
        }
        [b'\\', ..] if notation == Notation::Json => ('?', 2),
        _ => {
            // No character is longer.
            let text = text.get(..4).unwrap_or(text);
            let first = text.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next());
            first.map_or(('?', 1), |first| (first, first.len_utf8()))
        }
    }
}

/// Whether the digits at these places stand for a withheld number.
fn is_placeholder(text: &[u8], digits: &[usize]) -> bool {
    let digits: Vec<u8> = digits.iter().filter_map(|place| text.get(*place).copied()).collect();
    numbers::is_placeholder(&digits)
}

/// `2026-11-22`
fn is_date(text: &[u8], digits: &[usize]) -> bool {
    let (Some(first), Some(last)) = (digits.first(), digits.last()) else { return false };
    let text = text.get(*first..=*last).unwrap_or_default();
    text.len() == 10 && text.get(4) == Some(&b'-') && text.get(7) == Some(&b'-')
}

#[cfg(test)]
mod tests;
