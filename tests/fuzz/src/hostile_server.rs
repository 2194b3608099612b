//! The account's server of a hostile guest: it answers in every wrong way, and asserts that what it is sent is one well-formed request
//! after another, each for itself and none from the guest's own pen.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use runtime::capabilities::http::Dial;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

/// Where the account is.
pub const ACCOUNT: &str = "http://account.test:8080";
const AUTHORITY: &str = "account.test:8080";

/// What a connection buffers.
const BUFFER: usize = 64 * 1024;

/// Answers, from good to hostile. An empty one is none at all.
const ANSWERS: [&str; 14] = [
    "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-end\r\n\r\n2\r\n{}\r\n0\r\nx-end: 1\r\n\r\n",
    "HTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}",
    "",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
    "HTTP/1.1 302 Found\r\nlocation: http://example.org/\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n{}",
    "HTTP/1.1 429 Too Many Requests\r\nretry-after: 18446744073709551615\r\ncontent-length: 0\r\n\r\n",
    "\0\u{1}\u{2} no HTTP at all \r\n\r\n\r\n",
    "HTTP/1.1 200 OK\r\nx: \u{1}\r\n\r\n",
    // Without an end: what follows is repeated for as long as anybody reads.
    "HTTP/1.1 200 OK\r\n\r\n",
];

/// A server in this process.
#[derive(Debug)]
pub struct HostileServer {
    first: usize,
    token: String,
    connections: AtomicUsize,
    seen: Arc<AtomicUsize>,
    /// What was wrong with a request.
    wrong: Arc<Mutex<Option<String>>>,
}

impl HostileServer {
    /// One that begins with this answer, every connection getting the next one, and takes this access token alone.
    pub fn new(first: usize, token: &str) -> Self {
        Self {
            first,
            token: token.to_owned(),
            connections: AtomicUsize::default(),
            seen: Arc::default(),
            wrong: Arc::default(),
        }
    }

    /// How many requests came. Asserts that nothing was wrong with them.
    pub fn requests(&self) -> usize {
        let wrong = self.wrong.lock().expect("no panic").clone();
        assert_eq!(wrong, None, "what was sent is not a request of the host's");
        self.seen.load(Ordering::Relaxed)
    }
}

impl Dial for HostileServer {
    fn dial(&self, authority: &str) -> Option<DuplexStream> {
        let (near, mut far) = duplex(BUFFER);
        let number = self.connections.fetch_add(1, Ordering::Relaxed);
        let answer = ANSWERS[(self.first + number) % ANSWERS.len()];
        let (seen, wrong, token) = (Arc::clone(&self.seen), Arc::clone(&self.wrong), self.token.clone());
        if authority != AUTHORITY {
            *wrong.lock().expect("no panic") = Some(format!("a connection to {authority}"));
            return None;
        }
        tokio::spawn(async move {
            if let Err(what) = serve(&mut far, answer, &token, &seen).await {
                wrong.lock().expect("no panic").get_or_insert(what);
            }
        });
        Some(near)
    }
}

/// Answers until the connection ends. What stands behind a request must be another one.
async fn serve(stream: &mut DuplexStream, answer: &str, token: &str, seen: &AtomicUsize) -> Result<(), String> {
    let mut received = Vec::new();
    loop {
        let Some(head) = take_head(stream, &mut received).await else { return Ok(()) };
        let body = judge(&head, token)?;
        seen.fetch_add(1, Ordering::Relaxed);
        if take_body(stream, &mut received, body).await.is_none() {
            return Ok(());
        }
        if answer.is_empty() {
            // Holds the line until the host lets go.
            while stream.read_u8().await.is_ok() {}
            return Ok(());
        }
        let mut written = stream.write_all(answer.as_bytes()).await;
        while written.is_ok() && answer == ANSWERS[ANSWERS.len() - 1] {
            written = stream.write_all(&[b'x'; 4_096]).await;
        }
        if written.is_err() {
            return Ok(());
        }
    }
}

/// How the end of a body is known.
enum Body {
    Bytes(usize),
    Chunks,
}

