//! A cache hit through the HTTP face, beside the face's own no-op, with the same client.

use std::sync::Arc;
use std::time::{Duration, Instant};

use runtime::secret::Secret;
use runtime::store::Stores;
use server::{Server, ServerSettings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{CALLER, scene};

const CONNECTIONS: usize = 32;
const ROUND: Duration = Duration::from_millis(1_500);
const ROUNDS: usize = 5;
const TOKEN: &str = "a-token-of-some-length-for-the-bench";

pub(crate) fn run() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let store = scene::memory();
        let node = scene::builder_with_a_kept_manager(&scene::operation(), Arc::clone(&store)).await;
        let settings = ServerSettings {
            listen: ([127, 0, 0, 1], 0).into(),
            token: Some(Secret::new(TOKEN.to_owned())),
            ..ServerSettings::default()
        };
        let server = Server::builder(node, Stores::in_one(store), settings).bind().await.expect("a server");
        let address = server.address().expect("an address").to_string();
        tokio::spawn(server.run(std::future::pending()));

        let body = format!("{{\"id\":\"call-1\",\"caller\":\"{CALLER}\",\"called\":\"+74951234567\"}}");
        let nothing = format!("GET /livez HTTP/1.1\r\nhost: {address}\r\n\r\n");
        let hit = format!(
            "POST /v1/resolve-call HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {TOKEN}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        let declined = hit.replace("/v1/resolve-call ", "/v1/resolve-call?operation=none ");
        let (mut nothings, mut declines, mut hits) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            nothings.push(rate(&address, &nothing, "HTTP/1.1 200").await);
            declines.push(rate(&address, &declined, "operation-unknown").await);
            hits.push(rate(&address, &hit, "\"kind\":\"forward\"").await);
        }
        let median = |rates: &mut Vec<f64>| {
            rates.sort_by(f64::total_cmp);
            rates[ROUNDS / 2]
        };
        let (nothing, declined, hit) = (median(&mut nothings), median(&mut declines), median(&mut hits));
        println!("the face's shortest answer (GET /livez)           {nothing:>10.0}/s");
        println!("a call that is answered without the component     {declined:>10.0}/s");
        println!("a call that is answered from the cache            {hit:>10.0}/s");
        println!("cache / without the component: {:.2}", hit / declined);
        println!("cache / shortest answer: {:.2}", hit / nothing);
    });
}

/// Requests in a second over some kept connections, each of which sends the next request when the last one is answered.
pub(crate) async fn rate(address: &str, request: &str, expected: &str) -> f64 {
    let started = Instant::now();
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        let (request, expected) = (request.to_owned(), expected.to_owned());
        clients.push(tokio::spawn(async move {
            let (mut answered, mut buffer) = (0_u64, vec![0; 16 * 1024]);
            while started.elapsed() < ROUND {
                stream.write_all(request.as_bytes()).await.expect("a request");
                let length = answer(&mut stream, &mut buffer).await;
                if answered == 0 {
                    let text = String::from_utf8_lossy(&buffer[..length]);
                    assert!(text.contains(&expected), "{text}");
                }
                answered += 1;
            }
            answered
        }));
    }
    let mut answered = 0;
    for client in clients {
        answered += client.await.expect("a client");
    }
    answered as f64 / started.elapsed().as_secs_f64()
}

/// Reads one answer whole; gives its length.
pub(crate) async fn answer(stream: &mut TcpStream, buffer: &mut [u8]) -> usize {
    let mut filled = 0;
    loop {
        filled += stream.read(&mut buffer[filled..]).await.expect("an answer");
        let Some(head) = buffer[..filled].windows(4).position(|end| end == b"\r\n\r\n") else { continue };
        let text = std::str::from_utf8(&buffer[..head]).expect("a head");
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
        let whole = head + 4 + length.parse::<usize>().expect("a number");
        while filled < whole {
            filled += stream.read(&mut buffer[filled..]).await.expect("an answer");
        }
        return whole;
    }
}
