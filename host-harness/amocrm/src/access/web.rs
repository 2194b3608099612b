//! The keeper's way to amoCRM: the integration's own outbound HTTP, without its token.

use call::Bilingual;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};

use super::oauth::{NoAnswer, Web};
use runtime::capabilities::http::{Ask, OutboundHttp};

/// How long amoCRM has for an answer (amoCRM facts §6: the vendor's own client waits 15 s here).
const PATIENCE: Duration = Duration::from_secs(15);

/// Asks over an integration's outbound HTTP.
#[derive(Clone, Debug)]
pub(crate) struct HostWeb(OutboundHttp);

impl HostWeb {
    /// Over these connections.
    pub(crate) fn new(http: OutboundHttp) -> Self {
        Self(http)
    }
}

#[async_trait::async_trait]
impl Web for HostWeb {
    async fn ask(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer> {
        let answer = self.0.ask(request, PATIENCE, Ask::WithoutToken).await;
        answer.map_err(|error| NoAnswer { sent: error.may_have_been_sent(), why: error.text() })
    }
}
