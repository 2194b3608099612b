//! Compiled components kept on disk, so that a program that starts need not compile again: 80 ms in a release build, two seconds in a debug one.
//!
//! What is kept is machine code that will run in this process, so it is taken only from a place that nobody else could have written to: the
//! file and the directory are this user's and nobody else may write them, no directory above may be changed by others (one with the sticky
//! bit, as `/tmp`, is fine: others cannot rename what is not theirs), and nothing on the way is a symbolic link. A file belongs to one
//! component, by its digest, and to one set of engine settings, by wasmtime's own hash. A checksum catches torn files. Whatever is not as it
//! should be is compiled anew.

use std::fs::{self, File, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::SystemTime;

use sha2::{Digest, Sha256};
use tracing::{debug, warn};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::atomic_file;

/// How many compiled components are kept; those that were used longest ago make room, but none that is loaded in this process.
const MOST: usize = 16;
/// The largest file that is read.
const LARGEST: u64 = 256 * 1024 * 1024;
/// The length of the checksum at the beginning of a file.
const CHECKSUM: usize = 32;
const EXTENSION: &str = "compiled";

/// A directory of compiled components.
#[derive(Clone, Debug)]
pub struct CompiledShelf {
    directory: PathBuf,
    /// The files of components that are loaded, for as long as their operations live.
    held: Arc<Mutex<Vec<HeldFile>>>,
}

type HeldFile = (PathBuf, Weak<Hold>);

/// Keeps the file of a loaded component where it is.
#[derive(Debug)]
pub(super) struct Hold;

impl CompiledShelf {
    /// Those kept in this directory, which is made when the first one is written.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), held: Arc::default() }
    }

    /// The component of this digest, where it is kept and can be trusted.
    pub(super) fn take(&self, engine: &Engine, digest: &str) -> Option<Component> {
        let file = self.file(engine, digest);
        let code = match read(&file) {
            Ok(code) => code,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                warn!(file = %file.display(), %error, "a compiled component is not used");
                return None;
            }
        };
        match deserialize(engine, &code) {
            Ok(component) => Some(component),
            Err(error) => {
                debug!(file = %file.display(), %error, "a compiled component is of another engine");
                None
            }
        }
    }

    /// From now on the file of this component makes no room for others, until the value is dropped.
    pub(super) fn hold(&self, engine: &Engine, digest: &str) -> Arc<Hold> {
        let (file, hold) = (self.file(engine, digest), Arc::new(Hold));
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|(_, hold)| hold.strong_count() > 0);
        held.push((file, Arc::downgrade(&hold)));
        hold
    }

    fn is_held(&self, file: &Path) -> bool {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.iter().any(|(kept, hold)| kept == file && hold.strong_count() > 0)
    }

    /// Keeps a component. That it could not be kept costs the next start some time and nothing else.
    pub(super) fn keep(&self, engine: &Engine, digest: &str, component: &Component) {
        let kept = component.serialize().map_err(io::Error::other).and_then(|code| {
            let checked = [Sha256::digest(&code).as_slice(), &code].concat();
            atomic_file::write_replaceable(&self.file(engine, digest), &checked)?;
            self.make_room()
        });
        if let Err(error) = kept {
            warn!(directory = %self.directory.display(), %error, "a compiled component cannot be kept");
        }
    }

    fn file(&self, engine: &Engine, digest: &str) -> PathBuf {
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        self.directory.join(format!("{digest}-{:016x}.{EXTENSION}", hasher.finish()))
    }

    fn make_room(&self) -> io::Result<()> {
        let (mut files, mut count) = (Vec::new(), 0_usize);
        for entry in fs::read_dir(&self.directory)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == EXTENSION) {
                count += 1;
                if self.is_held(&path) {
                    continue;
                }
                files.push((fs::metadata(&path)?.modified()?, path));
            }
        }
        files.sort();
        let surplus = count.saturating_sub(MOST);
        files.iter().take(surplus).try_for_each(|(_, path)| fs::remove_file(path))
    }
}

#[expect(unsafe_code, reason = "wasmtime cannot check that code is what it compiled; see SAFETY")]
fn deserialize(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: `read` has made sure that only this user can have written the file, that it is whole, and these bytes are a copy that nobody else
    // can change. What this user wrote there is the output of `Component::serialize`; wasmtime itself checks version and settings.
    unsafe { Component::deserialize(engine, code) }
}

