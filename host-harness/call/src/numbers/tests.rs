//! Numbers in the spellings of people and networks, country by country.

use proptest::prelude::*;

use super::*;

fn country(code: u16) -> CountryCode {
    CountryCode::new(code).unwrap()
}

/// The readings of a text's first number, where numbers without a code belong to this country.
fn readings(code: u16, text: &str) -> Vec<String> {
    let numbers = read(text, country(code));
    numbers.iter().flat_map(Numbers::readings).map(|number| number.digits().to_owned()).collect()
}

/// The likeliest reading of each number in a card's value.
fn card(code: u16, value: &str) -> Vec<String> {
    read_all(value, country(code)).map(|numbers| numbers.readings()[0].digits().to_owned()).collect()
}

fn search(code: u16, text: &str) -> String {
    read(text, country(code)).unwrap().search_digits().to_owned()
}

#[test]
fn d01_a_national_number_is_read_by_its_countrys_plan() {
    for (code, text, expected) in [
        (7, "8 (916) 555-01-02", "79165550102"),
        (7, "916 555-01-02", "79165550102"),
        (7, "8 (777) 555-01-02", "77775550102"),
        (44, "07911 555014", "447911555014"),
        (44, "020 7946 0958", "442079460958"),
        (380, "067 555 01 40", "380675550140"),
        (84, "091 555 01 41", "84915550141"),
        (41, "079 555 01 42", "41795550142"),
        (375, "8 029 555-01-43", "375295550143"),
        (375, "029 555-01-43", "375295550143"),
        (375, "80295550143", "375295550143"),
        (998, "8 90 555-01-44", "998905550144"),
        (998, "90 555-01-44", "998905550144"),
        (34, "612 555 020", "34612555020"),
        (48, "512 555 045", "48512555045"),
        (47, "22 55 50 52", "4722555052"),
        (36, "06 20 555 0146", "36205550146"),
        (1, "1 (212) 555-0147", "12125550147"),
        (1, "(212) 555-0147", "12125550147"),
        // Italy's zero is part of the number.
        (39, "06 5550 1190", "390655501190"),
        (39, "+39 06 5550 1190", "390655501190"),
        (39, "+39 347 555 0148", "393475550148"),
    ] {
        assert_eq!(readings(code, text), [expected], "{text} in {code}");
    }
}

#[test]
fn d01_a_trunk_prefix_or_code_left_behind_in_an_international_number_is_dropped() {
    for (code, text, expected) in [
        (7, "+7 (8916) 555-01-02", "79165550102"),
        (7, "+7 8 916 555-01-02", "79165550102"),
        (7, "+7 (891) 655-50-102", "79165550102"),
        (7, "8 +7 916 555-01-02", "79165550102"),
        (7, "+7 +7 916 555-01-02", "79165550102"),
        (7, "+7 (791) 655-50-102", "79165550102"),
        (7, "+8 916 555-01-02", "79165550102"),
        (7, "00 8 916 555-01-02", "79165550102"),
        (7, "+7 (8800) 555-35-35", "78005553535"),
        (44, "+44 (0)7911 555014", "447911555014"),
        (44, "+44 (0) 20 7946 0958", "442079460958"),
        (7, "+44 (0)7911 555014", "447911555014"),
        (44, "44 (0)7911 555014", "447911555014"),
        (44, "+0 7911 555014", "447911555014"),
        (49, "+49 (0)30 5550149", "49305550149"),
        (375, "+375 8 029 555-01-43", "375295550143"),
        (39, "+39 (0)6 5550 1190", "390655501190"),
    ] {
        assert_eq!(card(code, text), [expected], "{text} in {code}");
    }
}

#[test]
fn d01_mobile_insertions_are_settled() {
    for (code, spellings, expected) in [
        (
            54,
            &["+5491155550133", "+54 11 5555-0133", "011 15-5555-0133", "11 15 5555 0133", "+54 9 11 15 5555 0133"][..],
            "541155550133",
        ),
        (54, &["+54 9 351 555-0134", "0351 15 555-0134", "351 555 0134"], "543515550134"),
        (54, &["+54 9 2966 55-0135", "02966 15 55-0135"], "542966550135"),
        (
            52,
            &["+52 1 55 5555 0136", "+52 55 5555 0136", "55 5555 0136", "044 55 5555 0136", "01 55 5555 0136"],
            "525555550136",
        ),
        (
            55,
            &["+55 11 98555-0131", "(11) 98555-0131", "011 98555-0131", "+55 11 8555-0131", "0 15 11 98555-0131"],
            "5511985550131",
        ),
        (55, &["+55 11 2555-0132", "(11) 2555-0132", "0 15 11 2555-0132"], "551125550132"),
    ] {
        for spelling in spellings {
            assert_eq!(readings(code, spelling)[0], expected, "{spelling} in {code}");
        }
    }
}

