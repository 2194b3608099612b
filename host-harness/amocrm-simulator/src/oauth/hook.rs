//! The end of an integration and the hook that tells it (amoCRM facts §5.8), and the one-time token of its widget (amoCRM facts §4 B).

use anyhow::Context;
use http::Uri;
use http::uri::Parts;
use jiff::SignedDuration;
use serde_json::json;

use super::WITHOUT_OAUTH;
use crate::OAuthApp;
use crate::grants::after;
use crate::jwt;
use crate::state::State;

/// How long a one-time token lives.
const DISPOSABLE: SignedDuration = SignedDuration::from_mins(30);

/// Revokes every token and gives the query of the hook.
pub(crate) fn uninstall(state: &State) -> anyhow::Result<String> {
    let app = app(state)?;
    state.grants().revoke_all();
    state.revoke_given_token();
    let account_id = state.account().account.id.to_string();
    let signature = jwt::hmac_hex(&app.client_secret, &format!("{}|{account_id}", app.client_id));
    Ok(form_urlencoded::Serializer::new(String::new())
        .append_pair("account_id", &account_id)
        .append_pair("client_uuid", &app.client_id)
        .append_pair("signature", &signature)
        .finish())
}

/// The token with which the widget of this user says who it is, once.
pub(crate) fn disposable_token(state: &State, user_id: u64) -> anyhow::Result<String> {
    let app = app(state)?;
    let now = state.now();
    let account = state.account();
    let claims = json!({
        "iss": state.hosts.account_base(),
        "aud": origin(&app.redirect_uri),
        "jti": state.uuid(),
        "iat": now.as_second(),
        "nbf": now.as_second(),
        "exp": after(now, DISPOSABLE).as_second(),
        "account_id": account.account.id,
        "user_id": user_id,
        "subdomain": account.account.subdomain,
        "client_uuid": app.client_id,
    });
    Ok(jwt::sign(&app.client_secret, &claims))
}

fn app(state: &State) -> anyhow::Result<&OAuthApp> {
    state.oauth.as_ref().context(WITHOUT_OAUTH)
}

/// The scheme and host of the redirect URI, which the documentation calls its base address.
fn origin(redirect_uri: &str) -> String {
    match redirect_uri.parse::<Uri>().ok().map(Uri::into_parts) {
        Some(Parts { scheme: Some(scheme), authority: Some(authority), .. }) => format!("{scheme}://{authority}"),
        _ => redirect_uri.to_owned(),
    }
}
