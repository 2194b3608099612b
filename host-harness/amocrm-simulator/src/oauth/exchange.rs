//! `POST /oauth2/access_token`: a code or a refresh token for a new pair (amoCRM facts §5.2), and the refusals of amoCRM facts §5.5.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::problem;
use crate::OAuthApp;
use crate::answer::Answer;
use crate::grants::{ACCESS, BadCode, after};
use crate::state::State;
use crate::{Behaviour, Platform, jwt};

type TokenRefusal = Box<Answer>;

pub(super) fn answer(state: &State, app: &OAuthApp, body: &[u8]) -> Answer {
    let by_form = state.account().behaviour.token_by_form;
    let fields: Map<String, Value> = match serde_json::from_slice(body) {
        Ok(fields) => fields,
        Err(_) if by_form => form_urlencoded::parse(body)
            .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
            .collect(),
        Err(_) => Map::new(),
    };
    let field = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    match field("grant_type") {
        "authorization_code" => given(state, app, field),
        "refresh_token" => {
            let answered = refreshed(state, app, field);
            let mut grants = state.grants();
            match answered {
                Ok(_) => grants.refreshes.succeeded += 1,
                Err(_) => grants.refreshes.refused += 1,
            }
            answered
        }
        _ => Err(bad_parameter("grant_type")),
    }
    .unwrap_or_else(|refusal| *refusal)
}

fn given<'a>(state: &State, app: &OAuthApp, field: impl Fn(&str) -> &'a str) -> Result<Answer, TokenRefusal> {
    known_client(app, &field)?;
    let code = field("code");
    if code.is_empty() {
        return Err(bad_parameter("code"));
    }
    state.grants().spend_code(code, state.now()).map_err(|why| {
        Box::new(problem::oauth(
            StatusCode::BAD_REQUEST,
            match why {
                BadCode::Unknown => "Cannot decrypt the authorization code",
                BadCode::Expired => "Authorization code has expired",
                BadCode::Spent => "Authorization code has been revoked",
            },
        ))
    })?;
    Ok(pair(state, app, None))
}

fn refreshed<'a>(state: &State, app: &OAuthApp, field: impl Fn(&str) -> &'a str) -> Result<Answer, TokenRefusal> {
    known_client(app, &field)?;
    let token = field("refresh_token");
    if token.is_empty() {
        return Err(bad_parameter("refresh_token"));
    }
    let Behaviour { refresh_grace, refresh_revokes_access, .. } = state.account().behaviour;
    {
        let mut grants = state.grants();
        if !grants.refreshable(token, state.now(), refresh_grace) {
            return Err(Box::new(problem::oauth(StatusCode::UNAUTHORIZED, "Token has been revoked")));
        }
        // Under one lock with the check: of two requests at once, one wins.
        grants.spend_refresh(token, refresh_revokes_access);
    }
    Ok(pair(state, app, Some(token)))
}

/// Refuses a request that is not the integration's own.
fn known_client<'a>(app: &OAuthApp, field: impl Fn(&str) -> &'a str) -> Result<(), TokenRefusal> {
    if field("client_id") != app.client_id {
        return Err(bad_parameter("client_id"));
    }
    for (name, right) in [("client_secret", &app.client_secret), ("redirect_uri", &app.redirect_uri)] {
        match field(name) {
            "" => return Err(bad_parameter(name)),
            given if given != right => return Err(Box::new(problem::wrong_client())),
            _ => {}
        }
    }
    Ok(())
}

fn bad_parameter(name: &str) -> TokenRefusal {
    Box::new(problem::oauth(StatusCode::BAD_REQUEST, &format!("Check the `{name}` parameter")))
}

/// A new pair, as amoCRM sends it.
fn pair(state: &State, app: &OAuthApp, predecessor: Option<&str>) -> Answer {
    let now = state.now();
    let claims = {
        let account = state.account();
        json!({
            "aud": app.client_id,
            "jti": state.opaque_token(),
            "iat": now.as_second(),
            "nbf": now.as_second(),
            "exp": after(now, ACCESS).as_second(),
            "sub": account.current_user_id().unwrap_or(0).to_string(),
            "grant_type": "",
            "account_id": account.account.id,
            "base_domain": match account.behaviour.platform {
                Platform::Amocrm => "amocrm.ru",
                Platform::Kommo => "kommo.com",
            },
            "version": 2,
            "scopes": ["crm", "notifications"],
            "api_domain": state.hosts.api(),
        })
    };
    let access = jwt::sign(&app.client_secret, &claims);
    let refresh = state.opaque_token();
    let document = json!({
        "token_type": "Bearer",
        "expires_in": ACCESS.as_secs(),
        "server_time": now.as_second(),
        "access_token": access,
        "refresh_token": refresh,
    });
    state.grants().issue_pair(access, refresh, predecessor.map(str::to_owned), now);
    Answer::new(StatusCode::OK, "application/json", document.to_string())
}
