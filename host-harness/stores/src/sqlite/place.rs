//! One file of SQLite: how it is connected to, and its errors in this project's words.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use runtime::store::{Contents, StoreError};

/// How long an operation waits for another process's write to end.
const BUSY: Duration = Duration::from_millis(150);

/// A file, and what it holds.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) file: PathBuf,
    pub(crate) contents: Contents,
}

impl Place {
    /// Connects, and creates the file where it is missing, for this user alone.
    pub(crate) fn connect(&self) -> Result<Connection, StoreError> {
        let is_new = !self.file.exists();
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.file, flags).map_err(|error| self.fault(error))?;
        if is_new {
            // Before anything is written. Only SQLite itself may open the file: closing it elsewhere in this process would drop the locks
            // of every store that has it open (sqlite.org/howtocorrupt.html, 2.2). The file's companions get the same mode from SQLite.
            make_private(&self.file).map_err(|error| self.unwritable(&error))?;
        }
        connection.busy_timeout(BUSY).map_err(|error| self.fault(error))?;
        // SQLite falls back to reading where it may not write.
        if connection.is_readonly("main").map_err(|error| self.fault(error))? {
            return Err(self.unwritable(&io::ErrorKind::PermissionDenied.into()));
        }
        Ok(connection)
    }

    pub(crate) fn create_directory(&self) -> Result<(), StoreError> {
        let mut directory = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut directory, 0o700);
        match self.file.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            Some(parent) => directory.recursive(true).create(parent).map_err(|error| self.unwritable(&error)),
            None => Ok(()),
        }
    }

    pub(crate) fn unwritable(&self, cause: &io::Error) -> StoreError {
        StoreError::Unwritable { file: self.file.clone(), cause: cause.to_string() }
    }

    pub(crate) fn corrupt(&self, cause: impl Into<String>) -> StoreError {
        StoreError::Corrupt { file: self.file.clone(), contents: self.contents, cause: cause.into() }
    }

    pub(crate) fn fault(&self, error: rusqlite::Error) -> StoreError {
        let file = self.file.clone();
        let cause = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Locked { file },
            Some(ErrorCode::DatabaseCorrupt) => self.corrupt(cause),
            // Nobody but this program has a reason to write under the name of its records.
            Some(ErrorCode::NotADatabase) if self.contents == Contents::Records => self.corrupt(cause),
            Some(ErrorCode::NotADatabase) => StoreError::Foreign { file },
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
                StoreError::Unwritable { file, cause }
            }
            Some(ErrorCode::DiskFull) => StoreError::Full { file },
            _ => StoreError::Fault { file, cause },
        }
    }
}

fn make_private(file: &Path) -> io::Result<()> {
    #[cfg(unix)]
    std::fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    let _ = file;
    Ok(())
}
