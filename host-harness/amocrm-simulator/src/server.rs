//! The server: a listener, its connections, and the handle to look into them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::fault::FaultBook;
use crate::service::serve;
use crate::state::State;
use crate::{Account, Endpoint, FaultRule, Options, RequestRecord};

/// How long to wait where the system has no more file descriptors for a connection.
const AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(20);

/// A running simulator. It stops when this is dropped: the listener and every connection close, hung ones too.
pub struct Simulator {
    address: SocketAddr,
    state: Arc<State>,
    stop: watch::Sender<bool>,
    stopped: watch::Receiver<bool>,
}

impl Simulator {
    /// Starts a simulator on the current tokio runtime and returns when it listens.
    ///
    /// # Errors
    /// Where the address cannot be listened on, the account does not hold together, or a fault rule is out of bounds.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let Options { account, listen, clock, token, mut faults, seed } = options;
        let account = account.prepared()?;
        faults.extend(account.faults.iter().cloned());
        for rule in &faults {
            rule.check().map_err(|message| anyhow!("fault {rule}: {message}"))?;
        }
        let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
        let address = listener.local_addr().context("the listener has no address")?;
        let state = State::new(format!("http://{address}"), account, clock, token, FaultBook::new(faults, seed), seed);
        let state = Arc::new(state);
        let (stop, stopping) = watch::channel(false);
        let (ended, stopped) = watch::channel(false);
        tokio::spawn({
            let state = state.clone();
            async move {
                accept(listener, state, stopping).await;
                ended.send_replace(true);
            }
        });
        Ok(Self { address, state, stop, stopped })
    }

    /// `http://ADDRESS:PORT`, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.state.base
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The requests to the API since the start or the last [`Simulator::clear_requests`], oldest first; at most the
    /// latest 100 000. Control requests are not among them.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.state.log().records()
    }

    /// How many requests came, whatever their path.
    pub fn count(&self) -> u64 {
        self.state.log().count()
    }

    /// How many requests came to this endpoint.
    pub fn count_of(&self, endpoint: Endpoint) -> u64 {
        self.state.log().count_of(endpoint)
    }

    /// Forgets the requests; their numbers go on.
    pub fn clear_requests(&self) {
        self.state.log().clear();
    }

    /// How many TCP connections were accepted since the start, so that a test can show keep-alive.
    pub fn connections(&self) -> u64 {
        self.state.connections()
    }

    /// How many of them are open now: a client that gave up on a hung answer must have closed its own.
    pub fn open_connections(&self) -> u64 {
        self.state.open_connections()
    }

    /// Replaces all fault rules, those of the account too; counts begin anew.
    pub fn set_faults(&self, rules: Vec<FaultRule>) {
        self.state.faults().set(rules);
    }

    /// Adds a rule after the others.
    pub fn add_fault(&self, rule: impl Into<FaultRule>) {
        self.state.faults().add(rule.into());
    }

    /// The rules in force.
    pub fn faults(&self) -> Vec<FaultRule> {
        self.state.faults().rules()
    }

    /// Changes the account, for example a contact's manager, between two requests. Its `faults` are only read at the
    /// start: use [`Simulator::set_faults`].
    pub fn update<R>(&self, change: impl FnOnce(&mut Account) -> R) -> R {
        change(&mut self.state.account())
    }

    /// Closes the listener and every connection. [`Simulator::stopped`] says when that is done.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Returns when the simulator has stopped; for ever, where nobody stops it.
    pub async fn stopped(&self) {
        // An error means that the task is gone, with the runtime: stopped as well.
        let _ = self.stopped.clone().wait_for(|stopped| *stopped).await;
    }
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Simulator").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Accepts until told to stop, or until the handle is dropped.
async fn accept(listener: TcpListener, state: Arc<State>, mut stopping: watch::Receiver<bool>) {
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
        let state = state.clone();
        connections.spawn(async move {
            let service = service_fn(|request| serve(state.clone(), request));
            // An error is a client that went away, or a fault that closed the connection.
            let _ = http1::Builder::new().auto_date_header(false).serve_connection(TokioIo::new(stream), service).await;
            state.disconnected();
        });
    }
    drop(listener);
    connections.shutdown().await;
}
