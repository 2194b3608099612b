//! What may be shown: telephone numbers as logs and call details have them (rule D10), enough to recognise a call, not enough to call back;
//! values that may be secrets.

use std::borrow::Cow;

use crate::caller::Presented;

/// Masks a caller's number: `+79161234567` becomes `+7916•••4567`.
///
/// The digits are those that are read as the number, whatever the spelling: of `tel:+7-916-123-45-67;phone-context=+7` the same. Of a number of eleven digits and more the first four and the last four are kept, of a shorter one the last two
/// at the most; whatever has no digits at all is masked whole.
pub fn mask(number: &str) -> String {
    let (digits, plus) = match Presented::read(number) {
        Presented::Number(presented) => {
            let (digits, plus) = presented.digits();
            (digits.iter().map(|digit| char::from(*digit)).collect(), plus)
        }
        // A name with digits in it, or digits that stand for a withheld number.
        _ => (number.chars().filter(char::is_ascii_digit).collect::<Vec<_>>(), number.trim_start().starts_with('+')),
    };
    let (head, tail) = match digits.len() {
        0..=3 => (0, 0),
        4..=8 => (0, 2),
        9..=10 => (digits.len() - 7, 4),
        _ => (4, 4),
    };
    let plus = if plus { "+" } else { "" };
    let hidden = "•".repeat(if digits.is_empty() { 3 } else { digits.len() - head - tail });
    let kept = |part: &[char]| part.iter().collect::<String>();
    format!(
        "{plus}{}{hidden}{}",
        kept(digits.get(..head).unwrap_or_default()),
        kept(digits.get(digits.len() - tail..).unwrap_or_default())
    )
}

/// A text in which whatever may be a telephone number is masked: digits, seven or more, with the separators of numbers between them.
pub fn mask_numbers(text: &str) -> String {
    mask_numbers_with(text, |_| true)
}

/// The same for those that are to be masked.
fn mask_numbers_with(text: &str, is_masked: impl Fn(&str) -> bool) -> String {
    const FEWEST: usize = 7;
    let is_separator = |character: char| matches!(character, ' ' | '-' | '(' | ')' | '.' | '\u{a0}');
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find(|character: char| character == '+' || character.is_ascii_digit()) {
        let (before, from) = rest.split_at(begin);
        masked.push_str(before);
        let end = from
            .char_indices()
            .skip(1)
            .find(|(_, character)| !character.is_ascii_digit() && !is_separator(*character))
            .map_or(from.len(), |(end, _)| end);
        let (run, after) = from.split_at(end);
        let number = run.trim_end_matches(is_separator);
        if number.bytes().filter(u8::is_ascii_digit).count() >= FEWEST && is_masked(number) {
            masked.push_str(&mask(number));
            masked.push_str(run.get(number.len()..).unwrap_or_default());
        } else {
            masked.push_str(run);
        }
        rest = after;
    }
    masked.push_str(rest);
    masked
}

/// A call's identifier as logs, traces and warnings have it: a PBX may make it of a telephone number. Seven digits in a row and more are masked, but
/// not the seconds that Asterisk begins its identifiers with, `1795338000.7`: by those a call is found.
pub fn mask_identifier(id: &str) -> Cow<'_, str> {
    const FEWEST: usize = 7;
    let is_digit = |character: char| character.is_ascii_digit();
    let mut masked = String::new();
    let mut rest = id;
    while let Some(begin) = rest.find(is_digit) {
        let (before, from) = rest.split_at(begin);
        let (run, after) = from.split_at(from.find(|character| !is_digit(character)).unwrap_or(from.len()));
        masked.push_str(before);
        let number = after.strip_prefix('.').and_then(|rest| rest.chars().next());
        let is_time = run.len() == 10 && !before.ends_with('+') && number.is_some_and(is_digit);
        if run.len() < FEWEST || is_time {
            masked.push_str(run)
        } else {
            masked.push_str(&mask(run))
        }
        rest = after;
    }
    masked.push_str(rest);
    if masked == id { Cow::Borrowed(id) } else { Cow::Owned(masked) }
}

/// The number that was called, in which the caller's own is masked wherever it stands: a line of the PBX is shown whole, and a dialplan may write the
/// caller beside it.
pub(crate) fn called_without(called: &str, caller: &str) -> String {
    /// So many last digits of a number are the same in all its spellings with an area code.
    const NATIONAL: usize = 10;
    /// A number of a town without its area code; fewer digits are an extension.
    const LOCAL: usize = 7;
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let caller = digits(caller);
    let last = caller.get(caller.len().saturating_sub(NATIONAL)..).unwrap_or_default();
    let is_callers = |run: &str| {
        let run = digits(run);
        last.len() >= LOCAL && (run.contains(last) || run.len() >= LOCAL && last.ends_with(&run))
    };
    mask_numbers_with(called, is_callers)
}

