//! The hook that amoCRM calls when an integration is switched off or uninstalled there (amoCRM facts §5.8): the integration is off (rule O6).
//!
//! `GET …?account_id=…&client_uuid=…&signature=…`, the signature being the hexadecimal HMAC-SHA256 of `{client_id}|{account_id}` under the
//! client secret. The second parameter was once named `client_id`. The signature does not age, so whoever reads one in the log of a proxy could
//! send it again after a new consent. So amoCRM is asked before the hook is believed: it refuses the tokens of an integration that was switched
//! off. Where it does not say, the hook is not believed either: calls would be refused, and that ends the access by itself.

use call::Localized;
use hmac::{Hmac, KeyInit, Mac};
use http::{Method, Request, Response, StatusCode};
use jiff::SignedDuration;
use runtime::capabilities::http::OutboundHttp;
use sha2::Sha256;
use tracing::warn;
use url::form_urlencoded;

use super::account::{Question, Refusal, Said};
use super::grant::{Grant, OffReason};
use super::keeper::Keeper;
use super::oauth::OAuthSettings;

/// Why a call of the hook is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookError {
    /// A parameter is missing or is not what it should be.
    Malformed,
    /// It is about another integration or account, or its signature is wrong.
    Foreign,
}

/// How often amoCRM is asked because of this hook: whoever sends one again and again must not use up the requests of calls.
const ASK_AGAIN: SignedDuration = SignedDuration::from_secs(10);

/// What a call of the hook is answered: a status, and a text for people.
type WebhookAnswer = (StatusCode, &'static str);

const OFF: WebhookAnswer = (StatusCode::OK, "the integration is off");

/// Answers a call of the hook: 200 and the integration is off, 400 where it is malformed, 403 where it is not amoCRM's or not about this
/// integration, 409 where amoCRM still accepts the access, 500 where the store fails, 503 where amoCRM does not say (it may call again).
pub async fn answer<B>(keeper: &Keeper, http: &OutboundHttp, request: &Request<B>) -> Response<&'static str> {
    let (status, text) = match question(keeper, request) {
        Err(answer) => answer,
        Ok(grant) => {
            // For people; here nobody reads it.
            let renewal = Localized::new("подключите интеграцию заново", "connect the integration again");
            let question = Question { address: &grant.account, account_id: grant.account_id, renewal: &renewal };
            believed(keeper, question.ask(http).await).await
        }
    };
    let mut response = Response::new(text);
    *response.status_mut() = status;
    response
}

/// The access that amoCRM is to be asked about; or what the hook is answered at once.
pub(super) fn question<B>(keeper: &Keeper, request: &Request<B>) -> Result<Grant, WebhookAnswer> {
    if *request.method() != Method::GET {
        return Err((StatusCode::METHOD_NOT_ALLOWED, "this hook is called with GET"));
    }
    let grant = keeper.grant();
    let account = grant.as_ref().and_then(|grant| grant.account_id);
    match verify(&keeper.oauth.settings, account, request.uri().query().unwrap_or_default()) {
        Err(HookError::Malformed) => {
            return Err((StatusCode::BAD_REQUEST, "account_id, client_uuid and signature are needed"));
        }
        Err(HookError::Foreign) => return Err((StatusCode::FORBIDDEN, "the signature does not fit")),
        Ok(()) => {}
    }
    let grant = grant.filter(|grant| grant.off.is_none()).ok_or(OFF)?;
    if keeper.may_ask_because_of_hook(ASK_AGAIN) {
        Ok(grant)
    } else {
        Err((StatusCode::SERVICE_UNAVAILABLE, "amoCRM was asked a moment ago; call again later"))
    }
}

/// Switches off what amoCRM does not accept any more.
pub(super) async fn believed(keeper: &Keeper, said: Said) -> WebhookAnswer {
    match said {
        Said::Refused(Refusal::Token(_) | Refusal::Forbidden | Refusal::NoAccount(_)) => {}
        Said::Accepted(_) | Said::Refused(_) => {
            warn!(
                "the hook of an uninstalled integration was called, and amoCRM still accepts the access: it stays on"
            );
            return (StatusCode::CONFLICT, "amoCRM still accepts the integration's access");
        }
        Said::Unclear(why) => {
            warn!(
                why = why.en,
                "the hook of an uninstalled integration was called, and amoCRM does not say whether that is so"
            );
            return (StatusCode::SERVICE_UNAVAILABLE, "amoCRM does not say whether that is so; call again later");
        }
    }
    match keeper.switch_off(OffReason::Uninstalled).await {
        Ok(()) => OFF,
        Err(error) => {
            warn!(%error, "the integration cannot be switched off");
            (StatusCode::INTERNAL_SERVER_ERROR, "the integration cannot be switched off now")
        }
    }
}

