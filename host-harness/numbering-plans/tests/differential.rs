//! Our reading of numbers beside another port of libphonenumber: random valid numbers of every country in E.164, national and international
//! spelling. Every difference is of a kind that is listed here with its reason, and every kind that is listed is still met.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::BTreeMap;

use call::numbers::{CountryCode, read};
use rlibphonenumber::{PHONE_NUMBER_UTIL as LIBRARY, PhoneNumber, PhoneNumberFormat, PhoneNumberType};

/// How many numbers are tried of each country and kind of line.
const TRIES: usize = 24;

/// Where the readings differ, by calling code, and why ours stands.
const KINDS: &[(u16, &str)] = &[
    (54, "Argentina's mobile 9 is left out of the one spelling, so that numbers with and without it are equal"),
    (992, "00 is the international prefix in every country, though Tajikistan has mobile numbers that begin so"),
];

/// A kind without a calling code of its own: a national number of fewer digits, without its calling code, counts as an extension. amoCRM is searched
/// by six digits at least, so no card would be found by it.
const FEWEST_DIGITS: usize = 6;

/// Numbers whose last digits are random; equal from run to run.
struct Numbers(u64);

impl Numbers {
    fn digit(&mut self) -> char {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'0' + (self.0 >> 33) as u8 % 10)
    }

    /// A number like the example, other in all but its first digits.
    fn like(&mut self, example: &str, kept: usize) -> String {
        let (begin, end) = example.split_at(kept.min(example.len()));
        begin.chars().chain(end.chars().map(|_| self.digit())).collect()
    }
}

#[test]
fn d02_numbers_are_read_as_another_port_of_libphonenumber_reads_them() {
    let kinds = [
        PhoneNumberType::FixedLine,
        PhoneNumberType::Mobile,
        PhoneNumberType::TollFree,
        PhoneNumberType::VoIP,
        PhoneNumberType::PersonalNumber,
    ];
    let (mut compared, mut short, mut differences) = (0, 0, BTreeMap::<u16, Vec<String>>::new());
    let mut numbers = Numbers(1);
    let mut regions: Vec<_> = LIBRARY.get_supported_regions().collect();
    regions.sort_by_key(ToString::to_string);
    for region in regions {
        let code = u16::try_from(LIBRARY.get_country_code_for_region(region).unwrap()).unwrap();
        for kind in kinds {
            let Ok(example) = LIBRARY.get_example_number_for_type_and_region(region, kind) else { continue };
            let example = spelled(&example, PhoneNumberFormat::E164);
            for attempt in 0..TRIES {
                let kept = 1 + code.to_string().len() + attempt % 5;
                let Ok(number) = LIBRARY.parse(numbers.like(&example, kept), None) else { continue };
                if !LIBRARY.is_valid_number_for_region(&number, region) {
                    continue;
                }
                compared += 1;
                short += usize::from(is_short(&spelled(&number, PhoneNumberFormat::National)));
                if let Some(difference) = difference(&number, code) {
                    differences.entry(code).or_default().push(format!("{region}: {difference}"));
                }
            }
        }
    }
    assert!(compared > 8_000, "only {compared} numbers were compared");
    let listed: Vec<u16> = KINDS.iter().map(|(code, _)| *code).collect();
    let found: Vec<u16> = differences.keys().copied().collect();
    assert!(KINDS.len() <= 20);
    differences.retain(|code, of_code| {
        of_code.truncate(4);
        !listed.contains(code)
    });
    assert!(differences.is_empty(), "{compared} compared; {differences:#?}");
    assert_eq!(listed, found, "a kind that is not met any more");
    assert!(short > 0, "no short number any more");
}

/// What differs, if anything: the number, the spelling and our readings of it.
fn difference(number: &PhoneNumber, code: u16) -> Option<String> {
    let country = CountryCode::new(code).unwrap();
    let expected = spelled(number, PhoneNumberFormat::E164);
    [PhoneNumberFormat::E164, PhoneNumberFormat::International, PhoneNumberFormat::National].into_iter().find_map(
        |format| {
            let spelling = spelled(number, format);
            let numbers = read(&spelling, country);
            let first = numbers.as_ref().and_then(|numbers| numbers.readings().first()).map(|number| number.digits());
            let expected_digits = (!is_short(&spelling)).then_some(&expected[1..]);
            (first != expected_digits).then(|| format!("{expected} as `{spelling}` is {first:?}"))
        },
    )
}

fn is_short(spelling: &str) -> bool {
    spelling.chars().filter(char::is_ascii_digit).count() < FEWEST_DIGITS
}

fn spelled(number: &PhoneNumber, format: PhoneNumberFormat) -> String {
    LIBRARY.format(number, format).into_owned()
}
