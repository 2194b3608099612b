//! The requests of a component, from its `outgoing-handler.handle` to the answer.

use std::future::Future;

use http::request::Parts;
use http::{Request, Response};
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout_at};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use super::course::{Admitted, Boarded};
use super::denial::{Denial, Denials};
use super::exchange::{Entry, Exchange, Exchanges, Fate};
use super::flight::{Failed, Head, Refusal, Stage};
use super::outbound::{OutboundHttp, Way};
use super::replay::Replay;
use super::request_body::RequestBody;
use super::response_body::SharedBody;
use super::timing::{ANSWER, RequestTimeouts, Timing};
use crate::capabilities::journal::Journal;

/// How many requests one call may make. The operation needs fewer than ten.
const MAX_REQUESTS: usize = 64;

/// Outbound HTTP of one call: the hooks of its store.
#[derive(Debug)]
pub struct CallHttp {
    http: OutboundHttp,
    began: Instant,
    deadline: Instant,
    journal: Journal,
    requests: usize,
    denials: Denials,
    exchanges: Exchanges,
}

/// The answer, and what is left to do while its body is read: nothing, since the pool drives its connections.
type Answer = (Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>);

impl CallHttp {
    pub(super) fn new(http: OutboundHttp, deadline: Instant) -> Self {
        Self {
            http,
            began: Instant::now(),
            deadline,
            journal: Journal::default(),
            requests: 0,
            denials: Denials::default(),
            exchanges: Exchanges::new(),
        }
    }

    /// The same of a call that began then, noted in its journal.
    pub(crate) fn noted(self, began: Instant, journal: Journal) -> Self {
        Self { began, journal, ..self }
    }

    /// What was refused so far, each once, in order.
    pub fn denials(&self) -> Vec<Denial> {
        self.denials.list()
    }

    /// What became of each admitted request so far, in order.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.exchanges.list()
    }

    /// The request as it will be sent, or the refusal.
    fn admit(&mut self, request: Request<RequestBody>) -> Result<Admitted, Error> {
        let admitted = self.http.admit(request, self.deadline).map_err(|(denial, error)| {
            denial.into_iter().for_each(|denial| self.denials.note(denial));
            error
        })?;
        self.requests += 1;
        if self.requests > MAX_REQUESTS {
            self.denials.note(Denial::TooManyRequests(MAX_REQUESTS));
            return Err(Error::ConnectionLimitReached);
        }
        Ok(admitted)
    }
}

impl WasiHttpHooks for CallHttp {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<Answer, Error>> + Send> {
        let options = options.filter(|_| self.http.0.request_timeouts == RequestTimeouts::Honoured);
        let timing = Timing::new(self.deadline, options);
        let (asking, request) = self.journal.asked(request);
        let request = request.map(|body| RequestBody::new(body, timing.deadline));
        let answering = match self.http.1.clone() {
            // Nobody is asked, so nothing needs to be granted.
            Way::Replayed(replay) if replay.is_alone() => {
                // What is given up of the body is read to its end.
                let (head, _) = request.into_parts();
                Answering::Alone(replay, self.began, Box::new(head))
            }
            way => Answering::Admitted(way, Box::new(self.admit(request))),
        };
        let (http, denials, exchanges) = (self.http.clone(), self.denials.clone(), self.exchanges.clone());
        Box::new(async move {
            let answer = match answering {
                Answering::Alone(replay, began, head) => replay.answer_alone(&head, began, timing).await,
                Answering::Admitted(way, admitted) => match *admitted {
                    Ok(admitted) => ask(&http, way, admitted, timing, &denials, &exchanges).await,
                    Err(error) => Err(error),
                },
            };
            let response = asking.answered(answer)?;
            Ok((response, Box::new(async { Ok(()) }) as Box<_>))
        })
    }
}

/// Where the answer to a request comes from.
enum Answering {
    /// From what another call was told, and from nowhere else.
    Alone(Replay, Instant, Box<Parts>),
    /// From a server, if it may be sent.
    Admitted(Way, Box<Result<Admitted, Error>>),
}

async fn ask(
    http: &OutboundHttp,
    way: Way,
    admitted: Admitted,
    timing: Timing,
    denials: &Denials,
    exchanges: &Exchanges,
) -> Result<Response<WasiBody>, Error> {
    let origin = admitted.origin.clone();
    let entry = exchanges.begin(admitted.request.uri().path());
    let answer = match way {
        Way::Live => http.answer(admitted, timing, &entry).await.map(|response| response.map(BodyExt::boxed_unsync)),
        Way::Replayed(replay) => replay.answer(http, admitted, timing, entry).await,
    };
    answer.map_err(|failed| {
        if let Some(address) = failed.prohibited {
            denials.note(Denial::IpAddress { origin, address });
        }
        failed.error
    })
}

impl OutboundHttp {
    /// The answer to an admitted request, inside its bounds; what happened to it goes into the entry.
    pub(super) async fn answer(
        &self,
        admitted: Admitted,
        timing: Timing,
        entry: &Entry,
    ) -> Result<Response<SharedBody>, Failed> {
        let fly = async {
            let connecting = timing.connecting();
            let latest = connecting.at.checked_sub(ANSWER).unwrap_or(connecting.at);
            let Boarded { waiter, shared } = self.depart(admitted, latest, timing.deadline)?;
            if timeout_at(latest, waiter.past(Stage::Queued)).await.is_err() {
                entry.waited();
                let foreseen = waiter.foreseen().unwrap_or(latest);
                return Err(Failed::here(Refusal::Budget(foreseen), Error::ConnectionLimitReached));
            }
            entry.waited();
            entry.fate(if shared { Fate::Shared } else { Fate::Sent });
            if timeout_at(connecting.at, waiter.past(Stage::Connecting)).await.is_err() {
                return Err(connecting.error.into());
            }
            let first_byte = timing.first_byte();
            let landed = timeout_at(first_byte.at, waiter.past(Stage::Sent)).await;
            entry.repeated(waiter.is_repeated());
            if landed.is_err() {
                return Err(first_byte.error.into());
            }
            let Head { status, headers, length, circuit } = waiter.outcome()?;
            entry.circuit(circuit);
            let mut response = Response::new(SharedBody::new(waiter, length, timing));
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            Ok(response)
        };
        fly.await.inspect_err(|failed| match failed.refusal {
            None => entry.circuit(self.0.circuit.state()),
            Some(Refusal::Budget(foreseen)) => entry.refused_by_budget(foreseen),
            Some(Refusal::Circuit(state)) => {
                entry.fate(Fate::RefusedByCircuit);
                entry.circuit(state);
            }
        })
    }
}
