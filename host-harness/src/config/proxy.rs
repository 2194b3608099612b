//! `proxy`: the way to amoCRM's servers, where it does not begin at this machine.

use std::path::Path;

use call::Localized;
use runtime::capabilities::http::Proxy;
use runtime::secret::{Secret, SecretSource};

/// The proxy that is written, else that of the environment. An address with a password is a secret.
pub(super) fn read(written: Option<&str>, folder: &Path) -> Result<Proxy, Localized> {
    let address = match written {
        None => return Proxy::from_environment().map_err(Localized::from),
        Some("none") => return Ok(Proxy::default()),
        Some(source) if source.starts_with("env:") || source.starts_with("file:") => {
            let source = source.parse::<SecretSource>().map(|source| source.relative_to(folder));
            source.and_then(|source| source.read()).map_err(Localized::from)?
        }
        Some(address) if address.contains('@') => {
            return Err(Localized::new(
                "пароль никогда не пишут прямо в файл: запишите весь адрес в файл, который читает только этот пользователь, и укажите его как \
                 file:ПУТЬ или используйте env:ИМЯ",
                "a password is never written inline: write the whole address into a file that only this user may read, and name it with \
                 file:PATH, or use env:NAME",
            ));
        }
        Some(address) => Secret::new(address.to_owned()),
    };
    Proxy::at(address.expose()).map_err(|error| {
        Localized::from(error).then("; ", &Localized::new("`none` значит «без прокси»", "`none` means no proxy"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_an_address_a_secret_or_none() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("proxy"), "http://user:s3cret@proxy.example:3128\n").unwrap();
        for usable in ["none", "http://proxy.example:3128", "socks5://proxy.example:1080", "file:proxy"] {
            assert!(read(Some(usable), folder.path()).is_ok(), "{usable}");
        }
        for (wrong, told) in [
            ("http://user:s3cret@proxy.example", "never written inline"),
            ("https://proxy.example", "write http://HOST:PORT"),
            ("proxy.example:3128", "write http://HOST:PORT"),
            ("None", "`none` means no proxy"),
            ("file:missing", "cannot be read"),
        ] {
            let message = read(Some(wrong), folder.path()).unwrap_err();
            assert!(message.en.contains(told) && !message.en.contains("s3cret"), "{wrong}: {message}");
        }
    }
}
