//! A client for the tests: keep-alive, no redirects, a moved clock.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use amocrm_simulator::{Account, FaultRule, Options, Simulator};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// A Monday, 12:00 in Moscow.
pub(crate) const NOON: &str = "2026-11-23T09:00:00Z";

/// A simulator and a client of it.
pub(crate) struct Bench {
    pub(crate) simulator: Simulator,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// An answer read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or("")
    }

    /// The ids of the entities in this collection, in order.
    pub(crate) fn ids(&self, collection: &str) -> Vec<u64> {
        let json = self.json();
        let list = json["_embedded"][collection].as_array().unwrap();
        list.iter().map(|entity| entity["id"].as_u64().unwrap()).collect()
    }
}

impl Bench {
    pub(crate) async fn start(options: Options) -> Self {
        let simulator = Simulator::start(options).await.unwrap();
        Self { simulator, client: Client::builder(TokioExecutor::new()).build_http() }
    }

    /// The demonstration at noon.
    pub(crate) async fn demo() -> Self {
        Self::start(at_noon()).await
    }

    pub(crate) async fn with_account(toml: &str) -> Self {
        Self::start(Options { account: Account::from_toml(toml).unwrap(), ..at_noon() }).await
    }

    pub(crate) async fn with_faults(rules: &[&str]) -> Self {
        let faults = rules.iter().map(|rule| rule.parse::<FaultRule>().unwrap()).collect();
        Self::start(Options { faults, ..at_noon() }).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, Some("Bearer any"), "").await.unwrap()
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        authorization: Option<&str>,
        body: impl AsRef<[u8]>,
    ) -> anyhow::Result<Reply> {
        let headers: Vec<_> = authorization.map(|value| ("authorization", value)).into_iter().collect();
        self.send_to(self.simulator.base_url(), method, path, &headers, body).await
    }

    /// Sends to another address than the first of this simulator, with any headers.
    pub(crate) async fn send_to(
        &self,
        base: &str,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl AsRef<[u8]>,
    ) -> anyhow::Result<Reply> {
        let mut request =
            Request::builder().method(method).uri(format!("{base}{path}")).header("user-agent", "tests/1");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::copy_from_slice(body.as_ref())))?;
        let (parts, body) = self.client.request(request).await?.into_parts();
        Ok(Reply { status: parts.status, headers: parts.headers, body: body.collect().await?.to_bytes() })
    }

    /// What comes of a request within this time: `None` where no whole answer came.
    pub(crate) async fn get_within(&self, limit: Duration, path: &str) -> Option<anyhow::Result<Reply>> {
        tokio::time::timeout(limit, self.send(Method::GET, path, Some("Bearer any"), "")).await.ok()
    }
}

pub(crate) fn at_noon() -> Options {
    at(NOON)
}

pub(crate) fn at(time: &str) -> Options {
    let now: Timestamp = time.parse().unwrap();
    Options { clock: Arc::new(move || now), ..Options::default() }
}

/// A clock that stands still until it is moved.
#[derive(Clone)]
pub(crate) struct MovedClock(Arc<Mutex<Timestamp>>);

impl MovedClock {
    /// Noon, and options that go by this clock.
    pub(crate) fn at_noon() -> (Self, Options) {
        let clock = Self(Arc::new(Mutex::new(NOON.parse().unwrap())));
        let read = clock.clone();
        (clock, Options { clock: Arc::new(move || *read.0.lock().unwrap()), ..Options::default() })
    }

    pub(crate) fn forward(&self, span: SignedDuration) {
        *self.0.lock().unwrap() += span;
    }
}
