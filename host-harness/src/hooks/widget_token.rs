//! The one-time token of amoCRM's widgets: who has amoCRM open, said so that it cannot be forged.
//!
//! amoCRM adds it to the requests that a widget sends with `$authorizedAjax`: a JWT, HS256, signed with the integration's client secret, valid
//! for 30 minutes (facts §4 B; amoCRM's page `oauth/disposable-tokens`). It may be used once, which is the caller's to see to.

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use crate::capabilities::http::{BaseUrl, Origin};
use crate::secret::Secret;

/// amoCRM's clock and ours may differ by this much.
const LEEWAY: SignedDuration = SignedDuration::from_secs(60);
/// The longest that a token is valid. One that claims more is not amoCRM's.
const VALID_FOR: SignedDuration = SignedDuration::from_mins(30);
/// Longer texts are no such identifiers.
const MAX_ID: usize = 128;

/// An integration as amoCRM knows it: what its hooks are signed with.
#[derive(Clone, Debug)]
pub struct ClientKeys {
    /// The integration's identifier in amoCRM (`client_id`).
    pub id: String,
    /// Its secret key (`client_secret`).
    pub secret: Secret,
}

/// What a genuine token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The amoCRM user who has amoCRM open.
    pub user: u64,
    /// When amoCRM issued the token: that is when the user was seen.
    pub at: Timestamp,
    /// What makes the token usable once.
    pub token_id: String,
    /// When the token ends.
    pub expires_at: Timestamp,
}

/// Why a token counts for nothing. No text repeats any part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefusal {
    /// Not a JWT, not HS256, or not signed with the client secret.
    #[error("the token is not signed with this integration's secret key: check client_secret")]
    Signature,
    /// The claims are not those of a one-time token.
    #[error("the token is not a one-time token of amoCRM")]
    Claims,
    /// Issued for another integration.
    #[error("the token was issued for another integration: check client_id")]
    Client,
    /// Issued by another account.
    #[error("the token was issued by another account")]
    Account,
    /// Too old, or not valid yet.
    #[error(
        "the token is valid for 30 minutes from its issue, and this is not within them: check the clock of this machine"
    )]
    Time,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    jti: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    user_id: u64,
    client_uuid: String,
}

/// Checks a token and says whom it is about.
pub fn verify(token: &str, client: &ClientKeys, account: &Origin, now: Timestamp) -> Result<Sighting, TokenRefusal> {
    let mut signed_alone = Validation::new(Algorithm::HS256);
    // The library would read the system's clock; times are checked below, by the host's (rule D11).
    signed_alone.validate_exp = false;
    signed_alone.validate_aud = false;
    signed_alone.required_spec_claims.clear();
    let key = DecodingKey::from_secret(client.secret.expose().as_bytes());
    let claims = jsonwebtoken::decode::<Claims>(token, &key, &signed_alone).map_err(|error| match error.kind() {
        jsonwebtoken::errors::ErrorKind::Json(_) => TokenRefusal::Claims,
        _ => TokenRefusal::Signature,
    })?;
    let claims = claims.claims;
    if claims.client_uuid != client.id {
        return Err(TokenRefusal::Client);
    }
    if claims.jti.is_empty() || claims.jti.len() > MAX_ID {
        return Err(TokenRefusal::Claims);
    }
    let issuer: BaseUrl = claims.iss.parse().map_err(|_| TokenRefusal::Claims)?;
    if issuer.origin() != account {
        return Err(TokenRefusal::Account);
    }
    let time = |seconds| Timestamp::from_second(seconds).map_err(|_| TokenRefusal::Claims);
    let (issued, begins, expires) = (time(claims.iat)?, time(claims.nbf)?, time(claims.exp)?);
    let too_early = now.duration_since(begins.max(issued)) < -LEEWAY;
    let too_late = expires.duration_since(now) <= -LEEWAY;
    if too_early || too_late || expires.duration_since(issued) > VALID_FOR + LEEWAY {
        return Err(TokenRefusal::Time);
    }
    Ok(Sighting { user: claims.user_id, at: issued.min(now), token_id: claims.jti, expires_at: expires })
}

#[cfg(test)]
pub(super) mod tests {
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::{Value, json};

    use super::*;

