//! The amoCRM of a rehearsal: a simulated account, or the answers in recordings.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use amocrm_simulator::{Account, FaultRule, Options, RateLimit, Simulator};
use bytes::Bytes;
use http::{Request, Response, StatusCode, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::io::DuplexStream;
use tokio::time::{Instant, sleep_until};

use crate::recording::Recording;
use runtime::capabilities::clocks::Clock;
use runtime::capabilities::http::Dial;
use runtime::journal::{HttpAnswer, HttpAsk, HttpEnd, Import, PieceKind};

/// What a connection holds in each direction.
const BUFFERED: usize = 64 * 1024;
/// Where recorded answers are asked for that tell no address.
const NO_ADDRESS: &str = "http://recorded.amocrm.test";

/// The amoCRM of a rehearsal.
#[derive(Clone, Debug)]
pub enum Amocrm {
    /// A simulated account.
    Simulated(Box<Account>),
    /// What amoCRM answered to recorded calls, at this address.
    Recorded {
        /// The account's address.
        address: String,
        /// The answers.
        answers: Answers,
    },
}

/// Answers by question; a clone is the same ones.
#[derive(Clone, Debug)]
pub struct Answers(Arc<HashMap<String, Vec<(Timestamp, HttpAsk)>>>);

/// An amoCRM that is running, and the way to it.
pub(super) struct Running {
    pub(super) address: String,
    pub(super) dial: Arc<dyn Dial>,
    /// How many questions no recording answers.
    pub(super) unknown: Arc<AtomicU64>,
}

impl Amocrm {
    /// The answers that these calls got.
    pub(super) fn recorded(recordings: &[Recording]) -> Self {
        let (mut address, mut answers) = (None, HashMap::<_, Vec<_>>::new());
        for recording in recordings {
            for entry in recording.steps().flat_map(|step| &step.imports) {
                match &entry.import {
                    Import::Configuration { key, answer: Some(value) } if key == "amocrm_base_url" => {
                        address = Some(value.clone());
                    }
                    Import::Http(ask) => {
                        let uri = ask.uri.parse::<Uri>().ok();
                        let target = uri.as_ref().and_then(Uri::path_and_query).map_or("/", |target| target.as_str());
                        let question = format!("{} {target}", ask.method);
                        answers.entry(question).or_default().push((recording.call.at, (**ask).clone()));
                    }
                    _ => {}
                }
            }
        }
        let address = address.unwrap_or_else(|| NO_ADDRESS.to_owned());
        Self::Recorded { address, answers: Answers(Arc::new(answers)) }
    }

    /// Starts it on the present runtime. Faults are those of a simulated account.
    pub(super) fn start(&self, clock: &Clock, token: &str, faults: &[FaultRule]) -> anyhow::Result<Running> {
        let unknown = Arc::<AtomicU64>::default();
        match self {
            Self::Simulated(account) => {
                let simulated = clock.clone();
                let simulator = Arc::new(Simulator::without_listeners(Options {
                    account: (**account).clone(),
                    clock: Arc::new(move || simulated.now()),
                    token: Some(token.to_owned()),
                    rate_limit: Some(RateLimit::default()),
                    faults: faults.to_vec(),
                    ..Options::default()
                })?);
                let (address, dial) = (simulator.base_url().to_owned(), Simulated(simulator));
                Ok(Running { address, dial: Arc::new(dial), unknown })
            }
            Self::Recorded { address, answers } => {
                let dial = Recorded { answers: answers.clone(), clock: clock.clone(), unknown: Arc::clone(&unknown) };
                Ok(Running { address: address.clone(), dial: Arc::new(dial), unknown })
            }
        }
    }
}

/// A simulated amoCRM that is reached without sockets.
#[derive(Debug)]
pub struct Simulated(pub Arc<Simulator>);

impl Dial for Simulated {
    fn dial(&self, authority: &str) -> Option<DuplexStream> {
        self.0.connect(authority)
    }
}

#[derive(Clone)]
struct Recorded {
    answers: Answers,
    clock: Clock,
    unknown: Arc<AtomicU64>,
}

impl fmt::Debug for Recorded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Recorded").finish_non_exhaustive()
    }
}

impl Dial for Recorded {
    fn dial(&self, _: &str) -> Option<DuplexStream> {
        let (near, far) = tokio::io::duplex(BUFFERED);
        let recorded = self.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| recorded.answer(request));
            // It ends when the host closes it, or at an answer that never came.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(far), service).await;
        });
        Some(near)
    }
}

impl Recorded {
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Lost> {
        let asked = Instant::now();
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let Some(ask) = self.find(&format!("{} {target}", request.method())) else {
            self.unknown.fetch_add(1, Ordering::Relaxed);
            let mut response = Response::new(Full::default());
            *response.status_mut() = StatusCode::GATEWAY_TIMEOUT;
            return Ok(response);
        };
        let Some(HttpAnswer { after, end }) = ask.answer else { return std::future::pending().await };
        let HttpEnd::Answered { status, headers, body } = end else {
            sleep_until(asked + after).await;
            return Err(Lost);
        };
        let last = body.last().map_or(after, |piece| piece.after.max(after));
        sleep_until(asked + last).await;
        let mut bytes = Vec::new();
        for piece in body {
            match piece.kind {
                PieceKind::Bytes(more) => bytes.extend_from_slice(&more.0),
                PieceKind::End(_) => {}
                PieceKind::Failed(_) => return Err(Lost),
            }
        }
        let mut response = Response::new(Full::new(bytes.into()));
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        let content_type = headers.into_iter().find(|(name, _)| name == "content-type");
        if let Some(value) = content_type.and_then(|(_, value)| http::HeaderValue::from_bytes(&value.0).ok()) {
            response.headers_mut().insert(http::header::CONTENT_TYPE, value);
        }
        Ok(response)
    }

    /// The latest answer that had been given by now, else the first one that ever was.
    fn find(&self, question: &str) -> Option<HttpAsk> {
        let answers = self.answers.0.get(question)?;
        let now = self.clock.now();
        let latest = answers.iter().rev().find(|(at, _)| *at <= now);
        latest.or(answers.first()).map(|(_, ask)| ask.clone())
    }
}

/// The connection is lost, as it was then.
#[derive(Debug)]
struct Lost;

impl fmt::Display for Lost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("lost, as recorded")
    }
}

impl std::error::Error for Lost {}
