//! What the host observed of one request, for the call's details: when it was asked for, how long it waited for its turn, and whether it went
//! out, was answered by another call's request, or was refused here.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::circuit::CircuitState;

/// A longer path is cut: it is the component's text.
const MAX_PATH: usize = 120;

/// One request, as the host saw it. Times are counted from the start of the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// When the component asked.
    pub at: Duration,
    /// The path without the query, which may hold the caller's number.
    pub path: String,
    /// How long it waited for its turn in the budget.
    pub turn: Duration,
    /// What became of it.
    pub dispatch: Dispatch,
    /// Its connection broke before any of the answer came, and it went out once more on a new one.
    pub repeated: bool,
    /// The circuit, as this request met it or left it.
    pub circuit: CircuitState,
    /// When an open circuit lets a probe out.
    pub circuit_again: Option<Duration>,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dispatch {
    /// It was given up before it went out.
    GivenUp,
    /// It went out.
    Sent,
    /// It asked what another one under way was asking already, and shared its answer.
    Shared,
    /// Refused here: its turn would have come, or came, too late.
    RefusedByBudget {
        /// When its turn was foreseen.
        foreseen: Duration,
    },
    /// Refused here: the circuit was not closed.
    RefusedByCircuit,
}

impl Dispatch {
    /// Its name in metrics and traces.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GivenUp => "given-up",
            Self::Sent => "sent",
            Self::Shared => "shared",
            Self::RefusedByBudget { .. } => "refused-by-budget",
            Self::RefusedByCircuit => "refused-by-circuit",
        }
    }
}

/// The requests of one call; its clones are one list, since requests end after the call that started them has moved on.
#[derive(Clone, Debug)]
pub(crate) struct Exchanges {
    started: Instant,
    list: Arc<Mutex<Vec<Exchange>>>,
}

/// One entry of the list.
#[derive(Debug)]
pub(crate) struct ExchangeEntry {
    exchanges: Exchanges,
    index: usize,
}

impl Exchanges {
    /// For a call that starts now.
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), list: Arc::default() }
    }

    /// Adds a request that begins now. The number of a call's requests is bounded elsewhere.
    pub(crate) fn begin(&self, path: &str) -> ExchangeEntry {
        let mut list = self.lock();
        list.push(Exchange {
            at: self.started.elapsed(),
            path: path.chars().take(MAX_PATH).collect(),
            turn: Duration::ZERO,
            dispatch: Dispatch::GivenUp,
            repeated: false,
            circuit: CircuitState::Closed,
            circuit_again: None,
        });
        ExchangeEntry { exchanges: self.clone(), index: list.len() - 1 }
    }

    pub(crate) fn list(&self) -> Vec<Exchange> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Exchange>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ExchangeEntry {
    /// It waited for its turn until now.
    pub(crate) fn waited(&self) {
        let elapsed = self.exchanges.started.elapsed();
        self.change(|exchange| exchange.turn = elapsed.saturating_sub(exchange.at));
    }

    /// What became of it.
    pub(crate) fn dispatch(&self, dispatch: Dispatch) {
        self.change(|exchange| exchange.dispatch = dispatch);
    }

    /// Whether it went out once more.
    pub(crate) fn repeated(&self, repeated: bool) {
        self.change(|exchange| exchange.repeated = repeated);
    }

    /// Its turn was foreseen for then, too late.
    pub(crate) fn refused_by_budget(&self, foreseen: Instant) {
        self.dispatch(Dispatch::RefusedByBudget {
            foreseen: foreseen.saturating_duration_since(self.exchanges.started),
        });
    }

    /// The circuit, as it met it or left it.
    pub(crate) fn circuit(&self, state: CircuitState) {
        let again = match state {
            CircuitState::Open { until, .. } => Some(until.saturating_duration_since(self.exchanges.started)),
            CircuitState::Closed | CircuitState::HalfOpen { .. } => None,
        };
        self.change(|exchange| (exchange.circuit, exchange.circuit_again) = (state, again));
    }

    fn change(&self, change: impl FnOnce(&mut Exchange)) {
        if let Some(exchange) = self.exchanges.lock().get_mut(self.index) {
            change(exchange);
        }
    }
}
