//! `GET /oauth`: the consent page, whose user decides at once (amoCRM facts §5.1), and the code that it leads to.

use http::StatusCode;
use http::header::{HeaderValue, LOCATION};

use crate::OAuthApp;
use crate::Platform;
use crate::answer::Answer;
use crate::params::Params;
use crate::problem;
use crate::state::State;

pub(super) fn answer(state: &State, app: &OAuthApp, params: &Params) -> Answer {
    if params.get("client_id") != Some(app.client_id.as_str()) {
        return problem::problem(StatusCode::BAD_REQUEST, "There is no integration of this client_id");
    }
    let (refused, platform) = {
        let account = state.account();
        (account.behaviour.refuse_consent, account.behaviour.platform)
    };
    let mut query = form_urlencoded::Serializer::new(String::new());
    if refused {
        query.append_pair("error", "access_denied");
    } else {
        query.append_pair("code", &issue_code(state)).append_pair("referer", &state.hosts.account());
    }
    if let Some(state) = params.get("state") {
        query.append_pair("state", state);
    }
    if !refused {
        match platform {
            Platform::Amocrm => query.append_pair("platform", "1"),
            Platform::Kommo => query.append_pair("platform", "2").append_pair("client_id", &app.client_id),
        };
    }
    let separator = if app.redirect_uri.contains('?') { '&' } else { '?' };
    match HeaderValue::try_from(format!("{}{separator}{}", app.redirect_uri, query.finish())) {
        Ok(location) => Answer::nginx(StatusCode::FOUND).with_header(LOCATION, location),
        Err(_) => problem::problem(StatusCode::BAD_REQUEST, "The redirect URI cannot stand in a header; write a URL"),
    }
}

/// A new code, as a user's consent gives one.
pub(crate) fn issue_code(state: &State) -> String {
    let code = state.opaque_token();
    state.grants().issue_code(code.clone(), state.now());
    code
}
