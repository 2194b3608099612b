//! Looks at the configuration file while the server runs, and reads it again when it is told to.

use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::{MissedTickBehavior, interval};

use super::hangups::Hangups;
use super::{ConfigurationFile, LiveConfiguration};
use crate::service_manager::{self, ServiceState};
use call::Localized;

/// How often the file is looked at, and so for how long it must be left alone before it counts as whole.
const LOOK: Duration = Duration::from_millis(500);
/// How often the record that nodes share is looked at: a change is in force on each within a second.
const LOOK_AT_RECORD: Duration = Duration::from_millis(800);

/// What is to be told of the configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// It is in force: what has changed, and what is to be known of it.
    InForce(Vec<Localized>),
    /// It was refused, and the former one stays in force: why.
    Refused(Localized),
    /// There is nothing to be read.
    Nothing(Localized),
    /// The store of what nodes share does not answer.
    Away(Localized),
}

impl Told {
    /// The same for the log, where it came up while somebody asked for something else.
    pub(super) fn log(&self) {
        match self {
            Self::InForce(lines) => lines.iter().for_each(|line| tracing::info!("{line}")),
            Self::Refused(why) => tracing::error!("{why}"),
            Self::Nothing(why) | Self::Away(why) => tracing::warn!("{why}"),
        }
    }
}

/// The file is looked at until this is dropped.
#[derive(Debug)]
pub(crate) struct Following(AbortHandle);

impl Drop for Following {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl LiveConfiguration {
    /// Puts the file in force when it has changed, and when it is told to read it again with its secrets.
    pub(crate) fn follow(&self, mut hangups: Hangups, tell: impl Fn(Told) + Send + Sync + 'static) -> Following {
        let live = self.clone();
        let following = async move {
            let mut looking = interval(LOOK);
            looking.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut looking_at_record = interval(LOOK_AT_RECORD);
            looking_at_record.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let look = || live.0.file.as_ref().and_then(ConfigurationFile::look);
            // What is there now is looked at once more: it may have been edited while the server started.
            let (mut judged, mut last) = (None, look());
            loop {
                let is_told_to = tokio::select! {
                    () = hangups.next() => true,
                    _ = looking.tick(), if live.0.file.is_some() => false,
                    _ = looking_at_record.tick(), if live.0.shared.is_some() => {
                        if let Some(told) = live.0.look_at_record().await {
                            tell(told);
                        }
                        continue;
                    }
                };
                let now = look();
                let is_at_rest = std::mem::replace(&mut last, now) == now;
                if !is_told_to && (!is_at_rest || judged == Some(now)) {
                    continue;
                }
                judged = Some(now);
                if is_told_to {
                    service_manager::tell(ServiceState::Reloading);
                }
                if let Some(told) = live.0.reload(is_told_to).await {
                    tell(told);
                }
                if is_told_to {
                    service_manager::tell(ServiceState::Ready);
                }
            }
        };
        Following(tokio::spawn(following).abort_handle())
    }
}
