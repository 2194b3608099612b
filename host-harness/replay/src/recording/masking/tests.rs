use call::leg::Ending;
use call::scenario::RungNumber;
use proptest::prelude::*;

use super::*;

fn numbers() -> Numbers {
    Numbers::by(&[7; 32]).unwrap()
}

fn hidden(text: &str, caller: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    numbers().text(&mut bytes, last_digits(caller));
    String::from_utf8(bytes).unwrap()
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

#[test]
fn d10_times_and_identifiers_written_as_text_stay() {
    let hide = |text: &str| {
        let mut bytes = text.as_bytes().to_vec();
        Numbers::by(&[7; 32]).unwrap().text(&mut bytes, None);
        String::from_utf8(bytes).unwrap()
    };
    for kept in [r#"{"created_at":"1795339800"}"#, r#"{"id" : "12345678"}"#, r#"[{"user_id":"504141555"}]"#] {
        assert_eq!(hide(kept), kept);
    }
    for hidden in [r#"{"value":"79165550123"}"#, r#"["created_at","79165550123"]"#, r#"{"id":"+79165550123"}"#] {
        assert_ne!(hide(hidden), hidden);
    }
}

#[test]
fn every_spelling_of_a_number_becomes_the_same_number_and_keeps_its_form() {
    let made = numbers().number("+79161234567");
    assert!(made.starts_with("+7916") && made != "+79161234567");
    let tail = &made[5..];
    for spelling in
        ["8 (916) 123-45-67", "9161234567", "123 45 67", "+7.916.123.45.67", "+7\u{a0}916\u{a0}123\u{2011}45\u{2011}67"]
    {
        let other = numbers().number(spelling);
        assert_eq!(digits(&other)[digits(&other).len() - 7..], *tail, "{spelling}");
        assert_eq!(
            other.replace(|sign: char| sign.is_ascii_digit(), "0"),
            spelling.replace(|sign: char| sign.is_ascii_digit(), "0")
        );
    }
    assert_eq!(numbers().number("101"), "101", "an extension");
    let extended = numbers().number("+7 916 123-45-67 доб. 12");
    assert_eq!(digits(&extended), format!("7916{tail}12"), "an extension after the number");
    let escaped = hidden(r#"["+7\u00a0916\u00a0123\u201145\u201167"]"#, "");
    let value: serde_json::Value = serde_json::from_str(&escaped).unwrap();
    assert_eq!(digits(value[0].as_str().unwrap()), format!("7916{tail}"), "{escaped}");
}

#[test]
fn d01_what_stands_for_a_withheld_number_stays() {
    for placeholder in [
        "+266696687",
        "266696687",
        "7378742833",
        "+86282452253",
        "8656696",
        "2562533",
        "7748283",
        "00266696687",
        "0000000000",
        "+0000000",
        "+70000000000",
    ] {
        assert_eq!(numbers().number(placeholder), placeholder);
        let text = serde_json::json!({ "phone": placeholder, "other": "+79161234567" }).to_string();
        let made = hidden(&text, placeholder);
        assert!(made.contains(placeholder) && !made.contains("+79161234567"), "{made}");
    }
    for number in ["+7916 266 69 66 87", "+79168656696", "0079161234567"] {
        assert_ne!(numbers().number(number), number);
    }
}

#[test]
fn d10_numbers_that_steps_before_rang_are_replaced_as_everywhere() {
    let rung = |number: &str| RungNumber { number: number.to_owned(), ending: Ending::NoAnswer };
    let step = |exit| EarlierStep { placement: "manager".to_owned(), operation: "x".to_owned(), exit };
    let mut steps = [
        step(StepExit::Reason("contact-not-found".to_owned())),
        step(StepExit::NotAnswered(vec![rung("101"), rung("+79035550101")])),
    ];
    let before = steps.clone();
    numbers().earlier_steps(&mut steps);
    assert_eq!(steps[0], before[0]);
    assert_eq!(steps[1], step(StepExit::NotAnswered(vec![rung("101"), rung(&numbers().number("+79035550101"))])));
    assert_ne!(steps[1], before[1]);
}

#[test]
fn d12_another_secret_stands_in_a_recording() {
    const KEY: &str = "cache_key_secret";
    let secrets = BTreeSet::from([KEY.to_owned()]);
    let configuration = |key: &str, value: Option<&str>| Import::Configuration {
        key: key.to_owned(),
        answer: value.map(str::to_owned),
    };
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let whole = [pair(KEY, "the-secret-of-this-host"), pair("enabled", "true")];
    for mut import in
        [configuration(KEY, Some("the-secret-of-this-host")), Import::WholeConfiguration { answer: whole.into() }]
    {
        hide_secrets(&mut import, &secrets);
        let written = serde_json::to_string(&import).unwrap();
        assert!(written.contains("\"00000000000000000000000\"") && !written.contains("the-secret"), "{written}");
        assert_eq!(written.contains("enabled"), written.contains("true"), "what is not a secret stays");
    }
    for unchanged in [configuration(KEY, None), configuration("enabled", Some("true"))] {
        let mut import = unchanged.clone();
        hide_secrets(&mut import, &secrets);
        assert_eq!(import, unchanged);
    }
}

#[test]
fn of_json_only_numbers_in_strings_are_replaced() {
    let text = r#"{"id":12345678,"at":"2026-11-22","name":"\u0417\u04171234","href":"https://a.amocrm.ru/contacts/12345678?query=9161234567","phone":"8 (916) 123-45-67","other":"+4930123456789"}"#;
    let made = hidden(text, "+79161234567");
    assert!(made.contains(r#""id":12345678,"at":"2026-11-22","name":"\u0417\u04171234","href":"https://a.amocrm.ru/contacts/12345678?query=916"#), "{made}");
    assert!(!made.contains("1234567\"") && !made.contains("123-45-67") && !made.contains("30123456789"), "{made}");
    let value: serde_json::Value = serde_json::from_str(&made).unwrap();
    let phone = numbers().number("8 (916) 123-45-67");
    assert_eq!(value["phone"], phone.as_str());
    assert!(value["href"].as_str().unwrap().ends_with(&digits(&phone)[4..]), "the same number in an address");
}

#[test]
fn d10_numbers_are_replaced_in_json_that_is_oddly_written() {
    for name in [&b"\xd0"[..], b"\\ud83d", b"A"] {
        let text = [b"\xef\xbb\xbf{\"name\":\"", name, b"\",\"phone\":\"+7 (916) 123-45-67\"}"].concat();
        let mut made = text.clone();
        numbers().text(&mut made, None);
        assert_eq!(made.len(), text.len());
        assert!(!String::from_utf8_lossy(&made).contains("123-45-67"), "{}", String::from_utf8_lossy(&made));
    }
}

proptest! {
    #[test]
    fn different_numbers_stay_different(left in "[0-9]{7,15}", right in "[0-9]{7,15}") {
        let numbers = numbers();
        prop_assert_eq!(left == right, numbers.number(&left) == numbers.number(&right));
    }

    #[test]
    fn no_text_breaks_it(text in ".{0,80}", caller in "[+0-9 ]{0,16}") {
        prop_assert_eq!(hidden(&text, &caller).len(), text.len());
    }

    #[test]
    fn json_stays_json_of_the_same_length(name in ".{0,20}", phone in "[+0-9 ()-]{0,20}", id in any::<u64>()) {
        let text = serde_json::json!({ "name": name, "values": [{ "value": phone }], "id": id }).to_string();
        let made = hidden(&text, &phone);
        prop_assert_eq!(made.len(), text.len());
        prop_assert!(serde_json::from_str::<serde_json::Value>(&made).is_ok());
    }
}
