//! The requests of a component, from its `outgoing-handler.handle` to the answer.

use std::future::Future;

use http::{Method, Request, Response, Uri};
use http_body_util::BodyExt;
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout_at};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use super::circuit::CircuitState;
use super::denial::{Denial, Denials};
use super::exchange::{Dispatch, Exchange, ExchangeEntry, Exchanges};
use super::outbound::{Admitted, OutboundHttp};
use super::request_body::RequestBody;
use super::request_task::Joined;
use super::response_body::SharedBody;
use super::single_flight::{Failed, Head, Refusal, Stage};
use super::timing::{ANSWER, RequestTimeouts, Timing};

/// How many requests one call may make. The operation needs fewer than ten.
const MAX_REQUESTS: usize = 64;

/// Outbound HTTP of one call: the hooks of its store.
#[derive(Debug)]
pub(crate) struct CallHttp {
    http: OutboundHttp,
    deadline: Instant,
    requests: usize,
    denials: Denials,
    exchanges: Exchanges,
}

/// A request that may be sent, and what is told of it.
pub(crate) struct Outgoing {
    http: OutboundHttp,
    admitted: Admitted,
    timing: Timing,
    entry: ExchangeEntry,
    denials: Denials,
}

/// The answer, and what is left to do while its body is read: nothing, since the pool drives its connections.
pub(crate) type Responding = (Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>);

impl CallHttp {
    /// What was refused so far, each once, in order.
    pub(crate) fn denials(&self) -> Vec<Denial> {
        self.denials.list()
    }

    /// What became of each admitted request so far, in order.
    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        self.exchanges.list()
    }

    /// The bounds of a request for which the component chose these.
    pub(crate) fn timing(&self, options: Option<RequestOptions>) -> Timing {
        Timing::new(self.deadline, options.filter(|_| self.http.0.request_timeouts == RequestTimeouts::Honoured))
    }

    /// The request as it will be sent, or the refusal.
    pub(crate) fn admit(&mut self, request: Request<WasiBody>, timing: Timing) -> Result<Outgoing, Error> {
        let request = request.map(|body| RequestBody::new(body, timing.deadline));
        let admitted = self.http.admit(request, self.deadline).map_err(|(denial, error)| {
            denial.into_iter().for_each(|denial| self.denials.note(denial));
            error
        })?;
        self.requests += 1;
        if self.requests > MAX_REQUESTS {
            self.denials.note(Denial::TooManyRequests(MAX_REQUESTS));
            return Err(Error::ConnectionLimitReached);
        }
        let entry = self.exchanges.begin(admitted.request.uri().path());
        Ok(Outgoing { http: self.http.clone(), admitted, timing, entry, denials: self.denials.clone() })
    }
}

impl Outgoing {
    /// Its method.
    pub(crate) fn method(&self) -> &Method {
        self.admitted.request.method()
    }

    /// Its whole address.
    pub(crate) fn uri(&self) -> &Uri {
        self.admitted.request.uri()
    }

    /// Its bounds.
    pub(crate) fn timing(&self) -> Timing {
        self.timing
    }

    /// It is not sent: its answer is known.
    pub(crate) fn shared(self) {
        self.entry.dispatch(Dispatch::Shared);
    }

    /// Sends it.
    pub(crate) async fn send(self) -> Result<Response<WasiBody>, Error> {
        let origin = self.admitted.origin.clone();
        let answer = self.http.answer(self.admitted, self.timing, &self.entry).await;
        answer.map(|response| response.map(BodyExt::boxed_unsync)).map_err(|failed| {
            if let Some(address) = failed.prohibited {
                self.denials.note(Denial::IpAddress { origin, address });
            }
            failed.error
        })
    }

    /// Sends it where no call is kept waiting by it: while the circuit is closed and the greater part of the budget is free. None where it is
    /// not sent. Connections are shared with live calls, so it is sent from the runtime that drives those.
    pub(crate) async fn send_if_idle(self, runtime: &Handle) -> Option<Result<Response<WasiBody>, Error>> {
        let sending = runtime.spawn(async move {
            let http = self.http.clone();
            // One after another: of several at once each would find the same turns free.
            let _alone = http.0.aside.lock().await;
            let idle = http.0.circuit.state() == CircuitState::Closed && http.0.budget.is_idle();
            if idle { Some(self.send().await) } else { None }
        });
        sending.await.unwrap_or(Some(Err(Error::ConnectionTerminated)))
    }
}

impl WasiHttpHooks for CallHttp {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<Responding, Error>> + Send> {
        let admitted = self.admit(request, self.timing(options));
        Box::new(async move {
            let response = admitted?.send().await?;
            Ok((response, Box::new(async { Ok(()) }) as Box<_>))
        })
    }
}

impl OutboundHttp {
    /// What one call's component is given. No request of it, nor any body, outlasts the deadline.
    pub(crate) fn for_call(&self, deadline: Instant) -> CallHttp {
        let (denials, exchanges) = (Denials::default(), Exchanges::new());
        CallHttp { http: self.clone(), deadline, requests: 0, denials, exchanges }
    }

    /// The answer to an admitted request, inside its bounds; what happened to it goes into the entry.
    pub(super) async fn answer(
        &self,
        admitted: Admitted,
        timing: Timing,
        entry: &ExchangeEntry,
    ) -> Result<Response<SharedBody>, Failed> {
        let answered = async {
            let connecting = timing.connecting();
            let latest = connecting.at.checked_sub(ANSWER).unwrap_or(connecting.at);
            let Joined { handle, shared } = self.start_or_join(admitted, latest, timing.deadline)?;
            if timeout_at(latest, handle.past(Stage::Queued)).await.is_err() {
                entry.waited();
                let foreseen = handle.foreseen().unwrap_or(latest);
                return Err(Failed::here(Refusal::Budget(foreseen), Error::ConnectionLimitReached));
            }
            entry.waited();
            entry.dispatch(if shared { Dispatch::Shared } else { Dispatch::Sent });
            if timeout_at(connecting.at, handle.past(Stage::Connecting)).await.is_err() {
                return Err(connecting.error.into());
            }
            let first_byte = timing.first_byte();
            let answered = timeout_at(first_byte.at, handle.past(Stage::Sent)).await;
            entry.repeated(handle.is_repeated());
            if answered.is_err() {
                return Err(first_byte.error.into());
            }
            let Head { status, headers, length, circuit } = handle.outcome()?;
            entry.circuit(circuit);
            let mut response = Response::new(SharedBody::new(handle, length, timing));
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            Ok(response)
        };
        answered.await.inspect_err(|failed| match failed.refusal {
            None => entry.circuit(self.0.circuit.state()),
            Some(Refusal::Budget(foreseen)) => entry.refused_by_budget(foreseen),
            Some(Refusal::Circuit(state)) => {
                entry.dispatch(Dispatch::RefusedByCircuit);
                entry.circuit(state);
            }
        })
    }
}
