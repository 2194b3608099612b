//! `[server]`: where `host-harness serve` listens, who may use it, and its bounds.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::call_details::bytes;
use super::tokens::TokenEntry;
use call::masking::unless_secret;
use call::{Localized, localized};
use runtime::secret::{Secret, SecretSource};
use server::ServerSettings;
use server::tls::TlsFiles;
use server::tokens::SHORTEST;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServerEntry {
    /// Address and port.
    listen: Option<String>,
    /// `env:NAME` or `file:PATH`, never inline.
    token: Option<SecretSource>,
    /// Further tokens, by their hashes.
    #[serde(default)]
    tokens: Vec<TokenEntry>,
    /// A file in PEM form: the certificate, and those that lead to an authority.
    tls_certificate: Option<PathBuf>,
    /// A file in PEM form: its key.
    tls_key: Option<PathBuf>,
    /// The most bytes of a call's body.
    max_body: Option<u64>,
    max_calls: Option<u64>,
    max_connections: Option<u64>,
    guest_memory: Option<String>,
    max_unproved_per_address: Option<u64>,
    max_followers: Option<u64>,
    unproved_timeout: Option<String>,
    head_timeout: Option<String>,
    body_timeout: Option<String>,
    shutdown_grace: Option<String>,
}

impl ServerEntry {
    /// Checks the section and reads its secrets. Paths are relative to `folder`.
    pub(super) fn check(self, folder: &Path) -> Result<ServerSettings, Localized> {
        let usual = ServerSettings::default();
        let listen = match &self.listen {
            None => usual.listen,
            Some(written) => written.parse::<SocketAddr>().map_err(|_| {
                localized!(
                    "[server]: `listen` = `{}` — не адрес с портом; напишите, например, \"127.0.0.1:8066\"",
                    "[server]: `listen` = `{}` is not an address with a port; write, for example, \"127.0.0.1:8066\"",
                    unless_secret(written)
                )
            })?,
        };
        let tls = match (self.tls_certificate, self.tls_key) {
            (None, None) => None,
            (Some(certificate), Some(key)) => {
                Some(TlsFiles { certificate: folder.join(certificate), key: folder.join(key) })
            }
            (Some(_), None) => {
                return Err(Localized::new(
                    "[server]: к `tls_certificate` нужен `tls_key`, файл его закрытого ключа",
                    "[server]: `tls_certificate` needs `tls_key`, the file of its private key",
                ));
            }
            (None, Some(_)) => {
                return Err(Localized::new(
                    "[server]: к `tls_key` нужен `tls_certificate`, файл его сертификата",
                    "[server]: `tls_key` needs `tls_certificate`, the file of its certificate",
                ));
            }
        };
        let secret =
            |key: &str, source: Option<SecretSource>| source.map(|source| secret(key, source, folder)).transpose();
        Ok(ServerSettings {
            listen,
            token: secret("token", self.token)?,
            tokens: TokenEntry::check_all(self.tokens)?,
            tls,
            max_body: number("max_body", self.max_body, usual.max_body, 256..=1_048_576)?,
            max_calls: number("max_calls", self.max_calls, usual.max_calls, 1..=100_000)?,
            max_connections: number("max_connections", self.max_connections, usual.max_connections, 1..=100_000)?,
            guest_memory: self.guest_memory.as_deref().map(guest_memory).transpose()?,
            max_unproved_per_address: number(
                "max_unproved_per_address",
                self.max_unproved_per_address,
                usual.max_unproved_per_address,
                1..=100_000,
            )?,
            max_followers: number("max_followers", self.max_followers, usual.max_followers, 0..=10_000)?,
            unproved_timeout: time("unproved_timeout", self.unproved_timeout)?.unwrap_or(usual.unproved_timeout),
            head_timeout: time("head_timeout", self.head_timeout)?.unwrap_or(usual.head_timeout),
            body_timeout: time("body_timeout", self.body_timeout)?.unwrap_or(usual.body_timeout),
            shutdown_grace: time("shutdown_grace", self.shutdown_grace)?,
            ..usual
        })
    }
}

/// Refuses what signatures of requests had, before they were given up for TLS and tokens with scopes.
pub(super) fn refuse_given_up(written: &toml::Value) -> Result<(), Localized> {
    match written.get("server").and_then(|server| server.get("hmac_secret")) {
        None => Ok(()),
        Some(_) => Err(Localized::new(
            "[server]: ключа `hmac_secret` больше нет: запросы не подписываются. Уберите его, дайте клиенту свой токен \
             (`host-harness token new NAME --scope pbx`) и шифруйте путь к серверу: задайте `tls_certificate` и `tls_key` или поставьте перед ним \
             обратный прокси с TLS",
            "[server]: `hmac_secret` is no longer a key: requests are not signed. Leave it out, give the client a token of its own \
             (`host-harness token new NAME --scope pbx`), and encrypt the way to the server: set `tls_certificate` and `tls_key`, or put \
             a reverse proxy with TLS in front of it",
        )),
    }
}

