//! Who sends a request: whoever has one of the server's tokens ([`crate::tokens`]).
//!
//! ```text
//! Authorization: Bearer TOKEN
//! Authorization: Basic BASE64(anything:TOKEN)
//! ```
//!
//! `Basic` is for clients that know nothing else: `http_client` of Kamailio, `CURL()` of Asterisk. The user's name does not matter. A browser that
//! has logged in sends a cookie instead ([`crate::sessions`]). Where `Authorization` comes too, that counts.
//!
//! What they may do, the scope of their token says ([`crate::scope`]). Refusals are counted and logged, at most one a second.

use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode, request};
use tracing::warn;

use super::Shared;
use super::authenticated::WhileAuthenticated;
use super::body::Timely;
use super::problem::Problem;
use super::settings::ServerSettings;
use crate::connections::table::Connection;
use crate::identity::Identity;
use crate::rate_limited::RateLimited;
use crate::scope::Scope;
use crate::sessions::{Sessions, is_own_page, sessions_of};
use crate::tokens::{Issued, SHORTEST, TokenHash, TokenState, Tokens, Validity};
use call::{Bilingual, Localized, localized};
use jiff::Timestamp;
use runtime::capabilities::clocks::Clock;
use runtime::secret::Secret;

/// What a stream of events says it is.
const EVENT_STREAM: &str = "text/event-stream";

/// Looks at who sends requests.
pub struct Guard {
    tokens: ArcSwap<Tokens>,
    sessions: Sessions,
    clock: Clock,
    refused: RateLimited,
}

/// Who has logged in.
#[derive(Debug)]
pub(super) struct LoggedIn {
    /// The identifier of the session.
    pub(super) id: Secret,
    pub(super) identity: Identity,
    /// When the session ends at the latest.
    pub(super) ends_at: Timestamp,
}

/// A request that is not authenticated, and why.
#[derive(Debug)]
pub(super) struct Unproved(Problem);

impl Unproved {
    fn because(ru: impl Into<String>, en: impl Into<String>) -> Self {
        Self(Problem::localized(StatusCode::UNAUTHORIZED, Localized::new(ru, en)))
    }
}

impl IntoResponse for Unproved {
    fn into_response(self) -> Response {
        let unauthorized = self.0.status == StatusCode::UNAUTHORIZED;
        let mut response = self.0.into_response();
        if unauthorized {
            let way = HeaderValue::from_static("Bearer realm=\"host-harness\"");
            response.headers_mut().insert(WWW_AUTHENTICATE, way);
        }
        response
    }
}

impl Guard {
    /// Fails where nobody could be authenticated, where a token is too short, and where tokens could not be told apart.
    pub fn new(settings: &ServerSettings, clock: Clock) -> Result<Self, Localized> {
        let tokens = Self::judged(settings, &Tokens::default())?;
        Ok(Self {
            tokens: ArcSwap::from_pointee(tokens),
            sessions: Sessions::default(),
            clock,
            refused: RateLimited::new(),
        })
    }

    /// Whether the tokens of these settings can be put in force.
    pub fn judge_tokens(&self, settings: &ServerSettings) -> Result<(), Localized> {
        Self::judged(settings, &self.tokens.load()).map(drop)
    }

    /// Puts the tokens of these settings in force, from the next request on. Where they cannot be, those before stay.
    pub fn replace_tokens(&self, settings: &ServerSettings) -> Result<(), Localized> {
        let tokens = Self::judged(settings, &self.tokens.load())?;
        self.tokens.store(Arc::new(tokens));
        self.warn_of_expiry();
        Ok(())
    }

    fn judged(settings: &ServerSettings, before: &Tokens) -> Result<Tokens, Localized> {
        if settings.token.as_ref().is_some_and(|token| token.expose().len() < SHORTEST) {
            return Err(localized!(
                "[server]: `token` короче {SHORTEST} знаков; создайте длиннее, например командой `openssl rand -hex 32`",
                "[server]: `token` is shorter than {SHORTEST} characters; make a longer one, for example with `openssl rand -hex 32`"
            ));
        }
        let tokens = Tokens::of(settings.token.as_ref(), &settings.tokens, before);
        let tokens = tokens.map_err(|error| error.text().at("[[server.tokens]]"))?;
        if tokens.is_empty() {
            return Err(Localized::new(
                "[server]: сервером не сможет пользоваться никто; задайте `token`, например token = \"env:SERVER_TOKEN\"",
                "[server]: nobody could use the server; set `token`, for example token = \"env:SERVER_TOKEN\"",
            ));
        }
        Ok(tokens)
    }

