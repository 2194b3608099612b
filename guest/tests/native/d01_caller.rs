//! D1 Caller: what is not a usable number is never looked up, and says why.

use proptest::prelude::*;

use crate::pbx::Pbx;

#[test]
fn d01_a_withheld_number_is_caller_hidden_and_nothing_is_asked() {
    let words =
        ["", "  ", "\t", "\u{a0}", "anonymous", "Anonymous", "ANONYMOUS", "private", "Restricted", "unavailable"];
    for caller in words.into_iter().chain(["unknown", "Withheld", " anonymous "]).map(Some).chain([None]) {
        let pbx = Pbx::new();
        let outcome = pbx.call_from(caller);
        assert_eq!(outcome.route(), "caller-hidden", "{caller:?}");
        assert_eq!((pbx.requests(), pbx.reads.get()), (0, 0), "{caller:?}");
    }
}

#[test]
fn d01_what_is_not_a_telephone_number_is_caller_unusable_and_nothing_is_asked() {
    let short =
        ["1", "101", "12345", "1-23-45", "+12345", "0012345", "12345,678901", "12345x678901", "12345 доб. 678901"];
    let long = ["1234567890123456", "+7 916 123-45-67 89 01 23"];
    let names =
        ["Alex", "Иван", "Alex 89161234567", "sip:alice@example.org", "tel:alice", "Zoë 89161234567", "sip:192.0.2.1"];
    let nothing = ["+", "+++", "-", "()", ";", "#", "?", "☎", "\u{0}"];
    for caller in short.into_iter().chain(long).chain(names).chain(nothing) {
        let pbx = Pbx::new();
        let outcome = pbx.call_from(Some(caller));
        assert_eq!(outcome.route(), "caller-unusable", "{caller:?}");
        assert_eq!((pbx.requests(), pbx.reads.get()), (0, 0), "{caller:?}");
    }
}

#[test]
fn d01_six_digits_are_enough_and_fifteen_are_not_too_many() {
    for caller in ["123456", "+123456", "00123456", "12-34-56,1", "123456789012345", "+123456789012345"] {
        assert_eq!(Pbx::new().call_from(Some(caller)).route(), "contact-not-found", "{caller:?}");
    }
}

#[test]
fn d01_amocrm_is_searched_by_the_last_digits_that_all_spellings_share() {
    let searches = [
        ("+79161234567", "9161234567"),
        ("8 (916) 123-45-67 доб. 89", "9161234567"),
        ("9161234567", "9161234567"),
        // +49 (0)30 … is accepted too.
        ("+49 30 1234567", "301234567"),
        ("+375 29 123-45-67", "291234567"),
        // Norway has no trunk prefix, but +47 (0)22 … is accepted.
        ("+47 22 55 50 52", "22555052"),
        ("4722555052", "22555052"),
        ("84951234567", "951234567"),
        ("123-45-67", "1234567"),
        ("123456", "123456"),
    ];
    for (caller, query) in searches {
        let pbx = Pbx::new();
        pbx.call_from(Some(caller));
        let url = pbx.received.borrow()[0].url.clone();
        let expected = format!("https://example.amocrm.ru/api/v4/contacts?query={query}&limit=");
        assert!(url.starts_with(&expected), "{caller:?} is searched by {url}");
    }
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn d01_no_search_is_ever_empty_or_short(caller in prop_oneof!["\\PC*", "[0-9+() xXдобext.;,#\u{a0}-]{0,20}"]) {
        let pbx = Pbx::new();
        let route = pbx.call_from(Some(&caller)).route();
        let queries = pbx.received.borrow().iter().map(|received| query_of(&received.url)).collect::<Vec<_>>();
        prop_assert!(queries.iter().all(|query| (6..=10).contains(&query.len())), "{queries:?}");
        prop_assert!(queries.iter().all(|query| query.bytes().all(|byte| byte.is_ascii_digit())), "{queries:?}");
        prop_assert_eq!(queries.is_empty(), ["caller-hidden", "caller-unusable"].contains(&route.as_str()));
    }
}

fn query_of(url: &str) -> String {
    let (_, rest) = url.split_once("?query=").expect("a search has a query");
    rest.split('&').next().unwrap().to_owned()
}
