//! The host's own requests: those of its token keeper and of other rooms that ask amoCRM without a component.
//!
//! They go through the integration's pool, resolver, TLS and bound on bodies. No error of theirs holds a path, a query, a header or a body,
//! since any of these may hold a secret or a caller's number.

use std::time::Duration;

use bytes::Bytes;
use http::header::{HOST, USER_AGENT};
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use tokio::time::{Instant, timeout_at};
use wasmtime_wasi_http::Error;

use super::errors;
use super::origin::{Origin, OriginError};
use super::outbound::{OutboundHttp, rebuilt};
use super::request_body::RequestBody;

/// In whose name the host asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// In its own: without the access token, past the list of granted origins. The caller answers for where the request goes.
    WithoutToken,
}

/// Why the host got no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The request's address is not that of a server.
    #[error("the address cannot be asked: {0}")]
    Address(#[from] OriginError),
    /// The server is in this machine or network, or at a special address, and that is not granted.
    #[error(
        "{0} leads to an address of this machine or network; where that is meant, write private_addresses = \"granted\" in its \
         [[integration]]"
    )]
    AddressProhibited(Origin),
    /// There is no connection, or it broke.
    #[error("{origin} cannot be reached: {why}")]
    Unreachable {
        /// The server.
        origin: Origin,
        /// What went wrong.
        why: &'static str,
        /// Whether the server may have got the request.
        sent: bool,
    },
    /// There was no whole answer in time.
    #[error("{origin} gave no whole answer within {} ms", after.as_millis())]
    TimedOut {
        /// The server.
        origin: Origin,
        /// The time that it had.
        after: Duration,
    },
    /// The answer's body is larger than any that is expected.
    #[error("the answer of {origin} is larger than {most} bytes")]
    TooLarge {
        /// The server.
        origin: Origin,
        /// The bound.
        most: u64,
    },
}

impl OutboundHttp {
    /// Sends a request of the host's own and reads the whole answer, within `timeout` altogether. Answers of any status are answers; redirects
    /// are not followed. A request is written to the network at most once.
    pub async fn ask(&self, request: Request<Bytes>, timeout: Duration, how: Ask) -> Result<Response<Bytes>, AskError> {
        let origin = Origin::of_request(request.uri())?;
        match how {
            Ask::WithoutToken => self.ask_without_token(origin, request, timeout).await,
        }
    }

    async fn ask_without_token(
        &self,
        origin: Origin,
        request: Request<Bytes>,
        timeout: Duration,
    ) -> Result<Response<Bytes>, AskError> {
        let shared = &*self.0;
        // The pool does not ask the resolver about a host that is an address already.
        if origin.address().is_some_and(|address| !shared.private_addresses.permit(address)) {
            return Err(AskError::AddressProhibited(origin));
        }
        let deadline = Instant::now() + timeout;
        let (mut head, body) = request.into_parts();
        head.uri = rebuilt(&origin, head.uri.path_and_query()).ok_or(OriginError::Host)?;
        head.headers.remove(HOST);
        head.headers.entry(USER_AGENT).or_insert_with(|| shared.user_agent.clone());
        let body = Full::new(body).map_err(|never| match never {}).boxed_unsync();
        let request = Request::from_parts(head, RequestBody::new(body, deadline));
        let exchange = async {
            let answer = shared.pool.request(request).await.map_err(|error| {
                let failure = errors::from_client(&error);
                AskError::of(&origin, failure.error)
            })?;
            let (head, body) = answer.into_parts();
            let most = usize::try_from(shared.max_response_bytes).unwrap_or(usize::MAX);
            match Limited::new(body, most).collect().await {
                Ok(body) => Ok(Response::from_parts(head, body.to_bytes())),
                Err(error) => Err(match error.downcast::<hyper::Error>() {
                    Ok(error) => AskError::of(&origin, errors::from_body(*error)),
                    Err(_) => AskError::TooLarge { origin: origin.clone(), most: shared.max_response_bytes },
                }),
            }
        };
        match timeout_at(deadline, exchange).await {
            Ok(answered) => answered,
            Err(_) => Err(AskError::TimedOut { origin, after: timeout }),
        }
    }
}

impl AskError {
    fn of(origin: &Origin, error: Error) -> Self {
        let origin = origin.clone();
        let why = match error {
            Error::DestinationIpProhibited => return Self::AddressProhibited(origin),
            Error::DnsError { .. } => "there is no server of this name",
            Error::ConnectionRefused => "nobody listens there",
            Error::ConnectionTimeout => "no connection opens",
            Error::TlsCertificateError => {
                "its certificate is not trusted; to trust a private authority, name it in `ca_file`"
            }
            Error::TlsProtocolError | Error::TlsAlertReceived { .. } => "it does not speak TLS as it should",
            Error::HttpProtocolError | Error::HttpResponseHeaderSectionSize(_) => "it does not speak HTTP as it should",
            Error::HttpResponseIncomplete | Error::ConnectionTerminated | Error::ConnectionReadTimeout => {
                "the connection ended before the answer did"
            }
            _ => "no connection leads there",
        };
        let sent = !matches!(
            error,
            Error::DnsError { .. }
                | Error::ConnectionRefused
                | Error::ConnectionTimeout
                | Error::ConnectionLimitReached
                | Error::DestinationUnavailable
                | Error::DestinationIpUnroutable
                | Error::TlsCertificateError
                | Error::TlsProtocolError
                | Error::TlsAlertReceived { .. }
        );
        Self::Unreachable { origin, why, sent }
    }
}
