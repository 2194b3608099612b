//! The windows through which the decision sees the outside world: clock, HTTP, key-value, configuration, directory.
//!
//! In the component they are the imports (see `edge`); in native tests they are fakes. They are small on purpose: what is not here, the
//! decision cannot do.

use std::time::Duration;

use crate::contract::{Employee, LastTalk};
use crate::time::Timestamp;

/// Everything outside, for one call.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// The host's clocks.
    pub clock: &'a dyn Clock,
    /// Requests to amoCRM.
    pub http: &'a dyn Http,
    /// The operation's own cache.
    pub key_value: &'a dyn KeyValue,
    /// The integration's configuration.
    pub config: &'a dyn Config,
    /// The PBX's employees.
    pub directory: &'a dyn Directory,
}

/// The host's clocks (rule D11).
pub trait Clock {
    /// What time it is.
    fn now(&self) -> Timestamp;
    /// A clock that never goes back, from an origin of its own.
    fn monotonic(&self) -> Duration;
}

/// A GET request.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Whether to use TLS.
    pub secure: bool,
    /// Host and, where it is not the default, port.
    pub authority: &'a str,
    /// Path and query, percent-encoded, beginning with `/`.
    pub path_with_query: &'a str,
    /// The access token, only where the host does not add it by itself.
    pub access_token: Option<&'a str>,
    /// The [`Clock::monotonic`] time by which the whole answer must be there: connect, headers and every read.
    pub deadline: Duration,
    /// The greatest body that is read, in bytes.
    pub maximum_body: usize,
}

/// An HTTP answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The body; empty where the status is not 200, since nothing is read from it then.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, Debug)]
pub struct HttpFailure {
    /// The status, where the headers had arrived.
    pub status: Option<u16>,
    /// What happened.
    pub kind: HttpFailureKind,
}

/// What can happen to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpFailureKind {
    /// The deadline came first.
    Deadline,
    /// The host refused: it does not grant this destination, or amoCRM has blocked the account.
    Denied,
    /// The host's budget of requests had no turn inside the deadline, or amoCRM is limiting the account.
    Limited,
    /// The body is larger than the bound.
    TooLarge,
    /// Name, connection, TLS or protocol failed; the text is the name of the WASI error code.
    Unreachable(&'static str),
}

/// Sends requests.
pub trait Http {
    /// Sends one GET request and reads the answer, inside the request's deadline.
    fn get(&self, request: &Request<'_>) -> Result<Response, HttpFailure>;
}

/// Stores values. Errors are texts for the call details.
pub trait KeyValue {
    /// The value under `key`, if there is one.
    fn get(&self, bucket: &str, key: &str) -> Result<Option<Vec<u8>>, String>;
    /// Stores a value.
    fn set(&self, bucket: &str, key: &str, value: &[u8]) -> Result<(), String>;
    /// Removes a value.
    fn delete(&self, bucket: &str, key: &str) -> Result<(), String>;
}

/// Reads the integration's configuration.
pub trait Config {
    /// The value under `key`, if there is one; the error is a text for the call details.
    fn get(&self, key: &str) -> Result<Option<String>, String>;
}

/// Asks the PBX for its employees.
pub trait Directory {
    /// The employee mapped to an amoCRM user; the error is a text for the call details.
    fn find_by_crm_user(&self, user_id: u64) -> Result<Option<Employee>, String>;
    /// Who was the last to answer this caller, at most so many days ago; the error is a text for the call details.
    fn find_last_talk(&self, days: u32) -> Result<Option<LastTalk>, String>;
}
