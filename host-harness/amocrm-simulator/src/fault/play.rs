//! What a fault does to an answer.

use std::fmt;
use std::future::pending;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderName, HeaderValue, LOCATION};
use http::{Response, StatusCode};

use super::Fault;
use crate::Endpoint;
use crate::answer::{Answer, HAL_JSON};
use crate::problem;
use crate::script::{Script, Step};

/// What stands in for a body where the right answer has none, so that there is something to slow down or to cut.
const STAND_IN: &str = "{\"_page\":1,\"_links\":{\"self\":{\"href\":\"/\"}},\"_embedded\":{\"contacts\":[]}}";
/// The shape of the API's second version, which old samples still read (amoCRM facts §1.5).
const SECOND_VERSION: &str =
    "{\"response\":{\"contacts\":[{\"id\":3,\"responsible_user_id\":504141}],\"server_time\":1}}";
/// Long enough for the bytes before a cut to leave.
const BEFORE_CUT: Duration = Duration::from_millis(2);
/// Bytes of an endless body sent at a time, about.
const FLOOD: usize = 16 * 1024;

/// How a connection ends that a fault ends without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Closed in order.
    Closed,
    /// Reset.
    Reset,
}

impl fmt::Display for Ending {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ended by a fault")
    }
}

impl std::error::Error for Ending {}

/// The response that this fault makes of the right answer; the error ends the connection.
///
/// `target` is the request's path and query, `right` gives the right answer at the moment it is asked.
pub(crate) async fn play(
    fault: &Fault,
    endpoint: Option<Endpoint>,
    base: &str,
    target: &str,
    right: impl FnOnce() -> Answer,
) -> Result<Response<Script>, Ending> {
    Ok(match fault {
        Fault::DelayHeaders(delay) => {
            tokio::time::sleep(*delay).await;
            right().whole()
        }
        Fault::SlowBody { chunk, pause } => {
            let answer = never_empty(right());
            let mut body = answer.body.clone();
            let mut steps = Vec::new();
            while !body.is_empty() {
                steps.push(Step::Send(body.split_to(body.len().min((*chunk).max(1)))));
                steps.push(Step::Pause(*pause));
            }
            declared(answer, steps)
        }
        Fault::CloseBeforeHeaders => return Err(Ending::Closed),
        Fault::Reset => return Err(Ending::Reset),
        Fault::CloseAfterProcessing => {
            right();
            return Err(Ending::Closed);
        }
        Fault::CloseMidBody { chunked } => {
            let answer = never_empty(right());
            let steps = vec![Step::Send(half(&answer.body)), Step::Pause(BEFORE_CUT), Step::Cut];
            if *chunked { answer.with_body(Script::new(steps)) } else { declared(answer, steps) }
        }
        Fault::Hang => pending().await,
        Fault::HangMidBody => {
            let answer = never_empty(right());
            let steps = vec![Step::Send(half(&answer.body)), Step::Silence];
            declared(answer, steps)
        }
        Fault::EndlessBody => {
            let (beginning, again) = flood(endpoint);
            Answer::new(StatusCode::OK, HAL_JSON, "")
                .with_body(Script::new([Step::Send(beginning), Step::Forever(again)]))
        }
        Fault::BadJson => {
            let broken = "{\"_page\":1,\"_embedded\":{\"contacts\":[{\"id\":3,\"responsible_user_id\":";
            Answer::new(StatusCode::OK, HAL_JSON, broken).whole()
        }
        Fault::WrongShape(body) => {
            let body = body.clone().unwrap_or_else(|| SECOND_VERSION.to_owned());
            Answer::new(StatusCode::OK, HAL_JSON, body).whole()
        }
        Fault::Odd(oddity) => {
            let mut answer = right();
            answer.body = oddity.applied(&answer.body);
            answer.whole()
        }
        Fault::Empty200 => Answer::new(StatusCode::OK, HAL_JSON, "").whole(),
        Fault::Html403 => Answer::nginx(StatusCode::FORBIDDEN).whole(),
        Fault::Forbidden403 => problem::forbidden().whole(),
        Fault::Ip403 => problem::address_not_allowed().whole(),
        Fault::TooManyRequests429 { json: false } => Answer::nginx(StatusCode::TOO_MANY_REQUESTS).whole(),
        Fault::TooManyRequests429 { json: true } => problem::too_many_requests().whole(),
        Fault::Unauthorized401 => problem::unauthorized().whole(),
        Fault::Unpaid402 => problem::payment_required().whole(),
        Fault::Status(code) => {
            let status = StatusCode::from_u16(*code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            problem::problem(status, "Simulated failure").whole()
        }
        Fault::Redirect { status, location } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::FOUND);
            let location = location.clone().unwrap_or_else(|| format!("{base}/moved{target}"));
            let answer = Answer::nginx(status);
            match HeaderValue::from_str(&location) {
                Ok(location) => answer.with_header(LOCATION, location).whole(),
                Err(_) => answer.whole(),
            }
        }
    })
}

fn never_empty(answer: Answer) -> Answer {
    if answer.body.is_empty() { Answer::new(StatusCode::OK, HAL_JSON, STAND_IN) } else { answer }
}

fn half(body: &Bytes) -> Bytes {
    body.slice(..body.len() / 2)
}

/// A response that declares the length of the whole body, whatever is sent of it.
fn declared(answer: Answer, steps: Vec<Step>) -> Response<Script> {
    let length: HeaderName = CONTENT_LENGTH;
    let value = HeaderValue::from(answer.body.len());
    answer.with_header(length, value).with_body(Script::new(steps))
}

/// The beginning of a list of this endpoint, and a run of entities to send again and again.
fn flood(endpoint: Option<Endpoint>) -> (Bytes, Bytes) {
    let collection = match endpoint {
        Some(Endpoint::Companies) => "companies",
        Some(Endpoint::Leads) => "leads",
        Some(Endpoint::Users) => "users",
        Some(Endpoint::Events) => "events",
        Some(Endpoint::Account) => "users_groups",
        _ => "contacts",
    };
    let beginning = format!("{{\"_page\":1,\"_links\":{{}},\"_embedded\":{{\"{collection}\":[");
    let entity = "{\"id\":1,\"name\":\"\",\"responsible_user_id\":1,\"custom_fields_values\":null},";
    (beginning.into(), entity.repeat(FLOOD / entity.len()).into())
}
