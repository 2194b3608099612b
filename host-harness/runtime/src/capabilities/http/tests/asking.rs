//! The host's own requests.

use super::super::{Ask, AskError};
use super::server::{Server, Step, ok, raw};
use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

fn question(uri: &str) -> Request<Bytes> {
    Request::post(uri).header("content-type", "application/json").body(Bytes::from_static(b"{\"secret\":1}")).unwrap()
}

#[tokio::test]
async fn a_request_of_the_host_carries_no_token_and_needs_no_grant() {
    let server = Server::start(|_| vec![raw("HTTP/1.1 401 No\r\ncontent-length: 4\r\n\r\nhint")]).await;
    let http = outbound(with_token(&[], &server.origin()));
    let answer = http.ask(question(&server.uri("/oauth2/access_token")), PATIENCE, Ask::WithoutToken).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.body().as_ref()), (401, b"hint".as_slice()));
    let seen = server.seen();
    assert_eq!(seen[0].body, b"{\"secret\":1}");
    assert!(!seen[0].head.contains("authorization"), "{}", seen[0].head);
    assert!(seen[0].head.contains("user-agent: host-harness/test\r\n"), "{}", seen[0].head);
}

#[tokio::test]
async fn a_request_of_the_host_fails_in_words_without_its_path() {
    let refused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = Server::start(|number| match number {
        0 => vec![Step::Hang],
        1 => vec![Step::Close],
        _ => ok(&"x".repeat(10_001)),
    })
    .await;
    let http = outbound(config(&[]));
    let short = Duration::from_millis(50);
    for (uri, timeout, expected) in [
        (format!("http://{refused}/?q=secret"), PATIENCE, "nobody listens there"),
        (server.uri("/?q=secret"), short, "gave no whole answer within 50 ms"),
        (server.uri("/?q=secret"), PATIENCE, "the connection ended before the answer did"),
        (server.uri("/?q=secret"), PATIENCE, "is larger than is read"),
        ("ftp://demo.crm.example/?q=secret".to_owned(), PATIENCE, "an address begins with https:// or http://"),
    ] {
        let error = http.ask(question(&uri), timeout, Ask::WithoutToken).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains(expected) && !text.contains("secret"), "{text}");
        let sent = uri.starts_with(&server.origin());
        assert_eq!(error.may_have_been_sent(), sent, "{text}");
    }
}

#[tokio::test]
async fn a_request_of_the_host_keeps_to_the_rules_for_addresses() {
    let config = OutboundHttpConfig { private_addresses: PrivateAddresses::Refused, ..config(&["http://127.0.0.1:1"]) };
    let http = outbound(config);
    for uri in ["http://127.0.0.1:1/", "http://localhost:1/"] {
        let error = http.ask(question(uri), PATIENCE, Ask::WithoutToken).await.unwrap_err();
        assert!(matches!(error, AskError::AddressProhibited(_)), "{uri}: {error}");
    }
}
