//! The listeners of one simulator: opening them, accepting, and closing them together.

use std::error::Error;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::fault::Ending;
use crate::hosts::Host;
use crate::script::Script;

/// How long to wait where the system has no more file descriptors for a connection.
const AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(20);

/// How much a connection without a socket holds in each direction.
const IN_MEMORY_BYTES: usize = 64 * 1024;

/// The answer to one request, under way.
pub(crate) type Answering = Pin<Box<dyn Future<Output = Result<Response<Script>, Ending>> + Send>>;

/// What answers a request to a host, with the state that all connections share.
pub(crate) type Serve<S> = fn(Arc<S>, Host, Request<Incoming>) -> Answering;

/// What answers on connections, stops the listeners, and tells how many run. `S` is the state that is handed to whoever answers.
pub(crate) struct Listeners<S> {
    serve: Serve<S>,
    stop: watch::Sender<bool>,
    running: watch::Sender<usize>,
    connections: Arc<Connections>,
}

/// How many connections there were, and how many of them are closed.
#[derive(Default)]
struct Connections {
    opened: AtomicU64,
    closed: AtomicU64,
}

impl<S: Send + Sync + 'static> Listeners<S> {
    /// None runs yet.
    pub(crate) fn new(serve: Serve<S>) -> Self {
        Self { serve, stop: watch::Sender::new(false), running: watch::Sender::new(0), connections: Arc::default() }
    }

    pub(crate) fn connections(&self) -> u64 {
        self.connections.opened.load(Ordering::Relaxed)
    }

    pub(crate) fn open_connections(&self) -> u64 {
        let closed = self.connections.closed.load(Ordering::Relaxed);
        self.connections().saturating_sub(closed)
    }

    /// Tells every listener to close, with its connections.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Returns when none runs.
    pub(crate) async fn stopped(&self) {
        // The sender is ours, so that there is no error.
        let _ = self.running.subscribe().wait_for(|running| *running == 0).await;
    }

    /// Accepts connections on the current tokio runtime until [`Listeners::stop`].
    pub(crate) fn run(&self, listener: TcpListener, host: Host, state: &Arc<S>) {
        self.running.send_modify(|running| *running += 1);
        let (stopping, running) = (self.stop.subscribe(), self.running.clone());
        let (state, serve, connections) = (state.clone(), self.serve, self.connections.clone());
        tokio::spawn(async move {
            accept(listener, stopping, &connections, |stream| {
                serve_connection(stream, host.clone(), state.clone(), serve)
            })
            .await;
            running.send_modify(|running| *running -= 1);
        });
    }

    /// A connection to this host that takes no socket, served on the current tokio runtime until [`Listeners::stop`].
    pub(crate) fn connect(&self, host: Host, state: &Arc<S>) -> DuplexStream {
        let (near, far) = tokio::io::duplex(IN_MEMORY_BYTES);
        let (mut stopping, state, serve) = (self.stop.subscribe(), state.clone(), self.serve);
        let connections = self.connections.clone();
        connections.opened.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            tokio::select! {
                _ = stopping.wait_for(|stop| *stop) => {}
                _ = serve_connection(far, host, state, serve) => {}
            }
            connections.closed.fetch_add(1, Ordering::Relaxed);
        });
        near
    }
}

/// Serves a connection until it closes. It is given back where a fault resets it.
async fn serve_connection<T, S>(stream: T, host: Host, state: Arc<S>, serve: Serve<S>) -> Option<T>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let service = service_fn(|request| serve(state.clone(), host.clone(), request));
    let mut connection = http1::Builder::new().auto_date_header(false).serve_connection(TokioIo::new(stream), service);
    // An error is a client that went away, or a fault that ended the connection.
    let ended = (&mut connection).await.err()?;
    let is_reset = ended.source()?.downcast_ref() == Some(&Ending::Reset);
    is_reset.then(|| connection.into_parts().io.into_inner())
}

/// A listener at this address, and the address that it got.
pub(crate) async fn bind(address: SocketAddr) -> anyhow::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
    let address = listener.local_addr().context("the listener has no address")?;
    Ok((listener, address))
}

/// Accepts until told to stop.
async fn accept<F: Future<Output = Option<TcpStream>> + Send + 'static>(
    listener: TcpListener,
    mut stopping: watch::Receiver<bool>,
    counts: &Arc<Connections>,
    serve: impl Fn(TcpStream) -> F,
) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(AFTER_FAILED_ACCEPT).await;
            continue;
        };
        counts.opened.fetch_add(1, Ordering::Relaxed);
        // Small answers must not wait for the client's acknowledgement.
        let _ = stream.set_nodelay(true);
        let (counts, served) = (counts.clone(), serve(stream));
        connections.spawn(async move {
            if let Some(stream) = served.await {
                // Closed like this, the system sends a reset.
                let _ = stream.set_zero_linger();
            }
            counts.closed.fetch_add(1, Ordering::Relaxed);
        });
    }
    drop(listener);
    connections.shutdown().await;
}
