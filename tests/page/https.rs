//! A simulated account as amoCRM's are: at a name of amoCRM's, and over https alone. The name is nobody's here, so a browser is told where it leads,
//! and the server goes through a proxy that knows it.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ServerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::office::Certificate;

/// The account's name.
pub(crate) const DOMAIN: &str = "demo.amocrm.ru";
/// Its address.
pub(crate) const ACCOUNT: &str = "https://demo.amocrm.ru";

/// What stands between a simulator and whoever asks for it by its name. It ends with the value.
pub(crate) struct Https {
    tls: SocketAddr,
    proxy: SocketAddr,
    _serving: JoinSet<()>,
}

impl Https {
    /// Before the simulator at this address.
    pub(crate) async fn before(simulator: SocketAddr, certificate: &Certificate) -> Self {
        let acceptor = acceptor(certificate);
        let (listener, tls) = listen().await;
        let (proxied, proxy) = listen().await;
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                open.spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    let mut plain = TcpStream::connect(simulator).await.expect("the simulator listens");
                    // Whoever closes first has closed both.
                    let _ = copy_bidirectional(&mut stream, &mut plain).await;
                });
            }
        });
        serving.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = proxied.accept().await {
                open.spawn(lead(stream, tls));
            }
        });
        Self { tls, proxy, _serving: serving }
    }

    /// What tells Chromium where names of amoCRM's lead.
    pub(crate) fn argument(&self) -> String {
        format!("--host-resolver-rules=MAP *.amocrm.ru {}", self.tls)
    }

    /// The proxy that leads there.
    pub(crate) fn proxy(&self) -> String {
        format!("http://{}", self.proxy)
    }
}

fn acceptor(certificate: &Certificate) -> TlsAcceptor {
    let (chain, key) = certificate.chain_and_key();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("TLS");
    TlsAcceptor::from(Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).expect("they fit")))
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

/// `CONNECT`, whatever the name, leads to one address.
async fn lead(mut stream: TcpStream, to: SocketAddr) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    assert!(head.starts_with(b"CONNECT ") && head.len() < 4096, "{}", String::from_utf8_lossy(&head));
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.expect("it reads");
    let mut tls = TcpStream::connect(to).await.expect("it listens");
    let _ = copy_bidirectional(&mut stream, &mut tls).await;
}
