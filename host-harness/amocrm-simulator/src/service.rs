//! One request's way: recorded, perhaps failed by a fault, authorised, answered, and dressed in amoCRM's headers.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, DATE, HOST, HeaderName, HeaderValue, LOCATION, SERVER, USER_AGENT};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Collected, Limited};
use hyper::body::Incoming;
use jiff::fmt::rfc2822::DateTimePrinter;
use tokio::time::Instant;

use crate::answer::Answer;
use crate::endpoints::{self, Ask};
use crate::fault::Ending;
use crate::hosts::Host;
use crate::oauth::{self, OAuthAsk};
use crate::params::Params;
use crate::record::{RequestRecord, without_secrets};
use crate::script::Script;
use crate::state::State;
use crate::{Endpoint, Renamed, control, fault, page, problem};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const RUNTIME_GENERATED: HeaderName = HeaderName::from_static("x-runtime-generated");

/// The largest body that the token endpoint reads, in bytes.
const TOKEN_BODY_MOST: usize = 64 * 1024;

/// Serves one request that came to this listener.
pub(crate) async fn serve(
    state: Arc<State>,
    listener: Host,
    request: Request<Incoming>,
) -> Result<Response<Script>, Ending> {
    if request.uri().path().starts_with(control::PREFIX) {
        return Ok(control::serve(&state, request).await);
    }
    if request.uri().path() == "/" && request.method() == Method::GET {
        return Ok(page::index().whole());
    }
    let (parts, body) = request.into_parts();
    let host = state.hosts.of_request(&listener, parts.headers.get(HOST).and_then(|host| host.to_str().ok()));
    let path = parts.uri.path();
    let target = parts.uri.path_and_query().map_or(path, |target| target.as_str());
    let params = Params::read(parts.uri.query().unwrap_or(""));
    let endpoint = Endpoint::of_path(path);
    let refused = {
        let mut gate = state.gate();
        // The instant is taken under the lock, so that arrivals are in order.
        gate.arrive(path, Instant::now())
    };
    let authorised = state.accepts(parts.headers.get(AUTHORIZATION));
    // The gateway stands before everything else: what it refuses has no other fault.
    let fault = if refused.is_some() { None } else { state.faults().choose(endpoint, &params.decoded()) };
    let sequence = state.log().begin(RequestRecord {
        sequence: 0,
        at: state.now(),
        method: parts.method.to_string(),
        host: host.authority.clone(),
        path: path.to_owned(),
        query: without_secrets(params.pairs()),
        endpoint,
        authorised,
        user_agent: parts.headers.get(USER_AGENT).map(|agent| String::from_utf8_lossy(agent.as_bytes()).into_owned()),
        status: None,
        fault: fault.as_ref().map(ToString::to_string),
    });
    let body = match endpoint {
        // What cannot be read lacks every parameter.
        Some(Endpoint::Token) => Limited::new(body, TOKEN_BODY_MOST).collect().await.map(Collected::to_bytes),
        _ => Ok(Bytes::new()),
    }
    .unwrap_or_default();
    let base = host.base();
    let right = || {
        let oauth = endpoint.filter(|endpoint| endpoint.is_oauth());
        if endpoint != Some(Endpoint::Consent) && state.hosts.is_former(&host) {
            return former(&state, target);
        }
        if let Some(endpoint) = oauth {
            let ask =
                OAuthAsk { endpoint, method: &parts.method, params: &params, headers: &parts.headers, body: &body };
            return oauth::answer(&state, &ask);
        }
        if !authorised {
            return problem::unauthorized();
        }
        let now = state.now();
        let account = state.account();
        let ask = Ask { account: &account, params: &params, base: &base, now };
        endpoints::answer(&parts.method, path, &ask)
    };
    let mut response = match (refused, &fault) {
        (Some(refusal), _) => refusal.whole(),
        (None, None) => right().whole(),
        (None, Some(fault)) => fault::play(fault, endpoint, &base, target, right).await?,
    };
    dress(&state, &mut response);
    state.log().answered(sequence, response.status().as_u16());
    Ok(response)
}

/// What an address answers that the account was renamed away from.
fn former(state: &State, target: &str) -> Answer {
    let renamed = state.account().behaviour.renamed;
    match renamed {
        Renamed::Unauthorized => problem::no_such_account(),
        Renamed::NotFound => problem::not_found(),
        Renamed::Redirect => {
            let answer = Answer::nginx(StatusCode::MOVED_PERMANENTLY);
            match HeaderValue::try_from(format!("{}{target}", state.hosts.account_base())) {
                Ok(location) => answer.with_header(LOCATION, location),
                Err(_) => answer,
            }
        }
    }
}

/// Adds the headers of every answer (amoCRM facts §6: `X-Request-Id`, `X-Runtime-Generated`).
fn dress(state: &State, response: &mut Response<Script>) {
    let now = state.now();
    let headers = response.headers_mut();
    headers.insert(SERVER, HeaderValue::from_static("nginx"));
    let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&now).ok();
    for (name, value) in
        [(DATE, date), (RUNTIME_GENERATED, Some(now.to_string())), (REQUEST_ID, Some(state.request_id()))]
    {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(name, value);
        }
    }
}
