//! A backup of what a server keeps in its state directory, made while it runs, and of its configuration file.
//!
//! Files of SQLite are copied as SQLite has them in one moment; all others are written whole or not at all, or line by line. What names other files
//! is copied before them, so that none is missing. Left out is what a server makes again: compiled components, the copy of the records, locks.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use call::{Localized, localized, system_error_ru};
use stores::copy_database;
use tempfile::{Builder, TempDir};

/// The folder of the state, in a backup.
pub(crate) const STATE: &str = "state";
/// The configuration, in a backup.
pub(crate) const CONFIGURATION: &str = "host-harness.toml";

/// Made again by a server.
const LEFT_OUT: [&str; 2] = ["compiled", "records.copy.sqlite3"];
/// These name other files, which are written before and never changed.
const FIRST: [&str; 3] = ["records.sqlite3", "activations.json", "index.json"];
/// The count of the calls that a running process has answered.
const ANSWERED: &str = "call-details.answered-";

/// What a backup holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) files: usize,
    pub(crate) bytes: u64,
}

/// Makes a backup in a new folder, which this user alone may read; whole, or not at all.
///
/// # Errors
/// Where the folder exists or lies in the state directory, where there is no state, and where a file cannot be read or written.
pub(crate) fn make(state: &Path, configuration: Option<&Path>, to: &Path) -> Result<Extent, Localized> {
    let shown = to.display();
    if to.symlink_metadata().is_ok() {
        return Err(localized!(
            "{shown} уже есть, а резервная копия ничего не перезаписывает: укажите новый каталог",
            "{shown} exists, and a backup overwrites nothing: name a new folder"
        ));
    }
    if !state.is_dir() {
        return Err(localized!(
            "каталога состояния {} нет: укажите его в --state или файл настроек, который его называет, в --config",
            "there is no state directory {}: name it with --state, or the configuration that names it with --config",
            state.display()
        ));
    }
    let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if is_within(parent, state) {
        return Err(localized!(
            "{shown} лежит в самом каталоге состояния: укажите каталог вне его",
            "{shown} is in the state directory itself: name a folder outside of it"
        ));
    }
    let aside = aside(parent).map_err(|error| not_written(to, &error))?;
    let mut extent = Extent::default();
    if let Some(file) = configuration {
        extent.add(file, &aside.path().join(CONFIGURATION))?;
    }
    extent.add_folder(state, &aside.path().join(STATE))?;
    // The name last: half of a backup is never found under it.
    fs::rename(aside.path(), to).and_then(|()| sync(parent)).map_err(|error| not_written(to, &error))?;
    // It has gone from there.
    let _ = aside.keep();
    Ok(extent)
}

/// For this user alone.
fn aside(parent: &Path) -> io::Result<TempDir> {
    let mut builder = Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.prefix(".unfinished-").tempdir_in(parent)
}

fn is_within(folder: &Path, state: &Path) -> bool {
    match (folder.canonicalize(), state.canonicalize()) {
        (Ok(folder), Ok(state)) => folder.starts_with(state),
        _ => false,
    }
}

impl Extent {
    fn add_folder(&mut self, from: &Path, to: &Path) -> Result<(), Localized> {
        make_private_folder(to).map_err(|error| not_written(to, &error))?;
        let entries = fs::read_dir(from).map_err(|error| not_read(from, &error))?;
        let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        files.sort_by_key(|file| FIRST.iter().position(|first| file.ends_with(first)).unwrap_or(FIRST.len()));
        for file in files {
            let Some(name) = file.file_name() else { continue };
            if is_left_out(name) {
                continue;
            }
            match fs::metadata(&file) {
                Ok(found) if found.is_dir() => self.add_folder(&file, &to.join(name))?,
                Ok(found) if found.is_file() => self.add(&file, &to.join(name))?,
                // Nothing else is kept there; and what is gone meanwhile was to go.
                _ => {}
            }
        }
        sync(to).map_err(|error| not_written(to, &error))
    }

    fn add(&mut self, from: &Path, to: &Path) -> Result<(), Localized> {
        let copied = if from.extension() == Some(OsStr::new("sqlite3")) {
            new_file(to).and_then(|_| copy_database(from, to)).map(|()| true)
        } else {
            copy(from, to)
        };
        match copied {
            Ok(false) => return Ok(()),
            Ok(true) => {}
            Err(error) => {
                return Err(localized!(
                    "{} нельзя скопировать ({error}); резервная копия не сделана",
                    "{} cannot be copied ({error}); no backup was made",
                    from.display()
                ));
            }
        }
        let written = File::open(to).and_then(|file| file.sync_all().and_then(|()| file.metadata()));
        self.files += 1;
        self.bytes += written.map_err(|error| not_written(to, &error))?.len();
        Ok(())
    }
}

/// Whether a server makes it again, or it is of the moment.
fn is_left_out(name: &OsStr) -> bool {
    // Names of this program's files are text; what is not is none of them, and stays out of nobody's backup.
    let Some(name) = name.to_str() else { return false };
    let is_companion = ["-wal", "-shm", "-journal"].iter().any(|ending| name.ends_with(&format!(".sqlite3{ending}")));
    LEFT_OUT.contains(&name)
        || is_companion
        || name.ends_with(".lock")
        || name.starts_with(ANSWERED)
        || name.starts_with(".unfinished-")
}

/// False where it is gone.
fn copy(from: &Path, to: &Path) -> io::Result<bool> {
    let mut source = match File::open(from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        source => source?,
    };
    io::copy(&mut source, &mut new_file(to)?).map(|_| true)
}

/// For this user alone.
fn new_file(file: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}

fn make_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// A name survives a power cut only with its directory.
fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

fn not_read(file: &Path, error: &io::Error) -> Localized {
    let file = file.display();
    Localized::new(
        format!("{file} нельзя прочитать ({})", system_error_ru(error)),
        format!("{file} cannot be read ({error})"),
    )
}

fn not_written(file: &Path, error: &io::Error) -> Localized {
    let file = file.display();
    Localized::new(
        format!(
            "{file} нельзя записать ({}): создайте каталог, в котором он лежит, и разрешите в него писать",
            system_error_ru(error)
        ),
        format!("{file} cannot be written ({error}): make the folder that it is in, and allow writing there"),
    )
}
