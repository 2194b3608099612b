//! `[store]`: where values are kept, above all a server that several nodes share.

use std::path::Path;

use serde::Deserialize;

use call::Localized;
use runtime::secret::SecretSource;
use stores::StoreLocation;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoreEntry {
    /// A directory, `memory`, `redis://…` or `rediss://…`.
    location: String,
    /// The server's password: `env:NAME` or `file:PATH`, never inline.
    password: Option<SecretSource>,
    /// Certificate authorities to trust instead of the public ones, for `rediss://`.
    ca_file: Option<std::path::PathBuf>,
}

impl StoreEntry {
    /// Checks the section. Paths are relative to `folder`.
    pub(super) fn check(self, folder: &Path) -> Result<StoreLocation, Localized> {
        let location = self.location.parse::<StoreLocation>();
        let location = location.map_err(|error| Localized::from(error).at("[store]: `location`"))?;
        match location {
            StoreLocation::Redis(mut server) => {
                server.password = self.password.or(server.password);
                server.ca_file = self.ca_file.or(server.ca_file);
                let server = server.check().map_err(|error| Localized::from(error).at("[store]"))?.relative_to(folder);
                // What is wrong with it is said now rather than when the store is opened.
                if let Some(source) = &server.password {
                    source.read().map_err(|error| Localized::from(error).at("[store]: `password`"))?;
                }
                Ok(StoreLocation::Redis(server))
            }
            _ if self.password.is_some() || self.ca_file.is_some() => Err(Localized::new(
                "[store]: `password` и `ca_file` бывают только у сервера, redis://… или rediss://…; уберите их",
                "[store]: `password` and `ca_file` are for a server, redis://… or rediss://…; leave them out",
            )),
            StoreLocation::Directory(directory) => Ok(StoreLocation::Directory(folder.join(directory))),
            other => Ok(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<StoreLocation, String> {
        toml::from_str::<StoreEntry>(text).unwrap().check(Path::new("/etc/hh")).map_err(|error| error.en)
    }

    #[test]
    fn a_server_a_directory_or_nothing_is_named() {
        let directory = tempfile::TempDir::new().unwrap();
        std::fs::write(directory.path().join("password"), "S3cret").unwrap();
        let entry: StoreEntry = toml::from_str(
            "location = \"rediss://hh@cache.example\"\npassword = \"file:password\"\nca_file = \"ca.pem\"",
        )
        .unwrap();
        let StoreLocation::Redis(server) = entry.check(directory.path()).unwrap() else { panic!("a server") };
        assert_eq!(server.server(), "rediss://cache.example:6379/0");
        assert_eq!(server.ca_file, Some(directory.path().join("ca.pem")));
        assert_eq!(read("location = \"memory\""), Ok(StoreLocation::Memory));
        assert_eq!(read("location = \"state\""), Ok(StoreLocation::Directory("/etc/hh/state".into())));
    }

    #[test]
    fn what_is_wrong_is_named_with_the_fix_and_no_secret_is_repeated() {
        for (text, part) in [
            ("location = \"redis://:S3cret@cache\"", "a password is never written into the address"),
            ("location = \"redis://cache\"\npassword = \"S3cret\"", "`password`: a secret is never written inline"),
            ("location = \"redis://cache\"\npassword = \"env:HOST_HARNESS_TEST_NEVER_SET\"", "is not set"),
            ("location = \"redis://cache\"\nca_file = \"ca.pem\"", "write rediss:// for TLS"),
            ("location = \"state\"\nca_file = \"ca.pem\"", "are for a server"),
        ] {
            let message = read(text).unwrap_err();
            assert!(message.starts_with("[store]: ") && message.contains(part), "{message}");
            assert!(!message.contains("S3cret"), "{message}");
        }
    }
}
