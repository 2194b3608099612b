//! The files of the library.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Component, LibraryError};
use call::{Localized, localized, system_error_ru};
use runtime::atomic_file;
use runtime::engine::{digest, read_component};

/// The components' directory, inside the state directory.
const DIRECTORY: &str = "components";
const INDEX: &str = "index.json";

/// The directory of the library; a clone is the same one.
#[derive(Clone, Debug)]
pub(super) struct Shelf(Arc<Path>);

impl Shelf {
    pub(super) fn new(state: &Path) -> Self {
        Self(state.join(DIRECTORY).into())
    }

    /// What the index says; what is wrong with it goes to the warnings.
    pub(super) fn index(&self, warnings: &mut Vec<Localized>) -> Vec<Component> {
        let file = self.0.join(INDEX);
        let index = match fs::read(&file) {
            Ok(index) => index,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
            Err(error) => {
                let file = file.display();
                warnings.push(Localized::new(
                    format!("загруженные компоненты не прочитаны: {file} ({})", system_error_ru(&error)),
                    format!("the uploaded components cannot be listed: {file} ({error})"),
                ));
                return Vec::new();
            }
        };
        let components: Vec<Component> = serde_json::from_slice(&index).unwrap_or_else(|error| {
            warnings.push(localized!(
                "{} повреждён ({error}): загрузите компоненты ещё раз",
                "{} is damaged ({error}): upload the components again",
                file.display()
            ));
            Vec::new()
        });
        // A digest becomes a file's name, so nothing else may be written in its place.
        let (components, strange): (Vec<_>, Vec<_>) =
            components.into_iter().partition(|component| is_digest(&component.digest));
        if !strange.is_empty() {
            warnings.push(localized!(
                "в {} компоненты названы не по SHA-256: они пропущены",
                "{} names components by something else than a SHA-256: left out",
                file.display()
            ));
        }
        components
    }

    pub(super) async fn write_index(&self, components: Vec<Component>) -> Result<(), LibraryError> {
        let file = self.0.join(INDEX);
        blocking(move || {
            let index = serde_json::to_vec(&components).map_err(|error| cannot_write(&file, &error.into()))?;
            atomic_file::write(&file, &index).map_err(|error| cannot_write(&file, &error))
        })
        .await
    }

    pub(super) async fn keep(&self, digest: &str, bytes: Arc<[u8]>) -> Result<(), LibraryError> {
        let file = self.file(digest);
        blocking(move || atomic_file::write(&file, &bytes).map_err(|error| cannot_write(&file, &error))).await
    }

    /// The bytes of a component, if they are still the same.
    pub(super) async fn read(&self, expected: &str) -> Result<Arc<[u8]>, LibraryError> {
        let (file, expected) = (self.file(expected), expected.to_owned());
        blocking(move || {
            let bytes = read_component(&file).map_err(LibraryError::File)?;
            if digest(&bytes) != expected {
                return Err(LibraryError::File(localized!(
                    "{} повреждён: его содержимое не то, по которому он назван; загрузите его ещё раз",
                    "{} is damaged: it no longer has the digest it is named by; upload it again",
                    file.display()
                )));
            }
            Ok(bytes.into())
        })
        .await
    }

    /// A file that stays is no harm: nothing names it any more.
    pub(super) async fn remove(&self, digest: &str) {
        let file = self.file(digest);
        let _ = tokio::task::spawn_blocking(move || fs::remove_file(file)).await;
    }

    fn file(&self, digest: &str) -> PathBuf {
        self.0.join(format!("{digest}.wasm"))
    }
}

/// Whether it is a SHA-256 in hexadecimal.
pub(crate) fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn cannot_write(file: &Path, error: &io::Error) -> LibraryError {
    let file = file.display();
    LibraryError::File(Localized::new(
        format!("{file} не записан ({}): проверьте диск и права этого пользователя на запись", system_error_ru(error)),
        format!("cannot write {file} ({error}): check the disk and that this user may write there"),
    ))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LibraryError> + Send + 'static,
) -> Result<T, LibraryError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| LibraryError::Host)?
}
