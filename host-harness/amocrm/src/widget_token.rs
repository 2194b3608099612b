//! The one-time token of amoCRM's widgets: who has amoCRM open, said so that it cannot be forged.
//!
//! amoCRM adds it to the requests that a widget sends with `$authorizedAjax`: a JWT, HS256, signed with the integration's client secret, valid
//! for 30 minutes (amoCRM facts §4 B; amoCRM's page `oauth/disposable-tokens`). It may be used once, which is the caller's to see to.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use serde::de::{Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_json::Number;
use sha2::Sha256;

use runtime::capabilities::http::{BaseUrl, Origin};
use runtime::secret::ReloadableSecret;

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
    pub secret: ReloadableSecret,
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
    WidgetClaims,
    /// Issued for another integration.
    #[error("the token was issued for another integration: check client_id")]
    Client,
    /// Issued by another account.
    #[error(
        "the token was issued by another account than the one this integration is connected to: upload the widget in that account, or connect \
         the integration to this one"
    )]
    Account,
    /// Not valid yet.
    #[error(
        "the token is valid only in {seconds} s by the clock of this machine: its clock is slow, so set it (`timedatectl` says whether it is kept in step)"
    )]
    Early {
        /// How long it is until then.
        seconds: i64,
    },
    /// Not valid any more.
    #[error(
        "the token was valid until {seconds} s ago by the clock of this machine: it came too late, or the clock is fast; amoCRM's tokens are valid for \
         30 minutes"
    )]
    Late {
        /// How long that is ago.
        seconds: i64,
    },
    /// It claims to be valid for longer than amoCRM's are.
    #[error("the token claims to be valid for more than 30 minutes, which no one-time token of amoCRM's is")]
    TooLong,
}

impl TokenRefusal {
    /// The same in Russian, for who looks into the settings in amoCRM.
    pub fn in_russian(&self) -> String {
        match self {
            Self::Signature => {
                "подпись amoCRM не подходит: проверьте секретный ключ интеграции (`client_secret`) в АТС".to_owned()
            }
            Self::WidgetClaims => "это не одноразовый токен amoCRM".to_owned(),
            Self::Client => "виджет загружен в другую интеграцию: проверьте `client_id` в АТС".to_owned(),
            Self::Account => "виджет установлен в другом аккаунте, не в том, к которому подключена АТС".to_owned(),
            Self::Early { seconds } => {
                format!("часы АТС отстают не меньше чем на {seconds} с: их нужно поставить точно")
            }
            Self::Late { .. } => {
                "запрос пришёл слишком поздно, или часы АТС спешат: их нужно поставить точно".to_owned()
            }
            Self::TooLong => "одноразовые токены amoCRM действуют не дольше 30 минут".to_owned(),
        }
    }
}

/// The head of a JWT (RFC 7515 §4.1), as far as it decides.
#[derive(Deserialize)]
struct Header {
    alg: String,
    /// Extensions that must be understood; none of them is.
    crit: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct WidgetClaims {
    iss: String,
    jti: String,
    #[serde(deserialize_with = "numeric_date")]
    iat: Timestamp,
    #[serde(deserialize_with = "numeric_date")]
    nbf: Timestamp,
    #[serde(deserialize_with = "numeric_date")]
    exp: Timestamp,
    user_id: u64,
    client_uuid: String,
}

/// Seconds since 1970, perhaps with a fraction (RFC 7519 §2, NumericDate), to the second.
fn numeric_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let number = Number::deserialize(deserializer)?;
    #[expect(clippy::cast_possible_truncation, reason = "the fraction is dropped; what is out of bounds is not a time")]
    let seconds = number.as_i64().or_else(|| number.as_f64().map(|seconds| seconds as i64));
    let seconds = seconds.ok_or_else(|| D::Error::custom("not a number of seconds"))?;
    Timestamp::from_second(seconds).map_err(D::Error::custom)
}

