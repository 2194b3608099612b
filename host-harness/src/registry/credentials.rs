//! Credentials for registries, from the file in which `docker login`, `podman login` and others keep them.

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use call::{Bilingual, Localized, localized};
use runtime::regular_file;
use runtime::secret::Secret;
use serde::Deserialize;

/// The most bytes of that file.
const MOST: u64 = 1024 * 1024;

/// Names a file of credentials, for podman and skopeo too.
const NAMED: &str = "REGISTRY_AUTH_FILE";
/// Names docker's folder.
const DOCKER: &str = "DOCKER_CONFIG";

#[derive(Deserialize)]
struct Keys {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    /// A user and a password with a colon between them, in Base64.
    auth: Option<Secret>,
}

/// What is sent as `Authorization: Basic` to this registry; none where nobody logged in. A credential helper is not asked.
pub(super) fn of_registry(registry: &str) -> Result<Option<Secret>, Localized> {
    let Some(file) = file() else { return Ok(None) };
    if !file.exists() {
        return Ok(None);
    }
    let name = file.display();
    let text = regular_file::read(&file, MOST).map_err(|error| {
        let said = localized!(
            "файл с доступом к реестрам {name} не читается",
            "the credentials for registries in {name} cannot be read"
        );
        said.then(": ", &error.text())
    })?;
    let malformed = || {
        localized!(
            "{name} — не файл с доступом к реестрам; войдите заново: docker login {registry}",
            "{name} is no file of credentials for registries; log in again: docker login {registry}"
        )
    };
    let keys: Keys = serde_json::from_slice(&text).map_err(|_| malformed())?;
    let of_registry = |key: &str| {
        let host = key.trim_start_matches("https://").trim_start_matches("http://");
        host.split('/').next() == Some(registry)
    };
    let Some(auth) = keys.auths.into_iter().find(|(key, _)| of_registry(key)).and_then(|(_, entry)| entry.auth) else {
        return Ok(None);
    };
    // Judged here, so that what is wrong with it is said of this file and not by the registry.
    let is_pair = STANDARD.decode(auth.expose()).is_ok_and(|pair| pair.contains(&b':'));
    if is_pair { Ok(Some(auth)) } else { Err(malformed()) }
}

fn file() -> Option<PathBuf> {
    let told = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(file) = told(NAMED) {
        return Some(file);
    }
    let folder = told(DOCKER).or_else(|| Some(told("HOME")?.join(".docker")))?;
    Some(folder.join("config.json"))
}
