//! The state directory while the server runs. A directory that is moved away or deleted goes on taking what is written to files that are open;
//! nobody finds it there again, so it is noticed and said.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::rate_limited::RateLimited;
use call::Localized;

/// A directory, and which one it was at the start.
#[derive(Debug)]
pub(crate) struct StateDirectory {
    path: PathBuf,
    identity: Option<(u64, u64)>,
    noticed: RateLimited,
}

/// How the state directory stands.
#[derive(Serialize, ToSchema)]
#[schema(as = StateDirectory)]
pub(crate) struct Standing {
    /// Where it is.
    path: String,
    /// What is wrong with it; null where nothing is.
    failing: Option<Localized>,
}

impl StateDirectory {
    pub(crate) fn new(path: PathBuf) -> Self {
        let identity = identity(&path);
        Self { path, identity, noticed: RateLimited::new() }
    }

    /// What is wrong with it, if anything. It is logged too.
    pub(crate) fn problem(&self, now: Timestamp) -> Option<Localized> {
        let expected = self.identity?;
        let problem = match identity(&self.path) {
            Some(found) if found == expected => return None,
            Some(_) => Localized::new(
                "на месте каталога состояния другой каталог; перезапустите сервер",
                "another directory is in the place of the state directory; restart the server",
            ),
            None => Localized::new(
                "каталог состояния переместили или удалили; верните его или перезапустите сервер",
                "the state directory was moved away or deleted; put it back, or restart the server",
            ),
        };
        if let Some(left_out) = self.noticed.count(now) {
            tracing::warn!(directory = %self.path.display(), left_out, "{problem}");
        }
        Some(problem)
    }

    pub(crate) fn standing(&self, now: Timestamp) -> Standing {
        Standing { path: self.path.display().to_string(), failing: self.problem(now) }
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let found = std::fs::metadata(path).ok()?;
    Some((found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Path) -> Option<(u64, u64)> {
    None
}