/// The code that a compiler of this program's own has just made.
#[expect(unsafe_code, reason = "wasmtime cannot check that code is what it compiled; see SAFETY")]
pub(super) fn from_compiler(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: a `Compiler` promises the output of `child::compile`, which is that of wasmtime itself; it comes through a pipe that only the two
    // processes hold, and wasmtime checks version and settings.
    unsafe { Component::deserialize(engine, code) }
}

/// The code in a file, if it can be trusted.
fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut opened = open(file)?;
    trust::check(&opened, file)?;
    // What is used makes room last. Where the time cannot be set, it is as old as it was.
    let _ = opened.set_modified(SystemTime::now());
    let mut bytes = Vec::new();
    Read::by_ref(&mut opened).take(LARGEST).read_to_end(&mut bytes)?;
    let damaged = || io::Error::new(io::ErrorKind::InvalidData, "it is damaged");
    let (checksum, code) = bytes.split_at_checked(CHECKSUM).ok_or_else(damaged)?;
    if Sha256::digest(code).as_slice() != checksum {
        return Err(damaged());
    }
    Ok(code.to_vec())
}

fn open(file: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default(),
    );
    options.read(true).open(file)
}

#[cfg(unix)]
mod trust {
    //! Who can have written a file.

    use std::fs::{self, File, Metadata};
    use std::io;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    const WRITABLE_BY_OTHERS: u32 = 0o022;
    const STICKY: u32 = 0o1000;
    const ROOT: u32 = 0;

    pub(super) fn check(opened: &File, file: &Path) -> io::Result<()> {
        let refuse = |what: &str| Err(io::Error::new(io::ErrorKind::PermissionDenied, what.to_owned()));
        let user = rustix::process::geteuid().as_raw();
        let is_private = |metadata: &Metadata| metadata.uid() == user && metadata.mode() & WRITABLE_BY_OTHERS == 0;
        let metadata = opened.metadata()?;
        if !metadata.is_file() || !is_private(&metadata) {
            return refuse("others can write to it");
        }
        let directory = file.parent().unwrap_or(Path::new("."));
        // The way as it is written must be the way as it is: a link could be turned elsewhere.
        let directory = std::path::absolute(directory)?;
        for (above, place) in directory.ancestors().enumerate() {
            let metadata = fs::symlink_metadata(place)?;
            if metadata.is_symlink() {
                return refuse("a symbolic link leads to it");
            }
            let mode = metadata.mode();
            let is_safe = is_private(&metadata)
                || (above > 0 && metadata.uid() == ROOT && (mode & WRITABLE_BY_OTHERS == 0 || mode & STICKY != 0));
            if !is_safe {
                return refuse("others can change a directory that it is in");
            }
        }
        Ok(())
    }
}

#[cfg(not(unix))]
mod trust {
    //! Elsewhere nobody can say who has written a file, so none is trusted.

    use std::fs::File;
    use std::io;
    use std::path::Path;

