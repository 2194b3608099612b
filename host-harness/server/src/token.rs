//! The token that the server makes for itself where none is configured: once, in a file of the state directory that only this user can read.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use runtime::atomic_file;
use runtime::secret::{Secret, SecretSource};

/// The file in the state directory.
const FILE_NAME: &str = "server-token";

/// The token of this state directory, made where there is none yet, and the file that it is in.
pub fn kept_in(directory: &Path) -> anyhow::Result<(Secret, PathBuf)> {
    let file = directory.join(FILE_NAME);
    let written = make(&file);
    match written {
        Ok(()) => {}
        // It was made before, perhaps by a server that began at the same moment.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => {
            return Err(anyhow!(error)).with_context(|| {
                format!(
                    "the server's token cannot be kept in {}; choose another directory with --state",
                    file.display()
                )
            });
        }
    }
    let token = format!("file:{}", file.display()).parse::<SecretSource>()?.read()?;
    Ok((token, file))
}

fn make(file: &Path) -> std::io::Result<()> {
    if file.exists() {
        return Ok(());
    }
    let mut random = Zeroizing::new([0; 32]);
    getrandom::fill(random.as_mut_slice()).map_err(std::io::Error::other)?;
    let token = Zeroizing::new(URL_SAFE_NO_PAD.encode(random.as_slice()));
    atomic_file::write_new(file, token.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_made_once_and_is_this_users_alone() {
        let state = tempfile::tempdir().unwrap();
        let directory = state.path().join("new");
        let (token, file) = kept_in(&directory).unwrap();
        assert!(token.expose().len() >= super::super::settings::SHORTEST_SECRET);
        let (again, same) = kept_in(&directory).unwrap();
        assert_eq!((again.expose(), &same), (token.expose(), &file));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 1, "nothing is left aside");
    }
}
