//! FastAGI: the face that Asterisk asks over TCP, one connection for each call. It translates and decides nothing.
//!
//! | the dialplan says | what it does |
//! |---|---|
//! | `AGI(agi://127.0.0.1/resolve-call[,OPERATION[,CALLED]])` | resolves the call and sets the variables of [`crate::pbx::dialplan`] |
//! | `AGI(agi://127.0.0.1/outcome,LEG,DIALSTATUS,HANGUPCAUSE,RING_MS)` | reports how a leg ended ([`call::leg::Seen`]) |
//!
//! Asterisk waits for as long as the server is silent, and no limit of the dialplan's ends that. So the server does: each connection is closed
//! within the call's waiting time, whatever happened. A connection that is closed without `ROUTE_ACTION` leaves the dialplan with its own linked
//! operation. FastAGI has no proof of who asks: listen on loopback or in a network of the PBX's own.

pub mod command;
mod conversation;
pub mod dialogue;
pub mod request;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::task::TaskTracker;
use tracing::{debug, info, warn};

use crate::pbx::dialplan::Asterisk;
use conversation::Desk;
use node::Node;
use node::call_details::CallDetails;

/// How long the block may take that a connection begins with, where no waiting time is shorter: until it is read nobody knows whose call it is.
const BLOCK: Duration = Duration::from_secs(1);
/// The pause where the system has no more connections to give.
const PAUSE: Duration = Duration::from_millis(50);

/// A face for Asterisk that listens, and does not answer before [`run`](Self::run).
pub struct FastAgi {
    listener: TcpListener,
    desk: Arc<Desk>,
    room: Arc<Semaphore>,
}

impl FastAgi {
    /// Listens. At most `most` calls are resolved at once; further ones go to the linked operation at once. Of twice as many connections the
    /// next ones are closed as they come: a dialplan has its own linked operation then.
    ///
    /// Fails where the address cannot be had.
    pub async fn bind(
        address: SocketAddr,
        asterisk: Asterisk,
        node: Node,
        details: CallDetails,
        most: usize,
    ) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(address).await.with_context(|| {
            format!("cannot listen on {address} for FastAGI; choose another address with `[asterisk] fastagi`")
        })?;
        Ok(Self {
            listener,
            desk: Arc::new(Desk::new(node, asterisk, details, most)),
            room: Arc::new(Semaphore::new(most.saturating_mul(2))),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until `stop`; then nothing new is accepted, and those that were asked for are answered.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let connections = TaskTracker::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut stop => break,
                accepted = accept(&self.listener) => accepted,
            };
            let Some(stream) = accepted else { continue };
            let Ok(place) = Arc::clone(&self.room).try_acquire_owned() else {
                warn!("there are too many connections of FastAGI; the dialplan goes to its linked operation");
                continue;
            };
            let desk = Arc::clone(&self.desk);
            connections.spawn(async move {
                converse(&desk, stream).await;
                drop(place);
            });
        }
        drop(self.listener);
        connections.close();
        info!(dialogues = connections.len(), "FastAGI is stopping");
        connections.wait().await;
    }
}

/// The next connection.
async fn accept(listener: &TcpListener) -> Option<TcpStream> {
    match listener.accept().await {
        Ok((stream, _)) => {
            // Each command waits for its answer: nothing is gained by holding one back.
            let _ = stream.set_nodelay(true);
            Some(stream)
        }
        Err(error) => {
            warn!(%error, "a connection of FastAGI cannot be accepted");
            sleep(PAUSE).await;
            None
        }
    }
}

/// One connection, from the block to the close, within its time.
async fn converse(desk: &Desk, stream: TcpStream) {
    let began = Instant::now();
    let mut dialogue = dialogue::Dialogue::new(stream);
    let block = desk.shortest_waiting_time().min(BLOCK);
    let ended = match timeout_at(began + block, dialogue.request()).await {
        Ok(Ok(request)) => {
            let waiting_time = desk.waiting_time(&request);
            match timeout_at(began + waiting_time, desk.answer(&request, &mut dialogue)).await {
                Ok(answered) => answered.map_err(|error| error.to_string()),
                Err(_) => Err(format!("its {} ms are over", waiting_time.as_millis())),
            }
        }
        Ok(Err(dialogue::Broken::Silent)) => {
            debug!("a connection of FastAGI said nothing");
            Ok(())
        }
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("the block did not come within {} ms", block.as_millis())),
    };
    if let Err(why) = ended {
        warn!(why, "a dialogue of FastAGI ended early; the dialplan goes to its linked operation");
    }
    dialogue.close().await;
}
