//! Number comparison (rules D1, D2): properties over all spellings.

use forward_to_personal_manager::caller::{CountryCode, InternationalNumber};
use proptest::prelude::*;

use crate::config;

fn parse(text: &str) -> Option<String> {
    InternationalNumber::parse(text, CountryCode::DEFAULT).map(|number| number.digits().to_owned())
}

/// The ten national digits of a Russian number.
fn national() -> impl Strategy<Value = String> {
    "[3-9][0-9]{9}"
}

/// Digits with what people type between them.
fn separated(digits: String) -> impl Strategy<Value = String> {
    let separator = prop::sample::select(vec!["", "", "", " ", "-", ".", "(", ")", ") ", "\u{a0}", "\u{2011}", "/"]);
    prop::collection::vec(separator, digits.len()).prop_map(move |separators| {
        digits
            .chars()
            .zip(separators)
            .flat_map(|(digit, separator)| [digit.to_string(), separator.to_owned()])
            .collect()
    })
}

/// A Russian number as people spell it: prefix, separators, extension.
fn spelling(national: String) -> impl Strategy<Value = String> {
    let prefix = prop::sample::select(vec!["+7", "7", "8", "", "007", "8107", "+ 7", "(+7) "]);
    let extension =
        prop::sample::select(vec!["", ";ext=12", ",12", "#12", "x12", " X 12", " ext. 12", " Доб. 12", "доб12", "; 5"]);
    (prefix, separated(national), extension)
        .prop_map(|(prefix, digits, extension)| format!("{prefix}{digits}{extension}"))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn d1_any_text_is_a_number_of_6_to_15_digits_or_none(text in ".{0,60}", country in 1_u16..=999) {
        let country = CountryCode::new(country).unwrap();
        if let Some(number) = InternationalNumber::parse(&text, country) {
            prop_assert!((6..=15).contains(&number.digits().len()));
            prop_assert!(number.digits().bytes().all(|byte| byte.is_ascii_digit()));
            prop_assert!(number.digits().ends_with(number.national_part()));
            prop_assert_eq!(number.national_part().len(), number.digits().len().min(10));
        }
    }

    #[test]
    fn d1_all_spellings_of_a_number_are_equal((national, spelling) in national().prop_flat_map(|national| (Just(national.clone()), spelling(national)))) {
        prop_assert_eq!(parse(&spelling), Some(format!("7{national}")), "{}", spelling);
    }

    #[test]
    fn d2_different_numbers_are_never_equal(a in national(), b in national()) {
        prop_assert_eq!(parse(&format!("+7{a}")) == parse(&format!("8{b}")), a == b);
    }

    #[test]
    fn d2_the_same_national_digits_abroad_are_another_number(national in national(), code in prop::sample::select(vec!["49", "375", "380", "998"])) {
        let abroad = parse(&format!("+{code}{national}"));
        prop_assert_eq!(&abroad, &Some(format!("{code}{national}")));
        prop_assert_ne!(&abroad, &parse(&national));
        prop_assert_eq!(&abroad, &parse(&format!("00{code}{national}")));
        prop_assert_eq!(&abroad, &parse(&format!("810{code}{national}")));
    }

    #[test]
    fn d1_an_international_number_is_left_alone(digits in "[1-79][0-9]{10,14}") {
        prop_assert_eq!(parse(&format!("+{digits}")), Some(digits));
    }

    #[test]
    fn d1_ten_bare_digits_get_the_default_code(national in national(), code in 1_u16..=999) {
        let number = InternationalNumber::parse(&national, CountryCode::new(code).unwrap()).unwrap();
        prop_assert_eq!(number.digits(), format!("{code}{national}"));
    }

    #[test]
    fn d10_a_hash_is_stable_distinct_and_hides_the_number(a in national(), b in national()) {
        let hash = |national: &str| InternationalNumber::parse(national, CountryCode::DEFAULT).unwrap().hash();
        prop_assert_eq!(hash(&a), hash(&format!("+7{a}")));
        prop_assert_eq!(hash(&a) == hash(&b), a == b);
        prop_assert!(hash(&a).len() == 32 && hash(&a).bytes().all(|byte| byte.is_ascii_hexdigit()));
        prop_assert!(!hash(&a).contains(&a));
    }

    #[test]
    fn d1_a_caller_gets_a_number_or_a_reason_of_the_class_caller(caller in prop::option::of(".{0,40}")) {
        if let Err(reason) = InternationalNumber::of_caller(caller.as_deref(), CountryCode::DEFAULT) {
            prop_assert!(["caller-hidden", "caller-unusable"].contains(&reason.code()));
        }
    }
}

#[test]
fn d1_edges_of_the_rule() {
    for (text, expected) in [
        ("12345", None),
        ("123456", Some("123456")),
        ("+1234567890123456", None),
        ("+123456789012345", Some("123456789012345")),
        ("8-800-555-35-35", Some("78005553535")),
        ("+8 916 123-45-67", Some("79161234567")),
        ("+81 3 1234 5678", Some("81312345678")),
        ("81312345678", Some("71312345678")),
        ("81012345678", Some("71012345678")),
        ("810123456789", Some("123456789")),
        ("#31#79161234567", None),
        ("Alex, 8 916 123 45 67", Some("79161234567")),
        ("8 916 123 45 67, 8 916 000 00 00", Some("79161234567")),
        ("", None),
        ("+", None),
    ] {
        assert_eq!(parse(text).as_deref(), expected, "{text}");
    }
}