    pub(super) fn check(_: &File, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::engine::{Compilation, EngineSettings, digest};
    use hostile_components::EVERY_IMPORT;

    fn of(shelf: &CompiledShelf) -> Compilation {
        Compilation { shelf: Some(shelf.clone()), compiler: None }
    }

    struct Place {
        home: tempfile::TempDir,
        shelf: CompiledShelf,
        engine: crate::engine::Engine,
    }

    impl Place {
        /// With the built-in operation compiled and kept.
        fn new() -> Self {
            let home = tempfile::tempdir().unwrap();
            let shelf = CompiledShelf::new(home.path().join("state/compiled"));
            let engine = crate::engine::Engine::with_compilation(EngineSettings::default(), of(&shelf)).unwrap();
            engine.load(EVERY_IMPORT).unwrap();
            Self { home, shelf, engine }
        }

        fn file(&self) -> PathBuf {
            self.shelf.file(&self.engine.0.wasmtime, &digest(EVERY_IMPORT))
        }

        fn is_used(&self) -> bool {
            self.shelf.take(&self.engine.0.wasmtime, &digest(EVERY_IMPORT)).is_some()
        }

        fn set_mode(&self, path: &Path, mode: u32) {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
    }

    #[test]
    fn what_was_compiled_is_used_again_and_is_this_users_alone() {
        let place = Place::new();
        assert!(place.is_used());
        assert_eq!(fs::metadata(place.file()).unwrap().mode() & 0o777, 0o600);
        let directory = fs::metadata(place.home.path().join("state/compiled")).unwrap();
        assert_eq!(std::os::unix::fs::MetadataExt::mode(&directory) & 0o777, 0o700);
        assert_eq!(place.engine.load(EVERY_IMPORT).unwrap().digest().as_ref(), digest(EVERY_IMPORT));
    }

    use std::os::unix::fs::MetadataExt;

    #[test]
    fn what_others_can_write_is_not_used() {
        let place = Place::new();
        for (path, mode, usual) in [
            (place.file(), 0o622, 0o600),
            (place.file(), 0o620, 0o600),
            (place.home.path().join("state/compiled"), 0o770, 0o700),
            (place.home.path().join("state"), 0o777, 0o700),
            (place.home.path().to_owned(), 0o777, 0o700),
        ] {
            place.set_mode(&path, mode);
            assert!(!place.is_used(), "{} with {mode:o}", path.display());
            place.set_mode(&path, usual);
            assert!(place.is_used(), "{}", path.display());
        }
    }

    #[test]
    fn what_a_link_leads_to_is_not_used() {
        let place = Place::new();
        let (file, aside) = (place.file(), place.home.path().join("aside"));
        fs::rename(&file, &aside).unwrap();
        symlink(&aside, &file).unwrap();
        assert!(!place.is_used());
        fs::remove_file(&file).unwrap();
        fs::rename(&aside, &file).unwrap();
        assert!(place.is_used());
        let (real, linked) = (place.home.path().join("state"), place.home.path().join("linked"));
        symlink(real, &linked).unwrap();
        let shelf = CompiledShelf::new(linked.join("compiled"));
        assert!(shelf.take(&place.engine.0.wasmtime, &digest(EVERY_IMPORT)).is_none());
    }

    #[test]
    fn what_is_damaged_or_cut_short_is_replaced() {
        let place = Place::new();
        let whole = fs::read(place.file()).unwrap();
        for length in [0, 5, CHECKSUM, 1_000, whole.len() - 1] {
            fs::write(place.file(), &whole[..length]).unwrap();
            assert!(!place.is_used(), "{length} bytes");
        }
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        fs::write(place.file(), flipped).unwrap();
        assert!(!place.is_used());
        place.engine.load(EVERY_IMPORT).unwrap();
        assert!(place.is_used(), "compiled anew, and kept");
    }

    #[test]
    fn another_engine_compiles_for_itself() {
        let place = Place::new();
        let settings = EngineSettings { count_instructions: false, ..EngineSettings::default() };
        let other = crate::engine::Engine::with_compilation(settings, of(&place.shelf)).unwrap();
        assert!(place.shelf.take(&other.0.wasmtime, &digest(EVERY_IMPORT)).is_none());
        // Even where a file of another engine lies under its name.
        fs::copy(place.file(), place.shelf.file(&other.0.wasmtime, &digest(EVERY_IMPORT))).unwrap();
        assert!(place.shelf.take(&other.0.wasmtime, &digest(EVERY_IMPORT)).is_none());
        other.load(EVERY_IMPORT).unwrap();
        assert!(place.shelf.take(&other.0.wasmtime, &digest(EVERY_IMPORT)).is_some());
        assert!(place.is_used());
    }

    #[test]
    fn what_is_loaded_makes_no_room() {
        let place = Place::new();
        let operation = place.engine.load(EVERY_IMPORT).unwrap();
        File::options().write(true).open(place.file()).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        for number in 0..2 * MOST {
            fs::write(place.shelf.directory.join(format!("{number}.{EXTENSION}")), b"").unwrap();
        }
        place.shelf.make_room().unwrap();
        assert!(place.file().exists(), "the oldest, but loaded");
        drop(operation);
        File::options().write(true).open(place.file()).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        fs::write(place.shelf.directory.join(format!("another.{EXTENSION}")), b"").unwrap();
        place.shelf.make_room().unwrap();
        assert!(!place.file().exists(), "the oldest, and used by nobody");
    }

    #[test]
    fn what_does_not_fit_is_not_kept() {
        let place = Place::new();
        fs::remove_file(place.file()).unwrap();
        for refused in [hostile_components::FOREIGN_IMPORT, hostile_components::MISSING_EXPORT, b"no component"] {
            assert!(place.engine.load(refused).is_err());
        }
        assert_eq!(fs::read_dir(&place.shelf.directory).unwrap().count(), 0);
    }

    #[test]
    fn only_so_many_are_kept() {
        let place = Place::new();
        for number in 0..2 * MOST {
            fs::write(place.shelf.directory.join(format!("{number}.{EXTENSION}")), b"").unwrap();
        }
        place.shelf.make_room().unwrap();
        assert_eq!(fs::read_dir(&place.shelf.directory).unwrap().count(), MOST);
    }
}
