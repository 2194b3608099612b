//! Who sends a request: whoever has one of the server's tokens ([`crate::tokens`]), or signs with its key.
//!
//! ```text
//! Authorization: Bearer TOKEN
//! Authorization: Basic BASE64(anything:TOKEN)
//! Authorization: HMAC-SHA256 at=1795334400,nonce=6f1c…,body=SHA256,signature=HMAC
//! ```
//!
//! A browser that has logged in sends a cookie instead ([`crate::sessions`]). Where `Authorization` comes too, that counts.
//!
//! What they may do, the scope of their token says ([`crate::scope`]). Who signs is a manager.
//!
//! `Basic` is for clients that know nothing else: `http_client` of Kamailio, `CURL()` of Asterisk. The user's name does not matter.
//!
//! A signature never carries the key, so it suits a network that others listen to. `at` is when it was made, in Unix seconds; `nonce` is any
//! text of up to 64 letters, digits, `-` or `_` that makes it unlike others; `body` is the SHA-256 of the body in hexadecimal; `signature` is
//! the HMAC-SHA256, in hexadecimal, of these five lines without a break after the last:
//!
//! ```text
//! at
//! nonce
//! METHOD
//! /path?query
//! body
//! ```
//!
//! It counts for five minutes around `at`, and once (`once`). Refusals are counted and logged, at most one a second.

mod once;
mod signature;

use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode, request};
use sha2::{Digest, Sha256};
use tracing::warn;

use super::Shared;
use super::body::{self, Timely, Unread};
use super::problem::Problem;
use super::settings::ServerSettings;
use crate::connections::table::Connection;
use crate::identity::Identity;
use crate::rate_limited::RateLimited;
use crate::scope::Scope;
use crate::sessions::{Sessions, is_own_page, session_of};
use crate::tokens::{Issued, SHORTEST, TokenHash, TokenState, Tokens, Validity};
use call::Localized;
use jiff::Timestamp;
use node::library::LARGEST_COMPONENT;
use once::Once;
use runtime::capabilities::clocks::Clock;
use runtime::secret::Secret;
use runtime::store::KeyValueStore;
use signature::Signature;

/// What the description says of signatures.
pub(super) const SIGNATURE_DESCRIPTION: &str = "`HMAC-SHA256 at=UNIX_SECONDS,nonce=TEXT,body=SHA256_HEX,signature=HMAC_HEX`; the HMAC-SHA256 under \
    `[server] hmac_secret` of at, nonce, method, path with query, and body, joined by line breaks. It counts for five minutes, once.";

/// Looks at who sends requests.
pub struct Guard {
    tokens: ArcSwap<Tokens>,
    sessions: Sessions,
    key: Option<Secret>,
    clock: Clock,
    once: Once,
    refused: RateLimited,
}

/// What a request proves.
#[derive(Debug)]
pub(super) struct Proof {
    /// Who sent it.
    pub(super) identity: Identity,
    /// What its body has to be, where it is signed.
    pub(super) signed: Option<SignedBody>,
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

/// The SHA-256 of the body that was signed.
#[derive(Debug)]
pub(super) struct SignedBody([u8; 32]);

impl SignedBody {
    pub(super) fn is(&self, body: &[u8]) -> bool {
        self.0 == <[u8; 32]>::from(Sha256::digest(body))
    }
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
            let ways = HeaderValue::from_static("Bearer realm=\"host-harness\", HMAC-SHA256 realm=\"host-harness\"");
            response.headers_mut().insert(WWW_AUTHENTICATE, ways);
        }
        response
    }
}

impl Guard {
    /// Fails where nobody could be authenticated, where a token or key is too short, and where tokens could not be told apart.
    pub fn new(settings: &ServerSettings, clock: Clock, records: Arc<dyn KeyValueStore>) -> anyhow::Result<Self> {
        let tokens = Self::judged(settings, &Tokens::default())?;
        Ok(Self {
            tokens: ArcSwap::from_pointee(tokens),
            sessions: Sessions::default(),
            key: settings.hmac_secret.clone(),
            clock,
            once: Once::new(records),
            refused: RateLimited::new(),
        })
    }

