//! Files of this user alone, written whole or not at all: each is written under another name beside its place and then takes it, so that no
//! half of one is ever found.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

use tempfile::{Builder, NamedTempFile};

use crate::regular_file::{self, NotRead};

/// How files are called that are being written.
const UNFINISHED: &str = ".unfinished-";

/// Writes a file, in place of one that is there; makes its directory where there is none.
pub fn write(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = directory_of(file)?;
    on_disk(written_aside(directory, bytes)?)?.persist(file)?;
    sync(directory)
}

/// Writes a file in place of one that is there, whose mode and owner it gets; false where the file does not hold the `former` bytes any more, and then
/// stays as it is. Where its name is a link, the file that it leads to is replaced. Programs that do so at once wait for each other.
///
/// # Errors
/// Where it cannot be written, or cannot be given to its owner.
pub fn replace(file: &Path, former: &[u8], bytes: &[u8]) -> io::Result<bool> {
    let file = fs::canonicalize(file)?;
    let directory = directory_of(&file)?;
    // Until it is closed. A lock of the file itself would go with the file that is replaced.
    let locked = File::open(directory)?;
    locked.lock()?;
    let aside = on_disk(written_as(&file, directory, bytes)?)?;
    // As late as can be: people do not take the lock.
    match regular_file::read(&file, former.len() as u64) {
        Ok(found) if found == former => {}
        Err(NotRead::Failed(error)) => return Err(error),
        Ok(_) | Err(NotRead::NotRegular | NotRead::TooLarge) => return Ok(false),
    }
    aside.persist(&file)?;
    sync(directory)?;
    Ok(true)
}

/// Does all that [`replace`] does before it reads the file, and leaves it as it is: what this gives keeps the file from being replaced.
///
/// # Errors
/// As [`replace`].
pub fn try_replace(file: &Path) -> io::Result<()> {
    let file = fs::canonicalize(file)?;
    let directory = directory_of(&file)?;
    File::open(directory)?;
    written_as(&file, directory, &[])?.close()
}

/// Writes a file with a function that is given the path to write to, where there is an empty file of this user's alone.
///
/// # Errors
/// What the function says, after which nothing is left behind, and where the file cannot be put in place.
pub fn write_with(file: &Path, write: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let directory = directory_of(file)?;
    let aside = written_aside(directory, &[])?;
    write(aside.path())?;
    on_disk(aside)?.persist(file)?;
    sync(directory)
}

/// Writes a file without waiting for the disk: for what can be made again, and is checked when it is read.
pub(crate) fn write_replaceable(file: &Path, bytes: &[u8]) -> io::Result<()> {
    written_aside(directory_of(file)?, bytes)?.persist(file)?;
    Ok(())
}

/// Writes a file that must be new: [`io::ErrorKind::AlreadyExists`] where there is one, which stays as it is.
pub fn write_new(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = directory_of(file)?;
    on_disk(written_aside(directory, bytes)?)?.persist_noclobber(file)?;
    sync(directory)
}

/// Removes what this user's programs left beside files when they were killed while they wrote, at least `age` before `now`: what is younger another
/// program may be writing.
pub fn remove_unfinished(directory: &Path, now: SystemTime, age: Duration) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let is_left = || {
            let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            #[cfg(unix)]
            let is_own = std::os::unix::fs::MetadataExt::uid(&metadata) == rustix::process::geteuid().as_raw();
            #[cfg(not(unix))]
            let is_own = true;
            (is_own && now.duration_since(metadata.modified().ok()?).ok()? >= age).then_some(())
        };
        let is_named = entry.file_name().to_str().is_some_and(|name| name.starts_with(UNFINISHED));
        if is_named && is_left().is_some() {
            // One that stays is in nobody's way.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The directory of a file, made where there is none, then for this user alone.
fn directory_of(file: &Path) -> io::Result<&Path> {
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(directory)?;
    Ok(directory)
}

/// The bytes in a file that this user alone can read; it is removed again where it does not get its name.
fn written_aside(directory: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let mut aside = Builder::new().prefix(UNFINISHED).tempfile_in(directory)?;
    aside.write_all(bytes)?;
    Ok(aside)
}

/// The same with the mode and the owner of this file.
fn written_as(file: &Path, directory: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let found = fs::metadata(file)?;
    let aside = written_aside(directory, bytes)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        let own = aside.as_file().metadata()?;
        if (own.uid(), own.gid()) != (found.uid(), found.gid()) {
            fchown(aside.as_file(), Some(found.uid()), Some(found.gid()))?;
        }
    }
    aside.as_file().set_permissions(found.permissions())?;
    Ok(aside)
}

