//! The connection pool of one integration: HTTP/1.1 over keep-alive connections, TLS where the origin says `https`.
//!
//! Over a real network a kept connection saves two round trips per call, and a server that sees one connection instead of hundreds
//! has no reason to throttle. Certificates are checked against Mozilla's roots, compiled in, plus the user's own `ca_file`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use call::{Bilingual, Localized, system_error_ru};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use rustls::{ClientConfig, RootCertStore};

use super::addresses::PrivateAddresses;
use super::connection::{Connections, Watching};
use super::dial::Dialler;
use super::proxy::{Proxy, Tcp};
use super::request_body::RequestBody;
use super::resolver::Resolver;
use crate::regular_file;

/// How long an idle connection is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(90);
/// How many idle connections are kept to one host; more are closed after use.
const MAX_IDLE_PER_HOST: usize = 16;
/// For all addresses of a host together, so that a dead first address leaves time for the second.
const TCP_CEILING: Duration = Duration::from_secs(10);
/// About the most that an answer's status line and headers may take: checked after each read.
const MAX_HEAD_BYTES: usize = 64 * 1024;

pub(crate) type Pool = Client<Watching<Dialler>, RequestBody>;

/// Why outbound HTTP cannot be set up. Each text names the key at fault and the fix.
#[derive(Debug, thiserror::Error)]
pub enum HttpSetupError {
    /// The file of additional certificate authorities cannot be read.
    #[error("ca_file {} cannot be read ({cause}): check that it exists and that this user may read it", file.display())]
    CaFileUnreadable {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        cause: std::io::Error,
    },
    /// The file is not PEM, or a certificate in it cannot be parsed.
    #[error("ca_file {} does not hold certificates in PEM form ({cause}): it must have one or more sections -----BEGIN CERTIFICATE-----", file.display())]
    CaFileInvalid {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        cause: Localized,
    },
    /// The TLS library refuses its own defaults.
    #[error("TLS cannot be set up: {0}")]
    Tls(rustls::Error),
    /// The token cannot be sent in a header.
    #[error(
        "the access token contains a line break or another character that no HTTP header can carry: check that its source holds the \
         token alone"
    )]
    Token,
    /// The user agent cannot be sent in a header.
    #[error(
        "user_agent contains a character that no HTTP header can carry: use ASCII letters, digits, spaces and punctuation"
    )]
    UserAgent,
}

impl Bilingual for HttpSetupError {
    fn ru(&self) -> String {
        match self {
            Self::CaFileUnreadable { file, cause } => format!(
                "ca_file {} не читается ({}): проверьте, что он есть и что этот пользователь может его читать",
                file.display(),
                system_error_ru(cause)
            ),
            Self::CaFileInvalid { file, cause } => format!(
                "в ca_file {} нет сертификатов в формате PEM ({}): нужны одна или несколько частей -----BEGIN CERTIFICATE-----",
                file.display(),
                cause.ru
            ),
            Self::Tls(cause) => format!("TLS не удалось настроить: {cause}"),
            Self::Token => "в ключе доступа есть перенос строки или другой знак, который нельзя передать в заголовке HTTP: проверьте, что в \
                            его источнике только сам ключ"
                .to_owned(),
            Self::UserAgent => "в user_agent есть знак, который нельзя передать в заголовке HTTP: используйте латиницу, цифры, пробелы и \
                                знаки препинания"
                .to_owned(),
        }
    }
}

/// The network: names are looked up, addresses judged, certificates checked.
pub(crate) fn network(resolver: &Resolver, proxy: Proxy, ca_file: Option<&Path>) -> Result<Dialler, HttpSetupError> {
    let to_proxy = resolver.with(PrivateAddresses::Granted);
    let tcp = Tcp::new(tcp(resolver.clone()), tcp(to_proxy), proxy);
    let connector =
        HttpsConnectorBuilder::new().with_tls_config(tls(ca_file)?).https_or_http().enable_http1().wrap_connector(tcp);
    Ok(Dialler::Network(connector))
}

fn tcp(resolver: Resolver) -> HttpConnector<Resolver> {
    let mut tcp = HttpConnector::new_with_resolver(resolver);
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_keepalive(Some(IDLE_TIMEOUT));
    tcp.set_connect_timeout(Some(TCP_CEILING));
    tcp
}

/// Opens no connection yet.
pub(crate) fn pool(connector: Dialler, connections: Connections) -> Pool {
    keeping(MAX_IDLE_PER_HOST, connector, connections)
}

/// The same, each request on a connection of its own: where one has just broken, others that were kept as long may be broken too.
pub(crate) fn unkept(connector: Dialler, connections: Connections) -> Pool {
    keeping(0, connector, connections)
}

fn keeping(idle_per_host: usize, connector: Dialler, connections: Connections) -> Pool {
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(idle_per_host)
        .http1_max_buf_size(MAX_HEAD_BYTES)
        .build(Watching { connector, connections })
}

fn tls(ca_file: Option<&Path>) -> Result<ClientConfig, HttpSetupError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(file) = ca_file {
        add_authorities(&mut roots, file)?;
    }
    // The provider is named, not taken from the process: nobody else's choice of one can change or break this.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(HttpSetupError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// The most bytes of a file of certificate authorities: some ten times all that browsers know.
const MOST_AUTHORITIES: u64 = 4 * 1024 * 1024;

fn add_authorities(roots: &mut RootCertStore, file: &Path) -> Result<(), HttpSetupError> {
    let unreadable = |cause| HttpSetupError::CaFileUnreadable { file: file.to_owned(), cause };
    let invalid = |cause: Localized| HttpSetupError::CaFileInvalid { file: file.to_owned(), cause };
    // The reader's own words are the same in both languages.
    let unread = |said: String| invalid(Localized::new(&said, &said));
    let text = regular_file::read(file, MOST_AUTHORITIES).map_err(|error| unreadable(error.into()))?;
    let before = roots.len();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error: pem::Error| unread(error.to_string()))?;
        roots.add(certificate).map_err(|error| unread(error.to_string()))?;
    }
    if roots.len() == before {
        return Err(invalid(Localized::new("ни одного", "there is none in it")));
    }
    Ok(())
}
