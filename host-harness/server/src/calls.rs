//! Kept calls over HTTP: listed, shown, followed live (`stream`), counted by reason.

pub mod forgetting;
mod stream;

use std::convert::Infallible;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use call::ended::ChosenEnd;
use call::kept::KeptDocument;
use futures_util::stream::Stream;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::guarded::Guarded;
use super::problem::Problem;
use super::query::{Query, call_key, wrong};
use super::scope::Scope;
use call::{Bilingual, Localized};
use node::call_details::{Bucket, CallDetails, CallDetailsError, Filter, Numbers, Reader};
use runtime::capabilities::clocks::Clock;

/// How many calls are listed unless asked for more, and at most.
const LIMIT: usize = 100;
const LIMIT_MOST: usize = 1_000;
/// The span of time that is counted unless asked for another.
const SINCE: SignedDuration = SignedDuration::from_hours(1);

#[derive(Clone)]
struct CallsState {
    details: CallDetails,
    clock: Clock,
    /// How many more may follow.
    followers: Arc<Semaphore>,
}

/// The routes over these call details. Times that are left out count from this clock; at most `followers` follow calls live.
pub fn routes(details: CallDetails, clock: Clock, followers: usize) -> Guarded {
    let followers = Arc::new(Semaphore::new(followers));
    let routes = OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(follow))
        .routes(routes!(show))
        .routes(routes!(reasons))
        .with_state(CallsState { details: details.clone(), clock, followers });
    Scope::Viewer.guard(routes).merge(super::outcomes::routes(&details))
}

/// Which calls, and how much of them.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct CallsQuery {
    /// Only calls with a greater `seq`.
    after: Option<i64>,
    /// Only calls with a lesser `seq`: `next` of the page before.
    before: Option<i64>,
    /// Only calls that arrived then or later.
    #[param(example = "2026-11-22T09:00:00Z")]
    since: Option<String>,
    /// Only calls that arrived before.
    #[param(example = "2026-11-22T18:00:00+03:00")]
    until: Option<String>,
    /// Only calls with this answer: `forwarded`, or a reason's code.
    #[param(example = "contact-not-found")]
    reason: Option<String>,
    /// Only calls that ended so, as the PBX reported it: `answered` (by the employee), `linked-operation` (took it), `caller-gone`, `unanswered`,
    /// `not-reported`; or `missed`: those that the employee did not answer, even if somebody else took them.
    #[param(example = "missed")]
    ended: Option<String>,
    /// Only calls forwarded to this employee; with `ended=missed` those that this employee missed.
    employee: Option<String>,
    /// Only calls whose caller's number ends so: one to four digits.
    #[param(example = "4567")]
    digits: Option<String>,
    /// Only calls of this placed operation.
    operation: Option<String>,
    /// Only calls of this integration.
    integration: Option<String>,
    /// How many, 100 unless written, 1000 at most.
    #[param(minimum = 1, maximum = 1_000)]
    limit: Option<usize>,
    /// `whole`: with callers' whole numbers, where they are kept.
    numbers: Option<String>,
}

impl CallsQuery {
    fn filter(&self) -> Result<Filter, Problem> {
        let digits = self.digits.as_deref().filter(|digits| !digits.is_empty()).map(Filter::digits).transpose();
        let some = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let ended = some(&self.ended).map(|name| Filter::ended(&name)).transpose();
        let names = ChosenEnd::names();
        Ok(Filter {
            after: self.after,
            before: self.before,
            since: time("since", self.since.as_deref())?,
            until: time("until", self.until.as_deref())?,
            reason: some(&self.reason),
            ended: ended.map_err(|fix| wrong("ended", Localized::new(format!("напишите одно из {names}"), fix)))?,
            employee: some(&self.employee),
            digits: digits
                .map_err(|fix| wrong("digits", Localized::new("напишите от одной до четырёх последних цифр", fix)))?,
            operation: some(&self.operation),
            integration: some(&self.integration),
        })
    }

    fn limit(&self) -> Result<usize, Problem> {
        let limit = self.limit.unwrap_or(LIMIT);
        (1..=LIMIT_MOST)
            .contains(&limit)
            .then_some(limit)
            .ok_or_else(|| wrong("limit", Localized::new("напишите число от 1 до 1000", "write 1 to 1000")))
    }
}

