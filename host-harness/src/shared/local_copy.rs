//! The record as this node saw it last, in its own state directory: what counts where the store is away when the node starts.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::record::Seen;
use crate::change::Change;
use call::{Localized, system_error_ru};
use runtime::atomic_file;

const FILE: &str = "shared-configuration.json";

/// The copy of the record of one store.
#[derive(Clone, Debug)]
pub(crate) struct LocalCopy {
    file: PathBuf,
    store: String,
}

#[derive(Serialize, Deserialize)]
struct Written {
    /// The store whose record it is.
    store: String,
    change: Change,
}

impl LocalCopy {
    /// The one below this state directory; `store` is where the record is.
    pub(crate) fn below(directory: &Path, store: String) -> Self {
        Self { file: directory.join(FILE), store }
    }

    /// What was kept of this store's record, if anything was.
    pub(crate) fn read(&self) -> Option<Seen> {
        let written: Written = serde_json::from_slice(&fs::read(&self.file).ok()?).ok()?;
        (written.store == self.store && written.change.text.is_some()).then(|| Seen::of(written.change))
    }

    /// Keeps it.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub(crate) fn write(&self, seen: &Seen) -> Result<(), Localized> {
        let written = Written { store: self.store.clone(), change: seen.said.clone() };
        let bytes = serde_json::to_vec(&written).unwrap_or_default();
        atomic_file::write(&self.file, &bytes).map_err(|error| {
            let file = self.file.display();
            Localized::new(
                format!(
                    "{file} не записан ({}): если при следующем запуске хранилище недоступно, общих настроек не будет",
                    system_error_ru(&error)
                ),
                format!(
                    "{file} cannot be written ({error}): where the store is away at the next start, the shared configuration is not known"
                ),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use server::configuration::{Author, By};

    #[test]
    fn what_was_kept_of_one_store_is_not_taken_for_anothers() {
        let state = tempfile::tempdir().unwrap();
        let author = Author { name: None, by: By::Api };
        let change = Change::of_text(7, Timestamp::UNIX_EPOCH, author, "a = 1".to_owned());
        let copy = LocalCopy::below(state.path(), "redis://one:6379/0".to_owned());
        assert_eq!(copy.read(), None);
        copy.write(&Seen::of(change.clone())).unwrap();
        assert_eq!(copy.read(), Some(Seen::of(change)));
        assert_eq!(LocalCopy::below(state.path(), "redis://two:6379/0".to_owned()).read(), None);
        fs::write(state.path().join(FILE), "no JSON").unwrap();
        assert_eq!(copy.read(), None);
    }
}
