//! Requests in and responses out, over `wasi:http/types`.

use call::Localized;

use super::answer::Answer;
use super::bindings::wasi::http::types::{
    Fields, IncomingBody, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use super::bindings::wasi::io::streams::StreamError;

/// The longest body of a request.
const LONGEST_BODY: usize = 64 * 1024;
/// How much is read and written at once; a stream takes at most 4 KiB in one blocking write.
const READ: u64 = 16 * 1024;
const WRITE: usize = 4096;

/// The first value of a header; empty where there is none.
pub(super) fn header(request: &IncomingRequest, name: &str) -> String {
    let values = request.headers().get(name);
    values.first().map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
}

/// Whether the request shows the token. Every byte is compared, so that the time says nothing of how far a guess was right.
pub(super) fn shows(request: &IncomingRequest, token: &str) -> bool {
    let shown = header(request, "authorization");
    let Some(shown) = shown.strip_prefix("Bearer ") else { return false };
    let differences = shown.bytes().zip(token.bytes()).fold(0, |all, (left, right)| all | (left ^ right));
    shown.len() == token.len() && differences == 0
}

/// The whole body, if it is not too long.
pub(super) fn body(request: IncomingRequest) -> Result<Vec<u8>, Localized> {
    let broken = || Localized::new("тело не дошло до конца", "its body broke off");
    let body: IncomingBody = request.consume().map_err(|()| broken())?;
    let stream = body.stream().map_err(|()| broken())?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(READ) {
            Ok(chunk) => bytes.extend_from_slice(&chunk),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(_)) => return Err(broken()),
        }
        if bytes.len() > LONGEST_BODY {
            return Err(Localized::new(
                format!("тело длиннее {LONGEST_BODY} байт"),
                format!("its body is longer than {LONGEST_BODY} bytes"),
            ));
        }
    }
}

/// Sends the answer. A client that has gone away is nobody's error.
pub(super) fn send(response_out: ResponseOutparam, answer: &Answer) {
    let mut headers = vec![
        ("content-type".to_owned(), answer.kind.into()),
        ("content-length".to_owned(), answer.body.len().to_string().into_bytes()),
    ];
    if let Some(methods) = answer.allow {
        headers.push(("allow".to_owned(), methods.into()));
    }
    let response = OutgoingResponse::new(Fields::from_list(&headers).unwrap_or_else(|_| Fields::new()));
    let _ = response.set_status_code(answer.status);
    let body = response.body();
    ResponseOutparam::set(response_out, Ok(response));
    let Ok(body) = body else { return };
    if let Ok(stream) = body.write() {
        for chunk in answer.body.chunks(WRITE) {
            if stream.blocking_write_and_flush(chunk).is_err() {
                break;
            }
        }
    }
    let _ = OutgoingBody::finish(body, None);
}
