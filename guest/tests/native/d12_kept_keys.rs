//! D12 Kept keys: the caller's number in a stored key is hashed, with a secret of the host where it gives one.

use proptest::prelude::*;

use crate::amocrm::{contact, contacts};
use crate::pbx::{ANNA, CALLER, Pbx};
use crate::spelling::national;

/// 64 bytes, the longest secret.
const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn with_secret(secret: &str) -> Pbx {
    let mut pbx = Pbx::new();
    pbx.configure("cache_key_secret", secret);
    pbx
}

/// The hash in the key under which a caller's manager is kept.
fn hash_of(pbx: &mut Pbx, caller: &str) -> String {
    pbx.store.borrow_mut().clear();
    pbx.contacts = vec![contacts(&[contact(3, ANNA, caller)]).into()];
    assert_eq!(pbx.call_from(Some(caller)).route(), "forward to anna");
    pbx.manager_key().rsplit_once(':').expect("a key has parts").1.to_owned()
}

#[test]
fn d12_the_hash_is_blake2b_of_secret_and_number_and_stays_so_since_stored_keys_depend_on_it() {
    // Python: hashlib.blake2b(SECRET + b"\0telephony:operation/caller\x0079161234567", digest_size=16).hexdigest()
    assert_eq!(hash_of(&mut with_secret(SECRET), CALLER), "d9d1b57e2fcb578330072b233bda6f71");
    // The same without a secret.
    assert_eq!(hash_of(&mut Pbx::new(), CALLER), "8a4550fc5674949037955cbe2065b43c");
    assert_eq!(hash_of(&mut with_secret(""), CALLER), "8a4550fc5674949037955cbe2065b43c");
}

#[test]
fn d12_what_was_kept_under_another_secret_is_a_miss() {
    let mut pbx = with_secret(SECRET);
    pbx.call();
    assert_eq!(pbx.call().fact("manager_source"), "cache");
    pbx.configure("cache_key_secret", "another");
    assert_eq!(pbx.call().fact("manager_source"), "crm");
}

#[test]
fn d12_a_secret_that_is_too_long_is_refused_and_not_told() {
    let secret = format!("{SECRET}!");
    let outcome = with_secret(&secret).call();
    assert_eq!(outcome.route(), "settings-invalid");
    assert_eq!(outcome.note(), "setting `cache_key_secret`: is longer than 64 bytes; set a shorter secret");
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn d12_the_hash_depends_on_number_and_secret_alone_and_tells_neither(
        (one, other) in (national(), national()),
        secret in "[a-z0-9]{1,64}",
    ) {
        let [one, other] = [one, other].map(|number| format!("+7{number}"));
        let mut pbx = with_secret(&secret);
        let hash = hash_of(&mut pbx, &one);
        prop_assert_eq!(hash.len(), 32);
        prop_assert!(hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{hash}");
        prop_assert_eq!(hash_of(&mut pbx, &other) == hash, one == other);
        prop_assert_ne!(hash_of(&mut with_secret(&format!("{secret}1")[1..]), &one), hash_of(&mut Pbx::new(), &one));
        let outcome = pbx.call_from(Some(&one));
        let told = format!("{:?} {:?}", outcome.0, pbx.store.borrow());
        prop_assert!(secret.len() < 12 || !told.contains(&secret), "{told}");
    }
}
