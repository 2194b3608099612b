//! Tests of outbound HTTP against servers on the loopback interface, on ports that the system chooses.

mod asking;
mod budget;
mod circuit;
mod exchanges;
mod faults;
mod grants;
mod limits;
mod origins;
mod proxy;
mod server;
mod shared_budget;
mod single_flight;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use tokio::time::Instant;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use super::{AccessToken, CallHttp, OutboundHttp, OutboundHttpConfig, PrivateAddresses, RequestTimeouts};
use crate::secret::Secret;

/// Looks like a token and is in no message.
const TOKEN: &str = "eyJ0-very-secret";

fn config(granted: &[&str]) -> OutboundHttpConfig {
    OutboundHttpConfig {
        request_timeouts: RequestTimeouts::Honoured,
        granted: granted.iter().map(|origin| origin.parse().unwrap()).collect(),
        private_addresses: PrivateAddresses::Granted,
        ca_file: None,
        access: None,
        user_agent: "host-harness/test".to_owned(),
        max_response_bytes: 10_000,
        ..OutboundHttpConfig::default()
    }
}

fn with_token(granted: &[&str], origin: &str) -> OutboundHttpConfig {
    OutboundHttpConfig {
        access: Some(Arc::new(AccessToken::new(origin.parse().unwrap(), &Secret::new(TOKEN.to_owned())).unwrap())),
        ..config(granted)
    }
}

fn outbound(config: OutboundHttpConfig) -> OutboundHttp {
    OutboundHttp::new(config).unwrap()
}

/// A call with far more time than any of these tests takes.
fn call(config: OutboundHttpConfig) -> CallHttp {
    outbound(config).for_call(Instant::now() + Duration::from_secs(30))
}

fn get(uri: &str) -> Request<WasiBody> {
    Request::get(uri).body(Empty::new().map_err(|never| match never {}).boxed_unsync()).unwrap()
}

fn post(uri: &str, body: &'static str) -> Request<WasiBody> {
    Request::post(uri).body(Full::new(Bytes::from(body)).map_err(|never| match never {}).boxed_unsync()).unwrap()
}

async fn send(call: &mut CallHttp, request: Request<WasiBody>) -> Result<Response<WasiBody>, Error> {
    send_within(call, request, None).await
}

async fn send_within(
    call: &mut CallHttp,
    request: Request<WasiBody>,
    options: Option<RequestOptions>,
) -> Result<Response<WasiBody>, Error> {
    let (response, worker) = Box::into_pin(call.send_request(request, options, Box::new(async { Ok(()) }))).await?;
    Box::into_pin(worker).await.unwrap();
    Ok(response)
}

async fn read(response: Response<WasiBody>) -> Result<Bytes, Error> {
    Ok(response.into_body().collect().await?.to_bytes())
}

/// Sends and reads to the end.
async fn fetch(call: &mut CallHttp, request: Request<WasiBody>) -> Result<Bytes, Error> {
    read(send(call, request).await?).await
}

fn name<T>(outcome: Result<T, Error>) -> String {
    match outcome {
        Ok(_) => "ok".to_owned(),
        Err(error) => format!("{error:?}"),
    }
}
