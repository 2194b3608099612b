//! Tells the service manager that started this program how the server stands: systemd, for a unit of `Type=notify`, or whoever else listens at
//! `NOTIFY_SOCKET`. Where nobody does, nothing is told.

use std::time::Duration;

#[cfg(unix)]
use sd_notify::NotifyState;

/// How the server stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServiceState {
    /// It takes calls. This also ends [`Reloading`](Self::Reloading).
    Ready,
    /// It has been told to read its configuration again.
    Reloading,
    /// It takes no new calls, and ends within this time.
    Stopping(Duration),
}

/// Tells it. What cannot be told keeps no call waiting: it is logged.
#[cfg(unix)]
pub(crate) fn tell(state: ServiceState) {
    let states = match state {
        ServiceState::Ready => vec![NotifyState::Ready],
        // Newer managers tell by the time which reload is meant.
        ServiceState::Reloading => {
            std::iter::once(NotifyState::Reloading).chain(NotifyState::monotonic_usec_now().ok()).collect()
        }
        // A manager that is not told so ends the program after a time of its own.
        ServiceState::Stopping(within) => {
            let within = u32::try_from(within.as_micros()).unwrap_or(u32::MAX);
            vec![NotifyState::Stopping, NotifyState::ExtendTimeoutUsec(within)]
        }
    };
    if let Err(error) = sd_notify::notify(&states) {
        tracing::warn!("the service manager at NOTIFY_SOCKET cannot be told how the server stands: {error}");
    }
}

#[cfg(not(unix))]
pub(crate) fn tell(_: ServiceState) {}