    /// Whether the tokens of these settings can be put in force.
    pub fn judge_tokens(&self, settings: &ServerSettings) -> anyhow::Result<()> {
        Self::judged(settings, &self.tokens.load()).map(drop)
    }

    /// Puts the tokens of these settings in force, from the next request on. Where they cannot be, those before stay.
    pub fn replace_tokens(&self, settings: &ServerSettings) -> anyhow::Result<()> {
        let tokens = Self::judged(settings, &self.tokens.load())?;
        self.tokens.store(Arc::new(tokens));
        self.warn_of_expiry();
        Ok(())
    }

    fn judged(settings: &ServerSettings, before: &Tokens) -> anyhow::Result<Tokens> {
        for (key, secret) in [("token", &settings.token), ("hmac_secret", &settings.hmac_secret)] {
            anyhow::ensure!(
                secret.as_ref().is_none_or(|secret| secret.expose().len() >= SHORTEST),
                "[server]: `{key}` is shorter than {SHORTEST} characters; make a longer one, for example with `openssl rand -hex 32`"
            );
        }
        let tokens = Tokens::of(settings.token.as_ref(), &settings.tokens, before)
            .map_err(|error| anyhow::anyhow!("[[server.tokens]]: {error}"))?;
        anyhow::ensure!(
            !tokens.is_empty() || settings.hmac_secret.is_some(),
            "[server]: nobody could use the server; set `token`, for example token = \"env:SERVER_TOKEN\""
        );
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

    /// What a request proves by its head. `lasting`: a signature is used up for all processes and restarts, in the store.
    pub(super) async fn look(&self, head: &request::Parts, lasting: bool) -> Result<Proof, Unproved> {
        let looked = self.look_quietly(head, lasting).await;
        self.noted(head, looked)
    }

    /// A connection on which somebody was authenticated stays; what was refused is counted.
    fn noted<T>(&self, head: &request::Parts, looked: Result<T, Unproved>) -> Result<T, Unproved> {
        match &looked {
            Ok(_) => head.extensions.get::<Arc<Connection>>().into_iter().for_each(|connection| connection.prove()),
            Err(unproved) => self.note(unproved),
        }
        looked
    }

    async fn look_quietly(&self, head: &request::Parts, lasting: bool) -> Result<Proof, Unproved> {
        let mut given = head.headers.get_all(AUTHORIZATION).iter();
        let first = given.next().and_then(|given| given.to_str().ok());
        if given.next().is_some() {
            return Err(Unproved::because(
                "заголовок `Authorization` передан дважды: передайте его один раз",
                "`Authorization` comes twice: send it once",
            ));
        }
        let Some(given) = first else {
            if session_of(&head.headers).is_some() {
                let (identity, _) = self.by_session(head)?;
                return Ok(Proof { identity, signed: None });
            }
            return Err(Unproved::because(
                "войдите или передайте токен сервера: `Authorization: Bearer …`",
                "send a token of the server: `Authorization: Bearer …`, or a signature",
            ));
        };
        let (scheme, given) = given.split_once(' ').unwrap_or((given, ""));
        if scheme.eq_ignore_ascii_case("Bearer") {
            let identity = self.by_token(&TokenHash::of(given.trim()))?;
            return Ok(Proof { identity, signed: None });
        }
        if scheme.eq_ignore_ascii_case("Basic") {
            let password = password(given).ok_or_else(|| {
                Unproved::because(
                    "в `Authorization: Basic` не base64 от `любое-имя:ТОКЕН`",
                    "`Authorization: Basic` is not the base64 of `anything:TOKEN`",
                )
            })?;
            let identity = self.by_token(&TokenHash::of(password))?;
            return Ok(Proof { identity, signed: None });
        }
        if !scheme.eq_ignore_ascii_case("HMAC-SHA256") {
            return Err(Unproved::because(
                "`Authorization` — не Bearer, не Basic и не HMAC-SHA256",
                "`Authorization` is neither Bearer, Basic nor HMAC-SHA256",
            ));
        }
        let Some(key) = &self.key else {
            return Err(Unproved::because(
                "этот сервер не принимает подписей: передайте токен, `Authorization: Bearer …`",
                "this server takes no signatures: send its token, `Authorization: Bearer …`",
            ));
        };
        let signature = Signature::read(given).ok_or_else(|| {
            Unproved::because(
                "подпись записана не как `at=…,nonce=…,body=…,signature=…`; см. /openapi.json",
                "the signature is not written as `at=…,nonce=…,body=…,signature=…`; /openapi.json says how",
            )
        })?;
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        if !signature.verifies(key, head.method.as_str(), target) {
            return Err(Unproved::because("подпись не подходит к запросу", "the signature does not fit the request"));
        }
        let now = self.clock.now();
        if !signature.counts_at(now) {
            return Err(Unproved::because(
                "подпись сделана больше чем за пять минут от текущего времени: проверьте часы",
                "the signature was made more than five minutes from now: set the clocks right",
            ));
        }
        match self.once.first_use(&signature, now, lasting).await {
            Ok(true) => Ok(Proof { identity: Identity::of_signer(), signed: Some(SignedBody(signature.body)) }),
            Ok(false) => Err(Unproved::because(
                "подпись уже использована: сделайте другую, с другим nonce",
                "the signature was used before: make one with another nonce",
            )),
            Err(error) => {
                warn!(%error, "a signature cannot be used up");
                let detail = "the store does not take the signature; send it again";
                Err(Unproved(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail)))
            }
        }
    }

