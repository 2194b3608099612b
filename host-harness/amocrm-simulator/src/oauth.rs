//! OAuth 2.0 as amoCRM does it (amoCRM facts §5): consent, codes, pairs of tokens, the account's domain, the uninstall hook and
//! one-time tokens. Everything lives and ends by the simulator's clock.

mod consent;
mod domain;
mod exchange;
mod hook;

use bytes::Bytes;
use http::{HeaderMap, Method};

pub(crate) use self::consent::issue_code;
pub(crate) use self::hook::{disposable_token, uninstall};
use crate::Endpoint;
use crate::answer::Answer;
use crate::params::Params;
use crate::problem;
use crate::state::State;

/// What is missing where somebody asks for OAuth.
pub(crate) const WITHOUT_OAUTH: &str = "the simulator runs without OAuth; start it with Options.oauth";

/// One request to the OAuth endpoints, which need no bearer token.
pub(crate) struct OAuthAsk<'a> {
    pub(crate) endpoint: Endpoint,
    pub(crate) method: &'a Method,
    pub(crate) params: &'a Params,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a Bytes,
}

/// The answer of an OAuth endpoint; 404 on a simulator without OAuth.
pub(crate) fn answer(state: &State, ask: &OAuthAsk<'_>) -> Answer {
    let Some(app) = &state.oauth else {
        return problem::not_found();
    };
    let allowed = if ask.endpoint == Endpoint::Token { Method::POST } else { Method::GET };
    if *ask.method != allowed {
        return problem::method_not_allowed(if allowed == Method::POST { "POST" } else { "GET" });
    }
    match ask.endpoint {
        Endpoint::Token => exchange::answer(state, app, ask.body),
        Endpoint::Subdomain => domain::answer(state, ask.headers),
        _ => consent::answer(state, app, ask.params),
    }
}
