//! Who may use the server: whoever knows its token, or signs with its key.
//!
//! ```text
//! Authorization: Bearer TOKEN
//! Authorization: Basic BASE64(anything:TOKEN)
//! Authorization: HMAC-SHA256 at=1795334400,nonce=6f1c…,body=SHA256,signature=HMAC
//! ```
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
use super::settings::{SHORTEST_SECRET, ServerSettings};
use crate::connections::table::Connection;
use crate::rate_limited::RateLimited;
use node::library::LARGEST_COMPONENT;
use once::Once;
use runtime::capabilities::clocks::Clock;
use runtime::secret::Secret;
use runtime::store::KeyValueStore;
use signature::Signature;

/// What the description says of signatures.
pub(super) const SIGNATURE_DESCRIPTION: &str = "`HMAC-SHA256 at=UNIX_SECONDS,nonce=TEXT,body=SHA256_HEX,signature=HMAC_HEX`; the HMAC-SHA256 under \
    `[server] hmac_secret` of at, nonce, method, path with query, and body, joined by line breaks. It counts for five minutes, once.";

/// Looks at what requests prove.
pub struct Guard {
    /// Digests are compared, so the time taken tells nothing of the token.
    token: Option<[u8; 32]>,
    key: Option<Secret>,
    clock: Clock,
    once: Once,
    refused: RateLimited,
}

/// What a request proves.
#[derive(Debug)]
pub(super) enum Proof {
    /// It has the token.
    Token,
    /// It is signed, if the body is the one that was signed.
    Signed(SignedBody),
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
pub(super) struct Unproved {
    status: StatusCode,
    detail: &'static str,
}

impl Unproved {
    const fn because(detail: &'static str) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, detail }
    }
}

impl IntoResponse for Unproved {
    fn into_response(self) -> Response {
        let mut response = Problem::new(self.status, self.detail).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let ways = HeaderValue::from_static("Bearer realm=\"host-harness\", HMAC-SHA256 realm=\"host-harness\"");
            response.headers_mut().insert(WWW_AUTHENTICATE, ways);
        }
        response
    }
}

impl Guard {
    /// Fails where nobody could prove themselves, or where a token or key is too short.
    pub fn new(settings: &ServerSettings, clock: Clock, records: Arc<dyn KeyValueStore>) -> anyhow::Result<Self> {
        anyhow::ensure!(
            settings.token.is_some() || settings.hmac_secret.is_some(),
            "[server]: nobody could use the server; set `token`, for example token = \"env:SERVER_TOKEN\""
        );
        for (key, secret) in [("token", &settings.token), ("hmac_secret", &settings.hmac_secret)] {
            anyhow::ensure!(
                secret.as_ref().is_none_or(|secret| secret.expose().len() >= SHORTEST_SECRET),
                "[server]: `{key}` is shorter than {SHORTEST_SECRET} characters; make a longer one, for example with `openssl rand -hex 32`"
            );
        }
        Ok(Self {
            token: settings.token.as_ref().map(|token| Sha256::digest(token.expose()).into()),
            key: settings.hmac_secret.clone(),
            clock,
            once: Once::new(records),
            refused: RateLimited::new(),
        })
    }

    /// How many requests were not authenticated.
    pub fn refused(&self) -> u64 {
        self.refused.total()
    }

    /// What a request proves by its head. `lasting`: a signature is used up for all processes and restarts, in the store.
    pub(super) async fn look(&self, head: &request::Parts, lasting: bool) -> Result<Proof, Unproved> {
        let looked = self.look_quietly(head, lasting).await;
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
            return Err(Unproved::because("`Authorization` comes twice: send it once"));
        }
        let Some(given) = first else {
            return Err(Unproved::because("send the server's token: `Authorization: Bearer …`, or a signature"));
        };
        let (scheme, given) = given.split_once(' ').unwrap_or((given, ""));
        let token = if scheme.eq_ignore_ascii_case("Bearer") {
            Some(Sha256::digest(given.trim()))
        } else if scheme.eq_ignore_ascii_case("Basic") {
            Some(Sha256::digest(
                password(given)
                    .ok_or(Unproved::because("`Authorization: Basic` is not the base64 of `anything:TOKEN`"))?,
            ))
        } else {
            None
        };
        if let Some(given) = token {
            let given: [u8; 32] = given.into();
            return match &self.token {
                Some(token) if *token == given => Ok(Proof::Token),
                Some(_) => Err(Unproved::because("this is not the server's token")),
                None => Err(Unproved::because("this server takes signatures alone: `Authorization: HMAC-SHA256 …`")),
            };
        }
        if !scheme.eq_ignore_ascii_case("HMAC-SHA256") {
            return Err(Unproved::because("`Authorization` is neither Bearer, Basic nor HMAC-SHA256"));
        }
        let Some(key) = &self.key else {
            return Err(Unproved::because(
                "this server takes no signatures: send its token, `Authorization: Bearer …`",
            ));
        };
        let signature = Signature::read(given).ok_or(Unproved::because(
            "the signature is not written as `at=…,nonce=…,body=…,signature=…`; /openapi.json says how",
        ))?;
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        if !signature.verifies(key, head.method.as_str(), target) {
            return Err(Unproved::because("the signature does not fit the request"));
        }
        let now = self.clock.now();
        if !signature.counts_at(now) {
            return Err(Unproved::because(
                "the signature was made more than five minutes from now: set the clocks right",
            ));
        }
        match self.once.first_use(&signature, now, lasting).await {
            Ok(true) => Ok(Proof::Signed(SignedBody(signature.body))),
            Ok(false) => Err(Unproved::because("the signature was used before: make one with another nonce")),
            Err(error) => {
                warn!(%error, "a signature cannot be used up");
                let detail = "the store does not take the signature; send it again";
                Err(Unproved { status: StatusCode::SERVICE_UNAVAILABLE, detail })
            }
        }
    }

    /// The body is another than the signed one.
    pub(super) fn other_body(&self) -> Unproved {
        let unproved = Unproved::because("the body is not the one that was signed");
        self.note(&unproved);
        unproved
    }

    /// Counts, and warns at most once a second: whoever tries tokens must not fill the log.
    fn note(&self, unproved: &Unproved) {
        if let Some(left_out) = self.refused.count(self.clock.now()) {
            let refused = self.refused.total();
            warn!(refused, left_out, reason = unproved.detail, "refused a request that is not authenticated");
        }
    }
}

/// The password of `Basic` credentials (RFC 7617).
fn password(given: &str) -> Option<Vec<u8>> {
    let credentials = BASE64_STANDARD.decode(given.trim()).ok()?;
    let colon = credentials.iter().position(|byte| *byte == b':')?;
    credentials.get(colon + 1..).map(<[u8]>::to_vec)
}

/// Lets through what proves itself. Reading changes nothing, so only a signature under something else is used up in the store.
pub(super) async fn layer(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    let within = shared.settings.body_timeout.saturating_mul(2);
    let body = match shared.guard.look(&head, !head.method.is_safe()).await {
        Ok(Proof::Token) => axum::body::Body::new(Timely::new(body, within)),
        Ok(Proof::Signed(signed)) => match body::whole(body, LARGEST_COMPONENT, within).await {
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
        Err(unproved) => return unproved.into_response(),
    };
    next.run(Request::from_parts(head, body)).await
}