fn on_disk(aside: NamedTempFile) -> io::Result<NamedTempFile> {
    aside.as_file().sync_all()?;
    Ok(aside)
}

/// A name survives a power cut only with its directory.
fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name());
        entries.map(|name| name.into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_is_replaced_whole_and_is_this_users_alone() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("new").join("file");
        let with: fn(&Path, &[u8]) -> io::Result<()> = |file, bytes| write_with(file, |aside| fs::write(aside, bytes));
        for write in [write, write_replaceable, with] {
            for bytes in [&b"one"[..], b"", b"three"] {
                write(&file, bytes).unwrap();
                assert_eq!(fs::read(&file).unwrap(), bytes);
            }
        }
        assert_eq!(names(file.parent().unwrap()), ["file"], "nothing is left aside");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
        }
    }

    #[test]
    fn what_a_killed_program_left_is_removed_once_it_is_old_enough() {
        let home = tempfile::tempdir().unwrap();
        let made = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        for name in [".unfinished-a1b2c3", "file"] {
            let file = File::create(home.path().join(name)).unwrap();
            file.set_modified(made).unwrap();
        }
        fs::create_dir(home.path().join(".unfinished-folder")).unwrap();
        let hour = Duration::from_secs(3_600);
        remove_unfinished(home.path(), made + hour - Duration::from_secs(1), hour);
        assert_eq!(names(home.path()).len(), 3, "another program may be writing it");
        remove_unfinished(home.path(), made + hour, hour);
        let mut left = names(home.path());
        left.sort();
        assert_eq!(left, [".unfinished-folder", "file"]);
        remove_unfinished(&home.path().join("none"), made, hour);
    }

    #[test]
    fn a_new_file_takes_no_other_files_place() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        write_new(&file, b"first").unwrap();
        assert_eq!(write_new(&file, b"second").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&file).unwrap(), b"first");
        assert_eq!(names(home.path()), ["file"], "nothing is left aside");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_is_replaced_keeps_its_mode_and_the_link_that_leads_to_it() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let home = tempfile::tempdir().unwrap();
        let (file, link) = (home.path().join("file"), home.path().join("link"));
        fs::write(&file, "former").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("file", &link).unwrap();
        assert!(replace(&link, b"former", b"latter").unwrap());
        assert!(!replace(&link, b"former", b"another").unwrap(), "somebody else has written it");
        assert_eq!(fs::read(&file).unwrap(), b"latter");
        assert_eq!(names(home.path()).len(), 2, "nothing is left aside");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(replace(&home.path().join("none"), b"", b"bytes").is_err(), "there is none to replace");
    }

    #[test]
    fn what_cannot_be_put_in_place_leaves_nothing_behind() {
        let home = tempfile::tempdir().unwrap();
        let taken = home.path().join("directory");
        fs::create_dir(&taken).unwrap();
        assert!(write(&taken, b"bytes").is_err());
        assert!(write_with(&taken, |aside| fs::write(aside, b"bytes")).is_err());
        assert!(write_with(&home.path().join("file"), |_| Err(io::ErrorKind::Other.into())).is_err());
        assert_eq!(names(home.path()), ["directory"]);
    }
}
