//! GET requests over `wasi:http/outgoing-handler`, with one deadline over connect, headers and every read (rule O3).
//!
//! The deadline is a pollable of its own that every wait polls beside what it waits for, so it holds whatever the host's own timeouts are.
//! Child resources are dropped before their parents, as the component model demands: a pollable before its stream, a stream before its body.

use std::time::Duration;

use super::bindings::wasi::clocks::monotonic_clock;
use super::bindings::wasi::http::outgoing_handler;
use super::bindings::wasi::http::types::{
    ErrorCode, Fields, IncomingResponse, Method, OutgoingRequest, RequestOptions, Scheme,
};
use super::bindings::wasi::io::poll::{Pollable, poll};
use super::bindings::wasi::io::streams::StreamError;
use crate::world::{Http, HttpFailure, HttpFailureKind, Request, Response};

/// How much is asked of the body stream at once.
const READ: u64 = 64 * 1024;

pub(super) struct OutgoingHttp;

impl Http for OutgoingHttp {
    fn get(&self, request: &Request<'_>) -> Result<Response, HttpFailure> {
        let no_answer = |kind| HttpFailure { status: None, kind };
        let deadline = Deadline::new(request.deadline);
        let response = send(request, &deadline).map_err(no_answer)?;
        let status = response.status();
        let body = match status {
            200 => read_body(response, &deadline, request.maximum_body)
                .map_err(|kind| HttpFailure { status: Some(status), kind })?,
            // What else the server says is not needed; the status decides.
            _ => Vec::new(),
        };
        Ok(Response { status, body })
    }
}

struct Deadline {
    pollable: Pollable,
    at: Duration,
}

impl Deadline {
    fn new(at: Duration) -> Self {
        Self { pollable: monotonic_clock::subscribe_instant(nanoseconds(at)), at }
    }

    /// Waits for `other`; an error when the deadline comes first.
    fn wait_for(&self, other: &Pollable) -> Result<(), HttpFailureKind> {
        // Both may be ready at once: what has arrived in time is used.
        if poll(&[other, &self.pollable]).contains(&0) { Ok(()) } else { Err(HttpFailureKind::Deadline) }
    }

    fn passed(&self) -> bool {
        Duration::from_nanos(monotonic_clock::now()) >= self.at
    }

