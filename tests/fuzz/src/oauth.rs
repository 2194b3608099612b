//! The host's OAuth client, natively, with an amoCRM that answers with the fuzzer's bytes.

use std::sync::Arc;

use amocrm::access::oauth::{NoAnswer, Web};
use amocrm::access::{Hosts, OAuth, OAuthSettings, Platform};
use bytes::Bytes;
use http::{Request, Response};
use runtime::capabilities::clocks::Clock;
use runtime::secret::Secret;

/// The integration of every target.
pub fn settings() -> OAuthSettings {
    OAuthSettings {
        client_id: "client".to_owned(),
        client_secret: Secret::new("client-secret".to_owned()).into(),
        redirect_uri: "http://127.0.0.1:8765/".to_owned(),
        platform: Platform::Amocrm,
        account: None,
    }
}

/// The endpoints of an amoCRM that answers everything with these bytes.
pub fn answering(body: &[u8]) -> OAuth {
    OAuth::new(settings(), Hosts::default(), Arc::new(Answering(Bytes::copy_from_slice(body))), Clock::system())
}

/// Runs a future that never waits.
pub fn at_once<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
}

#[derive(Debug)]
struct Answering(Bytes);

#[async_trait::async_trait]
impl Web for Answering {
    async fn ask(&self, _: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer> {
        Ok(Response::new(self.0.clone()))
    }
}
