//! How a server is reached: users and passwords, TLS, databases, and what is said where it does not work.

use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use runtime::store::{KeyValueStore, StoreError};
use stores::{RedisStore, StoreLocation, StoreWarning, open};
use tempfile::TempDir;

use crate::SLOT;
use crate::server::RedisServer;

const PASSWORD: &str = "S3cret-of-the-test";

fn at(address: &str) -> (RedisStore, Option<StoreWarning>) {
    RedisStore::open(&address.parse().expect("an address")).expect("a usable store")
}

#[tokio::test]
async fn a_user_and_a_password_are_needed_where_the_server_asks_for_them_and_are_never_shown() {
    let acl = format!("user hh on >{PASSWORD} ~hh:* +@all");
    let words: Vec<_> = acl.split(' ').collect();
    let [_, name, rest @ ..] = words.as_slice() else { panic!("words") };
    let mut arguments = vec!["--requirepass", PASSWORD, "--user", name];
    arguments.extend(rest);
    let Some(server) = RedisServer::start(&arguments) else { return };
    let file = server.directory().join("password");
    std::fs::write(&file, PASSWORD).unwrap();
    let behind = format!("127.0.0.1:{}/2?password=file:{}", server.port(), file.display());
    for address in [format!("redis://{behind}"), format!("redis://hh@{behind}")] {
        let (store, _) = at(&address);
        store.set(SLOT, b"v").await.unwrap();
        assert_eq!(store.get(SLOT).await.unwrap().as_deref(), Some(&b"v"[..]));
        assert_eq!(store.location(), format!("redis://127.0.0.1:{}/2", server.port()));
    }
    // Another database is another store.
    assert_eq!(at(&format!("redis://{behind}").replace("/2?", "/3?")).0.get(SLOT).await.unwrap(), None);
    std::fs::write(&file, "another").unwrap();
    for address in [server.address(), format!("redis://{behind}")] {
        let (store, warning) = at(&address);
        let error = store.get(SLOT).await.unwrap_err();
        let text = format!("{error} {warning:?} {store:?}");
        assert!(matches!(error, StoreError::Denied { .. }), "{text}");
        assert!(!text.contains(PASSWORD) && !text.contains("another"), "{text}");
    }
}

/// A private authority's file, and the files of a certificate that it issued for 127.0.0.1.
fn certificates(directory: &Path) {
    let authority_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(params, authority_key);
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    for (name, text) in [("ca.pem", authority.pem()), ("cert.pem", certificate.pem()), ("key.pem", key.serialize_pem())]
    {
        std::fs::write(directory.join(name), text).unwrap();
    }
}

#[tokio::test]
async fn over_tls_a_private_authority_is_trusted_only_where_it_is_named() {
    let directory = TempDir::new().unwrap();
    certificates(directory.path());
    let path = |name: &str| directory.path().join(name).display().to_string();
    let (certificate, key, authority) = (path("cert.pem"), path("key.pem"), path("ca.pem"));
    let arguments = ["--tls-cert-file", &certificate, "--tls-key-file", &key, "--tls-ca-cert-file", &authority];
    let Some(server) = RedisServer::start(&[&arguments[..], &["--tls-auth-clients", "no"]].concat()) else { return };
    let address = format!("rediss://127.0.0.1:{}/0", server.port());
    let (store, _) = at(&format!("{address}?ca_file={authority}"));
    store.set(SLOT, b"v").await.unwrap();
    assert_eq!(store.get(SLOT).await.unwrap().as_deref(), Some(&b"v"[..]));
    for wrong in [address, server.address()] {
        let (store, warning) = at(&wrong);
        assert!(matches!(warning, Some(StoreWarning::Away(_))), "{wrong}: {warning:?}");
        store.get(SLOT).await.unwrap_err();
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_yet_is_warned_of_and_found_when_it_comes() {
    let Some(mut server) = RedisServer::start(&["--appendonly", "yes"]) else { return };
    let location: StoreLocation = server.address().parse().unwrap();
    assert_eq!(open(&location).1, [], "nothing to warn of");
    server.stop();
    let (stores, warnings) = open(&location);
    let store = stores.records;
    let text = warnings[0].to_string();
    assert!(text.contains(&server.address()) && text.contains("cannot be reached"), "{text}");
    store.get(SLOT).await.unwrap_err();
    server.restart();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while store.set(SLOT, b"v").await.is_err() {
        assert!(std::time::Instant::now() < deadline, "it is not found");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_server_that_may_lose_grants_is_warned_of() {
    let Some(server) = RedisServer::start(&["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"]) else {
        return;
    };
    let text = open(&server.address().parse().unwrap()).1[0].to_string();
    assert!(text.contains("appendonly yes") && text.contains("allkeys-lru"), "{text}");
}

#[tokio::test]
async fn what_is_cached_expires_at_the_server_and_what_is_set_or_swapped_does_not() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let (store, _) = at(&server.address());
    store.cache(SLOT, b"v").await.unwrap();
    let week = 7 * 24 * 60 * 60;
    let time_to_live = |name: String| {
        let client = redis::Client::open(server.address()).unwrap();
        redis::cmd("TTL").arg(name).query::<i64>(&mut client.get_connection().unwrap()).unwrap()
    };
    let [entry, list] = [1, 2].map(|kind| format!("hh:{kind}:5:sales7:default"));
    assert!((week - 60..=week).contains(&time_to_live(format!("{entry}k"))));
    assert!((week - 60..=week).contains(&time_to_live(list.clone())));
    assert!(store.compare_and_swap(SLOT, Some(b"v"), b"w").await.unwrap());
    assert_eq!(time_to_live(format!("{entry}k")), -1);
    store.cache(SLOT.shelf.slot("other"), b"v").await.unwrap();
    assert_eq!(time_to_live(list), -1, "a list with an entry that stays, stays");
    store.cache(SLOT, b"v").await.unwrap();
    store.set(SLOT, b"v").await.unwrap();
    assert_eq!(time_to_live(format!("{entry}k")), -1);
}
