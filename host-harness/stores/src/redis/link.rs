//! The connection to a server of Redis or Valkey: one, for everybody, and never waited for by a call for long.
//!
//! Calls do not connect. Whoever finds the connection lost ends it for all, and from then on everybody is answered at once that the store is
//! away, while a task of its own connects again: at once, and then at growing pauses of at most [`LONGEST_PAUSE`], each moved by chance so
//! that nodes do not come all together.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, RedisResult};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use runtime::store::StoreError;

/// How long an operation may take.
pub(super) const OPERATION: Duration = Duration::from_millis(150);
/// How much longer an answer is looked for that may be here already.
const GRACE: Duration = Duration::from_millis(25);
/// How long opening a connection may take. Only the first operations of a process wait for it.
pub(super) const CONNECT: Duration = Duration::from_secs(1);
/// The pause after the second failure to connect; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause, before chance adds up to half of it.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The connection; a clone is the same one.
#[derive(Clone)]
pub(super) struct Link(Arc<Inner>);

struct Inner {
    client: Client,
    server: String,
    state: watch::Sender<State>,
    /// Whether a task is connecting.
    healing: AtomicBool,
    connections: AtomicU64,
}

#[derive(Clone)]
enum State {
    /// Nothing was tried yet.
    New,
    /// The connection, and its number.
    Up(u64, MultiplexedConnection),
    Down(StoreError),
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({})", self.0.server)
    }
}

impl Link {
    /// No connection is opened before the first operation. `failed` is what is known of the server already.
    pub(super) fn new(client: Client, server: String, failed: Option<StoreError>) -> Self {
        let state = watch::Sender::new(failed.map_or(State::New, State::Down));
        Self(Arc::new(Inner { client, server, state, healing: AtomicBool::new(false), connections: AtomicU64::new(0) }))
    }

    pub(super) fn server(&self) -> &str {
        &self.0.server
    }

    /// Does something with the connection, within [`OPERATION`].
    pub(super) async fn run<T, F>(&self, work: impl FnOnce(MultiplexedConnection) -> F) -> Result<T, StoreError>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let (number, connection) = self.connection().await?;
        let mut work = pin!(work(connection));
        let mut outcome = timeout(OPERATION, &mut work).await;
        if outcome.is_err() {
            // On a busy machine the answer may be here and not yet read.
            outcome = timeout(GRACE, &mut work).await;
        }
        let lost = match outcome {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(error)) if error.is_unrecoverable_error() || error.is_io_error() => failure(&self.0.server, &error),
            Ok(Err(error)) => return Err(failure(&self.0.server, &error)),
            Err(_) => StoreError::NoAnswer { server: self.0.server.clone(), after: OPERATION },
        };
        self.lost(number, &lost);
        Err(lost)
    }

    async fn connection(&self) -> Result<(u64, MultiplexedConnection), StoreError> {
        let now = self.0.state.borrow().clone();
        let state = match now {
            State::Up(number, connection) => return Ok((number, connection)),
            State::Down(error) => {
                self.heal();
                return Err(error);
            }
            State::New => {
                self.heal();
                let mut state = self.0.state.subscribe();
                let known = timeout(CONNECT, state.wait_for(|state| !matches!(state, State::New))).await;
                match known {
                    Ok(Ok(state)) => state.clone(),
                    Ok(Err(_)) | Err(_) => State::New,
                }
            }
        };
        match state {
            State::Up(number, connection) => Ok((number, connection)),
            State::Down(error) => Err(error),
            State::New => Err(StoreError::NoAnswer { server: self.0.server.clone(), after: CONNECT }),
        }
    }

    /// Ends a connection for everybody, unless there is another one by now.
    fn lost(&self, number: u64, error: &StoreError) {
        let ended = self.0.state.send_if_modified(|state| {
            let same = matches!(state, State::Up(current, _) if *current == number);
            if same {
                *state = State::Down(error.clone());
            }
            same
        });
        if ended {
            tracing::warn!(%error, "the store is away");
            self.heal();
        }
    }

    fn heal(&self) {
        if !self.0.healing.swap(true, Ordering::SeqCst) {
            tokio::spawn(heal(Arc::downgrade(&self.0)));
        }
    }
}

/// Connects, however often it takes, for as long as somebody has the link.
async fn heal(link: Weak<Inner>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let Some(inner) = link.upgrade() else { return };
        let connected = connect(&inner.client, &inner.server).await;
        match connected {
            Ok(connection) => {
                let number = inner.connections.fetch_add(1, Ordering::SeqCst);
                let before = inner.state.send_replace(State::Up(number, connection));
                if matches!(before, State::Down(_)) {
                    tracing::info!(store = inner.server, "the store is back");
                }
                // Who finds the connection lost before this line leaves the healing to the next operation.
                inner.healing.store(false, Ordering::SeqCst);
                return;
            }
            Err(error) => drop(inner.state.send_replace(State::Down(error))),
        }
        drop(inner);
        sleep(moved_by_chance(pause)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// A connection that was seen to answer.
pub(super) async fn connect(client: &Client, server: &str) -> Result<MultiplexedConnection, StoreError> {
    let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
    let connecting = async {
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        redis::cmd("PING").query_async::<()>(&mut connection).await?;
        Ok(connection)
    };
    match timeout(CONNECT, connecting).await {
        Ok(outcome) => outcome.map_err(|error: RedisError| failure(server, &error)),
        Err(_) => Err(StoreError::NoAnswer { server: server.to_owned(), after: CONNECT }),
    }
}

/// Up to half of it longer.
fn moved_by_chance(pause: Duration) -> Duration {
    let chance = getrandom::u32().unwrap_or_default();
    pause + pause.mul_f64(f64::from(chance) / f64::from(u32::MAX) / 2.0)
}

/// An error of the client library in this project's words.
pub(super) fn failure(server: &str, error: &RedisError) -> StoreError {
    let server = server.to_owned();
    let code = error.code().unwrap_or_default();
    if error.kind() == redis::ErrorKind::AuthenticationFailed || matches!(code, "NOAUTH" | "WRONGPASS") {
        return StoreError::Denied { server };
    }
    let cause = error.to_string();
    match error.kind() {
        redis::ErrorKind::Server(_) | redis::ErrorKind::Extension => StoreError::Refused { server, cause },
        _ => StoreError::Unreachable { server, cause },
    }
}