/// Whether the query is amoCRM's, and about this integration and account (any account, where its number is not known).
pub fn verify(settings: &OAuthSettings, account: Option<u64>, query: &str) -> Result<(), HookError> {
    let value = |names: &[&str]| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(key, _)| names.contains(&key.as_ref())).map(|(_, value)| value.into_owned())
    };
    let client = value(&["client_uuid", "client_id"]).ok_or(HookError::Malformed)?;
    if client != settings.client_id {
        return Err(HookError::Foreign);
    }
    let number = value(&["account_id"]).filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
    let number = number.ok_or(HookError::Malformed)?;
    let named = number.parse::<u64>().map_err(|_| HookError::Malformed)?;
    let signature = value(&["signature"]).and_then(|signature| base16ct::mixed::decode_vec(&*signature).ok());
    let signature = signature.filter(|bytes| bytes.len() == 32).ok_or(HookError::Malformed)?;
    let secret = settings.client_secret.current();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).map_err(|_| HookError::Foreign)?;
    mac.update(format!("{client}|{number}").as_bytes());
    // In constant time.
    mac.verify_slice(&signature).map_err(|_| HookError::Foreign)?;
    if account.is_some_and(|account| account != named) {
        return Err(HookError::Foreign);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::access::oauth::Platform;
    use runtime::secret::Secret;

    const CLIENT: &str = "0f0c2b7e-1111-4222-8333-444455556666";
    /// `printf '%s' "$CLIENT|31000000" | openssl dgst -sha256 -hmac a-client-secret`
    const SIGNATURE: &str = "f6e5e6c3048f2b985556de7be53353746ad6d21da781786a5440394d84fe184d";

    fn settings() -> OAuthSettings {
        OAuthSettings {
            client_id: CLIENT.to_owned(),
            client_secret: Secret::new("a-client-secret".to_owned()).into(),
            redirect_uri: String::new(),
            platform: Platform::Amocrm,
            account: None,
        }
    }

    #[test]
    fn a_signed_hook_is_amocrms_under_either_name_of_its_parameter() {
        for query in [
            format!("account_id=31000000&client_uuid={CLIENT}&signature={SIGNATURE}"),
            format!("account_id=31000000&client_id={CLIENT}&signature={}", SIGNATURE.to_uppercase()),
        ] {
            assert_eq!(verify(&settings(), None, &query), Ok(()));
            assert_eq!(verify(&settings(), Some(31_000_000), &query), Ok(()));
            assert_eq!(verify(&settings(), Some(31_000_001), &query), Err(HookError::Foreign));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let wrong = SIGNATURE.replace('a', "b");
        for (query, error) in [
            (String::new(), HookError::Malformed),
            (format!("account_id=31000000&client_uuid={CLIENT}"), HookError::Malformed),
            (format!("client_uuid={CLIENT}&signature={SIGNATURE}"), HookError::Malformed),
            (format!("account_id=-1&client_uuid={CLIENT}&signature={SIGNATURE}"), HookError::Malformed),
            (format!("account_id=31000000&client_uuid={CLIENT}&signature=zz"), HookError::Malformed),
            (format!("account_id=31000000&client_uuid={CLIENT}&signature={}", "é".repeat(32)), HookError::Malformed),
            (format!("account_id=31000000&client_uuid=other&signature={SIGNATURE}"), HookError::Foreign),
            (format!("account_id=31000001&client_uuid={CLIENT}&signature={SIGNATURE}"), HookError::Foreign),
            (format!("account_id=31000000&client_uuid={CLIENT}&signature={wrong}"), HookError::Foreign),
        ] {
            assert_eq!(verify(&settings(), None, &query), Err(error), "{query}");
        }
    }

    proptest! {
        #[test]
        fn no_other_text_is_accepted(query in ".{0,200}", signature in "[0-9a-f]{64}") {
            prop_assert!(verify(&settings(), None, &query).is_err());
            let signed = format!("account_id=31000000&client_uuid={CLIENT}&signature={signature}");
            prop_assert!(verify(&settings(), None, &signed).is_err());
        }
    }
}
