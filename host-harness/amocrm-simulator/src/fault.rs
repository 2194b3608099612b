//! Faults: the ways in which amoCRM can fail a caller, and the rules that say when one happens.

mod book;
mod oddity;
mod play;
mod spelling;
mod table;

use std::time::Duration;

pub(crate) use self::book::FaultBook;
pub use self::oddity::Oddity;
pub(crate) use self::play::{Ending, play};
use crate::Endpoint;

/// One way to fail. amoCRM facts §5.5, §6 are where the bodies and headers come from.
///
/// On a command line a fault is its kind, and `=` before what the kind needs; [`std::fmt::Display`] writes exactly that.
/// In a file it is the same text, or a table with `kind` and the names below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `delay-headers=2s`: the right answer, so much later. In a table: `duration`.
    DelayHeaders(Duration),
    /// `slow-body`, `slow-body=16/200ms`: headers at once, then the right body in pieces of `chunk` bytes with a
    /// `pause` after each.
    SlowBody {
        /// Bytes sent at a time; 1 or more, 16 unless said.
        chunk: usize,
        /// The pause after each piece; 200 ms unless said.
        pause: Duration,
    },
    /// `close-before-headers`: the request is read, then the connection closes.
    CloseBeforeHeaders,
    /// `reset`: the request is read, then the connection is reset (TCP RST), with no byte of an answer.
    Reset,
    /// `close-after-processing`: the request is carried out, then the connection closes without an answer, so that a refresh
    /// token is spent and its new pair lost (amoCRM facts §5.4). Other kinds spend nothing, but those that send a part of the answer.
    CloseAfterProcessing,
    /// `close-mid-body`, `close-mid-body=chunked`: half the body, then the connection closes.
    CloseMidBody {
        /// `false`: a Content-Length larger than what is sent. `true`: chunked, without its last chunk.
        chunked: bool,
    },
    /// `hang`: the request is read and never answered.
    Hang,
    /// `hang-mid-body`: headers and half the body, then nothing, with the connection open.
    HangMidBody,
    /// `endless-body`: JSON that begins well and never ends, as fast as the reader takes it.
    EndlessBody,
    /// `bad-json`: 200 with JSON that breaks off.
    BadJson,
    /// `wrong-shape`, `wrong-shape=[]`: 200 with JSON that is not what the endpoint returns; unless said, the shape of the
    /// API's second version. In a table: `body`.
    WrongShape(Option<String>),
    /// `odd=php-objects`: the right answer, written as amoCRM's neighbours were seen to write one. In a table: `body`.
    Odd(Oddity),
    /// `empty-200`: 200 without a body, where amoCRM would say 204.
    Empty200,
    /// `html-403`: the page that nginx shows to a blocked account or address.
    Html403,
    /// `forbidden-403`: no rights, as a problem document.
    Forbidden403,
    /// `ip-403`: the address is not in the account's white list; code 113.
    Ip403,
    /// `too-many-requests-429` (HTML, as amoCRM's gateway sends it), `too-many-requests-429=json` (as Kommo sends it).
    TooManyRequests429 {
        /// Whether it is the JSON form. In a table: `body = "json"`.
        json: bool,
    },
    /// `unauthorized-401`: the token is not valid (any more).
    Unauthorized401,
    /// `unpaid-402`: the subscription is over.
    Unpaid402,
    /// `status=503`: any status from 400 to 599, as a problem document. In a table: `code`.
    Status(u16),
    /// `redirect`, `redirect=302`, `redirect=307:https://other.example/`: somewhere else.
    Redirect {
        /// 301, 302, 303, 307 or 308; 302 unless said. In a table: `code`.
        status: u16,
        /// Where to. Absent: `/moved` and the same path on this simulator, so that a client which follows is seen.
        location: Option<String>,
    },
}

