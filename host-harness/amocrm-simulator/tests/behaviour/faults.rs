//! Every fault, as it looks on the wire.

use std::time::{Duration, Instant};

use amocrm_simulator::{Fault, FaultRule};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::client::{Bench, Reply};

const CONTACTS: &str = "/api/v4/contacts?query=9161234567";
/// Long enough for a loopback answer on a busy machine, where the answer is awaited; never waited out.
const SOON: Duration = Duration::from_secs(20);
/// Long enough to see that nothing comes.
const MOMENT: Duration = Duration::from_millis(60);

async fn reply(rule: &str) -> Reply {
    Bench::with_faults(&[rule]).await.get(CONTACTS).await
}

/// What comes on a bare connection until it closes or `limit` is over, and whether it closed.
async fn raw(bench: &Bench, limit: Duration) -> (String, bool) {
    let mut stream = TcpStream::connect(bench.simulator.address()).await.unwrap();
    let request = format!("GET {CONTACTS} HTTP/1.1\r\nHost: simulator\r\nAuthorization: Bearer x\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut got = Vec::new();
    let closed = tokio::time::timeout(limit, stream.read_to_end(&mut got)).await.is_ok();
    (String::from_utf8_lossy(&got).into_owned(), closed)
}

/// The declared length and the received length of a raw answer.
fn lengths(answer: &str) -> (Option<usize>, usize) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let declared =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")).map(|text| text.parse().unwrap());
    (declared, body.len())
}

#[tokio::test]
async fn statuses_have_their_documented_bodies() {
    for (rule, status, media_type, part) in [
        ("unauthorized-401", 401, "application/problem+json", "Неверный логин или пароль"),
        ("unpaid-402", 402, "application/problem+json", "Payment Required"),
        ("forbidden-403", 403, "application/problem+json", "httpstatus.es/403"),
        ("ip-403", 403, "application/problem+json", "\"code\":113"),
        ("html-403", 403, "text/html", "<center><h1>403 Forbidden</h1></center>"),
        ("too-many-requests-429", 429, "text/html", "429 Too Many Requests"),
        ("too-many-requests-429=json", 429, "application/problem+json", "\"retry_after\":300"),
        ("status=503", 503, "application/problem+json", "\"status\":503"),
        ("status=404", 404, "application/problem+json", "\"status\":404"),
        ("status=599", 599, "application/problem+json", "\"status\":599"),
    ] {
        let reply = reply(rule).await;
        assert_eq!((reply.status.as_u16(), reply.header("content-type")), (status, media_type), "{rule}");
        let body = String::from_utf8_lossy(&reply.body);
        assert!(body.contains(part), "{rule}: {body}");
        assert_eq!(reply.header("retry-after"), "");
    }
}

#[tokio::test]
async fn answers_of_200_that_mean_nothing() {
    let bad = reply("bad-json").await;
    assert_eq!((bad.status.as_u16(), bad.header("content-type")), (200, "application/hal+json"));
    assert!(serde_json::from_slice::<Value>(&bad.body).is_err());
    let wrong = reply("wrong-shape").await;
    assert!(wrong.json().get("_embedded").is_none());
    assert_eq!(reply("wrong-shape=[1]").await.json(), serde_json::json!([1]));
    let empty = reply("empty-200").await;
    assert_eq!((empty.status.as_u16(), empty.body.len(), empty.header("content-length")), (200, 0, "0"));
}

#[tokio::test]
async fn redirects_go_where_they_are_told_or_where_following_is_seen() {
    let bench = Bench::with_faults(&["redirect=307,times=1", "redirect=301:https://other.example/a?b=c"]).await;
    let first = bench.get(CONTACTS).await;
    assert_eq!(first.status, 307);
    assert_eq!(first.header("location"), format!("{}/moved{CONTACTS}", bench.simulator.base_url()));
    let second = bench.get(CONTACTS).await;
    assert_eq!((second.status.as_u16(), second.header("location")), (301, "https://other.example/a?b=c"));
}

#[tokio::test]
async fn a_delay_is_before_the_headers_and_gives_the_right_answer() {
    let bench = Bench::with_faults(&["contacts:delay-headers=80ms"]).await;
    let begun = Instant::now();
    let reply = bench.get(CONTACTS).await;
    assert!(begun.elapsed() >= Duration::from_millis(80));
    assert_eq!(reply.ids("contacts"), [3, 20, 31]);
    assert_eq!(bench.simulator.requests()[0].fault.as_deref(), Some("delay-headers=80ms"));
    assert_eq!(bench.simulator.requests()[0].status, Some(200));
}

#[tokio::test]
async fn a_slow_body_comes_in_pieces_and_is_right_in_the_end() {
    let bench = Bench::with_faults(&["account:slow-body=100/10ms"]).await;
    let begun = Instant::now();
    let reply = bench.get("/api/v4/account").await;
    assert_eq!(reply.json()["subdomain"], "demo");
    assert!(begun.elapsed() >= Duration::from_millis(10 * (reply.body.len() as u64 / 100)));
}

