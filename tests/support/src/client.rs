//! A client of HTTP/1.1, as simple as a PBX's.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client as Legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// The server's token in every test. No answer may hold it.
pub const TOKEN: &str = "a-token-of-the-tests-0123456789";
/// The longest that any answer may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The reason's code; empty for a forwarded call.
    pub fn reason(&self) -> String {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
        self.json()["reason"]["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Where the call goes: the employee, or the linked operation.
    pub fn goes_to(&self) -> String {
        let json = self.json();
        let route = &json["route"];
        let (employee, target) = (route["employee"]["id"].as_str(), route["target"].as_str());
        employee.or(target).unwrap_or_else(|| panic!("a route: {json}")).to_owned()
    }
}

/// Keeps its connections, like a PBX.
#[derive(Clone)]
pub struct Client {
    http: Legacy<HttpConnector, Full<Bytes>>,
    /// The address of the server.
    pub server: SocketAddr,
}

impl Client {
    /// A client of this server.
    pub fn of(server: SocketAddr) -> Self {
        Self { http: Legacy::builder(TokioExecutor::new()).build_http(), server }
    }

    /// Sends a request as it is.
    pub async fn send(&self, request: http::request::Builder, body: impl Into<Bytes>) -> Answer {
        self.try_send(request, body).await.expect("an answer")
    }

    /// Sends a request as it is; none where the server goes away before its answer is whole.
    pub async fn try_send(&self, request: http::request::Builder, body: impl Into<Bytes>) -> Option<Answer> {
        let request = self.to_server(request, body);
        let answer = async {
            let (head, body) = self.http.request(request).await.ok()?.into_parts();
            Some((head, body.collect().await.ok()?.to_bytes()))
        };
        let (head, body) = tokio::time::timeout(PATIENCE, answer).await.expect("an answer in time")?;
        let answer = Answer { status: head.status, headers: head.headers, body };
        assert!(!format!("{answer:?}").contains(TOKEN), "{answer:?}");
        Some(answer)
    }

    /// Sends a request whose answer goes on, and gives it as soon as it begins.
    pub async fn open(&self, request: http::request::Builder) -> Response<Incoming> {
        let answer = self.http.request(self.to_server(request, Bytes::new()));
        tokio::time::timeout(PATIENCE, answer).await.expect("an answer in time").expect("an answer")
    }

    fn to_server(&self, request: http::request::Builder, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
        let mut request = request.body(Full::new(body.into())).expect("a request");
        let target = request.uri().path_and_query().expect("a path").clone();
        *request.uri_mut() = format!("http://{}{target}", self.server).parse().expect("an address");
        request
    }

    /// Sends a request with the token.
    pub async fn with_token(&self, method: Method, path: &str, body: impl Into<Bytes>) -> Answer {
        self.send(authorised(method, path), body).await
    }

    /// Gets a path with the token.
    pub async fn get(&self, path: &str) -> Answer {
        self.with_token(Method::GET, path, "").await
    }

    /// Sends a call as JSON.
    pub async fn call(&self, call: &Value) -> Answer {
        self.call_at("/v1/resolve-call", call).await
    }

    /// Sends a call as JSON to this path.
    pub async fn call_at(&self, path: &str, call: &Value) -> Answer {
        let request = authorised(Method::POST, path).header("content-type", "application/json");
        self.send(request, call.to_string()).await
    }
}

/// A request with the token.
pub fn authorised(method: Method, path: &str) -> http::request::Builder {
    Request::builder().method(method).uri(path).header("authorization", format!("Bearer {TOKEN}"))
}
