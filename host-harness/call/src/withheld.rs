//! What stands in the place of a number that the caller withholds, or that no network knew (rule D1).
//!
//! One definition, for every face of the host and for the operation.

use crate::numbers::typed::{is_letter, small};

/// The words that RFC 3323 and 3325, Asterisk, FreeSWITCH, Twilio and carriers write, letters alone: blanks, hyphens and case do not count.
const WORDS: [&str; 63] = [
    // SIP, PBXs and carriers. `asterisk` and `freeswitch` are what the two write where they know no caller.
    "anonymous",
    "anonymouscaller",
    "anonym",
    "asterisk",
    "blocked",
    "blockedcaller",
    "blockednumber",
    "callerblocked",
    "calleridblocked",
    "calleridrestricted",
    "calleridunavailable",
    "calleridwithheld",
    "callerunknown",
    "coinlinepayphone",
    "freeswitch",
    "hidden",
    "hiddennumber",
    "idblocked",
    "idrestricted",
    "idunavailable",
    "idwithheld",
    "invalid",
    "nocallerid",
    "noname",
    "nonumber",
    "notavailable",
    "null",
    "numberblocked",
    "numberrestricted",
    "numberunavailable",
    "numberwithheld",
    "outofarea",
    "private",
    "privatecaller",
    "privatename",
    "privatenumber",
    "restricted",
    "restrictedcaller",
    "restrictednumber",
    "unavailable",
    "undefined",
    "unknown",
    "unknowncaller",
    "unknownnumber",
    "withheld",
    "withheldnumber",
    // What Caller ID sends for private and out of area (the reason for absence).
    "p",
    "o",
    // The same in the languages of the CRM's users.
    "аноним",
    "анонимный",
    "номернеопределен",
    "номернеопределился",
    "неопределен",
    "неизвестен",
    "неизвестный",
    "неизвестныйномер",
    "номерскрыт",
    "скрыт",
    "скрытабонентом",
    "абонентскрылномер",
    "скрытый",
    "скрытыйномер",
    "прихованийномер",
];
/// Of these, what says nothing of the number when it stands in the place of the caller's name.
const NAMES_UNKNOWN: [&str; 15] = [
    "asterisk",
    "freeswitch",
    "unknown",
    "unavailable",
    "undefined",
    "notavailable",
    "outofarea",
    "unknowncaller",
    "callerunknown",
    "coinlinepayphone",
    "noname",
    "null",
    "p",
    "o",
    "invalid",
];

/// Whether the text is one of the words.
pub(crate) fn is_word(text: &str) -> bool {
    WORDS.iter().any(|word| has_letters_of(text, word))
}

/// Whether a display name says that the caller withholds the number that stands beside it.
pub(crate) fn is_private_name(name: &str) -> bool {
    is_word(name) && !NAMES_UNKNOWN.iter().any(|word| has_letters_of(name, word))
}

fn has_letters_of(text: &str, word: &str) -> bool {
    text.chars().filter(|character| is_letter(*character)).map(small).eq(word.chars())
}
