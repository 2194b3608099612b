//! What all connections of one simulator share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::HeaderValue;
use jiff::Timestamp;

use crate::fault::FaultBook;
use crate::record::RequestLog;
use crate::{Account, Clock};

/// What all connections of one simulator share. Locks are held for a moment, never across a wait.
pub(crate) struct State {
    pub(crate) base: String,
    token: Option<String>,
    clock: Clock,
    account: Mutex<Account>,
    faults: Mutex<FaultBook>,
    log: Mutex<RequestLog>,
    request_ids: Mutex<fastrand::Rng>,
    connections: AtomicU64,
    closed: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A test's closure that panicked while it held the lock must not hide its own message behind ours.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    pub(crate) fn new(
        base: String,
        account: Account,
        clock: Clock,
        token: Option<String>,
        faults: FaultBook,
        seed: u64,
    ) -> Self {
        Self {
            base,
            token,
            clock,
            account: Mutex::new(account),
            faults: Mutex::new(faults),
            log: Mutex::default(),
            request_ids: Mutex::new(fastrand::Rng::with_seed(seed)),
            connections: AtomicU64::new(0),
            closed: AtomicU64::new(0),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    pub(crate) fn account(&self) -> MutexGuard<'_, Account> {
        lock(&self.account)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, FaultBook> {
        lock(&self.faults)
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, RequestLog> {
        lock(&self.log)
    }

    pub(crate) fn request_id(&self) -> String {
        format!("{:032x}", lock(&self.request_ids).u128(..))
    }

    pub(crate) fn connected(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn disconnected(&self) {
        self.closed.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn open_connections(&self) -> u64 {
        let closed = self.closed.load(Ordering::Relaxed);
        self.connections().saturating_sub(closed)
    }

    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Whether this is `Bearer ` and an accepted token, exactly.
    pub(crate) fn accepts(&self, authorization: Option<&HeaderValue>) -> bool {
        let Some(given) = authorization.and_then(|value| value.as_bytes().strip_prefix(b"Bearer ")) else {
            return false;
        };
        match &self.token {
            Some(token) => given == token.as_bytes(),
            None => !given.trim_ascii().is_empty(),
        }
    }
}
