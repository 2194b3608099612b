//! An employee's numbers, as configuration writes them: what a PBX dials, and for how long it rings (rule D5).

use std::time::Duration;

use crate::language::Localized;
use crate::localized;
use crate::masking::unless_secret;

/// How long a number rings unless set.
const RING_TIME: Duration = Duration::from_secs(20);
/// The least and the greatest ring time.
pub const RING_TIME_BOUNDS: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(120));
/// How many numbers of one employee are rung: reports of a PBX know as many.
pub const MOST_NUMBERS: usize = 32;
/// The greatest length of an employee's identifier and name, in characters.
pub const LONGEST_NAME: usize = 200;
/// The longest number that can be dialled.
const LONGEST_NUMBER: usize = 32;

/// Checks a number and reads its ring time, such as `25s`; 20 s unless set. The error names the field and the fix.
pub fn ring_time(number: &str, written: Option<&str>) -> Result<Duration, Localized> {
    if !is_keyed(number) {
        return Err(localized!(
            "`numbers`: `{}` нельзя набрать; напишите цифры, `*` и `#`, международный номер — с + в начале, всего не больше \
             {LONGEST_NUMBER} знаков",
            "`numbers`: `{}` cannot be dialled; write digits, `*` and `#`, with a leading + if international, at most {LONGEST_NUMBER} \
             characters",
            unless_secret(number)
        ));
    }
    let Some(written) = written else { return Ok(RING_TIME) };
    let (least, greatest) = RING_TIME_BOUNDS;
    humantime::parse_duration(written).ok().filter(|time| (least..=greatest).contains(time)).ok_or_else(|| {
        localized!(
            "`ring_time` = `{}` у номера `{number}`; укажите время от {} с до {} с, например `20s`",
            "`ring_time` = `{}` of number `{number}`; set a duration from {} s to {} s, for example `20s`",
            unless_secret(written),
            least.as_secs(),
            greatest.as_secs()
        )
    })
}

/// Whether a number is one that an administrator may write: digits, a leading plus, and the two other keys of a telephone; nothing that a dial plan
/// would read as syntax.
pub fn is_keyed(number: &str) -> bool {
    let keys = number.strip_prefix('+').unwrap_or(number);
    let keyed = |key: u8| key.is_ascii_digit() || matches!(key, b'*' | b'#');
    !keys.is_empty() && number.len() <= LONGEST_NUMBER && keys.bytes().all(keyed)
}

/// Whether a PBX is given a number of a route: up to 32 digits, with a leading plus if international, so that nothing that a component answers
/// can become syntax of a SIP address or a dial string.
pub fn is_dialable(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or(number);
    !digits.is_empty() && number.len() <= LONGEST_NUMBER && digits.bytes().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d05_a_number_rings_for_20_s_or_for_its_time_within_bounds() {
        for (written, seconds) in [(None, 20), (Some("5s"), 5), (Some("2m"), 120)] {
            assert_eq!(ring_time("+79035550101", written), Ok(Duration::from_secs(seconds)), "{written:?}");
        }
        for written in ["4999ms", "120001ms", "", "20", "soon"] {
            assert!(ring_time("101", Some(written)).unwrap_err().en.contains("from 5 s to 120 s"), "{written}");
        }
    }

    #[test]
    fn d05_nothing_but_the_keys_of_a_telephone_is_dialled() {
        for number in ["101", "*55#", "+7", &"1".repeat(32)] {
            assert!(ring_time(number, None).is_ok(), "{number}");
        }
        for number in ["", "+", "1+1", "101;rm", "+7 916", "sip:101", "１０１", &"1".repeat(33)] {
            assert!(ring_time(number, None).unwrap_err().en.contains("cannot be dialled"), "{number}");
        }
    }
}
