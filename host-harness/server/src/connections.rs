//! Connections: accepted up to a bound, each bounded in time, and all of them ended well at the stop.
//!
//! A connection on which no request has been authenticated has little time for the handshake of TLS and for each request, and goes first where
//! there is no room (`table`). Where the server speaks TLS, what does not is closed. At the stop nothing more is accepted, idle connections are closed, and requests that came in are answered. What still streams
//! when the last call has ended (a page that looks on) is cut off.

pub(crate) mod table;

use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;
use tracing::{debug, info, warn};

use super::Shared;
use crate::rate_limited::RateLimited;
use runtime::capabilities::clocks::Clock;
use table::Connection;

/// The most bytes of a request's head.
const LONGEST_HEAD: usize = 64 * 1024;
/// The pause where the system has no more connections to give.
const PAUSE: Duration = Duration::from_millis(50);
/// How long the last answers may take to be written when no call is in flight any more.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// Serves until `stop`, then ends as the module says, within what `longest` gives then.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    shared: &Arc<Shared>,
    longest: impl Fn() -> Duration,
    stop: impl Future<Output = ()>,
) {
    let settings = &shared.settings;
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(settings.head_timeout).max_buf_size(LONGEST_HEAD);
    let (stopping, told) = watch::channel(false);
    let connections = TaskTracker::new();
    let mut acceptor = Acceptor::new(listener, shared.node.clock().clone());
    let mut stop = pin!(stop);
    loop {
        let next = async {
            let (stream, peer) = acceptor.next("a connection cannot be accepted").await;
            (stream, shared.connections.entered(peer).await)
        };
        let (stream, connection) = tokio::select! {
            biased;
            () = &mut stop => break,
            next = next => next,
        };
        let (http, service, told) = (http.clone(), TowerToHyperService::new(router.clone()), told.clone());
        let (unproved_for, tls) = (settings.unproved_timeout, shared.tls.as_ref().map(|tls| tls.acceptor()));
        connections.spawn(async move {
            tokio::select! {
                () = greet(&http, stream, tls, service, &connection, told) => {}
                () = connection.displaced() => debug!("a connection made room for another one"),
                () = too_slow(&connection, unproved_for) => {
                    connection.count_slow();
                    debug!("a connection was too slow to prove itself");
                }
            }
        });
    }
    // From here on connections are refused.
    drop(acceptor);
    shared.stopping.store(true, Ordering::Release);
    info!(calls = shared.node.in_flight(), "stopping");
    let deadline = Instant::now() + longest();
    let _ = stopping.send(true);
    connections.close();
    let ended = async {
        let last = async {
            shared.node.idle().await;
            sleep(LAST_ANSWERS).await;
        };
        tokio::select! {
            () = connections.wait() => {}
            () = last => {}
        }
        // A call whose PBX has gone away is resolved all the same, into the call details.
        shared.node.idle().await;
    };
    if timeout_at(deadline, ended).await.is_err() {
        warn!(
            calls = shared.node.in_flight(),
            "some calls did not end in time and are dropped; their callers get no route"
        );
    }
}

/// Accepts connections of a listener.
pub(crate) struct Acceptor {
    listener: TcpListener,
    clock: Clock,
    refused: RateLimited,
}

impl Acceptor {
    pub(crate) fn new(listener: TcpListener, clock: Clock) -> Self {
        Self { listener, clock, refused: RateLimited::new() }
    }

    /// The next connection, and whose it is. Where the system has none to give, it says so and waits.
    pub(crate) async fn next(&mut self, complaint: &str) -> (TcpStream, IpAddr) {
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    // An answer is written at once and whole: nothing is gained by waiting for more.
                    let _ = stream.set_nodelay(true);
                    return (stream, peer.ip());
                }
                Err(error) => {
                    // This process or the system has no more to give for the moment.
                    if let Some(left_out) = self.refused.count(self.clock.now()) {
                        warn!(%error, left_out, "{complaint}");
                    }
                    sleep(PAUSE).await;
                }
            }
        }
    }
}

/// Begins TLS where the server speaks it, and answers what is asked then.
async fn greet(
    http: &http1::Builder,
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    service: TowerToHyperService<Router>,
    connection: &Arc<Connection>,
    told: watch::Receiver<bool>,
) {
    let Some(tls) = tls else { return converse(http, stream, service, connection, told).await };
    match tls.accept(stream).await {
        Ok(stream) => {
            connection.encrypt();
            converse(http, stream, service, connection, told).await;
        }
        Err(error) => {
            connection.count_without_tls();
            debug!(%error, "a connection did not begin TLS");
        }
    }
}

async fn converse(
    http: &http1::Builder,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send,
    service: TowerToHyperService<Router>,
    connection: &Arc<Connection>,
    mut told: watch::Receiver<bool>,
) {
    let service = service_fn(|mut request: Request<Incoming>| {
        let in_work = connection.request();
        // What proves itself says so there.
        request.extensions_mut().insert(Arc::clone(connection));
        let answer = service.call(request);
        async move {
            let answer = answer.await;
            drop(in_work);
            answer
        }
    });
    let mut serving = pin!(http.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        // The sender is dropped only when all is over.
        () = async { drop(told.wait_for(|stopping| *stopping).await) } => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        debug!(%error, "a connection ended early");
    }
}

/// Ends when the connection stood still for this long without having proved itself; never, once it has.
async fn too_slow(connection: &Connection, longest: Duration) {
    loop {
        let (answered, _) = connection.progress();
        sleep(longest).await;
        if connection.is_proved() {
            return std::future::pending().await;
        }
        if connection.progress() == (answered, false) {
            return;
        }
    }
}
