//! What each fuzz target does with the fuzzer's bytes. Here, so that `cargo test` does the same with the seeds.

use amocrm::access::claims::Claims;
use amocrm::access::{Hosts, consent, uninstall};
use amocrm::audit::answers::{self, Contact};
use amocrm::audit::findings::{ContactsSeen, Finding, PhoneFault};
use amocrm::widget_token::{ClientKeys, verify};
use forward_to_personal_manager::caller::{Caller, CountryCode};
use node::call_details::{KeptCall, Numbers};
use replay::policy;
use runtime::secret::Secret;

use super::oauth::{answering, at_once, settings};
use super::{asterisk, call, config, face, host, inspection};

/// A target: its name and what it does.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const ALL: &[Target] = &[
    ("contacts", contacts),
    ("companies", companies),
    ("leads", leads),
    ("users", users),
    ("account", account),
    ("events", events),
    ("token", token),
    ("subdomain", subdomain),
    ("access_token", access_token),
    ("redirect", redirect),
    ("uninstalled", uninstalled),
    ("widget_token", widget_token),
    ("audit", audit),
    ("numbers", numbers),
    ("notice", notice),
    ("too_many_requests", too_many_requests),
    ("config", config),
    ("stored_record", stored_record),
    ("recording", recording),
    ("component_upload", component_upload),
    ("inspection", inspection),
    ("every_import", every_import),
    ("http_face", http_face),
    ("fastagi", fastagi),
    ("policy_case", policy_case),
    ("stored_call_details", stored_call_details),
];

/// Whatever `GET /api/v4/contacts` answers, the call has a route.
pub fn contacts(bytes: &[u8]) {
    call::resolve_with("/api/v4/contacts", bytes);
}

/// Whatever `GET /api/v4/companies` answers, the call has a route.
pub fn companies(bytes: &[u8]) {
    call::resolve_with("/api/v4/companies", bytes);
}

/// Whatever `GET /api/v4/leads` answers, the call has a route.
pub fn leads(bytes: &[u8]) {
    call::resolve_with("/api/v4/leads", bytes);
}

/// Whatever `GET /api/v4/users` answers, the call has a route.
pub fn users(bytes: &[u8]) {
    call::resolve_with("/api/v4/users", bytes);
}

/// Whatever `GET /api/v4/account` answers, the call has a route.
pub fn account(bytes: &[u8]) {
    call::resolve_with("/api/v4/account", bytes);
}

/// Whatever `GET /api/v4/events` answers, the call has a route.
pub fn events(bytes: &[u8]) {
    call::resolve_with("/api/v4/events", bytes);
}

/// Whatever the token endpoint answers is a pair of tokens or an error that shows nothing of it.
pub fn token(bytes: &[u8]) {
    let account = "https://example.amocrm.ru".parse().expect("an address");
    match at_once(answering(bytes).refresh(&account, &Secret::new("refresh".to_owned()))) {
        Ok(pair) => assert!(!pair.access_token.expose().is_empty() && !pair.refresh_token.expose().is_empty()),
        Err(error) => assert!(error.to_string().len() < 300, "{error}"),
    }
}

/// Whatever the look-up of a renamed account answers, only a host of amoCRM's is believed.
pub fn subdomain(bytes: &[u8]) {
    let api = "https://api-a.amocrm.ru".parse().expect("an origin");
    if let Ok(origin) = at_once(answering(bytes).current_address(&api, &Secret::new("refresh".to_owned()))) {
        let name = origin.to_string();
        assert!([".amocrm.ru", ".amocrm.com", ".kommo.com"].iter().any(|domain| name.ends_with(domain)), "{name}");
    }
}

/// The claims of whatever comes as an access token are read or absent.
pub fn access_token(bytes: &[u8]) {
    let _ = Claims::of(&Secret::new(text(bytes).to_owned()));
}

/// Whatever the browser was sent to or a person pasted is a consent or an error; an account that is believed is amoCRM's.
pub fn redirect(bytes: &[u8]) {
    let hosts = Hosts::default();
    if let Ok(consented) = consent::read_pasted(text(bytes), &settings(), &hosts) {
        assert!(hosts.permits(consented.account.origin()));
        assert!(!consented.code.expose().is_empty());
    }
}

/// Nothing but a signature under the client secret passes for amoCRM's uninstall hook.
pub fn uninstalled(bytes: &[u8]) {
    assert!(uninstall::verify(&settings(), None, text(bytes)).is_err());
}

/// Nothing but a token under the client secret passes for the widget's.
pub fn widget_token(bytes: &[u8]) {
    let client = ClientKeys { id: "client".to_owned(), secret: Secret::new("client-secret".to_owned()).into() };
    let account = "https://example.amocrm.ru".parse().expect("an origin");
    assert!(verify(text(bytes), &client, &account, jiff::Timestamp::UNIX_EPOCH).is_err());
}