/// How one call is shown.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Shown {
    /// `seq`: the call of this number among the kept ones, not of this identifier.
    by: Option<String>,
    /// `whole`: with the caller's whole number, where it is kept.
    numbers: Option<String>,
}

/// From where on calls are followed, and how they are shown.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Followed {
    /// Catch up with the calls after this `seq`.
    after: Option<i64>,
    /// `whole`: with callers' whole numbers, where they are kept.
    numbers: Option<String>,
}

fn numbers(written: Option<&str>) -> Result<Numbers, Problem> {
    match written {
        None | Some("" | "masked") => Ok(Numbers::Masked),
        Some("whole") => Ok(Numbers::Whole),
        Some(_) => Err(wrong("numbers", Localized::new("напишите `whole` или `masked`", "write `whole` or `masked`"))),
    }
}

/// Kept calls, newest first.
#[derive(Serialize, ToSchema)]
struct Calls {
    /// Each in the format of `POST /v1/resolve-call`, with `seq`, `operation`, `integration`, `outcome` and `ended`; without `titles`.
    calls: Vec<KeptDocument>,
    /// `before` of the next page; null where this was the last.
    next: Option<i64>,
}

/// List kept calls, newest first
#[utoipa::path(
    get,
    path = "/v1/calls",
    tag = "calls",
    params(CallsQuery),
    responses(
        (status = 200, description = "A page of calls", body = Calls),
        (status = 400, description = "A parameter is wrong; it is named", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The request is not authenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The scope does not reach", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The file of the call details cannot be read", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn list(State(desk): State<CallsState>, Query(wanted): Query<CallsQuery>) -> Result<Json<Calls>, Problem> {
    let (filter, limit, numbers) = (wanted.filter()?, wanted.limit()?, numbers(wanted.numbers.as_deref())?);
    let page = desk.read(move |reader| reader.list(&filter, limit)).await?;
    let calls = page.calls.iter().map(|call| call.shown(numbers)).collect();
    Ok(Json(Calls { calls, next: page.next }))
}

/// Show one kept call
#[utoipa::path(
    get,
    path = "/v1/calls/{id}",
    tag = "calls",
    params(("id" = String, Path, description = "The PBX's identifier of the call; with `by=seq` its `seq`"), Shown),
    responses(
        (status = 200, description = "The call", body = KeptDocument),
        (status = 400, description = "A parameter is wrong; it is named", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The request is not authenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The scope does not reach", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such call is kept", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The file of the call details cannot be read", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn show(
    State(desk): State<CallsState>,
    Path(id): Path<String>,
    Query(shown): Query<Shown>,
) -> Result<Json<KeptDocument>, Problem> {
    let numbers = numbers(shown.numbers.as_deref())?;
    let key = call_key(&id, shown.by.as_deref())?;
    let found = desk.read(move |reader| reader.find(&key)).await?;
    let nothing = || {
        let text = Localized::new("такого звонка нет среди сохранённых", "no call with this identifier is kept");
        Problem::localized(StatusCode::NOT_FOUND, text)
    };
    Ok(Json(found.ok_or_else(nothing)?.shown_alone(numbers)))
}

/// Which span of time, in which steps.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Span {
    /// From when on; an hour ago unless written.
    #[param(example = "2026-11-22T09:00:00Z")]
    since: Option<String>,
    /// Until when; now unless written.
    #[param(example = "2026-11-22T18:00:00+03:00")]
    until: Option<String>,
    /// The length of a step; a minute unless written, and longer where there would be too many.
    #[param(example = "60s")]
    step: Option<String>,
}

/// How calls ended, over time.
#[derive(Serialize, ToSchema)]
struct Reasons {
    /// When the first step begins.
    #[schema(value_type = String)]
    from: Timestamp,
    /// The length of a step.
    step_seconds: i64,
    /// The steps in which there were calls.
    buckets: Vec<Bucket>,
}

/// Count kept calls by reason over time
#[utoipa::path(
    get,
    path = "/v1/reasons",
    tag = "calls",
    params(Span),
    responses(
        (status = 200, description = "Counts", body = Reasons),
        (status = 400, description = "A parameter is wrong; it is named", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The request is not authenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The scope does not reach", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The file of the call details cannot be read", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn reasons(State(desk): State<CallsState>, Query(span): Query<Span>) -> Result<Json<Reasons>, Problem> {
    let now = desk.clock.now();
    let until = time("until", span.until.as_deref())?.unwrap_or(now);
    let since = time("since", span.since.as_deref())?.unwrap_or_else(|| until.saturating_sub(SINCE).unwrap_or(until));
    let step = humantime::parse_duration(span.step.as_deref().unwrap_or("60s")).ok();
    let step = step.map(|step| step.as_secs()).filter(|step| *step > 0);
    let step = step.and_then(|step| i64::try_from(step).ok());
    let step = step.ok_or_else(|| {
        let fix = Localized::new("напишите целое число секунд, например 60s", "write whole seconds, such as 60s");
        wrong("step", fix)
    })?;
    let step_seconds = Reader::step_of(since, until, step);
    let buckets = desk.read(move |reader| reader.reasons(since, until, step_seconds)).await?;
    Ok(Json(Reasons { from: since, step_seconds, buckets }))
}

/// Follow calls as they are kept: Server-Sent Events
///
/// `event: call` with a call as data and its `seq` as `id`; `event: outcome` with a call that a PBX completed. `Last-Event-ID` (or `after`) catches up with what was kept meanwhile; a reader that is
/// slower than the calls gets them all. The stream ends where it cannot go on: come back with the last `id`.
#[utoipa::path(
    get,
    path = "/v1/calls/stream",
    tag = "calls",
    params(Followed, ("Last-Event-ID" = Option<i64>, Header, description = "The last `id` that was read")),
    responses(
        (status = 200, description = "Calls as they come", content_type = "text/event-stream", body = String),
        (status = 400, description = "A parameter is wrong; it is named", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The request is not authenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The scope does not reach", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "As many follow as may, or the file of the call details cannot be read", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn follow(
    State(desk): State<CallsState>,
    Query(followed): Query<Followed>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let numbers = numbers(followed.numbers.as_deref())?;
    let place = Arc::clone(&desk.followers).try_acquire_owned().map_err(|_| {
        let detail = Localized::new(
            "за звонками следят слишком много страниц: закройте одну или увеличьте `max_followers` в [server]",
            "as many follow calls as may; close one, or raise `max_followers` in [server]",
        );
        Problem::localized(StatusCode::SERVICE_UNAVAILABLE, detail)
    })?;
    let last = match headers.get("last-event-id").filter(|id| !id.is_empty()) {
        Some(id) => Some(id.to_str().ok().and_then(|id| id.parse().ok()).ok_or_else(|| {
            let fix = Localized::new(
                "передайте `id` последнего события или уберите заголовок",
                "send the `id` of the last event, or leave it out",
            );
            wrong("Last-Event-ID", fix)
        })?),
        None => followed.after,
    };
    Ok(Sse::new(stream::of(desk, last, numbers, place).await?).keep_alive(KeepAlive::default()))
}

impl CallsState {
    /// Reads on a thread that may block.
    async fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Reader) -> Result<T, CallDetailsError> + Send + 'static,
    ) -> Result<T, Problem> {
        let reader = self.details.reader();
        let unavailable = |why: Localized| Problem::localized(StatusCode::SERVICE_UNAVAILABLE, why);
        match tokio::task::spawn_blocking(move || question(&reader)).await {
            Ok(answer) => answer.map_err(|error| unavailable(error.text())),
            Err(_) => Err(unavailable(Localized::new(
                "детализация звонков не читается; подробности в журнале сервера",
                "the call details could not be read; the server's log says more",
            ))),
        }
    }
}

fn time(key: &str, written: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let parse = |text: &str| {
        text.parse().map_err(|_| {
            let fix = Localized::new(
                "напишите время, например 2026-11-22T09:00:00Z",
                "write a time such as 2026-11-22T09:00:00Z",
            );
            wrong(key, fix)
        })
    };
    written.filter(|text| !text.is_empty()).map(parse).transpose()
}
