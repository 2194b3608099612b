//! Connections: accepted up to a bound, each bounded in time, and all of them ended well at the stop.
//!
//! At the stop nothing more is accepted, idle connections are closed, and requests that came in are answered. What still streams when the
//! last call has ended (a page that looks on) is cut off.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::task::TaskTracker;
use tracing::{debug, info, warn};

use super::Shared;

/// The most bytes of a request's head.
const LONGEST_HEAD: usize = 64 * 1024;
/// The pause where the system has no more connections to give.
const PAUSE: Duration = Duration::from_millis(50);
/// How long the last answers may take to be written when no call is in flight any more.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// Serves until `stop`, then ends as the module says, within `longest`.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    shared: &Arc<Shared>,
    longest: Duration,
    stop: impl Future<Output = ()>,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(shared.settings.head_timeout).max_buf_size(LONGEST_HEAD);
    let (stopping, told) = watch::channel(false);
    let connections = TaskTracker::new();
    let room = Arc::new(Semaphore::new(shared.settings.max_connections));
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = accept(&listener, &room) => accepted,
        };
        let Some((stream, place)) = accepted else { continue };
        let (http, service, told) = (http.clone(), TowerToHyperService::new(router.clone()), told.clone());
        connections.spawn(async move {
            converse(&http, stream, service, told).await;
            drop(place);
        });
    }
    // From here on connections are refused.
    drop(listener);
    shared.stopping.store(true, Ordering::Release);
    info!(calls = shared.node.in_flight(), "stopping");
    let deadline = Instant::now() + longest;
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
    };
    if timeout_at(deadline, ended).await.is_err() {
        warn!(calls = shared.node.in_flight(), "some calls did not end in time");
    }
    // A call whose PBX has gone away is resolved all the same, into the call details.
    let _ = timeout_at(deadline, shared.node.idle()).await;
}

/// The next connection, when there is room for it.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(room).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => {
            // An answer is written at once and whole: nothing is gained by waiting for more.
            let _ = stream.set_nodelay(true);
            Some((stream, place))
        }
        Err(error) => {
            // This process or the system has no more to give for the moment.
            warn!(%error, "a connection cannot be accepted");
            sleep(PAUSE).await;
            None
        }
    }
}

async fn converse(
    http: &http1::Builder,
    stream: TcpStream,
    service: TowerToHyperService<Router>,
    mut told: watch::Receiver<bool>,
) {
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        // The sender is dropped only when all is over.
        () = async { drop(told.wait_for(|stopping| *stopping).await) } => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        debug!(%error, "a connection ended early");
    }
}
