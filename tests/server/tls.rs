//! The server's own TLS: what it says is encrypted, renewed certificates are taken up, and what is no TLS is closed.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use server::tls::TlsFiles;
use tempfile::TempDir;
use test_support::client::{Client, PATIENCE, TOKEN};
use test_support::{ConnectedHome, OPERATIONS};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::scene::Scene;

/// Makes a certificate that signs itself, and writes it and its key.
fn issue(folder: &Path) -> CertificateDer<'static> {
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(vec!["pbx.example".to_owned()]).expect("a name").self_signed(&key);
    let certificate = certificate.expect("a certificate");
    std::fs::write(folder.join("certificate.pem"), certificate.pem()).expect("a file");
    std::fs::write(folder.join("key.pem"), key.serialize_pem()).expect("a file");
    certificate.der().clone()
}

fn files(folder: &TempDir) -> TlsFiles {
    TlsFiles { certificate: folder.path().join("certificate.pem"), key: folder.path().join("key.pem") }
}

async fn scene(folder: &TempDir) -> Scene {
    let mut scene = Scene::new().await;
    scene.settings.tls = Some(files(folder));
    scene
}

/// Asks over TLS, trusting this certificate alone; none where the server has another one.
async fn get(client: &Client, path: &str, trusted: &CertificateDer<'static>) -> Option<(StatusCode, Value)> {
    let request = Request::get(path).header("host", "pbx.example").header("authorization", format!("Bearer {TOKEN}"));
    let answer = send(client, request.body(Full::default()).expect("a request"), trusted).await?;
    Some((answer.status(), serde_json::from_slice(answer.body()).expect("JSON")))
}

/// The same for any request.
async fn send(
    client: &Client,
    request: Request<Full<Bytes>>,
    trusted: &CertificateDer<'static>,
) -> Option<Response<Bytes>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("TLS");
    let connector = TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()));
    let stream = TcpStream::connect(client.server).await.expect("it listens");
    let stream = connector.connect(ServerName::try_from("pbx.example").expect("a name"), stream).await.ok()?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("HTTP");
    let driving = tokio::spawn(connection);
    let answer = sender.send_request(request).await.expect("an answer");
    let (head, body) = answer.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    driving.abort();
    Some(Response::from_parts(head, body))
}

#[tokio::test]
async fn the_cookie_of_a_login_over_tls_goes_nowhere_unencrypted() {
    let folder = tempfile::tempdir().expect("a folder");
    let certificate = issue(folder.path());
    let serving = scene(&folder).await.serve().await;
    let login = Request::post("/v1/session").header("host", "pbx.example").header("content-type", "application/json");
    let login = login.body(Full::from(json!({"token": TOKEN}).to_string())).expect("a request");
    let opened = send(&serving.client, login, &certificate).await.expect("an answer");
    let given = opened.headers()["set-cookie"].to_str().expect("text");
    assert!(given.ends_with("; HttpOnly; SameSite=Strict; Path=/; Secure"), "{given}");
}

#[tokio::test]
async fn what_is_said_over_tls_is_answered_and_plain_http_is_closed_and_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let certificate = issue(folder.path());
    let serving = scene(&folder).await.serve().await;
    let (status, state) = get(&serving.client, "/v1/state", &certificate).await.expect("an answer");
    assert_eq!((status, &state["tls"]["failing"]), (StatusCode::OK, &Value::Null));

    let mut plain = TcpStream::connect(serving.client.server).await.expect("it listens");
    plain.write_all(b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("it reads");
    let mut said = Vec::new();
    let read = plain.read_to_end(&mut said);
    // A reset is an end as well.
    let _ = tokio::time::timeout(PATIENCE, read).await.expect("it is closed");
    assert!(!String::from_utf8_lossy(&said).contains("live"), "{said:?}");
    let (_, state) = get(&serving.client, "/v1/state", &certificate).await.expect("an answer");
    assert_eq!(state["connections"]["closed_without_tls"], 1, "{state}");
}

#[tokio::test]
async fn a_handshake_has_as_long_as_a_first_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let certificate = issue(folder.path());
    let mut scene = scene(&folder).await;
    scene.settings.unproved_timeout = Duration::from_millis(100);
    let serving = scene.serve().await;
    let mut silent = TcpStream::connect(serving.client.server).await.expect("it listens");
    let mut said = Vec::new();
    let read = tokio::time::timeout(PATIENCE, silent.read_to_end(&mut said)).await;
    assert!(read.is_ok() && said.is_empty(), "a client that says nothing is closed");
    let (_, state) = get(&serving.client, "/v1/state", &certificate).await.expect("an answer");
    assert_eq!(state["connections"]["closed_slow"], 1, "{state}");
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_up_and_a_broken_pair_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = issue(folder.path());
    let serving = scene(&folder).await.serve().await;
    let tls = serving.tls.clone().expect("the server speaks TLS");
    assert!(get(&serving.client, "/v1/state", &first).await.is_some());

    // In the middle of a renewal: the new certificate with the old key.
    let old_key = std::fs::read(folder.path().join("key.pem")).expect("a file");
    let second = issue(folder.path());
    let new_key = std::fs::read(folder.path().join("key.pem")).expect("a file");
    std::fs::write(folder.path().join("key.pem"), old_key).expect("a file");
    tls.look().await;
    let (_, state) = get(&serving.client, "/v1/state", &first).await.expect("the first one stays");
    let failing = state["tls"]["failing"]["en"].as_str().expect("what is wrong");
    assert!(failing.contains("cannot be used together") && failing.contains("key.pem"), "{failing}");

    std::fs::write(folder.path().join("key.pem"), new_key).expect("a file");
    tls.look().await;
    assert!(get(&serving.client, "/v1/state", &first).await.is_none());
    let (_, state) = get(&serving.client, "/v1/state", &second).await.expect("the second one is in force");
    assert_eq!(state["tls"]["failing"], Value::Null);
}

#[tokio::test]
async fn the_binary_speaks_tls_and_takes_a_renewed_certificate_up_when_it_is_told_to() {
    let home = ConnectedHome::new(OPERATIONS, "tls_certificate = \"certificate.pem\"\ntls_key = \"key.pem\"\n").await;
    let first = issue(home.home().directory());
    let process = home.serve(&["--log", "info"]);
    assert!(process.stdout().starts_with("listening on https://127.0.0.1:"), "{}", process.stdout());
    assert_eq!(get(&process.client, "/v1/operations", &first).await.expect("an answer").0, StatusCode::OK);
    let second = issue(home.home().directory());
    process.signal("-HUP");
    process.logs("the renewed certificate is in force").await;
    assert_eq!(get(&process.client, "/v1/operations", &second).await.expect("an answer").0, StatusCode::OK);
}