    fn remaining_nanoseconds(&self) -> u64 {
        // A host may refuse a timeout of zero.
        nanoseconds(self.at.saturating_sub(Duration::from_nanos(monotonic_clock::now()))).max(1)
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn send(request: &Request<'_>, deadline: &Deadline) -> Result<IncomingResponse, HttpFailureKind> {
    let outgoing = outgoing_request(request).ok_or(HttpFailureKind::Unreachable("HTTP-request-URI-invalid"))?;
    let options = RequestOptions::new();
    let remaining = Some(deadline.remaining_nanoseconds());
    // A host that does not support one of these says so; the deadline holds without them.
    let _ = options.set_connect_timeout(remaining);
    let _ = options.set_first_byte_timeout(remaining);
    let _ = options.set_between_bytes_timeout(remaining);

    let failure = |code: ErrorCode| kind_of(&code, deadline);
    let answer = outgoing_handler::handle(outgoing, Some(options)).map_err(failure)?;
    let arrival = answer.subscribe();
    deadline.wait_for(&arrival)?;
    drop(arrival);
    match answer.get() {
        Some(Ok(result)) => result.map_err(failure),
        Some(Err(())) | None => Err(HttpFailureKind::Unreachable("no response")),
    }
}

fn outgoing_request(request: &Request<'_>) -> Option<OutgoingRequest> {
    let mut headers = vec![
        ("accept".to_owned(), b"application/hal+json, application/problem+json".to_vec()),
        ("user-agent".to_owned(), concat!("forward-to-personal-manager/", env!("CARGO_PKG_VERSION")).into()),
    ];
    if let Some(token) = request.access_token {
        headers.push(("authorization".to_owned(), format!("Bearer {token}").into_bytes()));
    }
    let outgoing = OutgoingRequest::new(Fields::from_list(&headers).ok()?);
    let scheme = if request.secure { Scheme::Https } else { Scheme::Http };
    outgoing.set_method(&Method::Get).ok()?;
    outgoing.set_scheme(Some(&scheme)).ok()?;
    outgoing.set_authority(Some(request.authority)).ok()?;
    outgoing.set_path_with_query(Some(request.path_with_query)).ok()?;
    Some(outgoing)
}

fn read_body(response: IncomingResponse, deadline: &Deadline, maximum: usize) -> Result<Vec<u8>, HttpFailureKind> {
    let body = response.consume().map_err(|()| HttpFailureKind::Unreachable("no body"))?;
    let stream = body.stream().map_err(|()| HttpFailureKind::Unreachable("no body"))?;
    let arrival = stream.subscribe();
    let mut bytes = Vec::new();
    loop {
        match stream.read(READ) {
            Ok(chunk) if chunk.is_empty() => deadline.wait_for(&arrival)?,
            Ok(chunk) => {
                bytes.extend_from_slice(&chunk);
                if bytes.len() > maximum {
                    return Err(HttpFailureKind::TooLarge);
                }
                // A body that keeps flowing never makes the guest wait, so the deadline is looked at here too.
                if deadline.passed() {
                    return Err(HttpFailureKind::Deadline);
                }
            }
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(error)) => {
                let code = super::bindings::wasi::http::types::http_error_code(&error);
                return Err(
                    code.map_or(HttpFailureKind::Unreachable("body interrupted"), |code| kind_of(&code, deadline))
                );
            }
        }
    }
}

/// What a WASI error code means here. The host's timeouts are this deadline's, so a timeout is the waiting time running out; one that comes
/// much earlier is a connection that the host gave up by itself.
fn kind_of(code: &ErrorCode, deadline: &Deadline) -> HttpFailureKind {
    let timeout = |name| {
        if deadline.remaining_nanoseconds() < 50_000_000 {
            HttpFailureKind::Deadline
        } else {
            HttpFailureKind::Unreachable(name)
        }
    };
    match code {
        ErrorCode::HttpRequestDenied | ErrorCode::DestinationIpProhibited => HttpFailureKind::Denied,
        ErrorCode::ConnectionLimitReached => HttpFailureKind::Limited,
        ErrorCode::HttpResponseBodySize(_) => HttpFailureKind::TooLarge,
        ErrorCode::DnsTimeout => timeout("DNS-timeout"),
        ErrorCode::ConnectionTimeout => timeout("connection-timeout"),
        ErrorCode::ConnectionReadTimeout => timeout("connection-read-timeout"),
        ErrorCode::ConnectionWriteTimeout => timeout("connection-write-timeout"),
        ErrorCode::HttpResponseTimeout => timeout("HTTP-response-timeout"),
        ErrorCode::DnsError(_) => HttpFailureKind::Unreachable("DNS-error"),
        ErrorCode::DestinationNotFound => HttpFailureKind::Unreachable("destination-not-found"),
        ErrorCode::DestinationUnavailable => HttpFailureKind::Unreachable("destination-unavailable"),
        ErrorCode::DestinationIpUnroutable => HttpFailureKind::Unreachable("destination-IP-unroutable"),
        ErrorCode::ConnectionRefused => HttpFailureKind::Unreachable("connection-refused"),
        ErrorCode::ConnectionTerminated => HttpFailureKind::Unreachable("connection-terminated"),
        ErrorCode::TlsProtocolError => HttpFailureKind::Unreachable("TLS-protocol-error"),
        ErrorCode::TlsCertificateError => HttpFailureKind::Unreachable("TLS-certificate-error"),
        ErrorCode::TlsAlertReceived(_) => HttpFailureKind::Unreachable("TLS-alert-received"),
        ErrorCode::HttpResponseIncomplete => HttpFailureKind::Unreachable("HTTP-response-incomplete"),
        ErrorCode::HttpProtocolError => HttpFailureKind::Unreachable("HTTP-protocol-error"),
        ErrorCode::ConfigurationError => HttpFailureKind::Unreachable("configuration-error"),
        _ => HttpFailureKind::Unreachable("internal-error"),
    }
}
