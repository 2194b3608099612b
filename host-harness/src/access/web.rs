//! The keeper's way to amoCRM: the integration's own outbound HTTP, without its token.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use zeroize::{Zeroize, Zeroizing};

use super::oauth::{NoAnswer, Web};
use crate::capabilities::http::{Ask, OutboundHttp};

/// How long amoCRM has for an answer (amoCRM facts §6: the vendor's own client waits 15 s here).
const PATIENCE: Duration = Duration::from_secs(15);

/// Asks over an integration's outbound HTTP.
#[derive(Clone, Debug)]
pub struct HostWeb(OutboundHttp);

impl HostWeb {
    /// Over these connections.
    pub fn new(http: OutboundHttp) -> Self {
        Self(http)
    }
}

#[async_trait::async_trait]
impl Web for HostWeb {
    async fn ask(&self, request: Request<Zeroizing<Vec<u8>>>) -> Result<Response<Zeroizing<Vec<u8>>>, NoAnswer> {
        struct Zeroed(Zeroizing<Vec<u8>>);
        impl AsRef<[u8]> for Zeroed {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        let request = request.map(|body| Bytes::from_owner(Zeroed(body)));
        match self.0.ask(request, PATIENCE, Ask::WithoutToken).await {
            Ok(answer) => Ok(answer.map(|body| {
                let kept = Zeroizing::new(body.to_vec());
                // The connection's own buffer, where nothing else looks at it any more.
                if let Ok(mut body) = body.try_into_mut() {
                    body.zeroize();
                }
                kept
            })),
            Err(error) => Err(NoAnswer { sent: error.may_have_been_sent(), why: error.to_string() }),
        }
    }
}
