//! The token that the server makes for itself where none is configured: once, in a file of the state directory that only this user can read.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::SHORTEST;
use call::{Localized, localized, system_error_ru};
use runtime::atomic_file;
use runtime::secret::{Secret, SecretSource};

/// The file in the state directory.
const FILE_NAME: &str = "server-token";

/// The token of this state directory, made where there is none yet, and the file that it is in.
pub fn kept_in(directory: &Path) -> Result<(Secret, PathBuf), Localized> {
    let file = directory.join(FILE_NAME);
    let written = make(&file);
    match written {
        Ok(()) => {}
        // It was made before, perhaps by a server that began at the same moment.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => {
            let file = file.display();
            return Err(Localized::new(
                format!(
                    "токен сервера негде сохранить: {file}; выберите другой каталог в --state ({})",
                    system_error_ru(&error)
                ),
                format!("the server's token cannot be kept in {file}; choose another directory with --state: {error}"),
            ));
        }
    }
    belongs_here(&file)?;
    let token = format!("file:{}", file.display()).parse::<SecretSource>().and_then(|source| source.read())?;
    let plain = token.expose().bytes().all(|byte| byte.is_ascii_graphic());
    if token.expose().len() < SHORTEST || !plain {
        return Err(localized!(
            "в токене сервера в {} меньше {SHORTEST} знаков или есть не только латинские буквы, цифры и знаки: удалите файл, и будет создан \
             новый токен",
            "the server's token in {} has fewer than {SHORTEST} characters, or others than letters, digits and signs: delete the file, \
             and a new token is made",
            file.display()
        ));
    }
    Ok((token, file))
}

/// A link, or a file of another user's, may be any file of this machine: its contents would be the token.
fn belongs_here(file: &Path) -> Result<(), Localized> {
    let found = std::fs::symlink_metadata(file).map_err(|error| {
        let file = file.display();
        Localized::new(
            format!("{file} не читается ({})", system_error_ru(&error)),
            format!("{file} cannot be read: {error}"),
        )
    })?;
    if !found.is_file() {
        return Err(localized!(
            "{} — ссылка или не файл, такой токен сервера не принимается: удалите его, и будет создан новый токен",
            "{} is a link or no file, and is not taken as the server's token: delete it, and a new token is made",
            file.display()
        ));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        // The directory is this user's, or what it holds is looked at before.
        let directory = file.parent().and_then(|directory| std::fs::metadata(directory).ok());
        if directory.is_some_and(|directory| directory.uid() != found.uid()) {
            return Err(localized!(
                "{} принадлежит не тому пользователю, что его каталог, такой токен сервера не принимается: удалите его, и будет создан новый \
                 токен",
                "{} belongs to another user than its directory, and is not taken as the server's token: delete it, and a new token is made",
                file.display()
            ));
        }
        if found.mode() & 0o022 != 0 {
            return Err(localized!(
                "{} могут изменить другие пользователи: удалите его, и будет создан новый токен",
                "other users may write {}: delete it, and a new token is made",
                file.display()
            ));
        }
    }
    Ok(())
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
        assert!(token.expose().len() >= SHORTEST);
        let (again, same) = kept_in(&directory).unwrap();
        assert_eq!((again.expose(), &same), (token.expose(), &file));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 1, "nothing is left aside");
    }

    #[cfg(unix)]
    #[test]
    fn what_somebody_else_may_have_put_there_is_no_token() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let state = tempfile::tempdir().unwrap();
        let file = state.path().join(FILE_NAME);
        let refused = || kept_in(state.path()).unwrap_err().to_string();
        let elsewhere = state.path().join("elsewhere");
        std::fs::write(&elsewhere, "a-token-of-enough-characters").unwrap();
        symlink(&elsewhere, &file).unwrap();
        assert!(refused().contains("is a link") && refused().contains(&file.display().to_string()));
        std::fs::remove_file(&file).unwrap();
        for (written, said) in
            [("abc", "fewer than 20"), ("a token with blanks in between", "letters, digits and signs")]
        {
            std::fs::write(&file, written).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
            assert!(refused().contains(said) && refused().contains(&file.display().to_string()), "{}", refused());
            assert!(!refused().contains(written));
        }
        std::fs::write(&file, "a-token-of-enough-characters").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).unwrap();
        assert!(refused().contains("other users may write"));
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(kept_in(state.path()).is_ok());
    }
}
