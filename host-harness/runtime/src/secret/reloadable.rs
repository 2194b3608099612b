//! A secret that is read again while the program runs, so that a wrong one heals once it is corrected where it is kept.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::{info, warn};

use super::{Secret, SecretSource};

/// Reads the secret again: the secret and where it was found, or why there is none.
type Reader = Arc<dyn Fn() -> Result<(Secret, SecretSource), String> + Send + Sync>;

/// A secret as it was last read; its clones are one. Where reading it again fails, the former one stays in force.
#[derive(Clone)]
pub struct ReloadableSecret {
    known: Arc<Mutex<Known>>,
    reader: Option<Reader>,
}

struct Known {
    secret: Secret,
    source: Option<SecretSource>,
    /// Why it could not be read the last time.
    problem: Option<String>,
}

/// Whether they are read from the same place. Those that stay as they are: whether they are the same.
impl PartialEq for ReloadableSecret {
    fn eq(&self, other: &Self) -> bool {
        match (self.source(), other.source()) {
            (Some(source), Some(other)) => source == other,
            (None, None) => self.current() == other.current(),
            _ => false,
        }
    }
}

impl Eq for ReloadableSecret {}

/// A secret that stays as it is.
impl From<Secret> for ReloadableSecret {
    fn from(secret: Secret) -> Self {
        Self::new(secret, None, None)
    }
}

impl ReloadableSecret {
    /// A secret that was found at this source and is read again by this reader.
    pub fn reloaded_by(
        secret: Secret,
        source: SecretSource,
        reader: impl Fn() -> Result<(Secret, SecretSource), String> + Send + Sync + 'static,
    ) -> Self {
        Self::new(secret, Some(source), Some(Arc::new(reader)))
    }

    fn new(secret: Secret, source: Option<SecretSource>, reader: Option<Reader>) -> Self {
        Self { known: Arc::new(Mutex::new(Known { secret, source, problem: None })), reader }
    }

    /// The secret as it was last read.
    pub fn current(&self) -> Secret {
        self.known().secret.clone()
    }

    /// Where it was found; none for one that stays as it is.
    pub fn source(&self) -> Option<SecretSource> {
        self.known().source.clone()
    }

    /// Reads it again, and says whether it has changed.
    pub async fn reload(&self) -> bool {
        let Some(reader) = self.reader.clone() else { return false };
        // A disk may be slow, and callers are waiting.
        match tokio::task::spawn_blocking(move || reader()).await {
            Ok(read) => self.take(read),
            // The program is ending.
            Err(_) => false,
        }
    }

    fn take(&self, read: Result<(Secret, SecretSource), String>) -> bool {
        let mut known = self.known();
        match read {
            Ok((secret, source)) => {
                let changed = secret != known.secret;
                if changed {
                    info!(%source, "the secret has changed");
                }
                *known = Known { secret, source: Some(source), problem: None };
                changed
            }
            Err(problem) => {
                // Said once, however often it is read.
                if known.problem.as_ref() != Some(&problem) {
                    warn!(problem, "the secret cannot be read again; the one that was read before stays in force");
                }
                known.problem = Some(problem);
                false
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Replaced as a whole: a panic elsewhere cannot leave it half-changed.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for ReloadableSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_secret_is_read_again_and_stays_where_that_fails() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let source: SecretSource = format!("file:{}", file.path().display()).parse().unwrap();
        let reader = {
            let source = source.clone();
            move || source.read_token().map(|secret| (secret, source.clone())).map_err(|error| error.to_string())
        };
        let secret = ReloadableSecret::reloaded_by(Secret::new("former".to_owned()), source, reader);
        let other = secret.clone();
        for (written, changed, current) in
            [("", false, "former"), ("latter\n", true, "latter"), ("latter", false, "latter"), ("a b", false, "latter")]
        {
            std::fs::write(file.path(), written).unwrap();
            assert_eq!(secret.reload().await, changed, "{written:?}");
            assert_eq!(other.current().expose(), current, "{written:?}");
        }
        assert_eq!(format!("{secret:?}"), "[secret]");
        assert!(!ReloadableSecret::from(Secret::new("fixed".to_owned())).reload().await);
    }
}
