//! One import, its question and its answer, as it is noted and written down. Named as in the contract.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::http::HttpAsk;
pub use super::written::Blob;
use super::written::nanoseconds;
use crate::capabilities::directory::{Employee, LastTalk};

/// An import, and when it was called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// From the beginning of the call.
    #[serde(rename = "at_ns", with = "nanoseconds")]
    pub at: Duration,
    /// What was asked and answered.
    #[serde(flatten)]
    pub import: Import,
}

/// What was asked and answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "import")]
#[allow(missing_docs, reason = "the fields are the parameters and results of the contract's functions")]
pub enum Import {
    /// The wall clock was read.
    #[serde(rename = "wasi:clocks/wall-clock.now")]
    WallClock { answer: Timestamp },
    /// The clock that measures durations was read; it is zero when the call begins.
    #[serde(rename = "wasi:clocks/monotonic-clock.now")]
    MonotonicClock { answer_ns: u64 },
    /// A timer was set.
    #[serde(rename = "wasi:clocks/monotonic-clock.subscribe-instant")]
    WaitUntil { when_ns: u64 },
    /// A timer was set, from now.
    #[serde(rename = "wasi:clocks/monotonic-clock.subscribe-duration")]
    WaitFor { duration_ns: u64 },
    /// The component waited for the first of several; the answer has the places of those that were ready.
    #[serde(rename = "wasi:io/poll.poll")]
    Poll { pollables: usize, answer: Vec<u32> },
    /// The component waited for one thing.
    #[serde(rename = "wasi:io/poll.pollable.block")]
    Block {},
    /// The component asked whether something is ready.
    #[serde(rename = "wasi:io/poll.pollable.ready")]
    Ready { answer: bool },
    /// A value of the configuration was read.
    #[serde(rename = "wasi:config/store.get")]
    Configuration { key: String, answer: Option<String> },
    /// All of the configuration was read.
    #[serde(rename = "wasi:config/store.get-all")]
    WholeConfiguration { answer: BTreeMap<String, String> },
    /// Something was asked of the store.
    #[serde(rename = "wasi:keyvalue/store")]
    KeyValue(KeyValueAsk),
    /// An employee was looked up.
    #[serde(rename = "telephony:operation/directory.find-by-crm-user")]
    Directory { crm_user_id: u64, answer: Outcome<Option<Employee>> },
    /// Who was the last to answer the caller was looked up.
    #[serde(rename = "telephony:operation/directory.find-last-talk")]
    LastTalk { days: u32, answer: Outcome<Option<LastTalk>> },
    /// A request was sent.
    #[serde(rename = "wasi:http/outgoing-handler.handle")]
    Http(Box<HttpAsk>),
}

/// What was asked of the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "function", rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the fields are the parameters and results of the contract's functions")]
pub enum KeyValueAsk {
    /// A bucket was opened.
    Open { bucket: String, answer: Outcome<()> },
    /// A value was read.
    Get { key: String, answer: Outcome<Option<Blob>> },
    /// A value was kept.
    Set { key: String, value: Blob, answer: Outcome<()> },
    /// A value was forgotten.
    Delete { key: String, answer: Outcome<()> },
    /// Whether there is a value.
    Exists { key: String, answer: Outcome<bool> },
    /// The keys, page by page.
    ListKeys { cursor: Option<u64>, answer: Outcome<Keys> },
}

/// What came of asking the store or the directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome<T> {
    /// The call ended before it answered.
    Unanswered,
    /// It did.
    Done(T),
    /// There is no such bucket.
    NoSuchStore,
    /// The bucket is another's.
    AccessDenied,
    /// It did not, and said why.
    Failed(String),
}

/// A page of keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// The keys.
    pub keys: Vec<String>,
    /// Where the next page begins, if there is one.
    pub next: Option<u64>,
}