/// At least what one call may use.
fn guest_memory(written: &str) -> Result<usize, Localized> {
    const LEAST: usize = 64 * 1024 * 1024;
    let bytes = bytes(written).and_then(|bytes| usize::try_from(bytes).ok());
    bytes.filter(|bytes| *bytes >= LEAST).ok_or_else(|| {
        let written = unless_secret(written);
        localized!(
            "[server]: `guest_memory` = `{written}`; укажите размер не меньше `64MiB`, например `2GiB`",
            "[server]: `guest_memory` = `{written}`; set a size of at least `64MiB`, for example `2GiB`"
        )
    })
}

fn secret(key: &str, source: SecretSource, folder: &Path) -> Result<Secret, Localized> {
    let secret = source
        .relative_to(folder)
        .read()
        .map_err(|error| Localized::from(error).at(format_args!("[server]: `{key}`")))?;
    let plain = secret.expose().bytes().all(|byte| byte.is_ascii_graphic());
    if secret.expose().len() < SHORTEST || !plain {
        return Err(localized!(
            "[server]: в `{key}` должно быть не меньше {SHORTEST} латинских букв, цифр или знаков без пробелов; создайте его, например, командой \
             `openssl rand -hex 32`",
            "[server]: `{key}` must have at least {SHORTEST} letters, digits or signs without spaces; make one, for example with \
             `openssl rand -hex 32`"
        ));
    }
    Ok(secret)
}

fn number(
    key: &str,
    written: Option<u64>,
    usual: usize,
    within: std::ops::RangeInclusive<u64>,
) -> Result<usize, Localized> {
    let Some(written) = written else { return Ok(usual) };
    usize::try_from(written).ok().filter(|_| within.contains(&written)).ok_or_else(|| {
        localized!(
            "[server]: `{key}` = {written}; укажите целое число от {} до {}",
            "[server]: `{key}` = {written}; set a whole number from {} to {}",
            within.start(),
            within.end()
        )
    })
}

fn time(key: &str, written: Option<String>) -> Result<Option<Duration>, Localized> {
    const WITHIN: std::ops::RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(600);
    let Some(written) = written else { return Ok(None) };
    let time = humantime::parse_duration(&written).ok().filter(|time| WITHIN.contains(time));
    time.map(Some).ok_or_else(|| {
        let written = unless_secret(&written);
        localized!(
            "[server]: `{key}` = `{written}`; укажите время от `100ms` до `10m`, например `5s`",
            "[server]: `{key}` = `{written}`; set a duration from `100ms` to `10m`, for example `5s`"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ServerSettings, String> {
        let entry: ServerEntry = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        entry.check(Path::new(".")).map_err(|error| error.en)
    }

    #[test]
    fn nothing_needs_to_be_set_and_loopback_is_meant_then() {
        let settings = read("").unwrap();
        assert!(settings.listen.ip().is_loopback() && settings.listen.port() == 8066);
        assert!(settings.token.is_none() && settings.tls.is_none());
    }

    #[test]
    fn the_files_of_tls_are_relative_to_the_configuration() {
        let entry: ServerEntry = toml::from_str("tls_certificate = \"cert.pem\"\ntls_key = \"/keys/key.pem\"").unwrap();
        let files = entry.check(Path::new("/etc/host-harness")).unwrap().tls.unwrap();
        assert_eq!(files.certificate, Path::new("/etc/host-harness/cert.pem"));
        assert_eq!(files.key, Path::new("/keys/key.pem"));
    }

    #[test]
    fn what_signed_requests_is_refused_with_what_there_is_instead() {
        for written in ["\"env:A\"", "\"an-inline-secret\"", "1"] {
            let written: toml::Value = toml::from_str(&format!("[server]\nhmac_secret = {written}\n")).unwrap();
            let error = refuse_given_up(&written).unwrap_err().en;
            for part in ["`hmac_secret` is no longer a key", "`tls_certificate` and `tls_key`", "--scope pbx"] {
                assert!(error.contains(part) && !error.contains("inline"), "{error}");
            }
        }
        assert_eq!(refuse_given_up(&toml::from_str("[server]\ntoken = \"env:A\"\n").unwrap()), Ok(()));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_fix_and_no_secret_is_repeated() {
        let folder = tempfile::tempdir().unwrap();
        let short = folder.path().join("short");
        std::fs::write(&short, "nineteen-characters").unwrap();
        let short = format!("token = \"file:{}\"", short.display());
        for (text, message) in [
            ("listen = \"everywhere\"", "`listen` = `everywhere`"),
            ("max_body = 1", "`max_body` = 1"),
            ("max_calls = 0", "from 1 to"),
            ("guest_memory = \"1MiB\"", "at least `64MiB`"),
            ("shutdown_grace = \"1h\"", "`shutdown_grace` = `1h`"),
            ("token = \"an-inline-secret-of-some-length\"", "never written inline"),
            (short.as_str(), "at least 20"),
            ("tokn = \"env:A\"", "unknown field"),
            ("tls_certificate = \"a.pem\"", "needs `tls_key`"),
            ("tls_key = \"a.pem\"", "needs `tls_certificate`"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(message), "{error}");
            assert!(!error.contains("inline-secret") && !error.contains("nineteen-"), "{error}");
        }
    }
}
