//! FastAGI: the face that Asterisk asks over TCP, one connection for each call. It translates and decides nothing.
//!
//! | the dialplan says | what it does |
//! |---|---|
//! | `AGI(agi://127.0.0.1/resolve-call[,OPERATION[,CALLED[,AFTER,LEGS]]])` | resolves the call and sets the variables of [`crate::pbx::dialplan`] |
//! | `AGI(agi://127.0.0.1/outcome,LEG,DIALSTATUS,HANGUPCAUSE,RING_MS)` | reports how a leg ended ([`call::leg::Seen`]) |
//!
//! Asterisk waits for as long as the server is silent, and no limit of the dialplan's ends that. So the server does: each connection is closed
//! within the call's waiting time, whatever happened. A connection that is closed without `ROUTE_ACTION` leaves the dialplan with its own linked
//! operation. FastAGI has no proof of who asks: listen on loopback or in a network of the PBX's own.

pub mod command;
mod conversation;
pub mod dialogue;
mod recent;
pub mod request;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use call::{Localized, system_error_ru};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout_at};
use tokio_util::task::TaskTracker;
use tracing::{debug, info, warn};

use crate::connections::Acceptor;
use crate::connections::table::{Connection, Table};
use crate::rate_limited::RateLimited;
use conversation::DialogueContext;
use node::Node;
use node::call_details::CallDetails;

/// How long the block may take that a connection begins with, where no waiting time is shorter: until it is read nobody knows whose call it is.
const BLOCK: Duration = Duration::from_secs(1);

/// A face for Asterisk that listens, and does not answer before [`run`](Self::run).
pub(crate) struct FastAgi {
    listener: TcpListener,
    desk: Arc<DialogueContext>,
    node: Node,
    connections: Arc<Table>,
    rejected: RateLimited,
}

impl FastAgi {
    /// Listens. At most `most` calls are resolved at once; further ones go to the linked operation at once. Where there is no room for another
    /// connection, the oldest one is closed that has not said whose call it is; where there is none, the new one: a dialplan has its own
    /// linked operation then.
    ///
    /// Fails where the address cannot be had.
    pub(super) async fn bind(
        address: SocketAddr,
        node: Node,
        details: CallDetails,
        most: usize,
        connections: Arc<Table>,
    ) -> Result<Self, Localized> {
        let listener = TcpListener::bind(address).await.map_err(|error| {
            Localized::new(
                format!(
                    "нельзя слушать {address} для FastAGI ({}); выберите другой адрес в `[asterisk] fastagi`",
                    system_error_ru(&error)
                ),
                format!(
                    "cannot listen on {address} for FastAGI; choose another address with `[asterisk] fastagi`: {error}"
                ),
            )
        })?;
        Ok(Self {
            listener,
            desk: Arc::new(DialogueContext::new(node.clone(), details, most)),
            node,
            connections,
            rejected: RateLimited::new(),
        })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until `stop`; then nothing new is accepted, and those that were asked for are answered.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>) {
        let dialogues = TaskTracker::new();
        let clock = self.node.clock().clone();
        let mut acceptor = Acceptor::new(self.listener, clock.clone());
        let mut stop = std::pin::pin!(stop);
        loop {
            let (stream, peer) = tokio::select! {
                biased;
                () = &mut stop => break,
                accepted = acceptor.next("a connection of FastAGI cannot be accepted") => accepted,
            };
            let Some(connection) = self.connections.enter(peer) else {
                if let Some(left_out) = self.rejected.count(clock.now()) {
                    warn!(
                        left_out,
                        "there are too many connections of FastAGI; the dialplan goes to its linked operation"
                    );
                }
                continue;
            };
            let desk = Arc::clone(&self.desk);
            dialogues.spawn(async move {
                tokio::select! {
                    () = converse(&desk, stream, &connection) => {}
                    () = connection.displaced() => debug!("a connection of FastAGI made room for another one"),
                }
            });
        }
        drop(acceptor);
        dialogues.close();
        info!(dialogues = dialogues.len(), "FastAGI is stopping");
        dialogues.wait().await;
    }
}

/// One connection, from the block to the close, within its time.
async fn converse(desk: &DialogueContext, stream: TcpStream, connection: &Connection) {
    let began = Instant::now();
    let mut dialogue = dialogue::Dialogue::new(stream);
    let block = conversation::shortest_waiting_time(&desk.revision()).min(BLOCK);
    let ended = match timeout_at(began + block, dialogue.request()).await {
        Ok(Ok(request)) => {
            // FastAGI has no other proof; whoever holds a connection without a word has not even this one.
            connection.prove();
            let revision = desk.revision();
            let waiting_time = DialogueContext::waiting_time(&revision, &request);
            match timeout_at(began + waiting_time, desk.answer(&revision, &request, &mut dialogue)).await {
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
        desk.complain(&why);
    }
    dialogue.close().await;
}