#[test]
fn d01_a_number_without_plus_that_two_countries_have_is_both() {
    assert_eq!(readings(7, "4722555052"), ["74722555052", "4722555052"]);
    assert_eq!(readings(7, "84951234567"), ["74951234567", "84951234567"]);
    // A plus sign, brackets, or a trunk prefix that stands apart leave one.
    for (text, expected) in [
        ("+4722555052", "4722555052"),
        ("(472) 255-50-52", "74722555052"),
        ("8 (495) 123-45-67", "74951234567"),
        ("+84951234567", "84951234567"),
        ("79165550102", "79165550102"),
        ("89165550102", "79165550102"),
        ("9165550102", "79165550102"),
        ("447911555014", "447911555014"),
    ] {
        assert_eq!(readings(7, text), [expected], "{text}");
    }
}

#[test]
fn d01_what_all_spellings_share_is_searched() {
    for (code, text, expected) in [
        (7, "+79165550102", "9165550102"),
        (7, "4722555052", "22555052"),
        (7, "84951234567", "951234567"),
        (44, "07911 555014", "7911555014"),
        (34, "+34 612 555 020", "612555020"),
        // A trunk prefix may be left behind in any country: +34 (0) 612 ….
        (7, "+34 612 555 020", "612555020"),
        (7, "+49 30 5550149", "305550149"),
        // The mobile insertion stands before these digits.
        (54, "+5491155550133", "55550133"),
        (54, "+54 9 351 555-0134", "5550134"),
        (55, "+5511985550131", "85550131"),
        (52, "+52 1 55 5555 0136", "5555550136"),
        // With five digits no search is made; only the international spelling is read.
        (290, "+290 22158", "29022158"),
    ] {
        assert_eq!(search(code, text), expected, "{text} in {code}");
    }
}

#[test]
fn d02_a_value_with_several_numbers_has_several_numbers() {
    let both = ["74955559018", "79165550118"];
    for value in [
        "8(495)555-90-18/8-916-555-01-18",
        "8 495 555-90-18; 8 916 555-01-18",
        "8 495 555-90-18, +7 916 555-01-18",
        "8 495 555-90-18\n8 916 555-01-18",
        "8 495 555-90-18\r\n8 916 555-01-18",
        "8 495 555-90-18 | 8 916 555-01-18",
        "8 495 555-90-18 или 8 916 555-01-18",
        "8 495 555-90-18 or 8 916 555-01-18",
        "8 495 555-90-18 and 8 916 555-01-18",
        "8 495 555-90-18 и 8 916 555-01-18",
        "8 495 555-90-18 доб. 12, 8 916 555-01-18",
        "8 495 555-90-18 доб. 12 / моб. 8 916 555-01-18",
        "тел. 8 495 555-90-18 (доб. 12) моб. 8 916 555-01-18",
        "8 495 555-90-18 ext 12; 8 916 555-01-18",
        "8 495 555-90-18x12 / 8 916 555-01-18",
        "8 495 555-90-18#12/8 916 555-01-18",
        "+7 495 555-90-18 +7 916 555-01-18",
        "8 495 555-90-18  8 916 555-01-18",
        "+7 495 5559018,,12\n8(916)555-01-18",
    ] {
        assert_eq!(card(7, value), both, "{value}");
    }
}

#[test]
fn d02_an_extension_is_no_number() {
    for value in [
        "8 495 555-90-18 доб. 89165550118",
        "8 495 555-90-18 ext. 8916555",
        "8 495 555-90-18 вн. 1234567",
        "8 495 555-90-18#404812",
        "8 495 555-90-18,123",
        "8 495 555-90-18x1234567",
        "8 495 555-90-18/19",
        "дом 5, 8 495 555-90-18 до 18:00",
    ] {
        assert_eq!(card(7, value), ["74955559018"], "{value}");
    }
    // An area code before a slash is not a number of its own.
    assert_eq!(card(49, "030/5550149"), ["49305550149"]);
}

#[test]
fn d02_digits_of_every_script_are_digits_and_invisible_characters_are_nothing() {
    for value in [
        "＋７（９１６）５５５－０１－０２",
        "\u{202a}+7 916 555\u{2011}01\u{2011}02\u{202c}",
        "+٧ ٩١٦ ٥٥٥ ٠١ ٠٢",
        "+७ ९१६ ५५५ ०१ ०२",
        "\u{feff}8\u{200b}916\u{a0}555 01 02",
        "+\u{1d7d5}9165550102",
    ] {
        assert_eq!(card(7, value), ["79165550102"], "{value}");
    }
}

