//! `GET /oauth2/account/current/subdomain`: where the account is now, for who holds a refresh token (amoCRM facts §5.7).

use http::{HeaderMap, StatusCode};
use serde_json::json;

use crate::Platform;
use crate::answer::Answer;
use crate::problem;
use crate::state::State;

/// The header that carries the refresh token.
const REFRESH_TOKEN: &str = "x-refresh-token";

pub(super) fn answer(state: &State, headers: &HeaderMap) -> Answer {
    let account = state.account();
    let live = headers
        .get(REFRESH_TOKEN)
        .and_then(|token| token.to_str().ok())
        .is_some_and(|token| state.grants().refreshable(token, state.now(), account.behaviour.refresh_grace));
    if !live {
        return problem::unauthorized();
    }
    let top_level_domain = match account.behaviour.platform {
        Platform::Amocrm => "ru",
        Platform::Kommo => "com",
    };
    let document = json!({
        "id": account.account.id,
        "subdomain": account.account.subdomain,
        "domain": state.hosts.account(),
        "top_level_domain": top_level_domain,
    });
    Answer::new(StatusCode::OK, "application/json", document.to_string())
}