impl Fault {
    /// One of every kind, with short times, for tests that must hold whatever amoCRM does.
    pub fn one_of_each() -> Vec<Fault> {
        let odd = Oddity::ALL.map(Fault::Odd);
        let others = vec![
            Fault::DelayHeaders(Duration::from_secs(60)),
            Fault::SlowBody { chunk: 1, pause: Duration::from_millis(500) },
            Fault::CloseBeforeHeaders,
            Fault::Reset,
            Fault::CloseAfterProcessing,
            Fault::CloseMidBody { chunked: false },
            Fault::CloseMidBody { chunked: true },
            Fault::Hang,
            Fault::HangMidBody,
            Fault::EndlessBody,
            Fault::BadJson,
            Fault::WrongShape(None),
            Fault::WrongShape(Some("[]".to_owned())),
            Fault::Empty200,
            Fault::Html403,
            Fault::Forbidden403,
            Fault::Ip403,
            Fault::TooManyRequests429 { json: false },
            Fault::TooManyRequests429 { json: true },
            Fault::Unauthorized401,
            Fault::Unpaid402,
            Fault::Status(404),
            Fault::Status(500),
            Fault::Status(503),
            Fault::Redirect { status: 301, location: None },
            Fault::Redirect { status: 302, location: None },
            Fault::Redirect { status: 307, location: None },
        ];
        others.into_iter().chain(odd).collect()
    }
}

/// When a fault happens. Rules are asked in order; the first one that applies to a request decides it.
///
/// On a command line: `[ENDPOINT:]KIND[=VALUE][@PROBABILITY][,skip=N][,times=N][,query=TEXT]`, for example
/// `contacts:hang`, `events:delay-headers=2s`, `account:status=503@0.3`, `unauthorized-401,skip=1,times=2`.
/// In a file or as JSON: the same text, or a table with `kind`, what the kind needs, and the fields below.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultRule {
    /// Only requests to this endpoint; absent: every request, unknown paths among them.
    pub endpoint: Option<Endpoint>,
    /// Only requests whose decoded query (`key=value&…`) contains this text.
    pub query_contains: Option<String>,
    /// So many matching requests pass untouched first.
    pub skip: u64,
    /// It happens at most so often; absent: for ever.
    pub times: Option<u64>,
    /// How likely it is for each matching request, 0 to 1, drawn from [`crate::Options::seed`].
    pub probability: f64,
    /// What happens.
    pub fault: Fault,
}

impl FaultRule {
    /// This fault for every request.
    pub fn new(fault: Fault) -> Self {
        Self { endpoint: None, query_contains: None, skip: 0, times: None, probability: 1.0, fault }
    }

    /// Only for requests to this endpoint.
    pub fn on(self, endpoint: Endpoint) -> Self {
        Self { endpoint: Some(endpoint), ..self }
    }

    /// Only for requests whose decoded query contains this text.
    pub fn query_contains(self, text: &str) -> Self {
        Self { query_contains: Some(text.to_owned()), ..self }
    }

    /// Not for the first `count` matching requests.
    pub fn skip(self, count: u64) -> Self {
        Self { skip: count, ..self }
    }

    /// At most `count` times.
    pub fn times(self, count: u64) -> Self {
        Self { times: Some(count), ..self }
    }

    /// With this probability, 0 to 1.
    #[cfg(test)]
    fn probability(self, probability: f64) -> Self {
        Self { probability, ..self }
    }

    /// What no spelling can say, but a program can.
    pub(crate) fn check(&self) -> Result<(), String> {
        if !(0.0..=1.0).contains(&self.probability) {
            return Err(format!("probability {} is out of bounds; it is from 0 to 1", self.probability));
        }
        match &self.fault {
            Fault::SlowBody { chunk: 0, .. } => {
                Err("chunk 0 is out of bounds; slow-body sends 1 byte or more at a time".to_owned())
            }
            Fault::Status(code) if !(400..=599).contains(code) => {
                Err(format!("status {code} is out of bounds; it is from 400 to 599, such as status=503"))
            }
            Fault::Redirect { status, .. } if !matches!(status, 301 | 302 | 303 | 307 | 308) => {
                Err(format!("{status} is not a redirect; write 301, 302, 303, 307 or 308"))
            }
            Fault::Redirect { location: Some(location), .. } if http::HeaderValue::from_str(location).is_err() => {
                Err(format!("location {location:?} cannot stand in a header; write a URL"))
            }
            _ => Ok(()),
        }
    }
}

impl From<Fault> for FaultRule {
    fn from(fault: Fault) -> Self {
        Self::new(fault)
    }
}
