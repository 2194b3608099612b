//! The listeners of one simulator: opening them, accepting, and closing them together.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::fault::Ending;
use crate::hosts::Host;
use crate::service::serve;
use crate::state::State;

/// How long to wait where the system has no more file descriptors for a connection.
const AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(20);

/// How much a connection without a socket holds in each direction.
const IN_MEMORY_BYTES: usize = 64 * 1024;

/// What stops the listeners, and tells how many run.
pub(crate) struct Listeners {
    stop: watch::Sender<bool>,
    running: watch::Sender<usize>,
}

impl Default for Listeners {
    fn default() -> Self {
        Self { stop: watch::Sender::new(false), running: watch::Sender::new(0) }
    }
}

impl Listeners {
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
    pub(crate) fn run(&self, listener: TcpListener, host: Host, state: &Arc<State>) {
        self.running.send_modify(|running| *running += 1);
        let (stopping, running) = (self.stop.subscribe(), self.running.clone());
        let state = state.clone();
        tokio::spawn(async move {
            accept(listener, host, state, stopping).await;
            running.send_modify(|running| *running -= 1);
        });
    }
}

impl Listeners {
    /// A connection to this host that takes no socket, served on the current tokio runtime until [`Listeners::stop`].
    pub(crate) fn connect(&self, host: Host, state: &Arc<State>) -> DuplexStream {
        let (near, far) = tokio::io::duplex(IN_MEMORY_BYTES);
        let (mut stopping, state) = (self.stop.subscribe(), state.clone());
        state.connected();
        tokio::spawn(async move {
            tokio::select! {
                _ = stopping.wait_for(|stop| *stop) => {}
                _ = serve_connection(far, host, state.clone()) => {}
            }
            state.disconnected();
        });
        near
    }
}

/// Serves a connection until it closes. It is given back where a fault resets it.
async fn serve_connection<S: AsyncRead + AsyncWrite + Unpin>(stream: S, host: Host, state: Arc<State>) -> Option<S> {
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
async fn accept(listener: TcpListener, host: Host, state: Arc<State>, mut stopping: watch::Receiver<bool>) {
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
        state.connected();
        // Small answers must not wait for the client's acknowledgement.
        let _ = stream.set_nodelay(true);
        let (state, host) = (state.clone(), host.clone());
        connections.spawn(async move {
            if let Some(stream) = serve_connection(stream, host, state.clone()).await {
                // Closed like this, the system sends a reset.
                let _ = stream.set_zero_linger();
            }
            state.disconnected();
        });
    }
    drop(listener);
    connections.shutdown().await;
}