#[tokio::test]
async fn a_connection_closes_before_or_in_the_middle() {
    let before = raw(&Bench::with_faults(&["close-before-headers"]).await, SOON).await;
    assert_eq!(before, (String::new(), true));
    let (answer, closed) = raw(&Bench::with_faults(&["close-mid-body"]).await, SOON).await;
    let (declared, got) = lengths(&answer);
    assert!(closed && got > 0 && declared.unwrap() > got, "{answer}");
    let (answer, closed) = raw(&Bench::with_faults(&["close-mid-body=chunked"]).await, SOON).await;
    let (declared, got) = lengths(&answer);
    assert!(closed && got > 0 && declared.is_none() && !answer.ends_with("0\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn a_reset_is_no_orderly_end() {
    let bench = Bench::with_faults(&["reset"]).await;
    let mut stream = TcpStream::connect(bench.simulator.address()).await.unwrap();
    stream.write_all(b"GET /api/v4/contacts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\n\r\n").await.unwrap();
    let read = tokio::time::timeout(SOON, stream.read(&mut [0; 8])).await.unwrap();
    assert_eq!(read.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn an_odd_answer_is_the_right_one_in_another_form() {
    let answer = async |oddity: &str| Bench::with_faults(&[oddity]).await.get(CONTACTS).await.body;
    assert!(answer("odd=byte-order-mark").await.starts_with(b"\xef\xbb\xbf{"));
    assert!(std::str::from_utf8(&answer("odd=invalid-utf-8").await).is_err());
    let text = async |oddity: &str| String::from_utf8(answer(oddity).await.to_vec()).unwrap();
    assert!(text("odd=lone-surrogate").await.contains(r#""name":"Hot lead \ud83d""#));
    assert!(text("odd=php-objects").await.contains(r#""contacts":{"0":{"#));
    assert!(text("odd=numbers-as-text").await.contains(r#""responsible_user_id":"504141""#));
    assert!(text("odd=odd-entry").await.contains(r#""contacts":[{"custom_fields_values":false,"id":"three"},null,{"#));
}

#[tokio::test]
async fn hanging_is_silence_on_an_open_connection() {
    let bench = Bench::with_faults(&["hang"]).await;
    assert_eq!(raw(&bench, MOMENT).await, (String::new(), false));
    assert_eq!(bench.simulator.requests()[0].status, None);
    let (answer, closed) = raw(&Bench::with_faults(&["hang-mid-body"]).await, MOMENT).await;
    let (declared, got) = lengths(&answer);
    assert!(!closed && got > 0 && declared.unwrap() > got, "{answer}");
}

#[tokio::test]
async fn a_body_of_nothing_still_has_something_to_break() {
    let bench = Bench::with_faults(&["close-mid-body"]).await;
    let answer = bench.get_within(SOON, "/api/v4/contacts?query=0000000000").await.unwrap();
    assert!(answer.is_err());
}

#[tokio::test]
async fn an_endless_body_flows_fast_and_never_ends() {
    let bench = Bench::with_faults(&["endless-body"]).await;
    let mut stream = TcpStream::connect(bench.simulator.address()).await.unwrap();
    stream.write_all(b"GET /api/v4/contacts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\n\r\n").await.unwrap();
    let mut got = vec![0; 8 * 1024 * 1024];
    tokio::time::timeout(SOON, stream.read_exact(&mut got)).await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&got[..1000]).contains("{\"_page\":1,\"_links\":{},\"_embedded\":{\"contacts\":["));
}

#[tokio::test]
async fn the_simulator_goes_on_after_every_fault() {
    let bench = Bench::demo().await;
    for fault in Fault::one_of_each() {
        bench.simulator.set_faults(vec![FaultRule::new(fault.clone()).times(1)]);
        let _ = bench.get_within(Duration::from_millis(30), CONTACTS).await;
        let next = bench.get_within(SOON, CONTACTS).await.unwrap();
        // A pooled connection that the fault closed may be noticed only now; then the next one is new.
        let next = match next {
            Ok(reply) => reply,
            Err(_) => bench.get(CONTACTS).await,
        };
        assert_eq!(next.status, 200, "{fault}");
    }
}

#[tokio::test]
async fn faults_of_the_account_count_too_and_come_last() {
    let bench = Bench::with_account("faults = [\"status=500,times=1\", { kind = \"status\", code = 502 }]").await;
    assert_eq!(bench.get(CONTACTS).await.status, 500);
    assert_eq!(bench.get(CONTACTS).await.status, 502);
}

#[tokio::test]
async fn a_rule_that_cannot_be_is_refused_at_the_start() {
    let options =
        amocrm_simulator::Options { faults: vec![FaultRule::new(Fault::Status(200))], ..super::client::at_noon() };
    let message = amocrm_simulator::Simulator::start(options).await.unwrap_err().to_string();
    assert!(message.contains("400 to 599"), "{message}");
}
