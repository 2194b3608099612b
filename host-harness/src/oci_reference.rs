//! How a component in a registry is written: `registry.example.com/telephony/forward:0.1.0`, or with a digest, `…@sha256:…`.

use std::fmt;
use std::str::FromStr;

use call::masking::unless_secret;
use call::{Localized, localized};

/// How a component of a registry begins in a configuration.
pub(crate) const SCHEME: &str = "oci://";
/// The one kind of digest.
const SHA256: &str = "sha256:";
/// The longest name of a tag.
const LONGEST_TAG: usize = 128;
/// The longest name of a repository.
const LONGEST_REPOSITORY: usize = 255;

/// A place in a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The registry's host, with its port where that is not the usual one.
    pub(crate) registry: String,
    /// The repository in it.
    pub(crate) repository: String,
    /// Which of the repository's artefacts.
    pub(crate) which: Which,
}

/// Which artefact of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// The one that has this name now.
    Tag(String),
    /// The one whose manifest has this digest, in hexadecimal.
    Digest(String),
}

impl Reference {
    /// One of a configuration, which has to name a digest: what a tag names may change any day.
    pub(crate) fn pinned(written: &str) -> Result<Self, Localized> {
        let reference: Self = written.strip_prefix(SCHEME).unwrap_or(written).parse()?;
        if matches!(reference.which, Which::Tag(_)) {
            return Err(localized!(
                "`{}`: нет дайджеста, а под тегом завтра может быть другой компонент; допишите @sha256:…, его печатают `host-harness push` и \
                 `pull`",
                "`{}`: there is no digest, and a tag may name another component tomorrow; add @sha256:…, which `host-harness push` and `pull` \
                 print",
                unless_secret(written)
            ));
        }
        Ok(reference)
    }

    /// The digest of its manifest, where it names one.
    pub(crate) fn digest(&self) -> Option<&str> {
        match &self.which {
            Which::Tag(_) => None,
            Which::Digest(digest) => Some(digest),
        }
    }

    /// The same artefact by this digest.
    pub(crate) fn at(&self, digest: &str) -> Self {
        Self { which: Which::Digest(digest.to_owned()), ..self.clone() }
    }

    /// The repository without the folders that it is in.
    pub(crate) fn last_part(&self) -> &str {
        self.repository.rsplit('/').next().unwrap_or(&self.repository)
    }

    /// Where the registry answers. One on this machine needs no TLS; any other is asked over TLS alone.
    pub(crate) fn base(&self) -> String {
        let host = self.registry.rsplit_once(':').map_or(self.registry.as_str(), |(host, _)| host);
        let scheme = if matches!(host, "localhost" | "127.0.0.1" | "[::1]") { "http" } else { "https" };
        format!("{scheme}://{}", self.registry)
    }

    /// What stands in the addresses of manifests.
    pub(crate) fn name(&self) -> String {
        match &self.which {
            Which::Tag(tag) => tag.clone(),
            Which::Digest(digest) => format!("{SHA256}{digest}"),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.registry, self.repository)?;
        match &self.which {
            Which::Tag(tag) => write!(out, ":{tag}"),
            Which::Digest(digest) => write!(out, "@{SHA256}{digest}"),
        }
    }
}

impl FromStr for Reference {
    type Err = Localized;