fn judge(head: &str, token: &str) -> Result<Body, String> {
    let wrong = |what: &str| Err(format!("{what}: {head:?}"));
    let mut lines = head.split("\r\n");
    let request: Vec<_> = lines.next().unwrap_or_default().split(' ').collect();
    let [method, target, "HTTP/1.1"] = request[..] else { return wrong("a request line") };
    if !["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].contains(&method) {
        return wrong("a method");
    }
    // Never another server's address (GHSA-5qpp-g3j2-8frx).
    if !(target.starts_with('/') || target.starts_with('?') || (method == "OPTIONS" && target == "*")) {
        return wrong("a target");
    }
    let headers: Option<Vec<_>> = lines.map(|line| line.split_once(": ")).collect();
    let Some(headers) = headers else { return wrong("a header") };
    let all = |name: &str| {
        let named = headers.iter().filter(|(header, _)| header.eq_ignore_ascii_case(name));
        named.map(|(_, value)| *value).collect::<Vec<_>>()
    };
    if all("host") != [AUTHORITY] || all("authorization") != [format!("Bearer {token}")] {
        return wrong("a host or a token");
    }
    match (&all("content-length")[..], &all("transfer-encoding")[..]) {
        ([], []) => Ok(Body::Bytes(0)),
        ([length], []) if length.bytes().all(|byte| byte.is_ascii_digit()) => {
            length.parse().map(Body::Bytes).or_else(|_| wrong("a length"))
        }
        ([], ["chunked"]) => Ok(Body::Chunks),
        // Two ways to tell where the body ends (GHSA-r8xh-cgf7-392j, GHSA-h4wp-g4x3-7398).
        _ => wrong("a body"),
    }
}

/// A request up to its empty line; none where the connection ends before.
async fn take_head(stream: &mut DuplexStream, received: &mut Vec<u8>) -> Option<String> {
    let end = loop {
        if let Some(end) = received.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break end;
        }
        more(stream, received).await?;
    };
    let head = String::from_utf8_lossy(&received[..end]).into_owned();
    received.drain(..end + 4);
    Some(head)
}

async fn take_body(stream: &mut DuplexStream, received: &mut Vec<u8>, body: Body) -> Option<()> {
    match body {
        Body::Bytes(length) => take(stream, received, length).await,
        Body::Chunks => loop {
            let end = loop {
                if let Some(end) = received.windows(2).position(|bytes| bytes == b"\r\n") {
                    break end;
                }
                more(stream, received).await?;
            };
            let size = usize::from_str_radix(std::str::from_utf8(&received[..end]).ok()?, 16).ok()?;
            received.drain(..end + 2);
            if size == 0 {
                // The trailers, which end as a head does.
                received.splice(0..0, *b"\r\n");
                return take_head(stream, received).await.map(drop);
            }
            take(stream, received, size + 2).await?;
        },
    }
}

async fn take(stream: &mut DuplexStream, received: &mut Vec<u8>, mut length: usize) -> Option<()> {
    loop {
        let some = length.min(received.len());
        received.drain(..some);
        length -= some;
        if length == 0 {
            return Some(());
        }
        more(stream, received).await?;
    }
}

async fn more(stream: &mut DuplexStream, received: &mut Vec<u8>) -> Option<()> {
    let read = stream.read_buf(received).await.ok()?;
    (read > 0).then_some(())
}

#[test]
fn the_server_knows_a_request_of_the_host_from_any_other() {
    let host = format!("host: {AUTHORITY}\r\nauthorization: Bearer a-token");
    for good in
        ["GET /a?b HTTP/1.1", "POST / HTTP/1.1\r\ncontent-length: 3", "PUT / HTTP/1.1\r\ntransfer-encoding: chunked"]
    {
        assert!(judge(&format!("{good}\r\n{host}"), "a-token").is_ok(), "{good}");
    }
    for bad in [
        "GET http://example.org/ HTTP/1.1",
        "CONNECT example.org:443 HTTP/1.1",
        "GET / HTTP/1.1 HTTP/1.1",
        "GET / HTTP/1.1\r\nhost: example.org",
        "GET / HTTP/1.1\r\nauthorization: Bearer mine",
        "POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2",
        "POST / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked",
        "POST / HTTP/1.1\r\ncontent-length: +1",
    ] {
        assert!(judge(&format!("{bad}\r\n{host}"), "a-token").is_err(), "{bad}");
    }
    assert!(judge("GET / HTTP/1.1", "a-token").is_err(), "no host, no token");
}
