//! `POST /v1/resolve-call`: a call in, its route out.
//!
//! A caller is waiting, so whoever proves themselves always gets 200 and a route. Where the request says no call, or there is no room for it,
//! the call goes to the linked operation with a reason of the host's own ([`HostReason`]): that of the operation named by the request, or of
//! the first one configured. Such a call is told to the observers like any other.
//!
//! A PBX comes back with `after` when nobody answered a forwarded call whose next place is another operation of this node (rule E2).

mod answer;
mod request;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use call::call_request::CallRequest;
use call::host_reason::HostReason;
use call::{IncomingCall, Localized};
use futures_util::FutureExt;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Shared;
use super::body::{self, Unread};
use super::problem::Problem;
use super::scope::Scope;
use crate::pbx::PbxSettings;
use answer::{AnswerKind, ResolvedCall, answer};
use node::{EntryPoint, FinishedCall};

/// The scope that a call needs. Asked for here and not by the guard of other routes: who is authenticated gets a route, whatever is wrong with the
/// rest of the request.
const NEEDED: Scope = Scope::Pbx;

/// The call's routes and what they count.
#[derive(Clone)]
struct ResolveState {
    shared: Arc<Shared>,
    ids: Arc<Ids>,
}

/// Makes identifiers for calls that come without one: unlike those of any other process.
struct Ids {
    process: String,
    made: AtomicU64,
}

impl Ids {
    fn new() -> Self {
        let mut random = [0; 8];
        // Without randomness the start of the process tells its calls from others'.
        let _ = getrandom::fill(&mut random);
        let process = base16ct::lower::encode_string(&random);
        Self { process, made: AtomicU64::new(0) }
    }

    fn next(&self) -> String {
        format!("{}-{}", self.process, self.made.fetch_add(1, Ordering::Relaxed))
    }
}

pub(super) fn routes(shared: &Arc<Shared>) -> OpenApiRouter {
    let calls = ResolveState { shared: Arc::clone(shared), ids: Arc::new(Ids::new()) };
    let mut routes = OpenApiRouter::new().routes(routes!(resolve_call)).with_state(calls);
    NEEDED.describe(routes.get_openapi_mut());
    routes
}

/// Resolve a call
///
/// The answer is always a route. Where `then` of a forward is another operation of this host (`operation:ID`), come back when the last number was
/// not answered: with the same `id`, and in `after` with `placement` of the answer, or, where it has none, with the operation that was asked.
/// A request that is not a call goes to the linked operation with the reason `request-not-understood`,
/// `operation-unknown`, `host-overloaded` or `host-stopping`. A client that goes away does not stop the call.
#[utoipa::path(post, path = "/v1/resolve-call", tag = "calls",
    params(
        ("operation" = Option<String>, Query, description = "The placed operation; may be left out where there is one, or where the body names it"),
        ("form" = Option<String>, Query, description = "`dialplan`: the variables for a dialplan of Asterisk, as a form; so does `Accept` with its type"),
    ),
    request_body(content(
        (CallRequest = "application/json"),
        (CallRequest = "application/x-www-form-urlencoded"),
    )),
    responses(
        (status = 200, description = "Where the call goes, and why", content(
            (ResolvedCall = "application/json"),
            (String = "application/x-www-form-urlencoded"),
        )),
        (status = 401, description = "The request is not authenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The scope does not reach", body = Problem, content_type = "application/problem+json"),
    ))]
async fn resolve_call(State(calls): State<ResolveState>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    match calls.shared.guard.look(&head).map(|identity| identity.permit(NEEDED)) {
        Ok(Ok(())) => {}
        Ok(Err(problem)) => return problem.into_response(),
        Err(unproved) => return unproved.into_response(),
    }
    let settings = &calls.shared.settings;
    let body = body::whole(body, settings.max_body, settings.body_timeout).await;
    // A server has at least one: what puts the routes together sees to it.
    let Some(first) = calls.shared.node.revision().first() else {
        return super::problem::not_found().await.into_response();
    };
    match AssertUnwindSafe(calls.route(&first, &head, body)).catch_unwind().await {
        Ok(finished) => {
            let pbx = PbxSettings::with(first.revision());
            answer(&finished.resolved, finished.asked_again_after(), AnswerKind::of(&head), &pbx)
        }
        Err(_) => {
            tracing::error!("a call met a fault of the server");
            calls.after_fault(&first, &head)
        }
    }
}

impl ResolveState {
    async fn route(&self, first: &EntryPoint, head: &Parts, body: Result<Bytes, Unread>) -> FinishedCall {
        let named = request::operation_of_query(head.uri.query());
        let read = match body {
            Ok(body) => request::read(head.headers.get(CONTENT_TYPE), &body),
            Err(unread) => Err(self.unread(unread)),
        };
        let (asked, misunderstood) = match read {
            Ok(asked) => (asked, None),
            Err(what) => (CallRequest::default(), Some(HostReason::NotUnderstood(what))),
        };
        let node = &self.shared.node;
        // A PBX that comes back names the operation whose numbers rang, and need not name the one that it asked first.
        let operation = named.as_deref().or(asked.operation.as_deref()).or(asked.after.as_deref());
        // The call goes on even where what it names is gone meanwhile.
        let comes_back = asked.after.is_some();
        let entry = first.revision().asked_for(operation).or_else(|| comes_back.then(|| first.clone()));
        let call = IncomingCall::new(asked, || self.ids.next());
        let declined =
            |reason: HostReason, call: IncomingCall| node.decline(entry.as_ref().unwrap_or(first), call, &reason);
        if let Some(reason) = misunderstood {
            return declined(reason, call);
        }
        let Some(entry) = &entry else { return declined(HostReason::OperationUnknown, call) };
        if self.shared.is_stopping() {
            return declined(HostReason::Stopping, call);
        }
        let Ok(place) = Arc::clone(&self.shared.room).try_acquire_owned() else {
            return declined(HostReason::Overloaded, call);
        };
        // The place is the call's, not the connection's: a call goes on when its client has gone away.
        node.resolve_holding(entry, call, place).await
    }

    fn unread(&self, unread: Unread) -> Localized {
        match unread {
            Unread::TooLong => {
                let most = self.shared.settings.max_body;
                Localized::new(format!("тело длиннее {most} байт"), format!("its body is longer than {most} bytes"))
            }
            Unread::TooSlow => Localized::new("тело не пришло вовремя", "its body did not come in time"),
            Unread::Broken => Localized::new("тело не дошло до конца", "its body broke off"),
        }
    }

    /// A route even where the code above is at fault.
    fn after_fault(&self, first: &EntryPoint, head: &Parts) -> Response {
        let named = request::operation_of_query(head.uri.query());
        let entry = first.revision().asked_for(named.as_deref());
        let call = IncomingCall::new(CallRequest::default(), || self.ids.next());
        let failed = self.shared.node.host_failed(entry.as_ref().unwrap_or(first), &call);
        answer(&failed, None, AnswerKind::of(head), &PbxSettings::with(first.revision()))
    }
}
