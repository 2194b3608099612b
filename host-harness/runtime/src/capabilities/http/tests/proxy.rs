//! Connections through a proxy.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::server::Server;
use super::tls::private_server;
use super::*;
use crate::capabilities::http::Proxy;
use crate::capabilities::http::resolver::Lookup;

/// A proxy that leads every tunnel to one server, and what it was asked.
struct TestProxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone, Copy)]
enum Kind {
    Connect,
    Socks,
    /// Answers every CONNECT with this status line.
    Refusing(&'static str),
}

impl TestProxy {
    async fn start(kind: Kind, server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(tunnel(kind, stream, server, Arc::clone(&log)));
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn tunnel(kind: Kind, mut stream: TcpStream, server: SocketAddr, asked: Arc<Mutex<Vec<String>>>) {
    let wanted = match kind {
        Kind::Connect | Kind::Refusing(_) => {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            String::from_utf8(head).unwrap()
        }
        Kind::Socks => {
            // RFC 1928: greeting, choice of no proof; then version, connect, reserved, name, port.
            let mut greeting = [0; 2];
            stream.read_exact(&mut greeting).await.unwrap();
            let mut methods = vec![0; usize::from(greeting[1])];
            stream.read_exact(&mut methods).await.unwrap();
            stream.write_all(&[5, 0]).await.unwrap();
            let mut head = [0; 5];
            stream.read_exact(&mut head).await.unwrap();
            assert_eq!(head[..4], [5, 1, 0, 3], "a name, not an address");
            let mut name = vec![0; usize::from(head[4]) + 2];
            stream.read_exact(&mut name).await.unwrap();
            String::from_utf8(name[..name.len() - 2].to_vec()).unwrap()
        }
    };
    asked.lock().unwrap().push(wanted);
    let answer = match kind {
        Kind::Connect => &b"HTTP/1.1 200 OK\r\n\r\n"[..],
        Kind::Socks => &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0],
        Kind::Refusing(status) => status.as_bytes(),
    };
    stream.write_all(answer).await.unwrap();
    if !matches!(kind, Kind::Refusing(_)) {
        let mut server = TcpStream::connect(server).await.unwrap();
        let _ = copy_bidirectional(&mut stream, &mut server).await;
    }
}

/// Knows no name, and remembers which it was asked for.
#[derive(Default)]
struct NoNames(Mutex<Vec<String>>);

#[async_trait::async_trait]
impl Lookup for NoNames {
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        self.0.lock().unwrap().push(host.to_owned());
        Err(io::ErrorKind::NotFound.into())
    }
}

const ORIGIN: &str = "https://crm.example";

async fn ask(proxy: Proxy, ca_file: Option<&tempfile::NamedTempFile>, names: &Arc<NoNames>) -> String {
    let config = OutboundHttpConfig {
        proxy,
        ca_file: ca_file.map(|file| file.path().to_owned()),
        private_addresses: PrivateAddresses::Refused,
        ..with_token(&[ORIGIN], ORIGIN)
    };
    let outbound = OutboundHttp::with_lookup(config, Arc::clone(names) as Arc<dyn Lookup>).unwrap();
    let mut call = outbound.for_call(Instant::now() + Duration::from_secs(30));
    name(fetch(&mut call, get(ORIGIN)).await)
}

#[tokio::test]
async fn https_goes_through_the_proxy_which_sees_the_name_alone() {
    for (kind, address) in [(Kind::Connect, "http://user:pass-word@"), (Kind::Socks, "socks5://")] {
        let (authority, server) = private_server("crm.example").await;
        let proxy = TestProxy::start(kind, server.address).await;
        let names = Arc::new(NoNames::default());
        let at = Proxy::at(&format!("{address}{}", proxy.address)).unwrap();
        assert!(!format!("{at:?}").contains("pass-word"), "{at:?}");
        assert_eq!(ask(at, Some(&authority), &names).await, "ok");
        assert_eq!(names.0.lock().unwrap().as_slice(), [] as [&str; 0], "the proxy looks names up");
        let [asked] = &proxy.asked()[..] else { panic!("one tunnel") };
        assert!(asked.contains("crm.example") && !asked.contains(TOKEN), "{asked}");
        let [request] = &server.seen()[..] else { panic!("one request") };
        assert!(request.head.contains(&TOKEN.to_lowercase()) && !request.head.contains("proxy-"), "{}", request.head);
        if matches!(kind, Kind::Connect) {
            // user:pass-word in base64.
            assert!(asked.to_lowercase().contains("proxy-authorization: basic dxnlcjpwyxnzlxdvcmq="), "{asked}");
        }
    }
}

#[tokio::test]
async fn a_proxy_that_refuses_is_an_unavailable_destination_and_the_token_stays_here() {
    for status in ["HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "HTTP/1.1 502 Bad Gateway\r\n\r\n", ""] {
        let (authority, server) = private_server("crm.example").await;
        let proxy = TestProxy::start(Kind::Refusing(status), server.address).await;
        let at = Proxy::at(&format!("http://{}", proxy.address)).unwrap();
        assert_eq!(ask(at, Some(&authority), &Arc::default()).await, "DestinationUnavailable", "{status}");
        assert!(server.seen().is_empty() && proxy.asked().iter().all(|asked| !asked.contains(TOKEN)));
    }
}

#[tokio::test]
async fn a_certificate_is_checked_through_a_proxy_too() {
    let (_, server) = private_server("crm.example").await;
    let proxy = TestProxy::start(Kind::Connect, server.address).await;
    let at = Proxy::at(&format!("http://{}", proxy.address)).unwrap();
    assert_eq!(ask(at, None, &Arc::default()).await, "TlsCertificateError");
}

#[tokio::test]
async fn addresses_are_judged_with_a_proxy_too_and_plain_http_goes_directly() {
    let server = Server::start(|_| super::server::ok("direct")).await;
    let proxy = TestProxy::start(Kind::Connect, server.address).await;
    let at = || Proxy::at(&format!("http://{}", proxy.address)).unwrap();
    let mut plain = call(OutboundHttpConfig { proxy: at(), ..config(&[&server.origin()]) });
    assert_eq!(fetch(&mut plain, get(&server.origin())).await.unwrap(), "direct");
    let origin = format!("https://{}", server.address);
    let refused =
        OutboundHttpConfig { proxy: at(), private_addresses: PrivateAddresses::Refused, ..config(&[&origin]) };
    assert_eq!(name(fetch(&mut call(refused), get(&origin)).await), "DestinationIpProhibited");
    assert!(proxy.asked().is_empty());
}

#[test]
fn what_is_no_address_of_a_proxy_is_refused_without_repeating_it() {
    for wrong in [
        "",
        "proxy.example",
        "https://proxy.example",
        "socks4://proxy.example",
        "http://",
        "http://a b",
        "http://proxy.example/path-s3cret",
        "http://proxy.example/?s3cret",
    ] {
        let message = Proxy::at(wrong).unwrap_err().to_string();
        assert!(message.contains("http://HOST:PORT") && !message.contains("s3cret"), "{wrong}: {message}");
    }
}