/// The payload of a compact JWS (RFC 7515 §3.1) that is signed with this key by HMAC-SHA256; `None` for any other text.
fn signed_payload(token: &str, key: &[u8]) -> Option<Vec<u8>> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, payload) = signed.split_once('.')?;
    let header: Header = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    // The algorithm is ours to choose, never the token's (RFC 8725 §3.1).
    if header.alg != "HS256" || header.crit.is_some() {
        return None;
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(signed.as_bytes());
    // In constant time.
    mac.verify_slice(&URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
    URL_SAFE_NO_PAD.decode(payload).ok()
}

/// Checks a token and says whom it is about. `now` is the host's clock (rule D11).
pub fn verify(token: &str, client: &ClientKeys, account: &Origin, now: Timestamp) -> Result<Sighting, TokenRefusal> {
    let payload = signed_payload(token, client.secret.current().expose().as_bytes()).ok_or(TokenRefusal::Signature)?;
    let claims: WidgetClaims = serde_json::from_slice(&payload).map_err(|_| TokenRefusal::WidgetClaims)?;
    if claims.client_uuid != client.id {
        return Err(TokenRefusal::Client);
    }
    if claims.jti.is_empty() || claims.jti.len() > MAX_ID {
        return Err(TokenRefusal::WidgetClaims);
    }
    let issuer: BaseUrl = claims.iss.parse().map_err(|_| TokenRefusal::WidgetClaims)?;
    if issuer.origin() != account {
        return Err(TokenRefusal::Account);
    }
    let (issued, begins, expires) = (claims.iat, claims.nbf, claims.exp);
    let until_valid = begins.max(issued).duration_since(now);
    if until_valid > LEEWAY {
        return Err(TokenRefusal::Early { seconds: until_valid.as_secs() });
    }
    let since_valid = now.duration_since(expires);
    if since_valid >= LEEWAY {
        return Err(TokenRefusal::Late { seconds: since_valid.as_secs() });
    }
    if expires.duration_since(issued) > VALID_FOR + LEEWAY {
        return Err(TokenRefusal::TooLong);
    }
    Ok(Sighting { user: claims.user_id, at: issued.min(now), token_id: claims.jti, expires_at: expires })
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use runtime::secret::Secret;

    const NOON: &str = "2026-11-23T12:00:00Z";

    pub(crate) fn noon() -> Timestamp {
        NOON.parse().unwrap()
    }

    pub(crate) fn keys() -> ClientKeys {
        ClientKeys { id: "client".to_owned(), secret: Secret::new("client-secret".to_owned()).into() }
    }

    pub(crate) fn claims() -> Value {
        let issued = noon().as_second() - 60;
        json!({"iss": "https://example.amocrm.ru", "aud": "https://pbx.example", "jti": "one-1", "iat": issued, "nbf": issued,
               "exp": issued + 1_800, "account_id": 28_805_383, "subdomain": "example", "client_uuid": "client", "user_id": 504_141})
    }

    pub(crate) fn signed(claims: &Value, secret: &str) -> String {
        signed_under(&json!({"typ": "JWT", "alg": "HS256"}), claims, secret)
    }

    fn signed_under(header: &Value, claims: &Value, secret: &str) -> String {
        let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{header}.{claims}").as_bytes());
        format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    fn refusal(token: &str) -> TokenRefusal {
        let account = "https://example.amocrm.ru".parse().unwrap();
        verify(token, &keys(), &account, noon()).unwrap_err()
    }

    fn judge(claims: &Value) -> Result<Sighting, TokenRefusal> {
        let account = "https://example.amocrm.ru".parse().unwrap();
        verify(&signed(claims, "client-secret"), &keys(), &account, noon())
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
    fn the_signature_is_that_of_rfc_7515() {
        // Appendix A.1.
        const KEY: &str = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        const TOKEN: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
            eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
            dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let mut key = URL_SAFE_NO_PAD.decode(KEY).unwrap();
        let payload = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
        assert_eq!(signed_payload(TOKEN, &key).as_deref(), Some(payload.as_bytes()));
        key[0] ^= 1;
        assert_eq!(signed_payload(TOKEN, &key), None);
    }

    #[test]
    fn what_is_not_signed_with_the_secret_counts_for_nothing() {
        let genuine = signed(&claims(), "client-secret");
        let [header, payload, signature] = genuine.split('.').collect::<Vec<_>>()[..] else { panic!("{genuine}") };
        let garbled: String = signature.chars().rev().collect();
        let other_claims = URL_SAFE_NO_PAD.encode(with("user_id", 504_142).to_string());
        for token in [
            "",
            ".",
            "..",
            "a.b.c",
            &signed(&claims(), "another-secret"),
            &format!("{header}.{payload}.{garbled}"),
            &format!("{header}.{payload}"),
            &format!("{header}.{payload}."),
            &format!("{header}.{other_claims}.{signature}"),
            &format!("{header}.{payload}.{}", &signature[..signature.len() - 1]),
            &format!("{header}.{payload}.{}", &signature[..signature.len() - 2]),
            &format!("{header}.{payload}.{signature}="),
            &format!("{header}=.{payload}.{signature}"),
            &format!("{genuine}."),
            &format!("{genuine}.{signature}"),
            &format!(".{genuine}"),
            &format!(" {genuine}"),
            &format!("{genuine}\n"),
        ] {
            assert_eq!(refusal(token), TokenRefusal::Signature, "{token}");
        }
    }

    #[test]
    fn a_token_does_not_choose_how_it_is_signed() {
        for header in [
            json!({"alg": "none"}),
            json!({"alg": "None"}),
            json!({"alg": "hs256"}),
            json!({"alg": "HS512"}),
            json!({"alg": "RS256"}),
            json!({"alg": ["HS256"]}),
            json!({"alg": null}),
            json!({"typ": "JWT"}),
            json!({"alg": "HS256", "crit": ["exp"]}),
            json!([]),
        ] {
            let token = signed_under(&header, &claims(), "client-secret");
            assert_eq!(refusal(&token), TokenRefusal::Signature, "{header}");
            let (unsigned, _) = token.rsplit_once('.').unwrap();
            assert_eq!(refusal(&format!("{unsigned}.")), TokenRefusal::Signature, "{header}");
        }
        let bare = signed_under(&json!({"alg": "HS256"}), &claims(), "client-secret");
        let account = "https://example.amocrm.ru".parse().unwrap();
        assert!(verify(&bare, &keys(), &account, noon()).is_ok());
    }

    #[test]
    fn times_may_have_a_fraction_of_a_second() {
        for key in ["iat", "nbf", "exp"] {
            let whole = claims()[key].as_i64().unwrap();
            #[expect(clippy::cast_precision_loss, reason = "seconds of this century")]
            let fraction = with(key, whole as f64 + 0.25);
            assert_eq!(judge(&fraction).unwrap().at, judge(&claims()).unwrap().at, "{key}");
            for other in [json!("1795348800"), json!(1e300), json!(-1e300), json!(true), Value::Null] {
                assert_eq!(judge(&with(key, other.clone())), Err(TokenRefusal::WidgetClaims), "{key} {other}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_may_be_a_token(token in ".{0,200}") {
            refusal(&token);
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
            assert_eq!(judge(&with(key, value)), Err(TokenRefusal::WidgetClaims), "{key}");
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
        for (outside, refusal) in [
            (-1_860, TokenRefusal::Late { seconds: 60 }),
            (-100_000, TokenRefusal::Late { seconds: 98_200 }),
            (61, TokenRefusal::Early { seconds: 61 }),
            (100_000, TokenRefusal::Early { seconds: 100_000 }),
        ] {
            assert_eq!(judge(&issued(outside)), Err(refusal), "{outside}");
        }
        assert_eq!(judge(&with("exp", at(86_400))), Err(TokenRefusal::TooLong), "longer than amoCRM ever gives");
        assert_eq!(judge(&issued(60)).unwrap().at, noon(), "nobody is seen in the future");
    }
}
