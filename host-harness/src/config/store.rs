//! `[store]`: where values are kept, above all a server that several nodes share.

use std::path::Path;

use serde::Deserialize;

use crate::secret::SecretSource;
use crate::stores::StoreLocation;

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
    pub(super) fn check(self, folder: &Path) -> Result<StoreLocation, String> {
        let location = self.location.parse().map_err(|error| format!("[store]: `location`: {error}"))?;
        match location {
            StoreLocation::Redis(mut server) => {
                server.password = self.password.or(server.password);
                server.ca_file = self.ca_file.or(server.ca_file);
                let server = server.check().map_err(|error| format!("[store]: {error}"))?.relative_to(folder);
                // What is wrong with it is said now rather than when the store is opened.
                if let Some(source) = &server.password {
                    source.read().map_err(|error| format!("[store]: `password`: {error}"))?;
                }
                Ok(StoreLocation::Redis(server))
            }
            _ if self.password.is_some() || self.ca_file.is_some() => {
                Err("[store]: `password` and `ca_file` are for a server, redis://… or rediss://…; leave them out"
                    .to_owned())
            }
            StoreLocation::Directory(directory) => Ok(StoreLocation::Directory(folder.join(directory))),
            other => Ok(other),
        }
    }
}
