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

use bindings::exports::wasi::http::incoming_handler::{Guest, IncomingRequest, ResponseOutparam};
use bindings::telephony::operation::operation;
use bindings::telephony::operation::types::Call;
use bindings::wasi::clocks::{monotonic_clock, wall_clock};
use bindings::wasi::config::store as config;
use bindings::wasi::http::types::Method;
use call::call_request::{CallRequest, Misunderstood};
use serde_json::Value;

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
        Ok(request) => resolve(request, &linked_operation),
        // Whoever reads the body alone finds a route there too.
        Err(Misunderstood { ru, en }) => {
            let text = (format!("Запрос АТС не понят: {ru}"), format!("The PBX's request was not understood: {en}"));
            let reason = answer::own_reason("request-not-understood", "technical-failure", text);
            Answer::json(400, &answer::declined(None, &linked_operation, reason))
        }
    }
}

fn resolve(request: CallRequest, linked_operation: &str) -> Answer {
    let begun = monotonic_clock::now();
    let now = wall_clock::now();
    let call = Call {
        // There is no randomness here; two calls within a nanosecond share a name, and nothing else.
        id: request.id.unwrap_or_else(|| format!("{}-{:09}", now.seconds, now.nanoseconds)),
        caller: request.caller,
        called: request.called.unwrap_or_default(),
        at: now,
    };
    let settings = match settings::read() {
        Ok(settings) => settings,
        Err(error) => {
            let text = (
                format!("Настройки операции не читаются: {error}"),
                format!("The settings of the operation cannot be read: {error}"),
            );
            let reason = answer::own_reason("settings-unreadable", "configuration", text);
            return Answer::json(200, &answer::declined(Some(&call), linked_operation, reason));
        }
    };
    let resolution = operation::resolve_call(&call, &settings);
    let took = (monotonic_clock::now().saturating_sub(begun)) / 1_000;
    Answer::json(200, &answer::resolved(&call, resolution, linked_operation, took))
}

fn configured(key: &str) -> Result<Option<String>, String> {
    config::get(key).map_err(|error| match error {
        config::Error::Upstream(text) | config::Error::Io(text) => {
            format!("configuration key `{key}` cannot be read: {text}")
        }
    })
}

/// A point in time as answers write it.
fn rfc3339(at: wall_clock::Datetime) -> Value {
    let since = std::time::Duration::new(at.seconds, 0);
    let time = std::time::SystemTime::UNIX_EPOCH.checked_add(since);
    time.map_or(Value::Null, |time| humantime::format_rfc3339_seconds(time).to_string().into())
}

bindings::export!(Adapter with_types_in bindings);
