//! TLS of the server itself: a certificate and its key, from two files in PEM form, taken up again when they are renewed.
//!
//! The files are looked at once a minute, and whenever somebody asks for it. New ones serve the connections that come then; those that are open go
//! on. Two files that do not belong together, as in the middle of a renewal, change nothing: the certificate before stays, the log says so once,
//! and the next look tries again.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use call::{Bilingual, Localized, localized};
use runtime::regular_file::{self, NotRead};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio_rustls::TlsAcceptor;
use tracing::{info, warn};
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// Where the certificate and its key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, and after it those that lead to an authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// The certificate in force.
pub struct Tls {
    files: TlsFiles,
    config: ArcSwap<ServerConfig>,
    /// One look at a time: what was read first must not be noted last.
    looking: tokio::sync::Mutex<()>,
    looked: Mutex<Looked>,
}

/// What the last look found.
#[derive(Default)]
struct Looked {
    /// The digest of both files, or none where they could not be read.
    digest: Option<[u8; 32]>,
    failing: Option<Localized>,
}

/// How TLS stands.
#[derive(Serialize, ToSchema)]
#[schema(as = Tls)]
pub(crate) struct TlsState {
    /// The file of the certificate.
    certificate: String,
    /// Why the files, as they are now, are not in force; null where they are.
    failing: Option<Localized>,
}

impl Tls {
    /// Reads both files.
    ///
    /// # Errors
    /// Where they cannot be read or do not belong together; the error names the file at fault.
    pub async fn read(files: TlsFiles) -> Result<Arc<Self>, Localized> {
        let (config, digest) = read(&files).await?;
        let looked = Mutex::new(Looked { digest: Some(digest), failing: None });
        Ok(Arc::new(Self { files, config: ArcSwap::new(config), looking: tokio::sync::Mutex::default(), looked }))
    }

    /// Reads both files again, and puts them in force where they have changed.
    pub async fn look(&self) {
        let _one = self.looking.lock().await;
        let found = read(&self.files).await;
        let mut looked = self.looked();
        match found {
            Ok((config, digest)) => {
                if looked.digest != Some(digest) {
                    self.config.store(config);
                    info!(certificate = %self.files.certificate.display(), "the renewed certificate is in force");
                }
                *looked = Looked { digest: Some(digest), failing: None };
            }
            Err(error) => {
                if looked.failing.as_ref() != Some(&error) {
                    warn!("{error}; the certificate that was read before stays in force");
                }
                looked.failing = Some(error);
            }
        }
    }

    /// What takes in the next connection.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.config.load_full())
    }

    pub(crate) fn state(&self) -> TlsState {
        let certificate = self.files.certificate.display().to_string();
        TlsState { certificate, failing: self.looked().failing.clone() }
    }

    fn looked(&self) -> MutexGuard<'_, Looked> {
        // What was found, replaced whole.
        self.looked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The most bytes of one of the files.
const MOST: u64 = 1024 * 1024;

async fn read_file(file: &Path) -> Result<Vec<u8>, NotRead> {
    let file = file.to_owned();
    tokio::task::spawn_blocking(move || regular_file::read(&file, MOST)).await.map_err(std::io::Error::other)?
}

/// What the files say, and their digest.
async fn read(files: &TlsFiles) -> Result<(Arc<ServerConfig>, [u8; 32]), Localized> {
    let TlsFiles { certificate, key } = files;
    let (shown, key_shown) = (certificate.display(), key.display());
    let unreadable = |key: &str, file: &Path, error: NotRead| {
        let file = file.display();
        Localized::new(
            format!("[server] `{key}`: {file} не читается ({})", error.ru()),
            format!("[server] `{key}`: {file} cannot be read: {error}"),
        )
    };
    let chain_pem = read_file(certificate).await.map_err(|error| unreadable("tls_certificate", certificate, error))?;
    let key_pem = read_file(key).await.map_err(|error| unreadable("tls_key", key, error))?;
    let key_pem = Zeroizing::new(key_pem);
    let chain = CertificateDer::pem_slice_iter(&chain_pem).collect::<Result<Vec<_>, _>>().ok();
    let chain = chain.filter(|chain| !chain.is_empty()).ok_or_else(|| {
        localized!(
            "[server] `tls_certificate`: в {shown} нет сертификата в формате PEM (-----BEGIN CERTIFICATE-----)",
            "[server] `tls_certificate`: {shown} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)"
        )
    })?;
    // What the reader says of a wrong key may repeat a part of it.
    let private = PrivateKeyDer::from_pem_slice(&key_pem).map_err(|_| {
        localized!(
            "[server] `tls_key`: в {key_shown} нет закрытого ключа в формате PEM (-----BEGIN PRIVATE KEY-----)",
            "[server] `tls_key`: {key_shown} holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)"
        )
    })?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder =
        builder.map_err(|error| localized!("TLS не удалось настроить: {error}", "TLS cannot be set up: {error}"))?;
    let mut config = builder.with_no_client_auth().with_single_cert(chain, private).map_err(|error| {
        localized!(
            "[server]: сертификат {shown} и ключ {key_shown} не подходят друг к другу ({error})",
            "[server]: the certificate {shown} and the key {key_shown} cannot be used together: {error}"
        )
    })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let digest = Sha256::new().chain_update(&chain_pem).chain_update([0]).chain_update(&*key_pem).finalize();
    Ok((Arc::new(config), digest.into()))
}