    /// How many requests were not authenticated.
    pub fn refused(&self) -> u64 {
        self.refused.total()
    }

    /// Logs which tokens expire soon or have expired, once for each change.
    pub fn warn_of_expiry(&self) {
        self.tokens.load().warn(self.clock.now());
    }

    /// How the tokens stand.
    pub(super) fn tokens(&self, now: Timestamp) -> Vec<TokenState> {
        self.tokens.load().states(now)
    }

    /// Who sent a request, by its head.
    pub(super) fn look(&self, head: &request::Parts) -> Result<Identity, Unproved> {
        self.noted(head, self.identify(head))
    }

    /// Whether who sent this request could send it again, and may do as much.
    pub(super) fn still_knows(&self, head: &request::Parts, identity: &Identity) -> bool {
        self.identify(head).is_ok_and(|now| now.scope() == identity.scope())
    }

    /// A connection on which somebody was authenticated stays; what was refused is counted.
    fn noted<T>(&self, head: &request::Parts, looked: Result<T, Unproved>) -> Result<T, Unproved> {
        match &looked {
            Ok(_) => head.extensions.get::<Arc<Connection>>().into_iter().for_each(|connection| connection.prove()),
            Err(unproved) => self.note(unproved),
        }
        looked
    }

    fn identify(&self, head: &request::Parts) -> Result<Identity, Unproved> {
        let mut given = head.headers.get_all(AUTHORIZATION).iter();
        let first = given.next().and_then(|given| given.to_str().ok());
        if given.next().is_some() {
            return Err(Unproved::because(
                "заголовок `Authorization` передан дважды: передайте его один раз",
                "`Authorization` comes twice: send it once",
            ));
        }
        let Some(given) = first else {
            if sessions_of(&head.headers).next().is_some() {
                return Ok(self.by_session(head)?.0);
            }
            return Err(Unproved::because(
                "войдите или передайте токен сервера: `Authorization: Bearer …`",
                "send a token of the server: `Authorization: Bearer …`",
            ));
        };
        let (scheme, given) = given.split_once(' ').unwrap_or((given, ""));
        if scheme.eq_ignore_ascii_case("Bearer") {
            return self.by_token(&TokenHash::of(given.trim()));
        }
        if scheme.eq_ignore_ascii_case("Basic") {
            let password = password(given).ok_or_else(|| {
                Unproved::because(
                    "в `Authorization: Basic` не base64 от `любое-имя:ТОКЕН`",
                    "`Authorization: Basic` is not the base64 of `anything:TOKEN`",
                )
            })?;
            return self.by_token(&TokenHash::of(password));
        }
        Err(Unproved::because("`Authorization` — не Bearer и не Basic", "`Authorization` is neither Bearer nor Basic"))
    }

    /// Who has the token of this hash.
    fn by_token(&self, hash: &TokenHash) -> Result<Identity, Unproved> {
        let tokens = self.tokens.load();
        let issued = tokens
            .find(hash)
            .ok_or_else(|| Unproved::because("это не токен этого сервера", "this is not a token of this server"))?;
        self.admit(issued)
    }

    /// Lets who has this token in, unless it has expired.
    fn admit(&self, issued: &Issued) -> Result<Identity, Unproved> {
        let now = self.clock.now();
        if let Validity::Expired(at) = issued.validity(now) {
            let name = issued.name();
            return Err(Unproved::because(
                format!("срок токена «{name}» истёк {at}: попросите у администратора сервера новый"),
                format!("the token `{name}` expired on {at}: ask the server's administrator for another"),
            ));
        }
        issued.used(now);
        Ok(Identity::new(Arc::clone(issued.name()), issued.scope()))
    }

