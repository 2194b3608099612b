//! How long each part of a request may take.
//!
//! The component chooses bounds of its own (`request-options`); none of them reaches beyond the call's deadline, and where it chooses
//! none the deadline is the bound. Which bound ran out is told apart: the component's own is a `connection-…-timeout`, the call's
//! deadline is an `HTTP-response-timeout` (while connecting, both are `connection-timeout`).

use std::time::Duration;

use tokio::time::Instant;
use wasmtime_wasi_http::{Error, RequestOptions};

/// What an answer needs at the least. A turn that comes later than this before a request's own deadline is of no use to it and is not waited
/// for.
pub(super) const ANSWER: Duration = Duration::from_millis(100);

/// Whether the host keeps to the bounds that a component chooses for its requests.
///
/// `wasi:http` leaves hosts free to support none of them. Ignoring them shows that a component keeps its waiting time by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequestTimeouts {
    /// It does.
    #[default]
    Honoured,
    /// Only the call's deadline counts.
    Ignored,
}

/// The bounds of one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    /// When the whole call ends.
    pub deadline: Instant,
    options: RequestOptions,
}

/// A moment, and the error that it means.
#[derive(Debug)]
pub(crate) struct Limit {
    /// When.
    pub at: Instant,
    /// What the component is told.
    pub error: Error,
}

impl Timing {
    /// The component's bounds inside the call's.
    pub(crate) fn new(deadline: Instant, options: Option<RequestOptions>) -> Self {
        Self { deadline, options: options.unwrap_or_default() }
    }

    /// For a connection that begins to open now: name lookup, TCP and TLS together.
    pub(crate) fn connecting(&self) -> Limit {
        Limit { error: Error::ConnectionTimeout, ..self.limit(self.options.connect_timeout) }
    }

    /// For the first byte of an answer to a request that is being sent now.
    pub(crate) fn first_byte(&self) -> Limit {
        self.limit(self.options.first_byte_timeout)
    }

    /// For the next bytes of a body that is being waited for now.
    pub(crate) fn next_bytes(&self) -> Limit {
        self.limit(self.options.between_bytes_timeout)
    }

    fn limit(&self, bound: Option<Duration>) -> Limit {
        // A bound so large that time has no such moment is not a bound.
        match bound.and_then(|bound| Instant::now().checked_add(bound)) {
            Some(at) if at < self.deadline => Limit { at, error: Error::ConnectionReadTimeout },
            _ => Limit { at: self.deadline, error: Error::HttpResponseTimeout },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_bound_reaches_beyond_the_deadline() {
        let now = Instant::now();
        let deadline = now + Duration::from_secs(300);
        for (chosen, expected) in [(None, 300), (Some(100), 100), (Some(0), 0), (Some(500), 300), (Some(u64::MAX), 300)]
        {
            let bound = chosen.map(Duration::from_secs);
            let options =
                RequestOptions { connect_timeout: bound, first_byte_timeout: bound, between_bytes_timeout: bound };
            let timing = Timing::new(deadline, Some(options));
            for limit in [timing.connecting(), timing.first_byte(), timing.next_bytes()] {
                assert!(limit.at <= deadline);
                // Some time passes between the two looks at the clock.
                assert!((limit.at - now).as_secs().abs_diff(expected) < 60, "{chosen:?}");
            }
            let own = matches!(timing.first_byte().error, Error::ConnectionReadTimeout);
            assert_eq!(own, expected < 300, "{chosen:?}");
        }
        let limit = Timing::new(deadline, None).connecting();
        assert!(matches!(limit.error, Error::ConnectionTimeout));
    }
}
