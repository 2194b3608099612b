//! Whose files this program uses, and who else may read or write them: what is kept in the state directory, and the files that secrets are
//! read from.
//!
//! | what | who else may write it | who else may read it | another user's |
//! |---|---|---|---|
//! | state directory | refused | warned of | warned of |
//! | files in it | closed | closed | warned of |
//! | files of secrets | refused | warned of (mounted secrets often are readable) | warned of, unless root's |

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use call::{Localized, localized};
use runtime::atomic_file;
use runtime::capabilities::clocks::Clock;

/// So old is not a file that another program still writes.
const OLD_ENOUGH: Duration = Duration::from_secs(60 * 60);

/// Makes the state directory where there is none, closes its files to others, and says what is wrong with it.
///
/// # Errors
/// Where others may write in it: they could put other tokens and components there.
pub(crate) fn examine_state(directory: &Path) -> Result<Vec<Localized>, Localized> {
    let shown = directory.display();
    if !directory.exists() {
        // Where that fails, what is to be kept there says so.
        let _ = make(directory);
    }
    let mut warnings = Vec::new();
    let Some(found) = FileAccess::of(directory) else { return Ok(warnings) };
    if found.others_write {
        return Err(localized!(
            "в каталог состояния {shown} могут писать другие пользователи: закройте его командой `chmod go-w {shown}` и посмотрите, что в нём",
            "other users may write in the state directory {shown}: close it with `chmod go-w {shown}`, and look at what is in it"
        ));
    }
    if !found.own {
        warnings.push(localized!(
            "каталог состояния {shown} принадлежит другому пользователю, и тот может подменить его содержимое",
            "the state directory {shown} belongs to another user, who can replace what is in it"
        ));
    } else if !directory.is_dir() {
        warnings.push(localized!(
            "{shown} — не каталог, состояние в нём не хранится: укажите в --state каталог",
            "{shown} is not a directory, so no state is kept in it: name a directory with --state"
        ));
    } else if found.others_read {
        warnings.push(localized!(
            "каталог состояния {shown} открыт другим пользователям: закройте его командой `chmod 700 {shown}`",
            "other users may look into the state directory {shown}: close it with `chmod 700 {shown}`"
        ));
    }
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let file = entry.path();
        let Some(found) = FileAccess::of(&file).filter(|_| entry.file_type().is_ok_and(|kind| kind.is_file())) else {
            continue;
        };
        if !found.own {
            warnings.push(localized!(
                "{} принадлежит другому пользователю, и тот может его прочитать и изменить",
                "{} belongs to another user, who can read and change it",
                file.display()
            ));
        } else if (found.others_read || found.others_write) && close(&file).is_ok() {
            warnings.push(localized!(
                "{} был открыт другим пользователям, теперь закрыт",
                "{} was open to other users, and is closed now",
                file.display()
            ));
        }
    }
    Ok(warnings)
}

/// Removes what killed programs left while they wrote: in the state directory with its folders, and beside the configuration file.
pub(crate) fn remove_unfinished(state: &Path, configuration: Option<&Path>, clock: &Clock) {
    let seconds = u64::try_from(clock.now().as_second()).unwrap_or_default();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let within = std::fs::read_dir(state).into_iter().flatten().flatten();
    let within = within.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path());
    let beside = configuration.and_then(|file| file.canonicalize().ok()?.parent().map(Path::to_owned));
    for folder in within.chain([state.to_owned()]).chain(beside) {
        atomic_file::remove_unfinished(&folder, now, OLD_ENOUGH);
    }
}

/// What is wrong with the files that a configuration reads secrets from (`file:PATH`, relative to `folder`, wherever they stand in it, and the
/// server's `tls_key`).
///
/// # Errors
/// Where others may write one of them.
pub(crate) fn examine_secrets(configuration: &toml::Value, folder: &Path) -> Result<Vec<Localized>, Localized> {
    let mut warnings = Vec::new();
    for file in secrets_of(configuration, folder) {
        let shown = file.display();
        // What cannot be read is told where it is read.
        let Some(found) = FileAccess::of(&file) else { continue };
        if found.others_write {
            return Err(localized!(
                "файл секрета {shown} могут изменить другие пользователи: закройте его командой `chmod 600 {shown}`",
                "other users may write the secret file {shown}: close it with `chmod 600 {shown}`"
            ));
        }
        if !found.own && !found.of_root {
            warnings.push(localized!(
                "файл секрета {shown} принадлежит другому пользователю",
                "the secret file {shown} belongs to another user"
            ));
        } else if found.others_read {
            warnings.push(localized!(
                "файл секрета {shown} могут прочитать другие пользователи: закройте его командой `chmod 600 {shown}`",
                "other users may read the secret file {shown}: close it with `chmod 600 {shown}`"
            ));
        }
    }
    Ok(warnings)
}

