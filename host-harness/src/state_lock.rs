//! One server at a time keeps its files in a state directory. Two would each write call details, versions and changes of the configuration as if
//! the other did not; an operator who starts a second one has usually forgotten the first. Commands beside a server are meant, and take no lock.

use std::fs::{self, File};
use std::io::{Read, Write};

use call::{Localized, localized};
use stores::StoreLocation;

const FILE: &str = "server.lock";

/// Held while the server runs. The system lets it go, however the server ends.
#[derive(Debug)]
pub(crate) struct StateLock {
    _file: File,
}

/// Takes the lock of the server's own directory; none where there is no such directory, or it knows no locks.
///
/// # Errors
/// Where another server has it.
pub(crate) fn take(location: &StoreLocation) -> Result<Option<StateLock>, Localized> {
    let Some(directory) = location.own_directory() else { return Ok(None) };
    let mut options = File::options();
    options.create(true).read(true).write(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // A directory that cannot be used is told of where something is to be kept in it.
    let Ok(mut file) = options.open(directory.join(FILE)) else { return Ok(None) };
    match file.try_lock() {
        Ok(()) => {
            // For whoever starts another one; the lock does not depend on it.
            let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
            Ok(Some(StateLock { _file: file }))
        }
        Err(fs::TryLockError::WouldBlock) => {
            let mut process = String::new();
            let _ = file.take(20).read_to_string(&mut process);
            Err(in_use(location, &directory.display().to_string(), &process))
        }
        Err(fs::TryLockError::Error(_)) => Ok(None),
    }
}

fn in_use(location: &StoreLocation, directory: &str, process: &str) -> Localized {
    let is_number = !process.is_empty() && process.bytes().all(|byte| byte.is_ascii_digit());
    let process = if is_number { format!(" ({process})") } else { String::new() };
    let (another_ru, another) = match location {
        // What is named with --state is the store there.
        StoreLocation::Redis(_) => (
            "дайте этому свой каталог в XDG_STATE_HOME: хранилище у узлов общее, а файлы — нет",
            "give this one a directory of its own with XDG_STATE_HOME: nodes share the store and not their files",
        ),
        _ => ("укажите этому другой каталог в --state", "name another directory for this one with --state"),
    };
    localized!(
        "с каталогом состояния {directory} уже работает другой сервер{process}: остановите его или {another_ru}",
        "another server{process} runs with the state directory {directory}: stop it, or {another}"
    )
}
