//! Where call details are kept: a file, or memory.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where call details are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a file.
    File(PathBuf),
    /// In memory, for as long as the program runs; the name tells one memory from another.
    Memory(Arc<str>),
}

impl Place {
    /// The directory of the file.
    pub(super) fn directory(&self) -> Option<&Path> {
        match self {
            Self::File(file) => {
                file.parent().map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent })
            }
            Self::Memory(_) => None,
        }
    }

    /// A memory of its own.
    pub fn memory() -> Self {
        static MEMORIES: AtomicU64 = AtomicU64::new(0);
        let number = MEMORIES.fetch_add(1, Ordering::Relaxed);
        Self::Memory(format!("file:call-details-{}-{number}?mode=memory&cache=shared", std::process::id()).into())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => file.display().fmt(formatter),
            Self::Memory(_) => formatter.write_str("memory"),
        }
    }
}