impl Entry {
    /// The same question, when another call asked it, and for a request with the times of that call's answer.
    pub fn with_times_of(&mut self, other: Self) {
        self.at = other.at;
        if let (Import::Http(ask), Import::Http(other)) = (&mut self.import, other.import) {
            ask.answer = other.answer;
        }
    }
}

impl Import {
    /// The contract's name of the function.
    pub fn function(&self) -> &'static str {
        match self {
            Self::WallClock { .. } => "wasi:clocks/wall-clock.now",
            Self::MonotonicClock { .. } => "wasi:clocks/monotonic-clock.now",
            Self::WaitUntil { .. } => "wasi:clocks/monotonic-clock.subscribe-instant",
            Self::WaitFor { .. } => "wasi:clocks/monotonic-clock.subscribe-duration",
            Self::Poll { .. } => "wasi:io/poll.poll",
            Self::Block {} => "wasi:io/poll.pollable.block",
            Self::Ready { .. } => "wasi:io/poll.pollable.ready",
            Self::Configuration { .. } => "wasi:config/store.get",
            Self::WholeConfiguration { .. } => "wasi:config/store.get-all",
            Self::KeyValue(ask) => match ask {
                KeyValueAsk::Open { .. } => "wasi:keyvalue/store.open",
                KeyValueAsk::Get { .. } => "wasi:keyvalue/store.bucket.get",
                KeyValueAsk::Set { .. } => "wasi:keyvalue/store.bucket.set",
                KeyValueAsk::Delete { .. } => "wasi:keyvalue/store.bucket.delete",
                KeyValueAsk::Exists { .. } => "wasi:keyvalue/store.bucket.exists",
                KeyValueAsk::ListKeys { .. } => "wasi:keyvalue/store.bucket.list-keys",
            },
            Self::Directory { .. } => "telephony:operation/directory.find-by-crm-user",
            Self::LastTalk { .. } => "telephony:operation/directory.find-last-talk",
            Self::Http(_) => "wasi:http/outgoing-handler.handle",
        }
    }

    /// The question, without the answer.
    pub fn question(&self) -> String {
        let asked = match self {
            Self::WallClock { .. }
            | Self::MonotonicClock { .. }
            | Self::Block {}
            | Self::Ready { .. }
            | Self::WholeConfiguration { .. } => String::new(),
            Self::WaitUntil { when_ns } => format!("{when_ns} ns"),
            Self::WaitFor { duration_ns } => format!("{duration_ns} ns"),
            Self::Poll { pollables, .. } => format!("{pollables} at once"),
            Self::Configuration { key, .. } => key.clone(),
            Self::KeyValue(ask) => match ask {
                KeyValueAsk::Open { bucket, .. } => bucket.clone(),
                KeyValueAsk::Get { key, .. } | KeyValueAsk::Delete { key, .. } | KeyValueAsk::Exists { key, .. } => {
                    key.clone()
                }
                KeyValueAsk::Set { key, value, .. } => format!("{key} = {value}"),
                KeyValueAsk::ListKeys { cursor, .. } => cursor.map(|cursor| cursor.to_string()).unwrap_or_default(),
            },
            Self::Directory { crm_user_id, .. } => crm_user_id.to_string(),
            Self::LastTalk { days, .. } => format!("{days} days"),
            Self::Http(ask) => ask.question(),
        };
        format!("{} {asked}", self.function()).trim_end().to_owned()
    }

    /// About how many bytes the question takes to keep, and an answer that is known with it.
    pub(super) fn bytes(&self) -> usize {
        let variable = match self {
            Self::Configuration { key, answer } => key.len() + answer.as_ref().map_or(0, String::len),
            Self::WholeConfiguration { answer } => answer.iter().map(|(key, value)| key.len() + value.len()).sum(),
            Self::KeyValue(KeyValueAsk::Set { key, value, .. }) => key.len() + value.len(),
            Self::Http(ask) => ask.bytes(),
            _ => 0,
        };
        size_of::<Entry>() + variable
    }
}
