//! The host's own requests: those that keep the access token alive, and others that are made without a component.
//!
//! They go through the integration's pool, resolver, TLS and bound on bodies. No error of theirs holds a path, a query, a header or a body,
//! since any of these may hold a secret or a caller's number.

use std::time::Duration;

use bytes::Bytes;
use http::header::{HOST, USER_AGENT};
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use tokio::time::{Instant, sleep, timeout_at};
use wasmtime_wasi_http::Error;

use super::circuit::{CircuitCause, CircuitState};
use super::denial::Denial;
use super::errors;
use super::exchange::Exchanges;
use super::origin::{Origin, OriginError};
use super::outbound::{OutboundHttp, rebuilt};
use super::policy::AccountPolicy;
use super::request_body::RequestBody;
use super::single_flight::Refusal;
use super::timing::Timing;
use call::{Bilingual, Localized};

/// In whose name the host asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// In its own: without the access token, past the list of granted origins, the budget and the circuit. The caller answers for where the
    /// request goes.
    WithoutToken,
    /// In the integration's: with the access token, to granted origins, inside the budget and only while the circuit lets requests out.
    AsIntegration,
    /// The same once no call is kept waiting by it: while none waits for its turn, and the greater part of the budget is free. The wait for that
    /// has no bound and does not count in the request's time.
    AfterCalls,
}

/// How often it is looked whether a request besides the calls may go out.
const LOOK: Duration = Duration::from_millis(100);

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
    /// The request may not be sent at all.
    #[error("{0}")]
    Denied(Denial),
    /// Too many others wait for their turn.
    #[error("not asked: so many requests wait that its turn would come too late; try again later, or with more time")]
    NoTurn,
    /// The server limited or blocked the integration, and nothing is sent for a while.
    #[error(
        "not asked: {why}; try again in {} s",
        again.as_secs() + 1
    )]
    Paused {
        /// What the server did.
        cause: CircuitCause,
        /// The same in words.
        why: Localized,
        /// When it is tried again, from now.
        again: Duration,
    },
    /// There is no connection, or it broke.
    #[error("{origin} cannot be reached: {why}")]
    Unreachable {
        /// The server.
        origin: Origin,
        /// What went wrong.
        why: Localized,
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
    #[error("the answer of {0} is larger than is read")]
    TooLarge(Origin),
}

impl OutboundHttp {
    /// Sends a request of the host's own and reads the whole answer, within `timeout` altogether. Answers of any status are answers; redirects
    /// are not followed. Only a GET without a body is ever written to the network a second time, where its connection broke before any answer.
    pub async fn ask(&self, request: Request<Bytes>, timeout: Duration, how: Ask) -> Result<Response<Bytes>, AskError> {
        let origin = Origin::of_request(request.uri())?;
        if how == Ask::AfterCalls {
            self.room_beside_calls().await;
        }
        let deadline = Instant::now() + timeout;
        let answered = async {
            match how {
                Ask::WithoutToken => self.ask_without_token(&origin, request, deadline).await,
                Ask::AsIntegration | Ask::AfterCalls => self.ask_as_integration(&origin, request, deadline).await,
            }
        };
        match timeout_at(deadline, answered).await {
            Ok(Err(Problem::Late)) | Err(_) => Err(AskError::TimedOut { origin, after: timeout }),
            Ok(Err(Problem::Told(error))) => Err(error),
            Ok(Ok(answer)) => Ok(answer),
        }
    }

    /// Waits until a request keeps no call waiting. Where nothing is sent at all, whoever asks is told so at once.
    async fn room_beside_calls(&self) {
        loop {
            {
                // Shadows ask beside the calls too; of several at once each would find the same turns free.
                let _alone = self.0.aside.lock().await;
                if self.0.circuit.state() != CircuitState::Closed || self.0.budget.leaves_room().await {
                    return;
                }
            }
            sleep(LOOK).await;
        }
    }

    async fn ask_without_token(
        &self,
        origin: &Origin,
        request: Request<Bytes>,
        deadline: Instant,
    ) -> Result<Response<Bytes>, Problem> {
        let shared = &*self.0;
        // The pool does not ask the resolver about a host that is an address already.
        if origin.address().is_some_and(|address| !shared.private_addresses.permit(address)) {
            return Err(AskError::AddressProhibited(origin.clone()).into());
        }
        let (mut head, body) = request.into_parts();
        head.uri = rebuilt(origin, head.uri.path_and_query()).ok_or(AskError::Address(OriginError::Host))?;
        head.headers.remove(HOST);
        head.headers.entry(USER_AGENT).or_insert_with(|| shared.user_agent.clone());
        let answer = shared
            .pool
            .request(Request::from_parts(head, outgoing(body, deadline)))
            .await
            .map_err(|error| Problem::of(origin, errors::from_client(&error).error))?;
        let (head, body) = answer.into_parts();
        let most = usize::try_from(shared.max_response_bytes).unwrap_or(usize::MAX);
        match Limited::new(body, most).collect().await {
            Ok(body) => Ok(Response::from_parts(head, body.to_bytes())),
            Err(error) => Err(match error.downcast::<hyper::Error>() {
                Ok(error) => Problem::of(origin, errors::from_body(*error)),
                Err(_) => Problem::of(origin, Error::HttpResponseBodySize(None)),
            }),
        }
    }

