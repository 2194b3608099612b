//! The spans of one call.

use std::time::{Duration, SystemTime};

use opentelemetry::trace::{Span, SpanBuilder, SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue};

use crate::{FinishedCall, FinishedStep};
use call::details::{Details, RequestRecord};
use call::document::Route;
use call::exchange::Exchange;
use call::masking::mask_identifier;

/// The class of reasons that are errors; the others are what callers, contacts and settings are like.
const TECHNICAL_FAILURE: &str = "technical-failure";

/// Makes the call's span and those of its requests, all with the times that they really had.
pub(super) fn make<T: Tracer>(tracer: &T, call: &FinishedCall)
where
    T::Span: Send + Sync + 'static,
{
    let resolved = &call.resolved;
    // Calls are of 1970 at the earliest, which every system has a time for.
    let began = SystemTime::try_from(call.asked_at).unwrap_or(SystemTime::UNIX_EPOCH);
    let is_alone = resolved.steps.is_empty();
    // A call that the PBX came back with has a trace for each answer, with the steps of that answer.
    let ended = began + call.steps().map(|step| step.run.wall).sum::<Duration>();
    let span = SpanBuilder::from_name("resolve_call")
        .with_kind(SpanKind::Server)
        .with_start_time(began)
        .with_attributes(attributes(call));
    let span = tracer.build_with_context(span, &Context::new());
    let context = Context::new().with_span(span);
    let mut at = began;
    for step in call.steps() {
        let until = at + step.run.wall;
        // A call of one step has the requests below itself.
        let below = if is_alone { context.clone() } else { make_step(tracer, &context, at, &step) };
        for (exchange, request) in requests(step.details) {
            make_request(tracer, &below, (at, until), exchange, request);
        }
        if !is_alone {
            below.span().end_with_timestamp(until);
        }
        at = until;
    }
    if let Some(reason) = &resolved.reason
        && reason.class == TECHNICAL_FAILURE
    {
        context.span().set_status(Status::error(reason.text_en.clone()));
    }
    context.span().end_with_timestamp(ended);
}

fn attributes(call: &FinishedCall) -> Vec<KeyValue> {
    let resolved = &call.resolved;
    let mut attributes = vec![
        KeyValue::new("call.id", mask_identifier(&resolved.call.id).into_owned()),
        KeyValue::new("call.operation", call.placement.to_string()),
        KeyValue::new("call.integration", call.integration.to_string()),
        KeyValue::new("call.component", resolved.component().to_owned()),
    ];
    attributes.extend(resolved.call.caller.clone().map(|caller| KeyValue::new("call.caller", caller)));
    match &resolved.route {
        Route::Forward { employee, .. } => {
            attributes.push(KeyValue::new("call.route", "forward"));
            attributes.push(KeyValue::new("call.employee", employee.id.clone()));
        }
        Route::LinkedOperation { .. } => attributes.push(KeyValue::new("call.route", "linked-operation")),
    }
    if let Some(reason) = &resolved.reason {
        attributes.push(KeyValue::new("call.reason", reason.code.clone()));
        attributes.push(KeyValue::new("call.reason_class", reason.class.clone()));
    }
    attributes.extend(resolved.details.facts.known().map(|fact| {
        let key = format!("call.fact.{}", fact.key);
        match fact.value.as_integer() {
            Some(number) => KeyValue::new(key, i64::try_from(number).unwrap_or(i64::MAX)),
            None => KeyValue::new(key, fact.value.to_string()),
        }
    }));
    attributes
}

/// The span of one step of several.
fn make_step<T: Tracer>(tracer: &T, call: &Context, began: SystemTime, step: &FinishedStep<'_>) -> Context
where
    T::Span: Send + Sync + 'static,
{
    let attributes = vec![
        KeyValue::new("step.operation", step.walked.placement.to_string()),
        KeyValue::new("step.integration", step.walked.integration.to_string()),
        KeyValue::new("step.outcome", step.outcome.to_owned()),
        KeyValue::new("step.component", step.run.component.clone().unwrap_or_default()),
    ];
    let span =
        SpanBuilder::from_name("step").with_kind(SpanKind::Internal).with_start_time(began).with_attributes(attributes);
    call.with_span(tracer.build_with_context(span, call))
}

/// Each request as the host saw it and as the operation tells of it. Where the operation tells of fewer (it trapped), the host's word stands
/// alone.
fn requests(details: &Details) -> impl Iterator<Item = (&Exchange, Option<&RequestRecord>)> {
    let told = details.requests.len() == details.exchanges.len();
    details.exchanges.iter().enumerate().map(move |(index, exchange)| {
        let request = details.requests.get(index).filter(|_| told);
        (exchange, request)
    })
}

fn make_request<T: Tracer>(
    tracer: &T,
    call: &Context,
    (call_began, call_ended): (SystemTime, SystemTime),
    exchange: &Exchange,
    request: Option<&RequestRecord>,
) {
    let mut attributes = vec![
        KeyValue::new("url.path", exchange.path.clone()),
        KeyValue::new("request.fate", exchange.fate()),
        KeyValue::new("request.repeated", exchange.repeated),
        KeyValue::new("request.circuit", exchange.circuit.clone()),
        KeyValue::new("request.budget_wait_ms", milliseconds(exchange.turn)),
    ];
    let (name, took) = match request {
        None => ("request".to_owned(), exchange.turn),
        Some(request) => {
            attributes.push(KeyValue::new("request.outcome", request.outcome.clone()));
            attributes
                .extend(request.status.map(|status| KeyValue::new("http.response.status_code", i64::from(status))));
            (format!("request {}", request.purpose), request.took)
        }
    };
    let began = call_began + exchange.at;
    let span =
        SpanBuilder::from_name(name).with_kind(SpanKind::Client).with_start_time(began).with_attributes(attributes);
    let mut span = tracer.build_with_context(span, call);
    if let Some(request) = request.filter(|request| request.outcome != "ok") {
        span.set_status(Status::error(request.outcome.clone()));
    }
    // The operation tells of whole milliseconds, which may reach beyond the end.
    span.end_with_timestamp((began + took).min(call_ended));
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
