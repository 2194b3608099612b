//! SIP over TLS, which Debian's sipp does not speak: a caller, and a telephone that answers.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::client::PATIENCE;

/// What both talk over; nothing is sent there.
const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n";
/// How long they talk.
const TALK: Duration = Duration::from_millis(300);

/// A certificate that signs itself, and its key, as files and as TLS takes them.
pub struct Certificate {
    /// The certificate, in PEM form.
    pub certificate: PathBuf,
    /// Its key, in PEM form.
    pub key: PathBuf,
    der: CertificateDer<'static>,
    key_der: PrivateKeyDer<'static>,
}

impl Certificate {
    /// Makes one for these addresses, in a folder.
    pub fn issue(folder: &Path, addresses: &[IpAddr]) -> Self {
        let key = KeyPair::generate().expect("a key");
        let names: Vec<_> = addresses.iter().map(IpAddr::to_string).collect();
        let made = CertificateParams::new(names).expect("addresses").self_signed(&key).expect("a certificate");
        let (certificate, key_file) = (folder.join("certificate.pem"), folder.join("key.pem"));
        std::fs::write(&certificate, made.pem()).expect("a file");
        std::fs::write(&key_file, key.serialize_pem()).expect("a file");
        let key_der = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        Self { certificate, key: key_file, der: made.der().clone(), key_der }
    }
}

/// A telephone that answers each call at once; it ends with this value.
pub struct TlsTelephone {
    /// Where it is.
    pub address: SocketAddr,
    invites: Arc<Mutex<Vec<String>>>,
    task: AbortHandle,
}

impl Drop for TlsTelephone {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl TlsTelephone {
    /// On an address of this machine's, with this certificate.
    pub async fn start(on: IpAddr, certificate: &Certificate) -> Self {
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().expect("TLS").with_no_client_auth();
        let config = config.with_single_cert(vec![certificate.der.clone()], certificate.key_der.clone_key());
        let acceptor = TlsAcceptor::from(Arc::new(config.expect("a certificate")));
        let listener = TcpListener::bind((on, 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let invites = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&invites);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, noted) = (acceptor.clone(), Arc::clone(&noted));
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    answer(Messages::new(stream), address, &noted).await;
                });
            }
        });
        Self { address, invites, task: serving.abort_handle() }
    }

    /// The INVITEs that it was sent.
    pub fn invites(&self) -> Vec<String> {
        self.invites.lock().expect("nobody panicked").clone()
    }
}

/// Answers whatever comes in over one connection.
async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
    mut messages: Messages<S>,
    own: SocketAddr,
    noted: &Mutex<Vec<String>>,
) {
    while let Some(request) = messages.next().await {
        let reply = |status: &str, body: &str| {
            let kept = ["Via:", "Record-Route:", "From:", "Call-ID:", "CSeq:"];
            let kept = request.lines().filter(|line| kept.iter().any(|name| line.starts_with(name)));
            let kept: String = kept.map(|line| format!("{line}\r\n")).collect();
            let called = header(&request, "To").unwrap_or_default();
            let tag = if called.contains(";tag=") { "" } else { ";tag=telephone" };
            let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
            format!(
                "SIP/2.0 {status}\r\n{kept}To: {called}{tag}\r\nContact: <sip:telephone@{own};transport=tls>\r\n\
                 {kind}Content-Length: {}\r\n\r\n{body}",
                body.len()
            )
        };
        if request.starts_with("INVITE ") {
            noted.lock().expect("nobody panicked").push(request.clone());
            messages.send(&reply("180 Ringing", "")).await;
            messages.send(&reply("200 OK", SDP)).await;
        } else if !request.starts_with("ACK ") && !request.starts_with("SIP/2.0") {
            messages.send(&reply("200 OK", "")).await;
        }
    }
}

/// Who calls whom, from where, and what the Call-ID is.
pub struct TlsCall<'a> {
    /// The address that is called from.
    pub from: IpAddr,
    /// Where the PBX takes SIP over TLS.
    pub pbx: SocketAddr,
    /// The caller's number.
    pub caller: &'a str,
    /// The number that is called.
    pub called: &'a str,
    /// The Call-ID.
    pub id: &'a str,
}

