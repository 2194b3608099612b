//! TLS: whom is trusted, and how what goes wrong is told apart.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::NamedTempFile;
use tokio::io::AsyncReadExt;
use tokio_rustls::TlsAcceptor;

use super::server::{Server, ok};
use super::*;

/// A private authority's certificate as a file, and a server whose certificate it issued for `name`.
pub(super) async fn private_server(name: &str) -> (NamedTempFile, Server) {
    let authority_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(params, authority_key);
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), authority.pem()).unwrap();

    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let server_config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    (file, Server::start_tls(|_| ok("private"), Some(TlsAcceptor::from(Arc::new(server_config)))).await)
}

async fn ask(server: &Server, ca_file: Option<&NamedTempFile>) -> String {
    let origin = format!("https://{}", server.address);
    let config =
        OutboundHttpConfig { ca_file: ca_file.map(|file| file.path().to_owned()), ..with_token(&[&origin], &origin) };
    name(fetch(&mut call(config), get(&origin)).await)
}

#[tokio::test]
async fn a_private_authority_is_trusted_only_where_ca_file_names_it() {
    let (authority, server) = private_server("127.0.0.1").await;
    assert_eq!(ask(&server, Some(&authority)).await, "ok");
    assert_eq!(ask(&server, None).await, "TlsCertificateError");
    let (another, _) = private_server("127.0.0.1").await;
    assert_eq!(ask(&server, Some(&another)).await, "TlsCertificateError");
    assert_eq!(server.seen().len(), 1, "nobody else got the token");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let (authority, server) = private_server("127.0.0.2").await;
    assert_eq!(ask(&server, Some(&authority)).await, "TlsCertificateError");
}

#[tokio::test]
async fn connections_are_kept_with_tls_too() {
    let (authority, server) = private_server("127.0.0.1").await;
    let origin = format!("https://{}", server.address);
    let mut call = call(OutboundHttpConfig { ca_file: Some(authority.path().to_owned()), ..config(&[&origin]) });
    for _ in 0..3 {
        assert_eq!(fetch(&mut call, get(&origin)).await.unwrap(), "private");
    }
    assert!(server.seen().iter().all(|request| request.connection == 0));
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_is_a_protocol_error_and_one_that_says_nothing_a_timeout() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("https://{}", listener.local_addr().unwrap());
    let mut call = call(config(&[&origin]));
    let greeting = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, b"220 mail.example ESMTP\r\n").await.unwrap();
        stream
    };
    let (_stream, outcome) = tokio::join!(greeting, send(&mut call, get(&origin)));
    assert_eq!(name(outcome), "TlsProtocolError");
    // Connected, and then silence: the handshake is under the connect timeout.
    let options = RequestOptions { connect_timeout: Some(Duration::from_millis(50)), ..RequestOptions::default() };
    assert_eq!(name(send_within(&mut call, get(&origin), Some(options)).await), "ConnectionTimeout");
}

/// A server that breaks the first connections, each in its way, before the handshake of TLS is over; then it does as it should.
async fn private_server_that_breaks(broken: &'static [Break]) -> (NamedTempFile, SocketAddr, Arc<AtomicUsize>) {
    let (authority, server) = private_server("127.0.0.1").await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, behind) = (listener.local_addr().unwrap(), server.address);
    let opened = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&opened);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let number = count.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                match broken.get(number) {
                    None => {
                        let mut behind = tokio::net::TcpStream::connect(behind).await.unwrap();
                        let _ = tokio::io::copy_bidirectional(&mut stream, &mut behind).await;
                    }
                    Some(Break::AtOnce) => stream.set_zero_linger().unwrap(),
                    Some(way) => {
                        // Past the greeting of the client.
                        stream.read_u8().await.unwrap();
                        if matches!(way, Break::ResetInHandshake) {
                            stream.set_zero_linger().unwrap();
                        }
                    }
                }
            });
        }
    });
    (authority, address, opened)
}

#[derive(Clone, Copy, Debug)]
enum Break {
    AtOnce,
    EndInHandshake,
    ResetInHandshake,
}

#[tokio::test]
async fn a_handshake_that_breaks_costs_a_get_one_more_try_and_a_post_its_answer() {
    for broken in [&[Break::AtOnce][..], &[Break::EndInHandshake], &[Break::ResetInHandshake]] {
        for (method, twice) in [("GET", false), ("GET", true), ("POST", false)] {
            let all: &'static [Break] = if twice { &[Break::AtOnce; 9] } else { broken };
            let (authority, address, opened) = private_server_that_breaks(all).await;
            let origin = format!("https://{address}");
            let mut call =
                call(OutboundHttpConfig { ca_file: Some(authority.path().to_owned()), ..config(&[&origin]) });
            let mut request = get(&origin);
            *request.method_mut() = method.parse().unwrap();
            let outcome = name(fetch(&mut call, request).await);
            let mended = method == "GET" && !twice;
            assert_eq!(outcome, if mended { "ok" } else { "ConnectionTerminated" }, "{method} {broken:?}");
            let tries = if method == "GET" { 2 } else { 1 };
            assert_eq!(opened.load(Ordering::Relaxed), tries, "{method} {broken:?}");
            assert_eq!(call.exchanges()[0].repeated, method == "GET", "{method} {broken:?}");
        }
    }
}

#[test]
fn a_ca_file_that_is_none_is_named_with_the_fix() {
    let file = NamedTempFile::new().unwrap();
    let refused = |path: std::path::PathBuf| {
        OutboundHttp::new(OutboundHttpConfig { ca_file: Some(path), ..config(&[]) }).unwrap_err().to_string()
    };
    let message = refused("/nonexistent/ca.pem".into());
    assert!(
        message.contains("ca_file /nonexistent/ca.pem cannot be read") && message.contains("check that it exists"),
        "{message}"
    );
    for content in
        ["", "hello", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\n"]
    {
        std::fs::write(file.path(), content).unwrap();
        let message = refused(file.path().to_owned());
        assert!(message.contains(&file.path().display().to_string()) && message.contains("PEM"), "{message}");
    }
}