    async fn ask_as_integration(
        &self,
        origin: &Origin,
        request: Request<Bytes>,
        deadline: Instant,
    ) -> Result<Response<Bytes>, Problem> {
        let request = request.map(|body| outgoing(body, deadline));
        let admitted = self.admit(request, deadline).map_err(|(denial, error)| match denial {
            Some(Denial::IpAddress { origin, .. }) => AskError::AddressProhibited(origin).into(),
            Some(denial) => AskError::Denied(denial).into(),
            None => Problem::of(origin, error),
        })?;
        let entry = Exchanges::new().begin("");
        let answer = self.answer(admitted, Timing::new(deadline, None), &entry).await.map_err(|failed| match failed
            .refusal
        {
            Some(Refusal::Budget(_)) => AskError::NoTurn.into(),
            Some(Refusal::Circuit(state)) => AskError::paused(state, &*self.0.policy).into(),
            None => Problem::of(origin, failed.error),
        })?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await.map_err(|error| Problem::of(origin, error))?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }
}

fn outgoing(body: Bytes, deadline: Instant) -> RequestBody {
    if body.is_empty() {
        return RequestBody::empty(deadline);
    }
    RequestBody::new(Full::new(body).map_err(|never| match never {}).boxed_unsync(), deadline)
}

/// Why there is no answer; that it is late is said where the time is known.
enum Problem {
    Late,
    Told(AskError),
}

impl From<AskError> for Problem {
    fn from(error: AskError) -> Self {
        Self::Told(error)
    }
}

impl Problem {
    fn of(origin: &Origin, error: Error) -> Self {
        let origin = origin.clone();
        let why = match error {
            Error::HttpResponseTimeout => return Self::Late,
            Error::DestinationIpProhibited => return AskError::AddressProhibited(origin).into(),
            Error::HttpResponseBodySize(_) => return AskError::TooLarge(origin).into(),
            Error::DnsError { .. } => ("сервера с таким именем нет", "there is no server of this name"),
            Error::ConnectionTimeout => ("соединение не открывается", "no connection opens"),
            Error::DestinationUnavailable => (
                "соединения с ним нет; если задан прокси, отказать мог и он",
                "no connection leads there; where a proxy is set, it may be the one that refuses",
            ),
            Error::ConnectionRefused => ("там никто не слушает", "nobody listens there"),
            Error::TlsCertificateError => (
                "сертификату нет доверия; свой удостоверяющий центр укажите в `ca_file`",
                "its certificate is not trusted; a private authority is named in `ca_file`",
            ),
            Error::TlsProtocolError | Error::TlsAlertReceived { .. } => {
                ("он неправильно говорит по TLS", "it does not speak TLS as it should")
            }
            Error::HttpProtocolError | Error::HttpResponseHeaderSectionSize(_) => {
                ("он неправильно говорит по HTTP", "it does not speak HTTP as it should")
            }
            Error::HttpResponseIncomplete | Error::ConnectionTerminated | Error::ConnectionReadTimeout => {
                ("соединение закрылось раньше, чем пришёл ответ", "the connection ended before the answer did")
            }
            _ => ("соединения с ним нет", "no connection leads there"),
        };
        let why = Localized::new(why.0, why.1);
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
        AskError::Unreachable { origin, why, sent }.into()
    }
}

impl Bilingual for AskError {
    fn ru(&self) -> String {
        match self {
            Self::Address(error) => format!("такой адрес запросить нельзя: {}", error.ru()),
            Self::AddressProhibited(origin) => format!(
                "{origin} ведёт на адрес этой машины или сети; если это он и есть, напишите private_addresses = \"granted\" в его \
                 [[integration]]"
            ),
            Self::Denied(denial) => denial.ru(),
            Self::NoTurn => {
                "запрос не отправлен: очередь так велика, что до него не дошло бы вовремя; повторите позже".to_owned()
            }
            Self::Paused { why, again, .. } => {
                format!("запрос не отправлен: {}; повторите через {} с", why.ru, again.as_secs() + 1)
            }
            Self::Unreachable { origin, why, .. } => format!("с {origin} нет связи: {}", why.ru),
            Self::TimedOut { origin, after } => {
                format!("{origin} не дал целого ответа за {} мс", after.as_millis())
            }
            Self::TooLarge(origin) => format!("ответ {origin} слишком велик"),
        }
    }
}

impl AskError {
    /// Whether the server may have got the request all the same.
    pub const fn may_have_been_sent(&self) -> bool {
        match self {
            Self::Unreachable { sent, .. } => *sent,
            Self::TimedOut { .. } | Self::TooLarge(_) => true,
            Self::Address(_) | Self::AddressProhibited(_) | Self::Denied(_) | Self::NoTurn | Self::Paused { .. } => {
                false
            }
        }
    }

    fn paused(state: CircuitState, policy: &dyn AccountPolicy) -> Self {
        let (cause, again) = match state {
            CircuitState::Open { cause, until } => (cause, until.saturating_duration_since(Instant::now())),
            CircuitState::HalfOpen { cause } => (cause, Duration::ZERO),
            CircuitState::Closed => (CircuitCause::Limited, Duration::ZERO),
        };
        Self::Paused { cause, why: policy.describe(cause), again }
    }
}
