//! The secret by which operations hash callers' numbers in stored keys (rule D12), so that a copy of the store reveals no numbers.
//!
//! It is configured for an integration, or made once by this host and kept in a file of the state directory that only this user can read. Nodes that
//! share a store find each other's values only where they hash alike, so there it has to be configured. It is never in the store itself.

use std::fmt;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use amocrm::integration::{Access, IntegrationSettings};
use call::{Bilingual, system_error_ru};
use runtime::atomic_file;
use runtime::secret::{Secret, SecretSource};
use stores::StoreLocation;

/// The fewest characters of a secret: as many as 16 random bytes have in hexadecimal.
pub(crate) const SHORTEST: usize = 32;
/// The file in the state directory.
const FILE_NAME: &str = "cache-key-secret";

/// Nodes share the store, and the integration has no secret of its own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "[[integration]] `{0}`: `cache_key_secret` is missing: several nodes may share this store, and each must hash callers' numbers by the same \
     secret; make one with `openssl rand -hex 32`, put it into a file of every node, and write cache_key_secret = \"file:/path\""
)]
pub(crate) struct Missing(String);

impl Bilingual for Missing {
    fn ru(&self) -> String {
        format!(
            "[[integration]] `{}`: не задан `cache_key_secret`: этим хранилищем могут пользоваться несколько узлов, и каждый должен хешировать \
             номера звонящих одним и тем же секретом; создайте его командой `openssl rand -hex 32`, запишите в файл на каждом узле и напишите \
             cache_key_secret = \"file:/путь\"",
            self.0
        )
    }
}

/// The secret of this host cannot be kept. Calls are resolved all the same.
#[derive(Debug)]
pub(crate) struct NotKept {
    file: PathBuf,
    cause: Error,
}

impl fmt::Display for NotKept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the secret that hides callers' numbers in stored keys cannot be kept in {} ({}): mend that, or configure `cache_key_secret`; until \
             then managers that were kept are asked for again after each start",
            self.file.display(),
            self.cause
        )
    }
}

impl Bilingual for NotKept {
    fn ru(&self) -> String {
        format!(
            "секрет, который скрывает номера звонящих в сохранённых ключах, негде хранить: {} ({}); исправьте это или задайте \
             `cache_key_secret`; до тех пор после каждого запуска менеджеры запрашиваются заново",
            self.file.display(),
            system_error_ru(&self.cause)
        )
    }
}

/// Gives the integration the secret of this host, unless one is configured for it. Where nothing outlasts the process there is none.
pub(crate) fn provide(
    settings: &mut IntegrationSettings,
    location: &StoreLocation,
) -> Result<Option<NotKept>, Missing> {
    if settings.cache_key_secret.is_some() {
        return Ok(None);
    }
    if matches!(location, StoreLocation::Redis(_)) {
        return match settings.access {
            // Only an operation that reads the secret needs it there, and says so where it is placed.
            Access::NoAccount => Ok(None),
            Access::LongLived(_) | Access::OAuth(_) => Err(Missing(settings.id.clone())),
        };
    }
    let Some(directory) = location.own_directory() else { return Ok(None) };
    let (secret, not_kept) = match kept_in(&directory) {
        Ok(secret) => (Some(secret), None),
        Err(cause) => (new().ok(), Some(NotKept { file: directory.join(FILE_NAME), cause })),
    };
    settings.cache_key_secret = secret;
    Ok(not_kept)
}

/// The secret of this state directory, made where there is none yet.
fn kept_in(directory: &Path) -> Result<Secret, Error> {
    let file = directory.join(FILE_NAME);
    if !file.exists() {
        match atomic_file::write_new(&file, new()?.expose().as_bytes()) {
            // Another process that began at the same moment made it.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            written => written?,
        }
    }
    let source = format!("file:{}", file.display()).parse::<SecretSource>();
    let secret = source.and_then(|source| source.read()).map_err(|error| Error::other(error.to_string()))?;
    if secret.expose().len() < SHORTEST {
        return Err(Error::other(format!("it has less than {SHORTEST} characters: move it away, and another is made")));
    }
    Ok(secret)
}

/// 32 random bytes as text.
fn new() -> Result<Secret, Error> {
    let mut random = Zeroizing::new([0; 32]);
    getrandom::fill(random.as_mut_slice()).map_err(Error::other)?;
    Ok(Secret::new(base16ct::lower::encode_string(random.as_slice())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use replay::demo;

    fn settings() -> IntegrationSettings {
        demo::integration("http://127.0.0.1:1".parse().unwrap(), Vec::new())
    }

    fn secret(settings: &IntegrationSettings) -> Option<&str> {
        settings.cache_key_secret.as_ref().map(Secret::expose)
    }

    #[test]
    fn d12_a_secret_is_made_once_and_is_this_users_alone() {
        let state = tempfile::tempdir().unwrap();
        let directory = state.path().join("new");
        let location = StoreLocation::Directory(directory.clone());
        let (mut one, mut two) = (settings(), settings());
        assert!(provide(&mut one, &location).unwrap().is_none() && provide(&mut two, &location).unwrap().is_none());
        assert_eq!(secret(&one).map(str::len), Some(64));
        assert_eq!(secret(&one), secret(&two));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(directory.join(FILE_NAME)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 1, "nothing is left aside");
        let mut elsewhere = settings();
        provide(&mut elsewhere, &StoreLocation::Directory(state.path().join("other"))).unwrap();
        assert_ne!(secret(&elsewhere), secret(&one));
    }

    #[test]
    fn d12_a_configured_secret_counts_everywhere_and_a_shared_store_needs_one() {
        let state = tempfile::tempdir().unwrap();
        let shared = "redis://127.0.0.1:1".parse().unwrap();
        let missing = provide(&mut settings(), &shared).unwrap_err().to_string();
        assert!(
            missing.contains("`demo`: `cache_key_secret` is missing") && missing.contains("file:/path"),
            "{missing}"
        );
        // Without an account only an operation that reads the secret asks for it, where it is placed.
        let mut without_account = IntegrationSettings { access: Access::NoAccount, ..settings() };
        assert!(provide(&mut without_account, &shared).unwrap().is_none());
        assert_eq!(secret(&without_account), None);
        for location in [shared, StoreLocation::Directory(state.path().to_owned()), StoreLocation::Memory] {
            let mut configured = settings();
            configured.cache_key_secret = Some(Secret::new("configured".repeat(4)));
            assert!(provide(&mut configured, &location).unwrap().is_none());
            assert_eq!(secret(&configured), Some("configured".repeat(4).as_str()));
        }
        let mut forgotten = settings();
        assert!(provide(&mut forgotten, &StoreLocation::Memory).unwrap().is_none());
        assert_eq!(secret(&forgotten), None);
    }

    #[test]
    fn d09_a_secret_that_cannot_be_kept_is_said_and_calls_go_on_with_another() {
        let state = tempfile::tempdir().unwrap();
        let file = state.path().join(FILE_NAME);
        for written in ["", "too-short"] {
            std::fs::write(&file, written).unwrap();
            let mut settings = settings();
            let said = provide(&mut settings, &StoreLocation::Directory(state.path().to_owned())).unwrap().unwrap();
            let said = said.to_string();
            assert!(said.contains(&file.display().to_string()) && said.contains("`cache_key_secret`"), "{said}");
            assert_eq!(secret(&settings).map(str::len), Some(64));
            assert_eq!(std::fs::read_to_string(&file).unwrap(), written, "it is not written over");
        }
    }
}