/// A value that a message repeats, unless it may be a secret in the wrong place: it is long, or looks drawn at random.
///
/// The settings of this software are words and short numbers; no access token is as short as they are.
pub fn unless_secret(value: &str) -> &str {
    const LONGEST: usize = 32;
    if value.len() <= LONGEST && !looks_random(value) { value } else { "…" }
}

/// Whether one of the words in a text looks drawn at random, as tokens and keys are: long, with digits among its letters. Names of people,
/// files and variables are words; telephone numbers are shorter.
pub fn looks_random(text: &str) -> bool {
    const LONG: usize = 16;
    const MANY_DIGITS: usize = 4;
    text.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| word.len() >= LONG).any(|word| {
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        let both_cases =
            word.bytes().any(|byte| byte.is_ascii_lowercase()) && word.bytes().any(|byte| byte.is_ascii_uppercase());
        (digits > MANY_DIGITS && digits < word.len()) || (digits > 0 && both_cases)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn d10_masks_numbers() {
        for (number, masked) in [
            ("+7 916 123-45-67", "+7916•••4567"),
            ("89161234567", "8916•••4567"),
            ("%2B79161234567", "+7916•••4567"),
            ("\"Ivan 2\" <sip:+79161234567@192.0.2.1:5060>;tag=81", "+7916•••4567"),
            ("tel:916-123-45-67;phone-context=+7;ext=12", "+7916•••4567"),
            ("9161234567", "916•••4567"),
            ("+4930123456", "+493•••3456"),
            ("123456", "••••56"),
            ("101", "•••"),
            ("anonymous", "•••"),
            ("", "•••"),
        ] {
            assert_eq!(mask(number), masked, "{number}");
        }
    }

    #[test]
    fn d10_a_value_that_may_be_a_token_is_not_repeated() {
        assert_eq!(unless_secret("linked-operation"), "linked-operation");
        for secret in
            ["eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9", "a8f5f167f44f4964e6c998dee827110c", "4eC39HqLyjWDarjtT1zdp7dc"]
        {
            assert_eq!(unless_secret(secret), "…");
        }
        for value in [
            "2026-11-22T09:00:00+03:00",
            "+74951234567890",
            "-9223372036854775808",
            "https://example.amocrm.ru",
            "status_age_seconds",
        ] {
            assert_eq!(unless_secret(value), value);
        }
    }

    #[test]
    fn d10_numbers_in_a_text_are_masked_and_other_digits_stay() {
        for (text, masked) in [
            ("no contact for +7 (916) 555-01-01, gave up", "no contact for +7916•••0101, gave up"),
            ("89165550101/89165550102", "8916•••0101/8916•••0102"),
            ("line 7 of 250, 16384 bytes", "line 7 of 250, 16384 bytes"),
            ("+", "+"),
            ("", ""),
        ] {
            assert_eq!(mask_numbers(text), masked);
        }
    }

    #[test]
    fn d10_an_identifier_that_is_a_number_is_masked_and_what_a_call_is_found_by_stays() {
        for (id, masked) in [
            ("+79165550101", "+7916•••0101"),
            ("sip-79165550101-7", "sip-7916•••0101-7"),
            ("9165550101.7", "9165550101.7"),
            ("+1795338000.7", "+179•••8000.7"),
            ("5550101@10.0.0.5", "•••••01@10.0.0.5"),
            ("1795338000.7", "1795338000.7"),
            ("a84b4c76e66710@pc33.atlanta.com", "a84b4c76e66710@pc33.atlanta.com"),
            ("7", "7"),
        ] {
            assert_eq!(mask_identifier(id), masked);
        }
    }

    #[test]
    fn d10_the_line_is_shown_and_the_callers_number_beside_it_is_not() {
        let caller = "+79165550101";
        for (called, shown) in [
            ("+74951234567", "+74951234567"),
            ("101", "101"),
            ("", ""),
            ("+74951234567 from 8 (916) 555-01-01", "+74951234567 from 8916•••0101"),
            ("sip:+79165550101@10.0.0.5", "sip:+7916•••0101@10.0.0.5"),
            ("555-01-01", "•••••01"),
            ("79165550101-7", "7916••••1017"),
            ("+74955550101", "+74955550101"),
        ] {
            assert_eq!(called_without(called, caller), shown);
        }
        assert_eq!(called_without("101", "101"), "101", "an extension calls another");
    }

    proptest! {
        #[test]
        fn d10_never_shows_a_whole_number(number in ".{0,40}") {
            let digits: String = number.chars().filter(|letter| letter.is_numeric()).collect();
            let shown: String = mask(&number).chars().filter(char::is_ascii_digit).collect();
            prop_assert!(digits.is_empty() || shown.len() <= digits.len().saturating_sub(2));
        }
    }
}
