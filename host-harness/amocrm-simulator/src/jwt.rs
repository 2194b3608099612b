//! JSON web tokens as amoCRM hands them out: signed with HMAC-SHA256; and that signature by itself, for the uninstall hook.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;

/// What a long-lived token is signed with. Nobody checks it: the simulator compares such a token as text.
const LONG_LIVED_KEY: &str = "demonstration";
/// How long before its end a long-lived token says it was issued, in seconds: the shortest validity there is, one day.
const LONG_LIVED_FOR: i64 = 86_400;

/// A long-lived token (amoCRM facts §5.6) that ends at this instant: a JWT for [`crate::Options::token`], whose `exp` then counts.
pub fn long_lived_token(expires_at: Timestamp) -> String {
    let exp = expires_at.as_second();
    let issued = exp.saturating_sub(LONG_LIVED_FOR);
    sign(LONG_LIVED_KEY, &json!({"iat": issued, "nbf": issued, "exp": exp, "scopes": ["crm"]}))
}

/// A token of these claims, HS256.
pub(crate) fn sign(key: &str, claims: &Value) -> String {
    let header = URL_SAFE_NO_PAD.encode(json!({"typ": "JWT", "alg": "HS256"}).to_string());
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = URL_SAFE_NO_PAD.encode(hmac(key, &signed));
    format!("{signed}.{signature}")
}

/// When a token ends, by its own `exp`; `None` where it is no JWT or says nothing of it.
pub(crate) fn expiry(token: &str) -> Option<Timestamp> {
    let mut parts = token.split('.');
    let (Some(_), Some(claims), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    Timestamp::from_second(claims.get("exp")?.as_i64()?).ok()
}

/// HMAC-SHA256 in hexadecimal.
pub(crate) fn hmac_hex(key: &str, message: &str) -> String {
    base16ct::lower::encode_string(&hmac(key, message))
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn hmac(key: &str, message: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("a key of any length fits");
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_rfc_4231() {
        // Test case 2 of RFC 4231.
        assert_eq!(
            hmac_hex("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn a_token_says_when_it_ends() {
        let end = Timestamp::from_second(1_900_000_000).unwrap();
        let token = long_lived_token(end);
        assert_eq!(expiry(&token), Some(end));
        for other in ["", "a.b", "a.b.c", "a.e30.c", &format!("{token}.x")] {
            assert_eq!(expiry(other), None, "{other}");
        }
    }
}
