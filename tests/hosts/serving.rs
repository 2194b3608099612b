//! Running a component as an HTTP host does: an instance a request, wasmtime's own implementations of `wasi:http/proxy`, key-value and
//! configuration, linked as `wasmtime serve -Skeyvalue -Sconfig` links them. Requests that go out are sent by a plain HTTP/1.1 client.

use std::convert::Infallible;
use std::future::Future;
use std::sync::OnceLock;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use test_support::TOKEN;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_config::{WasiConfig, WasiConfigVariables};
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView};
use wasmtime_wasi_keyvalue::{WasiKeyValue, WasiKeyValueCtx, WasiKeyValueCtxBuilder};

use crate::configuration::Configuration;

/// The engine of all hosts of this binary.
pub(crate) fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(Engine::default)
}

/// What one request's instance sees.
struct Guest {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    sender: Sender,
    variables: WasiConfigVariables,
    key_value: WasiKeyValueCtx,
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.sender }
    }
}

/// A host with one component.
pub(crate) struct Host {
    pre: ProxyPre<Guest>,
    configuration: Configuration,
}

impl Host {
    /// `wasmtime serve -Skeyvalue -Sconfig`.
    pub(crate) fn wasmtime(component: &Component, configuration: Configuration) -> Self {
        let mut linker = Linker::new(engine());
        wasmtime_wasi_http::p2::add_to_linker_async(&mut linker).expect("wasi:http/proxy links");
        wasmtime_wasi_config::add_to_linker(&mut linker, |guest: &mut Guest| WasiConfig::from(&guest.variables))
            .expect("configuration links");
        wasmtime_wasi_keyvalue::add_to_linker(&mut linker, |guest: &mut Guest| {
            WasiKeyValue::new(&guest.key_value, &mut guest.table)
        })
        .expect("key-value links");
        let pre = linker.instantiate_pre(component).and_then(ProxyPre::new).expect("the component links");
        Self { pre, configuration }
    }

    /// Sends it a request, and takes the answer.
    pub(crate) async fn ask(&self, request: Request<Full<Bytes>>) -> Answer {
        let variables = self.configuration.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let guest = Guest {
            table: ResourceTable::new(),
            wasi: WasiCtx::builder().build(),
            http: WasiHttpCtx::new(),
            sender: Sender,
            variables,
            key_value: WasiKeyValueCtxBuilder::new().build(),
        };
        let mut store = Store::new(engine(), guest);
        let (sender, receiver) = oneshot::channel();
        let request = request.map(|body| body.map_err(|never: Infallible| -> Error { match never {} }));
        let request = store.data_mut().http().new_incoming_request(Scheme::Http, request).expect("a request");
        let out = store.data_mut().http().new_response_outparam(sender).expect("a place for the response");
        let pre = self.pre.clone();
        let running = tokio::spawn(async move {
            let proxy = pre.instantiate_async(&mut store).await?;
            proxy.wasi_http_incoming_handler().call_handle(&mut store, request, out).await
        });
        let Ok(Ok(response)) = receiver.await else { panic!("no response: {:?}", running.await) };
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        running.await.expect("no panic").expect("no trap");
        Answer::of(Response::from_parts(head, body))
    }

    /// Posts a call.
    pub(crate) async fn call(&self, caller: &str) -> Answer {
        self.ask(post("application/json", &format!(r#"{{"caller": "{caller}", "called": "+74951234567"}}"#))).await
    }
}

/// A request with a call.
pub(crate) fn post(kind: &str, body: &str) -> Request<Full<Bytes>> {
    request(Method::POST, "/v1/resolve-call", kind, body)
}

/// Any request.
pub(crate) fn request(method: Method, path: &str, kind: &str, body: &str) -> Request<Full<Bytes>> {
    let request = Request::builder().method(method).uri(format!("http://pbx.test{path}"));
    let request = request.header(header::HOST, "pbx.test").header(header::CONTENT_TYPE, kind);
    request.body(Full::new(Bytes::copy_from_slice(body.as_bytes()))).expect("a request")
}

/// An answer. Making one checks that it does not hold the token.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) json: Value,
}

impl Answer {
    fn of(response: Response<Bytes>) -> Self {
        let text = String::from_utf8(response.body().to_vec()).expect("text");
        assert!(!text.contains(TOKEN), "the token was let out: {text}");
        let json = serde_json::from_str(&text).unwrap_or_else(|error| panic!("not JSON: {error}: {text}"));
        Self { status: response.status(), json }
    }

    /// Where the call goes and why: the employee, or the linked operation and the reason's code.
    pub(crate) fn outcome(&self) -> String {
        let route = &self.json["route"];
        match route["kind"].as_str() {
            Some("forward") => route["employee"]["id"].as_str().expect("an employee").to_owned(),
            Some("linked-operation") => {
                let reason = self.json["reason"]["code"].as_str().expect("a reason");
                format!("{} {reason}", route["target"].as_str().expect("a target"))
            }
            _ => panic!("no route: {self:?}"),
        }
    }
}

/// Sends requests over a connection each.
struct Sender;

type Sent = (Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>);

impl WasiHttpHooks for Sender {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<Sent, Error>> + Send> {
        Box::new(async move {
            let (mut head, body) = request.into_parts();
            let server = head.uri.authority().ok_or(Error::HttpRequestUriInvalid)?.to_string();
            let path = head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
            head.uri = path.parse::<Uri>().map_err(|_| Error::HttpRequestUriInvalid)?;
            let stream = TcpStream::connect(server).await.map_err(|_| Error::ConnectionRefused)?;
            let (mut sender, connection) =
                hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(Error::Hyper)?;
            tokio::spawn(connection);
            let response = sender.send_request(Request::from_parts(head, body)).await.map_err(Error::Hyper)?;
            let response = response.map(|body| body.map_err(Error::Hyper).boxed_unsync());
            Ok((response, Box::new(async { Ok(()) }) as Box<_>))
        })
    }
}