    const NOON: &str = "2026-11-23T12:00:00Z";

    pub(in crate::hooks) fn noon() -> Timestamp {
        NOON.parse().unwrap()
    }

    pub(in crate::hooks) fn keys() -> ClientKeys {
        ClientKeys { id: "client".to_owned(), secret: Secret::new("client-secret".to_owned()) }
    }

    pub(in crate::hooks) fn claims() -> Value {
        let issued = noon().as_second() - 60;
        json!({"iss": "https://example.amocrm.ru", "aud": "https://pbx.example", "jti": "one-1", "iat": issued, "nbf": issued,
               "exp": issued + 1_800, "account_id": 28_805_383, "subdomain": "example", "client_uuid": "client", "user_id": 504_141})
    }

    pub(in crate::hooks) fn signed(claims: &Value, algorithm: Algorithm, secret: &str) -> String {
        encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
    }

    fn judge(claims: &Value) -> Result<Sighting, TokenRefusal> {
        let account = "https://example.amocrm.ru".parse().unwrap();
        verify(&signed(claims, Algorithm::HS256, "client-secret"), &keys(), &account, noon())
    }

    fn with(key: &str, value: impl Into<Value>) -> Value {
        let mut changed = claims();
        changed[key] = value.into();
        changed
    }

    #[test]
    fn a_genuine_token_says_who_was_seen_and_when() {
        let sighting = judge(&claims()).unwrap();
        assert_eq!((sighting.user, sighting.token_id.as_str()), (504_141, "one-1"));
        assert_eq!(sighting.at.to_string(), "2026-11-23T11:59:00Z");
        assert_eq!(sighting.expires_at.to_string(), "2026-11-23T12:29:00Z");
    }

    #[test]
    fn what_is_not_signed_with_the_secret_counts_for_nothing() {
        let account = "https://example.amocrm.ru".parse().unwrap();
        let genuine = signed(&claims(), Algorithm::HS256, "client-secret");
        let (head_and_claims, signature) = genuine.rsplit_once('.').unwrap();
        let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", head_and_claims.split_once('.').unwrap().1);
        let garbled = format!("{head_and_claims}.{}", signature.chars().rev().collect::<String>());
        let other_secret = signed(&claims(), Algorithm::HS256, "another-secret");
        let other_algorithm = signed(&claims(), Algorithm::HS512, "client-secret");
        for token in ["", "a.b.c", &unsigned, &garbled, &other_secret, &other_algorithm] {
            let refusal = verify(token, &keys(), &account, noon()).unwrap_err();
            assert!(matches!(refusal, TokenRefusal::Signature | TokenRefusal::Claims), "{token}: {refusal}");
        }
    }

    #[test]
    fn tokens_of_others_are_refused() {
        assert_eq!(judge(&with("client_uuid", "another")), Err(TokenRefusal::Client));
        for iss in ["https://another.amocrm.ru", "http://example.amocrm.ru", "https://example.amocrm.ru:8443"] {
            assert_eq!(judge(&with("iss", iss)), Err(TokenRefusal::Account), "{iss}");
        }
        for (key, value) in
            [("iss", json!("example")), ("jti", json!("")), ("user_id", json!("x")), ("exp", json!(i64::MAX))]
        {
            assert_eq!(judge(&with(key, value)), Err(TokenRefusal::Claims), "{key}");
        }
    }

    #[test]
    fn a_token_counts_within_its_half_hour_by_the_hosts_clock() {
        let at = |seconds: i64| noon().as_second() + seconds;
        let issued = |seconds: i64| {
            let mut claims = with("iat", at(seconds));
            claims["nbf"] = at(seconds).into();
            claims["exp"] = at(seconds + 1_800).into();
            claims
        };
        for inside in [-1_859, -1_800, 0, 60] {
            assert!(judge(&issued(inside)).is_ok(), "{inside}");
        }
        for outside in [-1_860, -100_000, 61, 100_000] {
            assert_eq!(judge(&issued(outside)), Err(TokenRefusal::Time), "{outside}");
        }
        assert_eq!(judge(&with("exp", at(86_400))), Err(TokenRefusal::Time), "longer than amoCRM ever gives");
        assert_eq!(judge(&issued(60)).unwrap().at, noon(), "nobody is seen in the future");
    }
}
