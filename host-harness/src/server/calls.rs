//! Kept calls over HTTP: listed, shown, followed live, counted by reason.

use std::convert::Infallible;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::stream::{self, Stream, StreamExt};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::problem::Problem;
use crate::call_details::{Bucket, CallDetails, CallDetailsError, Filter, KeptCall, Numbers, Reader};
use crate::capabilities::clocks::Clock;

/// How many calls are listed unless asked for more, and at most.
const LIMIT: usize = 100;
const LIMIT_MOST: usize = 1_000;
/// How many calls a follower that comes back is caught up with.
const CAUGHT_UP: usize = 1_000;
/// The span of time that is counted unless asked for another.
const SINCE: SignedDuration = SignedDuration::from_hours(1);

#[derive(Clone)]
struct Desk {
    details: CallDetails,
    clock: Clock,
}

/// The routes over these call details. Times that are left out count from this clock.
pub fn routes(details: CallDetails, clock: Clock) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(follow))
        .routes(routes!(show))
        .routes(routes!(reasons))
        .with_state(Desk { details, clock })
}

/// Which calls, and how much of them.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Only calls with a greater `seq`.
    after: Option<i64>,
    /// Only calls with a lesser `seq`: `next` of the page before.
    before: Option<i64>,
    /// Only calls that arrived then or later, such as `2026-11-22T09:00:00Z`.
    since: Option<String>,
    /// Only calls that arrived before.
    until: Option<String>,
    /// Only calls that ended so: `forwarded`, or a reason's code.
    reason: Option<String>,
    /// Only calls forwarded to this employee.
    employee: Option<String>,
    /// Only calls whose caller's number ends so: one to four digits.
    digits: Option<String>,
    /// Only calls of this placed operation.
    operation: Option<String>,
    /// Only calls of this integration.
    integration: Option<String>,
    /// How many, 100 unless written, 1000 at most.
    limit: Option<usize>,
    /// `whole`: with callers' whole numbers, where they are kept.
    numbers: Option<String>,
}

impl Wanted {
    fn filter(&self) -> Result<Filter, Problem> {
        let digits = self.digits.as_deref().filter(|digits| !digits.is_empty()).map(Filter::digits).transpose();
        let some = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        Ok(Filter {
            after: self.after,
            before: self.before,
            since: time("since", self.since.as_deref())?,
            until: time("until", self.until.as_deref())?,
            reason: some(&self.reason),
            employee: some(&self.employee),
            digits: digits.map_err(|fix| wrong("digits", fix))?,
            operation: some(&self.operation),
            integration: some(&self.integration),
        })
    }

    fn numbers(&self) -> Result<Numbers, Problem> {
        match self.numbers.as_deref() {
            None | Some("" | "masked") => Ok(Numbers::Masked),
            Some("whole") => Ok(Numbers::Whole),
            Some(_) => Err(wrong("numbers", "write `whole` or `masked`")),
        }
    }
}

/// Kept calls, newest first.
#[derive(Serialize, ToSchema)]
struct Calls {
    /// Each in the format of `POST /v1/resolve-call`, with `seq`, `operation` and `integration`.
    #[schema(value_type = Vec<Object>)]
    calls: Vec<Value>,
    /// `before` of the next page; null where this was the last.
    next: Option<i64>,
}

/// List kept calls, newest first
#[utoipa::path(
    get,
    path = "/v1/calls",
    tag = "calls",
    params(Wanted),
    responses((status = 200, body = Calls), (status = 400, body = Problem, content_type = "application/problem+json"))
)]
async fn list(State(desk): State<Desk>, Query(wanted): Query<Wanted>) -> Result<Json<Calls>, Problem> {
    let (filter, numbers) = (wanted.filter()?, wanted.numbers()?);
    let limit = wanted.limit.unwrap_or(LIMIT).clamp(1, LIMIT_MOST);
    let page = desk.read(move |reader| reader.list(&filter, limit)).await?;
    let calls = page.calls.iter().map(|call| call.json(numbers)).collect();
    Ok(Json(Calls { calls, next: page.next }))
}

