//! The exported HTTP handler: a request in, the operation asked, its answer out.

mod answer;
mod exchange;
mod settings;

mod bindings {
    wit_bindgen::generate!({
        path: ["../../../wit", "wit"],
        world: "telephony:http-adapter/http-adapter",
        generate_all,
    });
}

use std::time::Duration;

use bindings::exports::wasi::http::incoming_handler::{Guest, IncomingRequest, ResponseOutparam};
use bindings::telephony::operation::operation;
use bindings::telephony::operation::types::Call;
use bindings::wasi::clocks::{monotonic_clock, wall_clock};
use bindings::wasi::config::store as config;
use bindings::wasi::http::types::Method;
use call::call_request::CallRequest;
use call::document::CallRecord;
use call::host_reason::HostReason;
use call::{CallDocument, IncomingCall};
use jiff::Timestamp;

use answer::Answer;

const PATH: &str = "/v1/resolve-call";
/// Where calls go that are not forwarded.
const LINKED_OPERATION: &str = "linked_operation";
/// What requests must show, where it is set.
const TOKEN: &str = "adapter_token";

struct Adapter;

impl Guest for Adapter {
    fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
        let answer = answer(request);
        exchange::send(response_out, &answer);
    }
}

fn answer(request: IncomingRequest) -> Answer {
    let path = request.path_with_query().unwrap_or_default();
    if path.split('?').next() != Some(PATH) {
        return Answer::problem(404, "there is only POST /v1/resolve-call");
    }
    if !matches!(request.method(), Method::Post) {
        return Answer::problem(405, "post the call").allowing("POST");
    }
    match configured(TOKEN) {
        Ok(None) => {}
        Ok(Some(token)) if exchange::shows(&request, &token) => {}
        Ok(Some(_)) => return Answer::problem(401, "send `Authorization: Bearer` and the configured `adapter_token`"),
        Err(error) => return Answer::problem(500, &error),
    }
    let linked_operation = match configured(LINKED_OPERATION) {
        Ok(Some(target)) if !target.trim().is_empty() => target,
        Ok(_) => {
            return Answer::problem(
                500,
                "configuration key `linked_operation` is missing: set where calls go that are not forwarded",
            );
        }
        Err(error) => return Answer::problem(500, &error),
    };
    let kind = exchange::header(&request, "content-type");
    let read = exchange::body(request).and_then(|body| CallRequest::read(&kind, &body));
    match read {
        Ok(request) => resolve(request, linked_operation),
        // Whoever reads the body alone finds a route there too.
        Err(what) => {
            let (call, at) = (IncomingCall::new(CallRequest::default(), made_id), now());
            let reason = HostReason::NotUnderstood(what);
            Answer::document(
                400,
                &CallDocument::declined(CallRecord::new(&call, at), &linked_operation.into(), &reason, None),
            )
        }
    }
}

fn resolve(request: CallRequest, linked_operation: String) -> Answer {
    let begun = monotonic_clock::now();
    let incoming = IncomingCall::new(request, made_id);
    let record = CallRecord::new(&incoming, now());
    let settings = match settings::read() {
        Ok(settings) => settings,
        Err(error) => {
            let reason = HostReason::SettingsUnreadable(error);
            return Answer::document(200, &CallDocument::declined(record, &linked_operation.into(), &reason, None));
        }
    };
    let call = Call {
        id: incoming.id,
        caller: incoming.caller.as_ref().map(|caller| caller.whole().to_owned()),
        // Whose country and time zone these are, this host is not told; and it has no scenarios.
        caller_number: None,
        called: incoming.called,
        at: wall_clock::now(),
        time_zone: None,
        earlier_steps: Vec::new(),
    };
    let resolution = operation::resolve_call(&call, &settings);
    let took = Duration::from_nanos(monotonic_clock::now().saturating_sub(begun));
    Answer::document(200, &answer::resolved(record, resolution, linked_operation, took))
}

/// An identifier for a call that comes without one. There is no randomness here; two calls within a nanosecond share a name, and nothing else.
fn made_id() -> String {
    let now = wall_clock::now();
    format!("{}-{:09}", now.seconds, now.nanoseconds)
}

fn now() -> Timestamp {
    let now = wall_clock::now();
    // No clock goes beyond the year 9999.
    i64::try_from(now.seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok()).unwrap_or(Timestamp::MAX)
}

fn configured(key: &str) -> Result<Option<String>, String> {
    config::get(key).map_err(|error| match error {
        config::Error::Upstream(text) | config::Error::Io(text) => {
            format!("configuration key `{key}` cannot be read: {text}")
        }
    })
}

bindings::export!(Adapter with_types_in bindings);