#[test]
fn d02_a_number_that_fits_no_plan_and_is_short_lacks_its_area_code() {
    for (code, value, is_whole) in [
        (7, "123-45-67", false),
        (7, "555-01-02", false),
        (34, "612 555 020", true),
        (998, "90 555-01-44", true),
        (372, "512 3456", true),
        (7, "+372 5123456", true),
        (7, "1234567890123", true),
    ] {
        let whole: Vec<bool> = read_all(value, country(code)).map(|numbers| numbers.is_whole()).collect();
        assert_eq!(whole, [is_whole], "{value} in {code}");
    }
}

#[test]
fn d01_fewer_than_six_digits_are_no_number_in_any_country() {
    for (code, value) in [(47, "02800"), (7, "12345"), (49, "030 55"), (290, "22158")] {
        assert_eq!(card(code, value), [""; 0], "{value} in {code}");
    }
}

#[test]
fn d02_what_stands_for_a_withheld_number_is_nobodys() {
    for value in
        ["+266696687", "266696687", "7378742833", "+86282452253", "0000000", "+000", "+7 000 000 00 00", "810266696687"]
    {
        assert_eq!(card(7, value), [""; 0], "{value}");
    }
}

/// Calling codes whose plans differ in what they have: trunk prefixes, insertions, lengths.
const CODES: &[u16] =
    &[1, 7, 30, 34, 36, 39, 44, 47, 49, 52, 54, 55, 61, 86, 241, 261, 298, 372, 375, 378, 380, 672, 995, 998];

/// What people and programs write into a telephone field, and what nobody does.
fn any_card() -> impl Strategy<Value = String> {
    let international = (
        prop::sample::select(CODES),
        "[0-9]{4,12}",
        prop::sample::select(vec!["+", "", "00", "810", "8 10 ", "+ ", "("]),
    );
    prop_oneof![
        "[0-9+() -]{0,20}",
        "[0-9+() /;,доб.x-]{0,40}",
        "[+]?[0-9]{5,16}",
        "[08]?[(]?[0-9]{9,11}[)]?",
        international.prop_map(|(code, national, prefix)| format!("{prefix}{code}{national}")),
    ]
}

proptest! {
    #[test]
    fn d02_a_number_is_itself_however_it_is_presented(digits in "[1-9][0-9]{6,13}", code in 1..=999_u16) {
        let Some(numbers) = read(&format!("+{digits}"), country(code)) else { return Ok(()) };
        let number = numbers.readings()[0];
        for presented in number.presentations(country(code)) {
            prop_assert!((6..=10).contains(&presented.search_digits().len()));
        }
        // The settled spelling is read as the same number.
        let again = read(&format!("+{}", number.digits()), country(code));
        prop_assert_eq!(again.map(|numbers| numbers.readings()[0]), Some(number));
    }

    #[test]
    fn any_value_is_read(value in prop_oneof![any::<String>(), "[0-9+() /;,xдоб.]{0,60}"], code in 1..=999_u16) {
        for numbers in read_all(&value, country(code)) {
            prop_assert!((1..=3).contains(&numbers.readings().len()));
            let searched = numbers.search_digits();
            prop_assert!((6..=10).contains(&searched.len()), "{searched}");
            prop_assert!(numbers.readings().iter().all(|number| number.digits().ends_with(searched)), "{searched}");
        }
    }

    #[test]
    fn d02_whoever_has_a_cards_number_is_searched_by_digits_of_the_card(
        card in any_card(),
        code in prop::sample::select(CODES),
    ) {
        let country = country(code);
        let digits: String = card.chars().filter(char::is_ascii_digit).collect();
        for numbers in read_all(&card, country) {
            let mut callers = numbers.readings().iter().flat_map(|number| number.presentations(country)).peekable();
            prop_assert!(callers.peek().is_some(), "{card} in {code}: {:?} is presented by nobody", numbers.readings());
            let callers: Vec<_> = callers.filter(|caller| caller.shared_with(&numbers).is_some()).collect();
            prop_assert!(!callers.is_empty(), "{card} in {code}");
            for caller in callers {
                let searched = caller.search_digits();
                prop_assert!(digits.contains(searched), "{card} in {code} is not found by {searched}, of {:?}", caller.readings());
            }
        }
    }
}
