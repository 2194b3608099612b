//! OAuth 2.0 as amoCRM does it (amoCRM facts §5): consent, codes, pairs of tokens, the account's domain, the uninstall hook and
//! one-time tokens. Everything lives and ends by the simulator's clock.

mod consent;
mod domain;
mod exchange;
mod grants;
mod hook;

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Method};

pub(crate) use self::consent::issue_code;
pub(crate) use self::grants::Grants;
pub use self::grants::Refreshes;
pub(crate) use self::hook::{disposable_token, uninstall};
use crate::Endpoint;
use crate::answer::Answer;
use crate::params::Params;
use crate::problem;
use crate::state::State;

/// The integration that the account knows: what its «Ключи» tab shows. Its switches are in [`crate::Behaviour`].
#[derive(Clone, PartialEq, Eq)]
pub struct OAuthApp {
    /// The integration's id.
    pub client_id: String,
    /// Its secret key; it signs every token that the simulator issues.
    pub client_secret: String,
    /// Where consent leads back to; requests must name it letter by letter.
    pub redirect_uri: String,
}

impl OAuthApp {
    /// The client id of [`OAuthApp::demo`].
    pub const DEMO_CLIENT_ID: &str = "5a2f9c04-7d31-4e8b-9b6e-3c1d8f70a2e4";
    /// The client secret of [`OAuthApp::demo`]; it opens nothing but a simulator.
    pub const DEMO_CLIENT_SECRET: &str = "demonstration-client-secret";
    /// The redirect URI of [`OAuthApp::demo`].
    pub const DEMO_REDIRECT_URI: &str = "http://127.0.0.1:8765/";

    /// The demonstration's integration, with fixed keys.
    pub fn demo() -> Self {
        Self {
            client_id: Self::DEMO_CLIENT_ID.to_owned(),
            client_secret: Self::DEMO_CLIENT_SECRET.to_owned(),
            redirect_uri: Self::DEMO_REDIRECT_URI.to_owned(),
        }
    }
}

impl fmt::Debug for OAuthApp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The secret is never printed (rule D10).
        formatter
            .debug_struct("OAuthApp")
            .field("client_id", &self.client_id)
            .field("redirect_uri", &self.redirect_uri)
            .finish_non_exhaustive()
    }
}

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