/// The files of secrets that a configuration in this folder names: `file:PATH` wherever it stands, and the server's `tls_key`.
pub(crate) fn secrets_of(configuration: &toml::Value, folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    secret_files(configuration, &mut files);
    let tls_key = configuration.get("server").and_then(|server| server.get("tls_key"));
    files.extend(tls_key.and_then(toml::Value::as_str).map(PathBuf::from));
    files.into_iter().map(|file| folder.join(file)).collect()
}

fn secret_files(value: &toml::Value, found: &mut Vec<PathBuf>) {
    match value {
        toml::Value::String(text) => found.extend(text.strip_prefix("file:").map(PathBuf::from)),
        toml::Value::Array(values) => values.iter().for_each(|value| secret_files(value, found)),
        toml::Value::Table(values) => values.iter().for_each(|(_, value)| secret_files(value, found)),
        _ => {}
    }
}

/// Who may do what with a file or directory.
struct FileAccess {
    own: bool,
    of_root: bool,
    others_read: bool,
    others_write: bool,
}

impl FileAccess {
    /// Of what is there, behind links; none where that cannot be said.
    #[cfg(unix)]
    fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        let found = std::fs::metadata(path).ok()?;
        let (owner, mode) = (found.uid(), found.mode());
        Some(Self {
            own: owner == rustix::process::geteuid().as_raw(),
            of_root: owner == 0,
            // A group is chosen by the administrator; everybody is not.
            others_read: mode & 0o007 != 0,
            others_write: mode & 0o022 != 0,
        })
    }

    #[cfg(not(unix))]
    fn of(_: &Path) -> Option<Self> {
        None
    }
}

/// For this user alone, whatever the umask says.
fn make(directory: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(directory)
}

#[cfg(unix)]
fn close(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn close(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_state_directory_is_this_users_alone_and_one_that_others_may_write_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let state = home.path().join("a").join("state");
        assert_eq!(examine_state(&state).unwrap(), Vec::<Localized>::new());
        assert_eq!((mode(&state), mode(state.parent().unwrap())), (0o700, 0o700));
        for open in [0o777, 0o722, 0o702, 0o720] {
            set_mode(&state, open);
            let refused = examine_state(&state).unwrap_err().to_string();
            assert!(refused.contains(&state.display().to_string()) && refused.contains("chmod go-w"), "{refused}");
        }
        set_mode(&state, 0o755);
        assert!(examine_state(&state).unwrap()[0].en.contains("chmod 700"));
        set_mode(&state, 0o750);
        assert_eq!(examine_state(&state).unwrap(), Vec::<Localized>::new(), "a group is chosen");
    }

    #[test]
    fn files_of_the_state_that_are_open_to_others_are_closed_and_told_of() {
        let state = tempfile::tempdir().unwrap();
        set_mode(state.path(), 0o700);
        let file = state.path().join("key-value.sqlite3");
        fs::write(&file, "").unwrap();
        set_mode(&file, 0o666);
        let warnings = examine_state(state.path()).unwrap();
        assert!(warnings[0].en.contains("key-value.sqlite3 was open to other users"), "{warnings:?}");
        assert_eq!(mode(&file), 0o600);
        assert_eq!(examine_state(state.path()).unwrap(), Vec::<Localized>::new());
    }

    #[test]
    fn a_secret_file_that_others_may_write_is_refused_and_one_that_they_may_read_is_told_of() {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret");
        fs::write(&secret, "a secret").unwrap();
        let written = "[[integration]]\ntoken = \"file:secret\"\n[server]\ntoken = \"env:TOKEN\"\n";
        let configuration: toml::Value = toml::from_str(written).unwrap();
        let examined = |mode| {
            set_mode(&secret, mode);
            examine_secrets(&configuration, folder.path())
        };
        for closed in [0o600, 0o400, 0o640] {
            assert_eq!(examined(closed), Ok(Vec::new()), "{closed:o}");
        }
        let warned = examined(0o644).unwrap();
        assert!(warned.len() == 1 && warned[0].en.contains(&secret.display().to_string()), "{warned:?}");
        for open in [0o666, 0o620, 0o602] {
            assert!(examined(open).unwrap_err().en.contains("chmod 600"), "{open:o}");
        }
        fs::remove_file(&secret).unwrap();
        assert_eq!(examine_secrets(&configuration, folder.path()), Ok(Vec::new()));
    }

    #[test]
    fn the_key_of_tls_is_a_secret_file_too() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key.pem");
        fs::write(&key, "a key").unwrap();
        let configuration: toml::Value = toml::from_str("[server]\ntls_key = \"key.pem\"\n").unwrap();
        set_mode(&key, 0o644);
        let warnings = examine_secrets(&configuration, folder.path()).unwrap();
        assert!(
            warnings[0].en.contains("other users may read the secret file") && warnings[0].en.contains("key.pem"),
            "{warnings:?}"
        );
        set_mode(&key, 0o622);
        assert!(examine_secrets(&configuration, folder.path()).unwrap_err().en.contains("key.pem"));
        set_mode(&key, 0o600);
        assert_eq!(examine_secrets(&configuration, folder.path()).unwrap(), Vec::<Localized>::new());
    }
}
