//! D1, D2 Numbers: every spelling of a number is the same number, and no two numbers are the same.

use call::numbers::{self, CountryCode};
use forward_to_personal_manager::caller::Caller;
use proptest::prelude::*;

use crate::spelling::{foreign, international_spelling, national, russian_spelling};

/// The likeliest reading under the default country 7; empty where there is no usable number.
fn digits(text: &str) -> String {
    digits_in(7, text)
}

fn digits_in(country: u16, text: &str) -> String {
    let numbers = numbers::read(text, country_code(country));
    numbers.map_or(String::new(), |numbers| numbers.readings()[0].digits().to_owned())
}

fn country_code(country: u16) -> CountryCode {
    CountryCode::new(country).expect("a country's code")
}

fn caller(text: &str) -> Caller {
    Caller::read(Some(text), CountryCode::DEFAULT).expect("a usable number")
}

#[test]
fn d01_numbers_are_brought_to_international_digits() {
    let spellings = [
        ("+7 (916) 123-45-67", "79161234567"),
        ("8 916 123 45 67", "79161234567"),
        ("7 916 123 45 67", "79161234567"),
        ("916 123 45 67", "79161234567"),
        ("8-10-7-916-123-45-67", "79161234567"),
        ("00 7 916 1234567", "79161234567"),
        ("8 (800) 555-35-35", "78005553535"),
        ("800 555-35-35", "78005553535"),
        // A trunk 8 typed after a plus sign, where no country's code begins with it.
        ("+8 916 123-45-67", "79161234567"),
        // Vietnam, and a Moscow number behind a plus sign, cannot be told apart: the plus sign is believed.
        ("+84 95 1234567", "84951234567"),
        ("+49 30 1234567", "49301234567"),
        ("8~10 49 30 1234567", "49301234567"),
        ("0049 30 1234567", "49301234567"),
        // Eleven digits are a Russian number that begins with 810, not an international prefix.
        ("810 123 45 67 8", "71012345678"),
        ("Alex, 8 916 123-45-67", "79161234567"),
        ("тел. 8 916 123-45-67 доб. 12", "79161234567"),
        ("123-45-67", "1234567"),
    ];
    for (spelling, expected) in spellings {
        assert_eq!(digits(spelling), expected, "{spelling}");
    }
}

#[test]
fn d01_another_default_country_gives_its_own_code_and_trunk_prefix() {
    let spellings = [
        (375, "29 123-45-67", "375291234567"),
        (375, "8 029 123-45-67", "375291234567"),
        (49, "3012345678", "493012345678"),
        (1, "(212) 555-01-23", "12125550123"),
        (49, "089 161234567", "4989161234567"),
        (49, "+89161234567", "89161234567"),
        (49, "+7 916 123-45-67", "79161234567"),
        (49, "00 7 916 123-45-67", "79161234567"),
        (998, "8~10 7 916 123-45-67", "79161234567"),
    ];
    for (country, spelling, expected) in spellings {
        assert_eq!(digits_in(country, spelling), expected, "{spelling} in {country}");
    }
}

#[test]
fn d01_a_country_code_has_one_to_three_digits() {
    for (code, accepted) in [(0, false), (1, true), (7, true), (999, true), (1_000, false), (u16::MAX, false)] {
        assert_eq!(CountryCode::new(code).is_some(), accepted, "{code}");
    }
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn d01_any_text_gives_6_to_15_digits_or_nothing(
        text in prop_oneof![any::<String>(), "\\PC*", "[0-9+() xXдобДОБextEXT.;,#\u{a0}-]{0,30}"],
        country in 1..=999_u16,
    ) {
        for number in numbers::read_all(&text, country_code(country)).flat_map(|numbers| numbers.readings().to_vec()) {
            prop_assert!((6..=15).contains(&number.digits().len()), "{}", number.digits());
            prop_assert!(number.digits().bytes().all(|byte| byte.is_ascii_digit()), "{}", number.digits());
        }
        if let Ok(caller) = Caller::read(Some(&text), country_code(country)) {
            prop_assert!(!caller.readings().is_empty());
        }
    }

    #[test]
    fn d02_every_spelling_of_a_russian_number_is_the_same_number(
        (national, spelling) in national().prop_flat_map(|number| (Just(number.clone()), russian_spelling(&number))),
    ) {
        prop_assert_eq!(digits(&spelling), format!("7{national}"));
        let international = format!("+7{national}");
        prop_assert_eq!(caller(&spelling).matching_reading(&international), Some(0));
        prop_assert_eq!(caller(&international).matching_reading(&spelling), Some(0));
    }

    #[test]
    fn d02_different_national_digits_are_never_the_same_number(
        (one, one_spelling) in national().prop_flat_map(|number| (Just(number.clone()), russian_spelling(&number))),
        (other, other_spelling) in national().prop_flat_map(|number| (Just(number.clone()), russian_spelling(&number))),
        digit in 1..10_usize,
    ) {
        prop_assume!(one != other);
        prop_assert_eq!(caller(&one_spelling).matching_reading(&other_spelling), None);
        // Nor when only one digit differs.
        let mut near = one.clone().into_bytes();
        near[digit] = b'0' + (near[digit] - b'0' + 1) % 10;
        prop_assert_eq!(caller(&one).matching_reading(&String::from_utf8(near).unwrap()), None);
    }

    #[test]
    fn d02_foreign_numbers_stay_themselves_in_every_country(
        (foreign, spelling) in foreign().prop_flat_map(|number| (Just(number.clone()), international_spelling(&number))),
        country in 1..=999_u16,
    ) {
        prop_assert_eq!(digits_in(country, &spelling), foreign);
    }

    #[test]
    fn d02_a_foreign_number_is_no_russian_one_with_the_same_last_ten_digits(national in national()) {
        for country in ["1", "49", "375", "971"] {
            prop_assert_eq!(caller(&format!("+{country}{national}")).matching_reading(&format!("8{national}")), None);
        }
    }

    #[test]
    fn d01_the_search_is_by_the_last_six_to_ten_digits(digits in "[1-79][0-9]{5,14}", country in 1..=999_u16) {
        if let Ok(caller) = Caller::read(Some(&format!("+{digits}")), country_code(country)) {
            let searched = caller.search_digits();
            prop_assert!((6..=10).contains(&searched.len()), "{searched}");
            prop_assert!(caller.readings()[0].digits().ends_with(searched), "{searched}");
        }
    }
}