    fn from_str(written: &str) -> Result<Self, Localized> {
        let wrong = |ru: &str, en: &str| {
            let written = unless_secret(written);
            Localized::new(format!("`{written}`: {ru}"), format!("`{written}`: {en}"))
        };
        if written.split_once('/').is_some_and(|(registry, _)| registry.contains('@')) {
            // What stands before the sign may be a password, so it is not repeated.
            return Err(Localized::new(
                "в адресе реестра нет места пользователю и паролю; выполните `docker login`, а здесь оставьте РЕЕСТР/ИМЯ:ТЕГ",
                "a registry's address has no user and password; run `docker login`, and leave REGISTRY/NAME:TAG here",
            ));
        }
        let (place, digest) = match written.split_once('@') {
            Some((place, digest)) => (place, Some(digest)),
            None => (written, None),
        };
        // A colon before the last slash is that of a port.
        let (place, tag) = match place.rsplit_once(':') {
            Some((place, tag)) if !tag.contains('/') => (place, Some(tag)),
            _ => (place, None),
        };
        let (registry, repository) = place.split_once('/').ok_or_else(|| {
            wrong(
                "нет реестра; напишите РЕЕСТР/ИМЯ:ТЕГ, например registry.example.com/telephony/forward:0.1.0",
                "there is no registry; write REGISTRY/NAME:TAG, such as registry.example.com/telephony/forward:0.1.0",
            )
        })?;
        let is_host = registry.contains(['.', ':']) || registry == "localhost";
        if !is_host || !registry.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte)) {
            return Err(wrong(
                "перед первой косой чертой должно быть имя сервера реестра, например registry.example.com",
                "before the first slash there has to be the registry's server, such as registry.example.com",
            ));
        }
        let is_part = |part: &str| {
            let ends_well = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
            let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
            let bytes = part.as_bytes();
            part.bytes().all(allowed) && ends_well(bytes.first()) && ends_well(bytes.last())
        };
        if repository.len() > LONGEST_REPOSITORY || !repository.split('/').all(is_part) {
            return Err(wrong(
                "имя в реестре состоит из строчных латинских букв, цифр, `.`, `_`, `-` и косых черт",
                "a name in a registry has lower-case letters, digits, `.`, `_`, `-` and slashes",
            ));
        }
        let which = match (tag, digest) {
            (None, None) => {
                return Err(wrong(
                    "нет ни тега, ни дайджеста; допишите :ТЕГ",
                    "there is neither tag nor digest; add :TAG",
                ));
            }
            // A tag beside a digest is for people.
            (_, Some(digest)) => Which::Digest(hexadecimal(digest).ok_or_else(|| {
                wrong(
                    "после `@` должно быть sha256: и 64 шестнадцатеричные цифры",
                    "after `@` there have to be sha256: and 64 hexadecimal digits",
                )
            })?),
            (Some(tag), None) => {
                let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
                if tag.is_empty() || tag.len() > LONGEST_TAG || tag.starts_with(['.', '-']) || !tag.bytes().all(allowed)
                {
                    return Err(wrong(
                        "в теге латинские буквы, цифры, `.`, `_` и `-`, не больше 128",
                        "a tag has letters, digits, `.`, `_` and `-`, at most 128 of them",
                    ));
                }
                Which::Tag(tag.to_owned())
            }
        };
        Ok(Self { registry: registry.to_owned(), repository: repository.to_owned(), which })
    }
}

/// The digits of `sha256:…`.
pub(crate) fn hexadecimal(digest: &str) -> Option<String> {
    let digits = digest.strip_prefix(SHA256)?;
    let is_hexadecimal =
        digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    is_hexadecimal.then(|| digits.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "4fadc0f1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d";

    #[test]
    fn a_reference_names_a_registry_a_repository_and_which_artefact() {
        let tagged: Reference = "registry.example.com/telephony/forward:0.1.0".parse().unwrap();
        assert_eq!((tagged.base().as_str(), tagged.name().as_str()), ("https://registry.example.com", "0.1.0"));
        let local: Reference = format!("127.0.0.1:5000/forward:x@sha256:{DIGEST}").parse().unwrap();
        assert_eq!((local.base().as_str(), local.digest()), ("http://127.0.0.1:5000", Some(DIGEST)));
        assert_eq!(local.to_string(), format!("127.0.0.1:5000/forward@sha256:{DIGEST}"));
        assert_eq!(Reference::pinned(&format!("{SCHEME}{local}")).unwrap(), local);
        assert!(Reference::pinned("oci://r.example/a:1").unwrap_err().en.contains("add @sha256:"));
    }

    #[test]
    fn what_is_wrong_with_a_reference_is_named() {
        for (written, part) in [
            ("forward:1", "there is no registry"),
            ("telephony/forward:1", "the registry's server"),
            ("r.example/Forward:1", "lower-case"),
            ("r.example/a//b:1", "lower-case"),
            ("r.example/../b:1", "lower-case"),
            ("r.example/a", "neither tag nor digest"),
            ("r.example/a:-x", "a tag has"),
            ("r.example/a@sha256:12", "64 hexadecimal digits"),
            ("r.example/a@md5:12", "64 hexadecimal digits"),
            ("user:secret@r.example/a:1", "no user and password"),
        ] {
            let error = written.parse::<Reference>().unwrap_err();
            assert!(error.en.contains(part), "{written}: {}", error.en);
            assert!(error.ru.contains('`'), "{}", error.ru);
            assert!(!error.en.contains("secret@") && !error.ru.contains("secret@"), "{}", error.en);
        }
    }
}
