//! Files that people name: read where they are files, and no further than they may be long. A pipe would keep its reader waiting for ever, and a
//! device may have no end.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

use call::{Bilingual, system_error_ru};

/// Why a file was not read.
#[derive(Debug)]
pub enum NotRead {
    /// The system does not give it.
    Failed(io::Error),
    /// It is a folder, a pipe, a socket or a device.
    NotRegular,
    /// It has more bytes than it may.
    TooLarge,
}

impl fmt::Display for NotRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => error.fmt(f),
            Self::NotRegular => f.write_str("it is a folder, a pipe or a device, not a file"),
            Self::TooLarge => f.write_str("it is too large"),
        }
    }
}

impl Bilingual for NotRead {
    fn ru(&self) -> String {
        match self {
            Self::Failed(error) => system_error_ru(error),
            Self::NotRegular => "это не файл, а каталог, канал или устройство".to_owned(),
            Self::TooLarge => "он слишком велик".to_owned(),
        }
    }
}

impl From<io::Error> for NotRead {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<NotRead> for io::Error {
    fn from(error: NotRead) -> Self {
        match error {
            NotRead::Failed(error) => error,
            error => Self::new(io::ErrorKind::InvalidInput, error.to_string()),
        }
    }
}

/// The bytes of a regular file, or of the one that a link leads to: at most so many. Never waits for anybody who writes it.
///
/// # Errors
/// See [`NotRead`].
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>, NotRead> {
    // Before it is opened: some devices do something then.
    if !fs::metadata(path)?.is_file() {
        return Err(NotRead::NotRegular);
    }
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // Where a pipe has taken its place since.
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    }
    let file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Err(NotRead::NotRegular);
    }
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(NotRead::TooLarge) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_bound_and_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "four").unwrap();
        assert_eq!(read(&file, 4).unwrap(), b"four");
        assert!(matches!(read(&file, 3), Err(NotRead::TooLarge)));
        assert!(matches!(read(&folder.path().join("none"), 3), Err(NotRead::Failed(_))));
        #[cfg(unix)]
        {
            let link = folder.path().join("link");
            std::os::unix::fs::symlink("file", &link).unwrap();
            assert_eq!(read(&link, 4).unwrap(), b"four");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
        for path in [&pipe, folder.path(), Path::new("/dev/zero")] {
            assert!(matches!(read(path, 1_000), Err(NotRead::NotRegular)), "{}", path.display());
        }
    }
}
