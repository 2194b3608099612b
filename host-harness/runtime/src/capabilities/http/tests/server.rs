//! A server that does exactly what a test tells it, byte by byte, and remembers what it was asked.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What the server does after it has read a request.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Send(Vec<u8>),
    Wait(Duration),
    /// Nothing more, ever.
    Hang,
    /// The same bytes again and again.
    Forever(Vec<u8>),
    Close,
    /// The connection is reset, with whatever was on its way.
    Reset,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) head: String,
    pub(super) body: Vec<u8>,
    /// The connections are numbered from 0.
    pub(super) connection: usize,
}

pub(super) struct Server {
    pub(super) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// A whole answer with this body.
pub(super) fn ok(body: &str) -> Vec<Step> {
    vec![Step::Send(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes())]
}

/// These bytes as they are.
pub(super) fn raw(text: &str) -> Step {
    Step::Send(text.as_bytes().to_vec())
}

impl Server {
    /// Starts a server; the script is given the number of the request (over all connections) and answers with steps.
    pub(super) async fn start(script: impl Fn(usize) -> Vec<Step> + Send + Sync + 'static) -> Self {
        Self::start_tls(script, None).await
    }

    pub(super) async fn start_tls(
        script: impl Fn(usize) -> Vec<Step> + Send + Sync + 'static,
        tls: Option<TlsAcceptor>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (script, log) = (Arc::new(script), Arc::clone(&seen));
        tokio::spawn(async move {
            for connection in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                let (script, log, tls) = (Arc::clone(&script), Arc::clone(&log), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, connection, &*script, &log, reset).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, connection, &*script, &log, |stream| reset(stream.into_inner().0)).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, seen }
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// `http://127.0.0.1:port`
    pub(super) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn uri(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }
}

/// Closes with a reset in place of an end.
fn reset(stream: TcpStream) {
    stream.set_zero_linger().unwrap();
}

async fn serve<S>(
    mut stream: S,
    connection: usize,
    script: &(impl Fn(usize) -> Vec<Step> + Sync),
    log: &Mutex<Vec<Seen>>,
    reset: impl FnOnce(S),
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    while let Some((head, body)) = read_request(&mut stream).await {
        let number = {
            let mut log = log.lock().unwrap();
            log.push(Seen { head, body, connection });
            log.len() - 1
        };
        for step in script(number) {
            let sent = match step {
                Step::Send(bytes) => stream.write_all(&bytes).await,
                Step::Forever(bytes) => {
                    while stream.write_all(&bytes).await.is_ok() {}
                    return;
                }
                Step::Wait(time) => {
                    tokio::time::sleep(time).await;
                    Ok(())
                }
                Step::Hang => return std::future::pending().await,
                Step::Close => {
                    let _ = stream.shutdown().await;
                    return;
                }
                Step::Reset => return reset(stream),
            };
            if sent.and(stream.flush().await).is_err() {
                return;
            }
        }
    }
}

/// Head and body; a body has a declared length or comes in chunks, which are kept as they are.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_ascii_lowercase();
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")).map(|length| length.parse().unwrap());
    let chunked = head.contains("transfer-encoding: chunked");
    loop {
        let body = &bytes[end..];
        let whole = if chunked { body.ends_with(b"0\r\n\r\n") } else { body.len() >= length.unwrap_or(0) };
        if whole {
            return Some((head, body.to_vec()));
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