    /// Who has the token of this hash.
    fn by_token(&self, hash: &TokenHash) -> Result<Identity, Unproved> {
        let tokens = self.tokens.load();
        let issued = tokens
            .find(hash)
            .ok_or_else(|| Unproved::because("это не токен этого сервера", "this is no token of this server"))?;
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
        let found = session_of(&head.headers).and_then(|id| self.sessions.find(id, self.clock.now()));
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
        session_of(&head.headers).into_iter().for_each(|id| self.sessions.close(id));
        Ok(())
    }

    /// The body is another than the signed one.
    pub(super) fn other_body(&self) -> Unproved {
        let unproved =
            Unproved::because("тело запроса — не то, что подписано", "the body is not the one that was signed");
        self.note(&unproved);
        unproved
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

/// Lets through who is authenticated, and says who it is. Reading changes nothing, so only a signature under something else is used up in the
/// store.
pub(super) async fn layer(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let (mut head, body) = request.into_parts();
    let within = shared.settings.body_timeout.saturating_mul(2);
    let Proof { identity, signed } = match shared.guard.look(&head, !head.method.is_safe()).await {
        Ok(proof) => proof,
        Err(unproved) => return unproved.into_response(),
    };
    let body = match signed {
        None => axum::body::Body::new(Timely::new(body, within)),
        Some(signed) => match body::whole(body, LARGEST_COMPONENT, within).await {
            Ok(whole) if signed.is(&whole) => whole.into(),
            Ok(_) => return shared.guard.other_body().into_response(),
            Err(Unread::TooLong) => {
                let detail = format!("the body is larger than {LARGEST_COMPONENT} bytes, which a component may have");
                return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail).into_response();
            }
            Err(Unread::TooSlow | Unread::Broken) => {
                return Problem::new(StatusCode::REQUEST_TIMEOUT, "the body did not come in time").into_response();
            }
        },
    };
    head.extensions.insert(identity);
    next.run(Request::from_parts(head, body)).await
}