    /// Whose session it is, and when that ends at the latest. What changes something has to come from a page of this server.
    fn by_session(&self, head: &request::Parts) -> Result<(Identity, Timestamp), Unproved> {
        let found = sessions_of(&head.headers).find_map(|id| self.sessions.find(id, self.clock.now()));
        let tokens = self.tokens.load();
        let known = found.and_then(|found| Some((tokens.find(&found.token)?, found)));
        let (issued, found) = known
            .ok_or_else(|| Unproved::because("сеанс завершён: войдите снова", "the session has ended: log in again"))?;
        let identity = self.admit(issued)?;
        if !head.method.is_safe() && !is_own_page(head) {
            let text = Localized::new(
                "запрос пришёл не со страницы этого сервера",
                "the request does not come from a page of this server: with a session, `Sec-Fetch-Site` or `Origin` has to be this server's, and \
                 `X-Requested-With` has to be `host-harness`",
            );
            return Err(Unproved(Problem::localized(StatusCode::FORBIDDEN, text)));
        }
        Ok((identity, issued.expires_at().map_or(found.ends_at, |at| at.min(found.ends_at))))
    }

    /// Whose session it is, for routes that are about it.
    pub(super) fn session(&self, head: &request::Parts) -> Result<(Identity, Timestamp), Unproved> {
        self.noted(head, self.by_session(head))
    }

    /// Opens a session for who has this token.
    pub(super) fn log_in(&self, head: &request::Parts, token: &str) -> Result<LoggedIn, Unproved> {
        self.noted(head, self.open_session(&TokenHash::of(token.trim())))
    }

    fn open_session(&self, hash: &TokenHash) -> Result<LoggedIn, Unproved> {
        let identity = self.by_token(hash)?;
        // Who reads nothing has nothing to look at.
        identity.permit(Scope::Viewer).map_err(Unproved)?;
        let (id, found) = self.sessions.open(*hash, self.clock.now()).map_err(|error| {
            warn!(%error, "a session cannot be made");
            let text = Localized::new("сеанс сейчас не создать; повторите", "no session can be made now; try again");
            Unproved(Problem::localized(StatusCode::SERVICE_UNAVAILABLE, text))
        })?;
        let expires_at = self.tokens.load().find(hash).and_then(|issued| issued.expires_at());
        Ok(LoggedIn { id, identity, ends_at: expires_at.map_or(found.ends_at, |at| at.min(found.ends_at)) })
    }

    /// Ends the session of a request.
    pub(super) fn log_out(&self, head: &request::Parts) -> Result<(), Unproved> {
        self.session(head)?;
        sessions_of(&head.headers).for_each(|id| self.sessions.close(id));
        Ok(())
    }

    /// Counts, and warns at most once a second: whoever tries tokens must not fill the log.
    fn note(&self, unproved: &Unproved) {
        if let Some(left_out) = self.refused.count(self.clock.now()) {
            let refused = self.refused.total();
            warn!(refused, left_out, reason = unproved.0.detail, "refused a request that is not authenticated");
        }
    }
}

/// The password of `Basic` credentials (RFC 7617).
fn password(given: &str) -> Option<Vec<u8>> {
    let credentials = BASE64_STANDARD.decode(given.trim()).ok()?;
    let colon = credentials.iter().position(|byte| *byte == b':')?;
    credentials.get(colon + 1..).map(<[u8]>::to_vec)
}

/// Lets through who is authenticated, and says who it is.
pub(super) async fn layer(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let (mut head, body) = request.into_parts();
    let identity = match shared.guard.look(&head) {
        Ok(identity) => identity,
        Err(unproved) => return unproved.into_response(),
    };
    head.extensions.insert(identity.clone());
    let within = shared.settings.body_timeout.saturating_mul(2);
    let asked = head.clone();
    let response = next.run(Request::from_parts(head, Body::new(Timely::new(body, within)))).await;
    // Every other answer is told in one go.
    if response.headers().get(CONTENT_TYPE).is_none_or(|kind| kind != EVENT_STREAM) {
        return response;
    }
    response.map(|body| Body::new(WhileAuthenticated::new(body, asked, identity, shared)))
}