/// Show one kept call
#[utoipa::path(
    get,
    path = "/v1/calls/{id}",
    tag = "calls",
    params(("id" = String, Path, description = "The PBX's identifier of the call, or its `seq`"), ("numbers" = Option<String>, Query, description = "`whole`: with the caller's whole number, where it is kept")),
    responses((status = 200, body = serde_json::Value), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
async fn show(
    State(desk): State<Desk>,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Value>, Problem> {
    let numbers = wanted.numbers()?;
    let found = desk.read(move |reader| reader.find(&id)).await?;
    let nothing = || Problem::new(StatusCode::NOT_FOUND, "no call with this identifier is kept");
    Ok(Json(found.ok_or_else(nothing)?.json(numbers)))
}

/// Which span of time, in which steps.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Span {
    /// From when on; an hour ago unless written.
    since: Option<String>,
    /// Until when; now unless written.
    until: Option<String>,
    /// The length of a step, such as `60s`; a minute unless written.
    step: Option<String>,
}

/// How calls ended, over time.
#[derive(Serialize, ToSchema)]
struct Reasons {
    /// When the first step begins.
    #[schema(value_type = String)]
    from: Timestamp,
    /// The length of a step.
    step_seconds: u64,
    /// The steps in which there were calls.
    #[schema(value_type = Vec<Object>)]
    buckets: Vec<Bucket>,
}

/// Count kept calls by reason over time
#[utoipa::path(
    get,
    path = "/v1/reasons",
    tag = "calls",
    params(Span),
    responses((status = 200, body = Reasons), (status = 400, body = Problem, content_type = "application/problem+json"))
)]
async fn reasons(State(desk): State<Desk>, Query(span): Query<Span>) -> Result<Json<Reasons>, Problem> {
    let now = desk.clock.now();
    let until = time("until", span.until.as_deref())?.unwrap_or(now);
    let since = time("since", span.since.as_deref())?.unwrap_or_else(|| until.saturating_sub(SINCE).unwrap_or(until));
    let step = humantime::parse_duration(span.step.as_deref().unwrap_or("60s")).ok();
    let step = step.map(|step| step.as_secs()).filter(|step| *step > 0);
    let step_seconds = step.ok_or_else(|| wrong("step", "write whole seconds, such as 60s"))?;
    let milliseconds = i64::try_from(step_seconds).unwrap_or(i64::MAX / 1_000).saturating_mul(1_000);
    let buckets = desk.read(move |reader| reader.reasons(since, until, milliseconds)).await?;
    Ok(Json(Reasons { from: since, step_seconds, buckets }))
}

/// Follow calls as they are kept: Server-Sent Events
///
/// `event: call` with a call as data and its `seq` as `id`; `event: missed` where the reader was too slow, with how many. `Last-Event-ID` (or
/// `after`) catches up with what was kept meanwhile.
#[utoipa::path(
    get,
    path = "/v1/calls/stream",
    tag = "calls",
    params(("after" = Option<i64>, Query, description = "Catch up with the calls after this `seq`")),
    responses((status = 200, content_type = "text/event-stream", body = String))
)]
async fn follow(
    State(desk): State<Desk>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let numbers = wanted.numbers()?;
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok()).or(wanted.after);
    // Before the store is read, or a call in between would be missed.
    let live = desk.details.follow();
    let missed = match last {
        Some(seq) => desk.read(move |reader| reader.after(&Filter::default(), seq, CAUGHT_UP)).await?,
        None => Vec::new(),
    };
    let seen = missed.last().map_or(last.unwrap_or(0), |call| call.seq);
    let missed: Vec<_> = missed.iter().map(|call| Ok(event(call, numbers))).collect();
    let live = stream::unfold(live, move |live| next(live, seen, numbers));
    Ok(Sse::new(stream::iter(missed).chain(live)).keep_alive(KeepAlive::default()))
}

/// The next call after `seen`, or how many were missed; none when nothing more comes.
async fn next(
    mut live: Receiver<std::sync::Arc<KeptCall>>,
    seen: i64,
    numbers: Numbers,
) -> Option<(Result<Event, Infallible>, Receiver<std::sync::Arc<KeptCall>>)> {
    loop {
        match live.recv().await {
            Ok(call) if call.seq <= seen => {}
            Ok(call) => return Some((Ok(event(&call, numbers)), live)),
            Err(RecvError::Lagged(missed)) => {
                let event = Event::default().event("missed").data(json!({ "calls": missed }).to_string());
                return Some((Ok(event), live));
            }
            Err(RecvError::Closed) => return None,
        }
    }
}

fn event(call: &KeptCall, numbers: Numbers) -> Event {
    Event::default().event("call").id(call.seq.to_string()).data(call.json(numbers).to_string())
}

impl Desk {
    /// Reads on a thread that may block.
    async fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Reader) -> Result<T, CallDetailsError> + Send + 'static,
    ) -> Result<T, Problem> {
        let reader = self.details.reader();
        let unavailable = |why: String| Problem::new(StatusCode::SERVICE_UNAVAILABLE, why);
        match tokio::task::spawn_blocking(move || question(&reader)).await {
            Ok(answer) => answer.map_err(|error| unavailable(error.to_string())),
            Err(_) => Err(unavailable("the call details could not be read; the server's log says more".to_owned())),
        }
    }
}

fn time(key: &str, written: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let parse = |text: &str| text.parse().map_err(|_| wrong(key, "write a time such as 2026-11-22T09:00:00Z"));
    written.filter(|text| !text.is_empty()).map(parse).transpose()
}

fn wrong(key: &str, fix: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, format!("`{key}`: {fix}"))
}
