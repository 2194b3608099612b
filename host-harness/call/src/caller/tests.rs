//! Callers as networks and programs write them.

use proptest::prelude::*;

use super::*;

/// The number presented, as international digits where the default country is Russia.
fn number(caller: &str) -> Option<String> {
    match Presented::read(caller) {
        Presented::Number(number) => Some(number.read(CountryCode::DEFAULT)?.readings().first()?.digits().to_owned()),
        _ => None,
    }
}

#[test]
fn d01_a_number_is_read_as_sip_and_http_write_it() {
    for caller in [
        "+79165550112",
        "%2B79165550112",
        "%2b7%20916%20555-01-12",
        "+7%28916%295550112",
        "tel:+7-916-555-01-12;phone-context=+7",
        "TEL:+7.916.555.01.12",
        "tel:9165550112;phone-context=+7",
        "tel:89165550112;phone-context=+7",
        "tel:79165550112;ext=12;phone-context=%2B7",
        "tel:5550112;phone-context=+7916",
        "tel:+79165550112;isub=12345;ext=678",
        "tel:89165550112;phone-context=example.com",
        "sip:+79165550112@192.0.2.1",
        "SIP:+79165550112@example.org:5060;transport=udp?subject=1",
        "sips:%2B79165550112@[2001:db8::1]:5061;lr",
        "sip:9165550112;phone-context=+7@example.org;user=phone",
        "sip:+79165550112:secret99@example.org",
        "sip:+79165550112",
        "sip:+79165550112:5060",
        "+79165550112@example.org",
        "79165550112@192.0.2.1:5060",
        "<sip:+79165550112@example.org>;tag=8a1",
        "<tel:+79165550112>",
        "\"Ivan 42 <Petrov>\" <sip:+79165550112@example.org;user=phone>;tag=99",
        "\"said \\\"7\\\" <\" <sip:+79165550112@example.org>",
        "Ivan Petrov 42 <sip:+79165550112@example.org>",
        "Иван <+79165550112>",
        "\"Ivan\" +79165550112",
        "\"Unknown\" <sip:+79165550112@example.org>",
        "\"P\" <sip:+79165550112@example.org>",
        "<sip:office@example.org>, <tel:+79165550112>",
        "\"+79165550112\"",
        " \u{200e}tel:+79165550112",
        "＋７９１６５５５０１１２",
        "+7 916 555-01-12;npdi=yes;rn=+79160000000",
        "8 916 555 01 12 доб. 5",
        "+79165550112x12",
    ] {
        assert_eq!(number(caller).as_deref(), Some("79165550112"), "{caller}");
    }
}

#[test]
fn d01_what_networks_write_for_a_withheld_number_is_withheld() {
    for caller in [
        "",
        " \t",
        "\u{a0}\u{200b}",
        "\"\"",
        "<>",
        "sip:@example.org",
        "anonymous",
        "ANONYMOUS",
        "anonymous@anonymous.invalid",
        "sip:anonymous@anonymous.invalid",
        "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1",
        "\"Anonymous\" <sip:+79165550112@example.org>",
        "<sip:c8oqz84zk7z@privacy.invalid>",
        "sip:+79165550112@anonymous.invalid:5060",
        "sip:anonymous@192.0.2.1",
        "unknown@unknown.invalid",
        "Private",
        "Private Number",
        "private-number",
        "Restricted",
        "Unavailable",
        "Unknown",
        "withheld",
        "Blocked",
        "No Caller ID",
        "NO_CALLER_ID",
        "Caller ID Blocked",
        "Number Withheld",
        "Out of Area",
        "Coin line/payphone",
        "CALLER UNKNOWN",
        "No Name",
        "<null>",
        "P",
        "O",
        "Скрыт абонентом",
        "asterisk",
        "\"asterisk\" <sip:asterisk@192.0.2.1>",
        "FreeSWITCH",
        "Скрытый номер",
        "Номер скрыт",
        "Номер не определён",
        "АНОНИМ",
        "+266696687",
        "266696687",
        "tel:+266696687",
        "sip:+7378742833@example.org",
        "7378742833",
        "+86282452253",
        "86282452253",
        "8656696",
        "+8656696",
        "+2562533",
        "7748283",
        "0",
        "000",
        "+000",
        "0000000000",
        "+0000000000",
        "00000000000000",
        "+70000000000",
        "80000000000",
        "0070000000000",
        "00266696687",
        "810266696687",
        "8 10 7 0000000000",
        "%2B000",
    ] {
        assert!(Presented::is_withheld(caller), "{caller}: {:?}", Presented::read(caller));
    }
}

#[test]
fn d01_a_name_or_an_address_is_no_number_and_is_not_withheld() {
    for caller in [
        "Alex",
        "Иван",
        "Alex 89165550112",
        "sip:alice@example.org",
        "sip:office2@example.org",
        "sip:192.0.2.1",
        "sip:[2001:db8::1]:5060",
        "tel:alice",
        ";",
        "-",
        "\0",
        "Anonymous Ltd",
        "Private Bank",
        "invalid.example.org",
    ] {
        assert_eq!(Presented::read(caller), Presented::NotANumber, "{caller}");
    }
    for caller in ["8 930 000-00-00", "9300000000", "8 800 000-00-00", "+79165550112"] {
        assert!(matches!(Presented::read(caller), Presented::Number(_)), "{caller}");
    }
}

proptest! {
    #[test]
    fn d01_a_number_written_plainly_is_read_like_any_address(caller in "[-+() 0-9]{0,20}") {
        prop_assert_eq!(Presented::read(&caller), of_address("", &caller));
    }

    #[test]
    fn any_caller_is_read(caller in prop_oneof![any::<String>(), "[sipteln:<>@;\"%+0-9a.]{0,60}"]) {
        let _ = Presented::read(&caller);
    }

    #[test]
    fn d01_every_wrapping_of_a_number_is_the_number(
        digits in "9[0-9]{9}",
        name in "[a-zA-Z ]{0,12}",
        wrapping in prop::sample::select(vec![
            "+7N", "%2B7N", "tel:+7N", "tel:N;phone-context=+7", "sip:+7N@192.0.2.1:5060;user=phone",
            "<sip:+7N@example.org>;tag=1", "+7N@example.org", "sips:%2B7N:p@[::1];lr",
        ]),
    ) {
        let caller = wrapping.replace('N', &digits);
        let named = format!("\"X {name}\" <{}>", caller.trim_start_matches('<').split('>').next().unwrap_or_default());
        for caller in [caller, named] {
            prop_assert_eq!(number(&caller), Some(format!("7{digits}")), "{}", caller);
        }
    }
}
