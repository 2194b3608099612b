//! The address of a server of Redis or Valkey.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use url::Url;

use call::Bilingual;
use runtime::secret::SecretSource;

/// The port of Redis and Valkey.
const PORT: u16 = 6379;

/// Where a server of Redis or Valkey is, and how it is reached: `redis://[USER@]HOST[:PORT][/DATABASE]`, `rediss://…` over TLS, and behind it
/// `?password=env:NAME` (or `file:PATH`) and `ca_file=PATH`. It never holds a password itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisLocation {
    pub(super) tls: bool,
    /// A name or an address, without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: Option<String>,
    pub(super) database: u32,
    /// Where the password is read from.
    pub password: Option<SecretSource>,
    /// Certificate authorities to trust instead of the public ones, a file in PEM form. For `rediss://` alone.
    pub ca_file: Option<PathBuf>,
}

/// Why a text is not the address of a server. No message repeats any of it, since it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// It cannot be read.
    #[error("this is not the address of a store: write redis://HOST:PORT/DATABASE, or rediss://… for TLS")]
    Address,
    /// There is a password in it.
    #[error(
        "a password is never written into the address: name where it is read from, as in redis://HOST:6379/0?password=env:REDIS_PASSWORD"
    )]
    Password,
    /// The database is not a number.
    #[error("the database of a store is a number, as in redis://HOST:6379/0")]
    Database,
    /// Something follows that is not known.
    #[error(
        "behind the address of a store there may be `password` (env:NAME or file:PATH, never the password itself) and `ca_file`"
    )]
    Parameter,
    /// Certificate authorities without TLS.
    #[error("`ca_file` is for rediss:// alone: write rediss:// for TLS, or leave it out")]
    Authorities,
}

impl Bilingual for LocationError {
    fn ru(&self) -> String {
        match self {
            Self::Address => "это не адрес хранилища: напишите redis://ИМЯ:ПОРТ/БАЗА или rediss://… для TLS",
            Self::Password => {
                "пароль никогда не пишут в адрес: укажите, откуда его прочитать, например redis://ИМЯ:6379/0?password=env:REDIS_PASSWORD"
            }
            Self::Database => "база хранилища — число, например redis://ИМЯ:6379/0",
            Self::Parameter => {
                "после адреса хранилища могут стоять `password` (env:ИМЯ или file:ПУТЬ, сам пароль — никогда) и `ca_file`"
            }
            Self::Authorities => "`ca_file` бывает только у rediss://: напишите rediss:// для TLS или уберите его",
        }
        .to_owned()
    }
}

impl RedisLocation {
    /// Whether a text is meant as such an address.
    pub(crate) fn is_meant(text: &str) -> bool {
        let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        matches!(scheme.as_deref(), Some("redis" | "rediss"))
    }

    /// The same with paths relative to this folder.
    #[must_use]
    pub fn relative_to(mut self, folder: &Path) -> Self {
        self.ca_file = self.ca_file.map(|file| folder.join(file));
        self.password = self.password.map(|source| source.relative_to(folder));
        self
    }

    /// Checks that what is named fits together.
    pub fn check(self) -> Result<Self, LocationError> {
        if self.ca_file.is_some() && !self.tls { Err(LocationError::Authorities) } else { Ok(self) }
    }

    /// The server's address for people, without the user.
    pub fn server(&self) -> String {
        let scheme = if self.tls { "rediss" } else { "redis" };
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        format!("{scheme}://{host}:{}/{}", self.port, self.database)
    }
}

impl FromStr for RedisLocation {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, LocationError> {
        let url = Url::parse(text).map_err(|_| LocationError::Address)?;
        let tls = match url.scheme() {
            "redis" => false,
            "rediss" => true,
            _ => return Err(LocationError::Address),
        };
        if url.password().is_some() {
            return Err(LocationError::Password);
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(LocationError::Address)?;
        let decode = |text: &str| {
            let text = percent_encoding::percent_decode_str(text).decode_utf8();
            text.map(|text| text.into_owned()).map_err(|_| LocationError::Address)
        };
        let database = match url.path().trim_start_matches('/') {
            "" => 0,
            number => number.parse().map_err(|_| LocationError::Database)?,
        };
        let mut location = Self {
            tls,
            host: decode(host.trim_start_matches('[').trim_end_matches(']'))?,
            port: url.port().unwrap_or(PORT),
            user: Some(decode(url.username())?).filter(|user| !user.is_empty()),
            database,
            password: None,
            ca_file: None,
        };
        if url.fragment().is_some() {
            return Err(LocationError::Address);
        }
        for (key, value) in url.query_pairs() {
            match key.as_ref() {
                "password" => location.password = Some(value.parse().map_err(|_| LocationError::Parameter)?),
                "ca_file" => location.ca_file = Some(PathBuf::from(value.as_ref())),
                _ => return Err(LocationError::Parameter),
            }
        }
        location.check()
    }
}

/// As it is written on a command line.
impl fmt::Display for RedisLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut url = Url::parse(&self.server()).map_err(|_| fmt::Error)?;
        url.set_username(self.user.as_deref().unwrap_or_default()).map_err(|()| fmt::Error)?;
        if let Some(password) = &self.password {
            url.query_pairs_mut().append_pair("password", &password.to_string());
        }
        if let Some(file) = &self.ca_file {
            url.query_pairs_mut().append_pair("ca_file", &file.to_string_lossy());
        }
        write!(f, "{url}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_written_as_it_was() {
        for text in [
            "redis://127.0.0.1:6379/0",
            "rediss://hh@cache.example:6380/3?password=env%3AREDIS_PASSWORD&ca_file=%2Fetc%2Fca.pem",
            "redis://[::1]:7000/0?password=file%3A%2Frun%2Fredis",
        ] {
            let location: RedisLocation = text.parse().unwrap();
            assert_eq!(location.to_string(), text);
            assert!(!location.server().contains("hh@"), "{}", location.server());
        }
        let short: RedisLocation = "redis://cache".parse().unwrap();
        assert_eq!(short.server(), "redis://cache:6379/0");
    }

    #[test]
    fn a_password_in_the_address_is_refused_and_never_repeated() {
        for (text, error) in [
            ("redis://:S3cret@cache", LocationError::Password),
            ("redis://user:S3cret@cache/0", LocationError::Password),
            ("redis://cache/0?password=S3cret", LocationError::Parameter),
            ("redis://cache/0?S3cret=1", LocationError::Parameter),
            ("redis://cache/S3cret", LocationError::Database),
            ("redis://", LocationError::Address),
            ("redis://cache/0?ca_file=ca.pem", LocationError::Authorities),
        ] {
            assert_eq!(text.parse::<RedisLocation>(), Err(error), "{text}");
            assert!(!error.to_string().contains("S3cret"));
        }
    }
}
