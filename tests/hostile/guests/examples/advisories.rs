//! Attacks of the classes of wasmtime's advisories; the called number names one.

#![cfg(target_family = "wasm")]

use hostile_guests::bindings::telephony::operation::types::Call;
use hostile_guests::bindings::wasi::clocks::{monotonic_clock, wall_clock};
use hostile_guests::bindings::wasi::http::outgoing_handler::handle;
use hostile_guests::bindings::wasi::http::types::{Fields, Method, OutgoingRequest, RequestOptions, Scheme};
use hostile_guests::bindings::wasi::keyvalue::store as key_value;
use hostile_guests::{account_authority, tell};

hostile_guests::operation!(|call: Call| {
    let story = match call.called.as_str() {
        "absolute-address" => absolute_address(),
        "long-address" => send(&format!("/{}", "a".repeat(1 << 20)), None),
        "timeouts" => {
            format!("zero={}; eternity={}", send("/api/v4/account", Some(0)), send("/api/v4/account", Some(u64::MAX)))
        }
        "outgoing-body" => outgoing_body(),
        "lengths" => lengths(),
        "hoard-fields" => hoard(Fields::new),
        "hoard-requests" => hoard(|| OutgoingRequest::new(Fields::new())),
        "hoard-options" => hoard(RequestOptions::new),
        "hoard-pollables" => hoard(|| monotonic_clock::subscribe_instant(u64::MAX)),
        "hoard-buckets" => buckets(),
        "busy-imports" => busy(),
        _ => trap(),
    };
    tell(&story)
});

#[expect(clippy::panic, reason = "this is what it is for")]
fn trap() -> String {
    panic!("a trap")
}

fn request(path: &str) -> OutgoingRequest {
    let request = OutgoingRequest::new(Fields::new());
    let _ = request.set_scheme(Some(&Scheme::Http));
    let _ = request.set_authority(Some(&account_authority()));
    let _ = request.set_path_with_query(Some(path));
    request
}

fn answer(request: OutgoingRequest, options: Option<RequestOptions>) -> String {
    match handle(request, options) {
        Err(code) => format!("{code:?}"),
        Ok(future) => {
            future.subscribe().block();
            match future.get() {
                Some(Ok(Ok(response))) => response.status().to_string(),
                Some(Ok(Err(code))) => format!("{code:?}"),
                _ => "no answer".to_owned(),
            }
        }
    }
}

fn send(path: &str, timeout: Option<u64>) -> String {
    let options = timeout.map(|timeout| {
        let options = RequestOptions::new();
        let _ = options.set_connect_timeout(Some(timeout));
        let _ = options.set_first_byte_timeout(Some(timeout));
        let _ = options.set_between_bytes_timeout(Some(timeout));
        options
    });
    answer(request(path), options)
}

fn absolute_address() -> String {
    let authority = account_authority();
    let paths = [
        "http://198.51.100.1/".to_owned(),
        "//198.51.100.1/".to_owned(),
        "@198.51.100.1/".to_owned(),
        format!("http://{authority}@198.51.100.1/"),
        "\\\\198.51.100.1\\".to_owned(),
        ":80@198.51.100.1/".to_owned(),
    ];
    paths.map(|path| send(&path, None)).join("; ")
}

/// Writes as long as it is taken, into a request that is never sent.
fn outgoing_body() -> String {
    let request = request("/api/v4/contacts");
    let _ = request.set_method(&Method::Post);
    let Ok(body) = request.body() else { return "0".to_owned() };
    let Ok(output) = body.write() else { return "0".to_owned() };
    let mut written: u64 = 0;
    // A megabyte at a time, and never more than the host permits.
    while let Ok(permitted) = output.check_write() {
        let piece = permitted.min(1 << 20);
        if piece == 0 || written > 1 << 30 || output.write(&vec![0; usize::try_from(piece).unwrap_or(0)]).is_err() {
            break;
        }
        written += piece;
    }
    written.to_string()
}

fn lengths() -> String {
    let hidden = b"GET /api/v4/smuggled HTTP/1.1\r\nhost: a\r\n\r\n";
    let mut told = Vec::new();
    for lengths in [vec!["0", "43"], vec!["43", "0"], vec!["0"], vec!["1000"], vec!["+43"], vec!["43, 43"]] {
        let values: Vec<_> =
            lengths.iter().map(|length| ("content-length".to_owned(), length.as_bytes().to_vec())).collect();
        let Ok(fields) = Fields::from_list(&values) else {
            told.push("headers refused".to_owned());
            continue;
        };
        let request = OutgoingRequest::new(fields);
        let _ = request.set_method(&Method::Post);
        let _ = request.set_scheme(Some(&Scheme::Http));
        let _ = request.set_authority(Some(&account_authority()));
        let _ = request.set_path_with_query(Some("/api/v4/contacts"));
        if let Ok(body) = request.body() {
            if let Ok(output) = body.write() {
                let _ = output.write(hidden);
            }
            let _ = hostile_guests::bindings::wasi::http::types::OutgoingBody::finish(body, None);
        }
        told.push(send_for_a_moment(request));
    }
    told.join("; ")
}

/// The server may wait for more than there is.
fn send_for_a_moment(request: OutgoingRequest) -> String {
    let options = RequestOptions::new();
    let _ = options.set_first_byte_timeout(Some(200_000_000));
    answer(request, Some(options))
}

fn hoard<T>(make: impl Fn() -> T) -> String {
    let mut hoard = Vec::new();
    loop {
        hoard.push(make());
    }
}

fn buckets() -> String {
    let mut hoard = Vec::new();
    loop {
        match key_value::open("default") {
            Ok(bucket) => hoard.push(bucket),
            Err(error) => return format!("{error:?}"),
        }
    }
}

fn busy() -> String {
    let mut sum: u64 = 0;
    for _ in 0..5_000 {
        sum = sum.wrapping_add(u64::from(wall_clock::now().nanoseconds % 2));
    }
    sum.min(1).to_string()
}
