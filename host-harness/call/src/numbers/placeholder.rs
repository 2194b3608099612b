//! Digits that some networks present in the place of a number that is withheld or not known (rule D1).

use super::{after_common_prefix, plan_of_international};

/// Keypad spellings of ANONYMOUS, RESTRICTED, UNAVAILABLE, UNKNOWN, BLOCKED and PRIVATE, which some networks (Twilio for one) present as
/// numbers; the first with the 1 that North American ones put before it.
const PLACEHOLDERS: [&[u8]; 7] =
    [b"266696687", b"1266696687", b"7378742833", b"86282452253", b"8656696", b"2562533", b"7748283"];

/// Whether the digits, in ASCII, stand for a withheld number: a placeholder, or nothing but zeros, with or without a calling code or an
/// international prefix before them.
pub fn is_placeholder(digits: &[u8]) -> bool {
    /// Fewer may be all of a subscriber's number: 930 000-00-00.
    const ZEROS: usize = 9;
    let is_zero = |digits: &[u8]| digits.iter().all(|digit| *digit == b'0');
    let is_zero_after_code = |national: &[u8]| national.len() >= ZEROS && is_zero(national);
    if is_zero(digits) {
        return !digits.is_empty();
    }
    let digits = after_common_prefix(digits).unwrap_or(digits);
    plan_of_international(digits).is_some_and(|(_, national)| is_zero_after_code(national))
        || digits.strip_prefix(b"8").is_some_and(is_zero_after_code)
        || PLACEHOLDERS.contains(&digits)
}
