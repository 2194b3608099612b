//! The configuration file: read, looked at, and written with its mode, its owner and the link that leads to it.

use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{fs, io};

use crate::text_file;
use call::{Bilingual, Localized, localized, system_error_ru};
use runtime::atomic_file;

/// What a file looks like from outside: when that changes, it is read. `None` where there is no file.
pub(super) type Looks = Option<Look>;

/// Of a file: when it was written, how long it is, and which one of the disk's files it is, since what is copied may keep the first two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    modified: SystemTime,
    length: u64,
    #[cfg(unix)]
    inode: u64,
    #[cfg(unix)]
    changed: (i64, i64),
}

/// The file of a configuration.
#[derive(Clone, Debug)]
pub(super) struct ConfigurationFile(PathBuf);

impl ConfigurationFile {
    pub(super) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Its name without the folders.
    pub(super) fn name(&self) -> String {
        self.0.file_name().unwrap_or(self.0.as_os_str()).to_string_lossy().into_owned()
    }

    /// Its text, or why it cannot be read, in the words of the start.
    pub(super) fn read(&self) -> Result<String, Localized> {
        runtime::toml_file::read_text(&self.0).map_err(|error| error.text())
    }

    pub(super) fn look(&self) -> Looks {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt;
        let metadata = fs::metadata(&self.0).ok()?;
        Some(Look {
            modified: metadata.modified().ok()?,
            length: metadata.len(),
            #[cfg(unix)]
            inode: metadata.ino(),
            #[cfg(unix)]
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    /// Why it cannot be written; none where it can.
    pub(super) fn unwritable(&self) -> Option<Localized> {
        let shown = self.0.display();
        if fs::metadata(&self.0).is_ok_and(|metadata| metadata.permissions().readonly()) {
            return Some(localized!(
                "{shown} нельзя изменить; разрешите запись пользователю этой программы",
                "{shown} may not be written; let the user of this program write it"
            ));
        }
        atomic_file::try_replace(&self.0).err().map(|error| self.not_written(&error))
    }

    /// Writes it whole or not at all; false where it does not hold the former text any more.
    pub(super) fn write(&self, former: &str, text: &str) -> Result<bool, Localized> {
        if let Some(why) = self.unwritable() {
            return Err(why);
        }
        text_file::replace(&self.0, former, text).map_err(|error| self.not_written(&error))
    }

    fn not_written(&self, error: &io::Error) -> Localized {
        let shown = self.0.display();
        Localized::new(
            format!(
                "{shown} не записывается ({}); разрешите пользователю этой программы писать в него и в его каталог",
                system_error_ru(error)
            ),
            format!("{shown} cannot be written ({error}); let the user of this program write it and its folder"),
        )
    }
}