impl TlsCall<'_> {
    /// Calls, trusting this certificate alone, talks, and hangs up. The call must be answered.
    pub async fn make(&self, trusted: &Certificate) {
        let Self { from, pbx, caller, called, id } = self;
        let mut roots = RootCertStore::empty();
        roots.add(trusted.der.clone()).expect("a certificate");
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().expect("TLS");
        let connector = TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()));
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind((*from, 0).into()).expect("an address of this machine's");
        let stream = socket.connect(*pbx).await.expect("it listens");
        let own = stream.local_addr().expect("an address");
        let stream = connector.connect(ServerName::from(pbx.ip()), stream).await.expect("TLS with its certificate");
        let mut messages = Messages::new(stream);

        let request = |method: &str, number: u8, target: &str, to: &str, routes: &str, body: &str| {
            let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
            format!(
                "{method} {target} SIP/2.0\r\nVia: SIP/2.0/TLS {own};branch=z9hG4bK-{id}-{method}\r\n{routes}\
                 From: <sip:{caller}@{own}>;tag=caller\r\nTo: {to}\r\nCall-ID: {id}\r\nCSeq: {number} {method}\r\n\
                 Contact: <sip:{caller}@{own};transport=tls>\r\nMax-Forwards: 70\r\n{kind}Content-Length: {}\r\n\r\n{body}",
                body.len()
            )
        };
        let target = format!("sip:{called}@{pbx};transport=tls");
        messages.send(&request("INVITE", 1, &target, &format!("<{target}>"), "", SDP)).await;
        let answered = loop {
            let message = messages.expect().await;
            match message.split(' ').nth(1).and_then(|status| status.parse().ok()) {
                Some(100..200) => {}
                Some(200) => break message,
                _ => panic!("the call was not answered: {message}"),
            }
        };
        let to = header(&answered, "To").expect("To");
        let target = header(&answered, "Contact").expect("Contact");
        let target = target.trim_matches(['<', '>']);
        let routes: String = answered
            .lines()
            .filter_map(|line| line.strip_prefix("Record-Route:"))
            .rev()
            .map(|route| format!("Route: {}\r\n", route.trim()))
            .collect();
        messages.send(&request("ACK", 1, target, to, &routes, "")).await;
        tokio::time::sleep(TALK).await;
        messages.send(&request("BYE", 2, target, to, &routes, "")).await;
        loop {
            let message = messages.expect().await;
            if header(&message, "CSeq").is_some_and(|sequence| sequence.ends_with("BYE")) {
                assert!(message.starts_with("SIP/2.0 200"), "{message}");
                return;
            }
        }
    }
}

/// Messages of SIP on a stream: headers, an empty line, and as many bytes as they say.
struct Messages<S> {
    stream: S,
    read: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Messages<S> {
    const fn new(stream: S) -> Self {
        Self { stream, read: Vec::new() }
    }

    async fn send(&mut self, message: &str) {
        self.stream.write_all(message.as_bytes()).await.expect("a message goes");
        self.stream.flush().await.expect("a message goes");
    }

    /// The next message; none where the other side has closed.
    async fn next(&mut self) -> Option<String> {
        loop {
            let text = String::from_utf8_lossy(&self.read).into_owned();
            // What keeps a connection open is empty lines.
            let blank = text.len() - text.trim_start_matches("\r\n").len();
            self.read.drain(..blank);
            if let Some(head) = text[blank..].split_once("\r\n\r\n").map(|(head, _)| head.len() + 4) {
                let body = header(&text[blank..], "Content-Length").and_then(|length| length.parse::<usize>().ok());
                let length = head + body.unwrap_or_default();
                if self.read.len() >= length {
                    return String::from_utf8(self.read.drain(..length).collect()).ok();
                }
            }
            if self.stream.read_buf(&mut self.read).await.ok()? == 0 {
                return None;
            }
        }
    }

    async fn expect(&mut self) -> String {
        timeout(PATIENCE, self.next()).await.expect("a message in time").expect("a message")
    }
}

/// The value of a header.
fn header<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    message.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}
