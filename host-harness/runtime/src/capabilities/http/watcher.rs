//! Who is told how the server of the account answers, so that people can be told when it refuses.

use std::fmt;

use http::StatusCode;

use super::circuit::CircuitCause;

/// Is told how the server of an account answers limited requests: those of calls and those of the host itself. Returns at once: calls wait.
pub trait AccountWatcher: Send + Sync + fmt::Debug {
    /// It answered a request for this path, and neither limits nor blocks the account.
    fn answered(&self, path: &str, status: StatusCode);

    /// The circuit has opened, or is open for another cause now.
    fn circuit_opened(&self, cause: CircuitCause);

    /// The circuit has closed: requests go out again.
    fn circuit_closed(&self);
}
