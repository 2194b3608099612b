//! Telephone numbers: brought to international digits (rule D1), compared (rule D2), hashed for stored keys (rule D10).

use std::str::Chars;

use sha2::{Digest, Sha256};

use crate::reason::Reason;

/// Fewer digits than this are an extension or a service number: a search for them would return arbitrary contacts.
const MINIMUM_DIGITS: usize = 6;
/// E.164: a number has at most 15 digits.
const MAXIMUM_DIGITS: usize = 15;
/// amoCRM's own telephony matching compares this many last digits (facts §1.5).
const NATIONAL_DIGITS: usize = 10;

/// What SIP networks put in the place of a withheld number (RFC 3323, and Asterisk's `unknown`).
const WITHHELD: [&str; 6] = ["anonymous", "private", "restricted", "unavailable", "unknown", "withheld"];

/// A calling code of 1 to 3 digits, such as `7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountryCode(u16);

impl CountryCode {
    /// The code used unless the integration says otherwise.
    pub const DEFAULT: Self = Self(7);

    /// A calling code between 1 and 999.
    pub const fn new(code: u16) -> Option<Self> {
        if code >= 1 && code <= 999 { Some(Self(code)) } else { None }
    }
}

/// A telephone number as international digits, without `+`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InternationalNumber(String);

impl InternationalNumber {
    /// Brings a number in any notation to international digits (rule D1); `None` where no usable number is left.
    ///
    /// The same function serves the caller and the values typed into amoCRM, so that both spell alike.
    pub fn parse(text: &str, country: CountryCode) -> Option<Self> {
        let (digits, plus) = significant(text);
        let is_seven = country == CountryCode::DEFAULT;
        let international = |digits: &str| Some(Self(digits.to_owned()));
        let number = if plus {
            match digits.strip_prefix("89") {
                // A trunk 8 typed after a plus sign. No country's code begins with 89, so it can be nothing else.
                Some(rest) if is_seven && digits.len() == 11 => Some(Self(format!("79{rest}"))),
                _ => international(&digits),
            }
        } else if let Some(rest) = digits.strip_prefix("00") {
            international(rest)
        } else if let Some(rest) = digits.strip_prefix("810").filter(|_| digits.len() > 11) {
            international(rest)
        } else if let Some(rest) = digits.strip_prefix('8').filter(|_| is_seven && digits.len() == 11) {
            Some(Self(format!("7{rest}")))
        } else if digits.len() == NATIONAL_DIGITS {
            Some(Self(format!("{}{digits}", u64::from(country.0))))
        } else {
            international(&digits)
        };
        number.filter(|number| (MINIMUM_DIGITS..=MAXIMUM_DIGITS).contains(&number.0.len()))
    }

    /// The caller's number, or why there is none to look up.
    pub fn of_caller(caller: Option<&str>, country: CountryCode) -> Result<Self, Reason> {
        let text = caller.map_or("", str::trim);
        if text.is_empty() || WITHHELD.iter().any(|word| text.eq_ignore_ascii_case(word)) {
            return Err(Reason::CallerHidden);
        }
        // A network presents digits; a name is not a telephone number, whatever digits stand in it.
        if before_extension(text).chars().any(is_letter) {
            return Err(Reason::CallerUnusable);
        }
        Self::parse(text, country).ok_or(Reason::CallerUnusable)
    }

    /// International digits, without `+`.
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// What amoCRM is searched by: the last 10 digits, since `+7…` and `8…` are different strings to its search (facts §1.5).
    pub fn national_part(&self) -> &str {
        self.0.get(self.0.len().saturating_sub(NATIONAL_DIGITS)..).unwrap_or(&self.0)
    }

    /// 32 hexadecimal digits that stand for the number in stored keys.
    pub fn hash(&self) -> String {
        let digest = Sha256::new().chain_update("telephony:operation/caller\0").chain_update(&self.0).finalize();
        let mut text = String::with_capacity(32);
        for byte in digest.iter().take(16) {
            text.extend([byte >> 4, byte & 15].map(|nibble| char::from(b"0123456789abcdef"[usize::from(nibble)])));
        }
        text
    }
}

/// The digits before any extension mark, and whether a plus sign stands before the first of them.
fn significant(text: &str) -> (String, bool) {
    let mut digits = String::new();
    let mut plus = false;
    for character in before_extension(text).chars() {
        if character.is_ascii_digit() {
            digits.push(character);
        } else if character == '+' && digits.is_empty() {
            plus = true;
        }
    }
    (digits, plus)
}

/// The text before the first extension mark (`;`, `,`, `#`, `x`, `ext`, `доб`) that follows a digit.
///
/// A mark before any digit is no extension of anything: «Alex, 8 916 …» still holds a number.
fn before_extension(text: &str) -> &str {
    let mut after_digit = false;
    let mut rest = text.chars();
    loop {
        let before = rest.clone();
        let Some(character) = rest.next() else { return text };
        after_digit |= character.is_ascii_digit();
        let is_mark = matches!(character, ';' | ',' | '#' | 'x' | 'X')
            || begins_with(before.clone(), [['e', 'E'], ['x', 'X'], ['t', 'T']])
            || begins_with(before.clone(), [['д', 'Д'], ['о', 'О'], ['б', 'Б']]);
        if after_digit && is_mark {
            return text.strip_suffix(before.as_str()).unwrap_or(text);
        }
    }
}

/// Whether the text begins with a mark given as pairs of a letter's two cases.
fn begins_with(mut characters: Chars<'_>, mark: [[char; 2]; 3]) -> bool {
    mark.iter().all(|cases| characters.next().is_some_and(|character| cases.contains(&character)))
}

/// Whether this is a letter of a name. The standard library's test would bring 10 kB of Unicode tables into the component; letters of the
/// alphabets in use stand in these ranges, and separators that people type do not.
const fn is_letter(character: char) -> bool {
    matches!(character, 'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{1fff}' | '\u{3040}'..='\u{d7ff}')
}
