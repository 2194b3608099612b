//! What was asked: every request to the API is counted, and the latest ones are listed.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::Serialize;

use crate::Endpoint;

/// How many requests are listed; older ones are only counted.
const KEPT: usize = 100_000;

/// Names in a query whose values are not recorded.
const SECRET: [&str; 5] = ["code", "client_secret", "access_token", "refresh_token", "token"];

/// One request that the simulator got. It never holds a token, a code or a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestRecord {
    /// Its place since the start, from 1.
    pub sequence: u64,
    /// When it came, by the simulator's clock.
    pub at: Timestamp,
    /// `GET`, …
    pub method: String,
    /// The authority that it came to, `127.0.0.1:PORT`.
    pub host: String,
    /// The path as it came, without the query.
    pub path: String,
    /// The decoded pairs of the query, in order; `…` for the value of a secret one.
    pub query: Vec<(String, String)>,
    /// The endpoint that the path belongs to; absent for other paths.
    pub endpoint: Option<Endpoint>,
    /// Whether it carried a bearer token that is accepted.
    pub authorised: bool,
    /// Its `User-Agent`.
    pub user_agent: Option<String>,
    /// The status that was sent; absent while none is (a delay, a hang, a closed connection).
    pub status: Option<u16>,
    /// The fault that happened to it, as [`crate::Fault`] spells it.
    pub fault: Option<String>,
}

/// The pairs of a query as they are recorded.
pub(crate) fn without_secrets(pairs: &[(String, String)]) -> Vec<(String, String)> {
    let shown = |name: &str, value: &str| if SECRET.contains(&name) { "…".to_owned() } else { value.to_owned() };
    pairs.iter().map(|(name, value)| (name.clone(), shown(name, value))).collect()
}

/// The requests since the start, or since they were last cleared.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    records: VecDeque<RequestRecord>,
    last: u64,
    total: u64,
    by_endpoint: [u64; Endpoint::ALL.len()],
}

impl RequestLog {
    /// Takes a request in and gives it its number.
    pub(crate) fn begin(&mut self, mut record: RequestRecord) -> u64 {
        self.last += 1;
        self.total += 1;
        record.sequence = self.last;
        if let Some(endpoint) = record.endpoint {
            self.by_endpoint[endpoint as usize] += 1;
        }
        if self.records.len() == KEPT {
            self.records.pop_front();
        }
        self.records.push_back(record);
        self.last
    }

    /// Notes the status that was sent.
    pub(crate) fn answered(&mut self, sequence: u64, status: u16) {
        let Some(first) = self.records.front().map(|record| record.sequence) else {
            return;
        };
        let place = sequence.checked_sub(first).and_then(|place| usize::try_from(place).ok());
        if let Some(record) = place.and_then(|place| self.records.get_mut(place)) {
            record.status = Some(status);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.records.clear();
        self.total = 0;
        self.by_endpoint = Default::default();
    }

    pub(crate) fn records(&self) -> Vec<RequestRecord> {
        self.records.iter().cloned().collect()
    }

    pub(crate) fn count(&self) -> u64 {
        self.total
    }

    pub(crate) fn count_of(&self, endpoint: Endpoint) -> u64 {
        self.by_endpoint[endpoint as usize]
    }
}
