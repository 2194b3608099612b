//! The circuit of one integration: when the account's server refuses requests, nothing more is sent for a while.
//!
//! Servers refuse too many requests, and may block an account that goes on. Asking again makes it worse, and a caller gains nothing by it. What
//! counts as a refusal is for the [`AccountPolicy`](super::policy::AccountPolicy) to say.
//!
//! | the circuit is | and a request |
//! |---|---|
//! | closed | goes out |
//! | open, for a stated time | is refused at once, unspent |
//! | half open, once that time is over | goes out as the one probe; others are refused until it is answered |
//!
//! Any answer but another refusal to the probe closes the circuit; another refusal opens it for twice as long, up to a bound; a probe that
//! ends without an answer leaves the next request to try. What was sent before the circuit opened neither closes nor doubles it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long the circuit stays open. The defaults suit servers that count requests by the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitSettings {
    /// After a limit for which no time is stated.
    pub limited: Duration,
    /// The most after limits in a row, and the most that a stated time is believed.
    pub limited_most: Duration,
    /// After a block.
    pub blocked: Duration,
    /// The most after blocks in a row.
    pub blocked_most: Duration,
}

impl Default for CircuitSettings {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        Self {
            limited: Duration::from_secs(2),
            limited_most: minutes(5),
            blocked: minutes(1),
            blocked_most: minutes(15),
        }
    }
}

/// What opened a circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CircuitCause {
    /// There were too many requests.
    Limited,
    /// The account is blocked, whatever it asks.
    Blocked,
}

/// The state of a circuit, as it is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CircuitState {
    /// Requests go out.
    #[default]
    Closed,
    /// Requests are refused.
    Open {
        /// What opened it.
        cause: CircuitCause,
        /// When a probe may go out.
        until: Instant,
    },
    /// One request at a time goes out as a probe.
    HalfOpen {
        /// What had opened it.
        cause: CircuitCause,
    },
}

impl CircuitState {
    /// Its name in JSON, metrics and traces.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open { .. } => "open",
            Self::HalfOpen { .. } => "half-open",
        }
    }
}

/// The circuit; a clone is the same one.
#[derive(Clone, Debug)]
pub(crate) struct Circuit {
    settings: CircuitSettings,
    breaker: Arc<Mutex<Breaker>>,
}

#[derive(Debug, Default)]
struct Breaker {
    tripped: Option<Tripped>,
    /// Grows with every opening and closing: what was sent under another one is an old story.
    epoch: u64,
}

#[derive(Debug)]
struct Tripped {
    cause: CircuitCause,
    until: Instant,
    /// For how long it was last opened when no time was stated.
    lasted: Duration,
    probing: bool,
}

/// A request may go out. Dropping it means that there was no answer.
#[derive(Debug)]
pub(crate) struct Pass {
    circuit: Circuit,
    epoch: u64,
    probe: bool,
}

impl Circuit {
    pub(crate) fn new(settings: CircuitSettings) -> Self {
        Self { settings, breaker: Arc::default() }
    }

    /// The state now.
    pub(crate) fn state(&self) -> CircuitState {
        self.breaker().state()
    }

    /// Whether a request that arrives now has any prospect; the state if it has none.
    pub(crate) fn check(&self) -> Result<(), CircuitState> {
        let breaker = self.breaker();
        if breaker.refuses() { Err(breaker.state()) } else { Ok(()) }
    }

    /// Lets a request out, as the probe where the circuit is half open; the state if it must not go.
    pub(crate) fn pass(&self) -> Result<Pass, CircuitState> {
        let mut breaker = self.breaker();
        if breaker.refuses() {
            return Err(breaker.state());
        }
        let probe = breaker.tripped.as_mut().map(|tripped| tripped.probing = true).is_some();
        Ok(Pass { circuit: self.clone(), epoch: breaker.epoch, probe })
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Breaker {
    fn refuses(&self) -> bool {
        self.tripped.as_ref().is_some_and(|tripped| tripped.probing || Instant::now() < tripped.until)
    }

    fn state(&self) -> CircuitState {
        match &self.tripped {
            None => CircuitState::Closed,
            Some(Tripped { cause, until, .. }) if Instant::now() < *until => {
                CircuitState::Open { cause: *cause, until: *until }
            }
            Some(Tripped { cause, .. }) => CircuitState::HalfOpen { cause: *cause },
        }
    }

    /// Whether that opened the circuit, or gave it another cause.
    fn refused(
        &mut self,
        settings: &CircuitSettings,
        current: bool,
        cause: CircuitCause,
        stated: Option<Duration>,
    ) -> bool {
        let (first, most) = match cause {
            CircuitCause::Limited => (settings.limited, settings.limited_most),
            CircuitCause::Blocked => (settings.blocked, settings.blocked_most),
        };
        if self.tripped.is_none() && !current {
            return false;
        }
        let lasted = match &self.tripped {
            // One of the burst that opened it already. A block is worse news than a limit, and a later end than the known one counts.
            Some(tripped) if !current => {
                if cause == CircuitCause::Limited && tripped.cause == CircuitCause::Blocked {
                    return false;
                }
                first.max(tripped.lasted)
            }
            Some(tripped) if tripped.cause == cause => tripped.lasted.saturating_mul(2),
            _ => first,
        };
        let lasted = lasted.min(most);
        let end = Instant::now() + stated.map_or(lasted, |stated| stated.min(most));
        let (until, probing) = match &self.tripped {
            Some(tripped) if !current => (end.max(tripped.until), tripped.probing),
            _ => (end, false),
        };
        if current {
            self.epoch += 1;
        }
        let changed = self.tripped.as_ref().is_none_or(|tripped| tripped.cause != cause);
        self.tripped = Some(Tripped { cause, until, lasted, probing });
        changed
    }
}

impl Pass {
    /// The request was answered, and not refused. Whether that closed the circuit.
    pub(crate) fn accepted(self) -> bool {
        let mut breaker = self.circuit.breaker();
        let closes = breaker.epoch == self.epoch && self.probe;
        if closes {
            breaker.tripped = None;
            breaker.epoch += 1;
        }
        closes
    }

    /// The request was refused, and perhaps for how long was stated. Whether that opened the circuit, or gave it another cause.
    pub(crate) fn refused(self, cause: CircuitCause, stated: Option<Duration>) -> bool {
        let mut breaker = self.circuit.breaker();
        let current = breaker.epoch == self.epoch;
        breaker.refused(&self.circuit.settings, current, cause, stated)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut breaker = self.circuit.breaker();
        if self.probe
            && breaker.epoch == self.epoch
            && let Some(tripped) = &mut breaker.tripped
        {
            tripped.probing = false;
        }
    }
}
