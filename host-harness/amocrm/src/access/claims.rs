//! What a token says of itself: the claims of a JWT that this host uses, read without checking who signed them.
//!
//! Nothing is decided by a claim that a forger could gain by: an expiry is only warned of, and `api_domain` is judged like any other name
//! ([`Hosts`](super::hosts::Hosts)). A token that is no JWT simply says nothing.

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use zeroize::Zeroizing;

use runtime::secret::Secret;

/// The part of a JWT between its dots.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The claims of an access token that are used (amoCRM facts §5.6, §5.7).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// When the token expires.
    pub expires_at: Option<Timestamp>,
    /// Where the account's address is asked for.
    pub api_domain: Option<String>,
    /// The account.
    pub account_id: Option<u64>,
}

impl Claims {
    /// The claims of a token; none of them where it is no JWT.
    pub fn of(token: &Secret) -> Self {
        Self::read(token).unwrap_or_default()
    }

    fn read(token: &Secret) -> Option<Self> {
        // Of any kind: a claim of an unexpected kind is one that is not there.
        #[derive(Deserialize)]
        struct Written {
            #[serde(default)]
            exp: Value,
            #[serde(default)]
            api_domain: Value,
            #[serde(default)]
            account_id: Value,
        }

        let payload = token.expose().split('.').nth(1)?;
        let payload = Zeroizing::new(BASE64.decode(payload).ok()?);
        let written: Written = serde_json::from_slice(&payload).ok()?;
        #[expect(clippy::cast_possible_truncation, reason = "seconds; what is out of bounds is not a time")]
        let seconds = written.exp.as_i64().or_else(|| written.exp.as_f64().map(|seconds| seconds as i64));
        Some(Self {
            expires_at: seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()),
            api_domain: written.api_domain.as_str().map(str::to_owned),
            account_id: written.account_id.as_u64(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn jwt(payload: &str) -> Secret {
        Secret::new(format!("eyJ0eXAiOiJKV1QifQ.{}.c2ln", BASE64.encode(payload)))
    }

    #[test]
    fn claims_are_read_whatever_else_a_token_holds() {
        let claims =
            Claims::of(&jwt(r#"{"exp":1795338000,"api_domain":"api-a.amocrm.ru","account_id":7,"scopes":["crm"]}"#));
        assert_eq!(claims.expires_at.unwrap().to_string(), "2026-11-22T09:00:00Z");
        assert_eq!(claims.api_domain.as_deref(), Some("api-a.amocrm.ru"));
        assert_eq!(claims.account_id, Some(7));
        assert_eq!(Claims::of(&jwt(r#"{"exp":1795338000.75}"#)).expires_at, claims.expires_at);
    }

    #[test]
    fn what_is_no_jwt_says_nothing() {
        for token in ["", "a-token", "a.b.c", "a.e30", "..", "a.W10.c"] {
            assert_eq!(Claims::of(&Secret::new(token.to_owned())), Claims::default(), "{token}");
        }
        for payload in ["{", "[]", r#"{"exp":"soon"}"#, r#"{"exp":1e300}"#, r#"{"exp":-1e300,"api_domain":5}"#] {
            assert_eq!(Claims::of(&jwt(payload)), Claims::default(), "{payload}");
        }
    }

    proptest! {
        #[test]
        fn any_text_may_be_a_token(token in ".{0,200}", payload in ".{0,100}") {
            let _ = Claims::of(&Secret::new(token));
            let _ = Claims::of(&jwt(&payload));
        }
    }
}
