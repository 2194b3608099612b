//! Files of this user alone. Each is written whole under another name and then renamed, so that no half of one is ever found.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes a file whole or not at all, for this user alone, and makes its directory where there is none.
pub(crate) fn write_whole(file: &Path, bytes: &[u8]) -> io::Result<()> {
    place(file, bytes, |unfinished| fs::rename(unfinished, file))
}

/// The same where there is no such file yet; fails with `AlreadyExists` where there is one, also one that another process makes meanwhile.
pub(crate) fn write_once(file: &Path, bytes: &[u8]) -> io::Result<()> {
    place(file, bytes, |unfinished| fs::hard_link(unfinished, file).and_then(|()| fs::remove_file(unfinished)))
}

fn place(file: &Path, bytes: &[u8], finish: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(directory)?;
    let mut unfinished = file.as_os_str().to_owned();
    unfinished.push(format!(".{}", std::process::id()));
    let unfinished = PathBuf::from(unfinished);
    let written = write(&unfinished, bytes).and_then(|()| finish(&unfinished));
    if written.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    // The name survives a power cut only with its directory.
    written.and_then(|()| File::open(directory)?.sync_all())
}

fn write(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(file)?;
    file.write_all(bytes)?;
    file.sync_all()
}
