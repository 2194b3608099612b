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

#[test]
fn d02_a_card_in_any_countrys_spelling_is_the_callers() {
    let cases: &[(u16, &[&str], &[&str])] = &[
        // Germany.
        (
            49,
            &["+4915155501010", "015155501010", "004915155501010"],
            &["0151/555 010 10", "+49 (0) 151 55501010", "49 151 55501010"],
        ),
        (7, &["+49305550149", "49305550149"], &["+49 (0) 30 / 555 01 49", "+49 (030) 5550149", "8~10 49 30 5550149"]),
        // France.
        (
            33,
            &["+33612555014", "0612555014"],
            &["06.12.55.50.14", "+33 (0)6 12 55 50 14", "6 12 55 50 14", "00 33 6 12 55 50 14"],
        ),
        (7, &["+33612555014", "33612555014"], &["+33 (0) 6 12 55 50 14", "+33612555014"]),
        // Kazakhstan, as from Russia.
        (
            7,
            &["+77015550102", "87015550102", "77015550102", "7015550102"],
            &["8 (701) 555-01-02", "+7 (8701) 555-01-02", "+7 701 555 01 02"],
        ),
        // Ukraine.
        (
            380,
            &["+380675550140", "0675550140", "380675550140"],
            &[
                "+38 (067) 555-01-40",
                "067-555-01-40",
                "+38 067 555 01 40",
                "+380 (0) 67 555 01 40",
                "8 (067) 555-01-40",
            ],
        ),
        (7, &["+380675550140", "380675550140", "810380675550140"], &["+38 (067) 555-01-40", "380675550140"]),
        // Belarus.
        (
            375,
            &["+375295550143", "80295550143", "375295550143"],
            &["8 (029) 555-01-43", "(029) 555-01-43", "+375 (0) 29 555 01 43", "29 555 01 43"],
        ),
        // Uzbekistan.
        (
            998,
            &["+998905550144", "998905550144", "905550144"],
            &["8 90 555-01-44", "(90) 555 01 44", "+998 (90) 555-01-44"],
        ),
        // Georgia.
        (
            995,
            &["+995555550145", "0555550145", "995555550145"],
            &["555 55-01-45", "0 555 55 01 45", "+995 (555) 55-01-45"],
        ),
        // Armenia.
        (374, &["+37491555014", "091555014", "37491555014"], &["0 (91) 55-50-14", "091 555 014", "+374 (0) 91 555014"]),
        // China.
        (
            86,
            &["+8613855550146", "13855550146", "8613855550146"],
            &["138 5555 0146", "+86 138-5555-0146", "013855550146"],
        ),
        (86, &["+861055550147", "01055550147"], &["010-55550147", "(010) 5555 0147", "+86 (0) 10 5555 0147"]),
        (7, &["+8613855550146", "8613855550146"], &["+86 138 5555 0146", "8613855550146"]),
        // The United States.
        (
            1,
            &["+12125550147", "2125550147", "12125550147"],
            &["212.555.0147", "1-212-555-0147", "+1 (212) 555-0147 x12", "(212) 555-0147"],
        ),
        // Italy.
        (39, &["+390655501190", "0655501190"], &["06 5550 1190", "+39 (06) 55501190", "+39 (0)6 5550 1190"]),
        (39, &["+393475550148", "3475550148"], &["347/5550148", "+39 347 555 01 48", "0039 347 5550148"]),
        // Spain and Poland.
        (34, &["+34612555020", "612555020", "34612555020"], &["612 55 50 20", "+34 612 555 020", "0034-612-555-020"]),
        (48, &["+48512555045", "512555045", "48512555045"], &["512-555-045", "+48 (512) 555 045", "0 512 555 045"]),
        // Brazil.
        (
            55,
            &["+5511985550131", "011985550131", "11985550131", "+551185550131"],
            &["(11) 98555-0131", "0xx11 98555-0131", "+55 (0) 11 98555-0131", "11 8555-0131"],
        ),
        // Argentina.
        (
            54,
            &["+5491155550133", "1155550133", "+541155550133"],
            &["011 15 5555-0133", "+54 9 11 5555 0133", "(011) 5555-0133"],
        ),
        // Mexico.
        (
            52,
            &["+525555550136", "5555550136", "+5215555550136"],
            &["044 55 5555 0136", "+52 (1) 55 5555 0136", "01 55 5555 0136"],
        ),
        // Several numbers in one value.
        (
            7,
            &["+79165550102", "89165550102"],
            &[
                "+7 495 555-01-03 и +7 916 555-01-02",
                "8 495 555-01-03/8 916 555-01-02",
                "8 (916) 555-01-02/03",
                "8 495 555-01-03\n8 916 555-01-02",
                "раб. 8 495 555-01-03 доб. 12, моб. 8 916 555-01-02",
                "+7(495)5550103 (Анна), +7(916)5550102 (Иван)",
                "8 495 5550103 или 8 916 5550102 (WhatsApp)",
                "+7 (0) 916 555-01-02",
                "+7 (8 916) 555-01-02",
            ],
        ),
        (
            44,
            &["+447911555014", "07911555014"],
            &["+44 (0)20 7946 0958 / +44 (0)7911 555014", "020 7946 0958 and 07911 555014", "+44 (07911) 555014"],
        ),
    ];
    let mut missed = Vec::new();
    for (country, callers, cards) in cases {
        for (caller, card) in callers.iter().flat_map(|caller| cards.iter().map(move |card| (caller, card))) {
            let read = Caller::read(Some(caller), country_code(*country)).expect("a usable number");
            // amoCRM finds a card by the digits that stand in it.
            let digits: String = card.chars().filter(char::is_ascii_digit).collect();
            if read.matching_reading(card).is_none() {
                missed.push(format!("{caller} is not {card:?} in {country}"));
            } else if !digits.contains(read.search_digits()) {
                missed
                    .push(format!("{caller} in {country}: amoCRM does not find {card:?} by {}", read.search_digits()));
            }
        }
    }
    assert_eq!(missed, Vec::<String>::new());
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