/// Whatever the lists of users and contacts answer is read or refused, and judged.
pub fn audit(bytes: &[u8]) {
    let users = answers::users(bytes).map(|page| page.entries).unwrap_or_default();
    let mut seen = ContactsSeen::new(CountryCode::DEFAULT);
    if let Ok(page) = answers::contacts(bytes) {
        page.entries.iter().for_each(|contact| seen.see(contact));
    }
    let _ = seen.judge(&users, &[]);
}

/// Whatever the caller is (the first line) and whatever stands on a card (the rest): a search is 6 to 10 digits, and what the audit calls
/// no number is not found.
pub fn numbers(bytes: &[u8]) {
    let (caller, card) = text(bytes).split_once('\n').unwrap_or((text(bytes), text(bytes)));
    let Ok(caller) = Caller::read(Some(caller), CountryCode::DEFAULT) else { return };
    assert!((6..=10).contains(&caller.search_digits().len()), "{}", caller.search_digits());
    let mut seen = ContactsSeen::new(CountryCode::DEFAULT);
    seen.see(&Contact { id: 1, owner: None, is_deleted: false, phones: vec![card.to_owned()] });
    let no_number = |finding: &Finding| matches!(finding, Finding::PhoneNotMatched { why: PhoneFault::NotANumber, .. });
    let unreachable = seen.judge(&[], &[]).iter().any(no_number);
    assert!(!unreachable || caller.matching_reading(card).is_none(), "{card}");
}

/// Whatever comes as a webhook, no call is led astray by it.
pub fn notice(bytes: &[u8]) {
    call::notice_with(bytes);
}

/// Whatever the body of a 429 states, it is a time or nothing.
pub fn too_many_requests(bytes: &[u8]) {
    let _ = amocrm::limits::rest_stated_in(bytes);
}

/// Whatever is written as a configuration is read, or refused with words that name the place.
pub fn config(bytes: &[u8]) {
    config::read(text(bytes));
}

/// Whatever stands in the store under a caller's key, the call has a route, and none to a manager that no record can name.
pub fn stored_record(bytes: &[u8]) {
    let _ = call::record_with(bytes);
}

/// Whatever comes as a recording is read or refused; what is read is written as it was read, and can be resolved again.
pub fn recording(bytes: &[u8]) {
    host::recording_with(bytes);
}

/// Whatever is uploaded as a component is refused, or fits the contract.
pub fn component_upload(bytes: &[u8]) {
    host::component_with(bytes);
}

/// Whatever is looked over before it is compiled is refused with a reason, or within every bound.
pub fn inspection(bytes: &[u8]) {
    inspection::look_over(bytes);
}

/// A component that calls every import with hostile arguments in the order of the fuzzer's bytes: the host survives, in time.
pub fn every_import(bytes: &[u8]) {
    host::every_import_with(bytes);
}

/// Whatever is sent to the server, no handler panics, and `POST /v1/resolve-call` has a route for who proves itself.
pub fn http_face(bytes: &[u8]) {
    face::request_with(bytes);
}

/// Whatever an administrator writes as a case's `call.toml`, or as its account, is read, or refused with words.
pub fn policy_case(bytes: &[u8]) {
    if let Err(message) = policy::understand(text(bytes)) {
        assert!(message.starts_with("  call.toml"), "{message}");
    }
    let _ = amocrm_simulator::Account::from_toml(text(bytes));
}

/// Whatever stands in the file of call details as a call, it is listed: as it is, or as unreadable; and the whole number stays there.
pub fn stored_call_details(bytes: &[u8]) {
    const CALLER: &str = "+79161234567";
    let document = text(bytes);
    let kept =
        KeptCall::new(7, "main".to_owned(), "main".to_owned(), Some(CALLER), document.to_owned(), Some(document));
    for numbers in [Numbers::Masked, Numbers::Whole] {
        let json = serde_json::to_value(kept.shown(numbers)).expect("JSON");
        assert_eq!((&json["seq"], &json["operation"]), (&7.into(), &"main".into()));
        // A document that was tampered with may spell the number itself, in any way.
        let is_shown = json.to_string().contains(CALLER);
        assert!(numbers == Numbers::Whole || !is_shown || document.contains(CALLER) || document.contains('\\'));
    }
    let _ = kept.document();
}

/// As much of the bytes as is text.
fn text(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
    }
}

/// Whatever is said to FastAGI, only whole commands of four words are written, and none of them is the caller's.
pub fn fastagi(bytes: &[u8]) {
    asterisk::converse(bytes);
}
