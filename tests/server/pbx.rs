//! The answer to `POST /v1/resolve-call` in the words of PBXs: a routing document for Kamailio, variables for a dialplan that asks with `CURL()`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Request, StatusCode};
use runtime::capabilities::directory::Destination;
use serde_json::{Value, json};
use server::pbx::rtjson::Kamailio;
use server::pbx::{Destinations, Syntax};
use test_support::client::{TOKEN, authorised};
use test_support::{ConnectedHome, OPERATIONS};

use crate::fastagi::FORWARD;
use crate::scene::Scene;

/// Contact 3 of the demonstration account, whose manager is Anna.
const CALLER: &str = "+7 916 123-45-67";
/// Both PBXs.
pub(crate) const PBXS: &str = "[kamailio]\ninternal = \"sip:{number}@10.0.0.5\"\nexternal = \"sip:{number}@trunk.example:5080\"\n\
    linked_operations = { \"queue:sales\" = \"sip:sales@10.0.0.6\", \"queue:support\" = \"sip:support@10.0.0.6\" }\n\
    [asterisk]\ninternal = \"PJSIP/{number}\"\nexternal = \"PJSIP/{number}@trunk\"\n\
    linked_operations = { \"queue:support\" = \"support\" }\nfastagi = \"127.0.0.1:0\"\n";

#[tokio::test]
async fn the_answer_is_a_routing_document_beside_all_else() {
    let home = ConnectedHome::new(OPERATIONS, PBXS).await;
    let process = home.serve(&[]);
    let client = &process.client;
    let forwarded = client.call(&json!({"caller": CALLER, "called": "101", "operation": "sales"})).await.json();
    assert_eq!(forwarded["route"]["employee"]["id"], "anna", "the decision is there as ever");
    assert_eq!(forwarded["routing"], "serial");
    let route = |uri: &str, ring: u64, reason: &str| {
        let extra = format!("X-Route-Reason: {reason}\r\n");
        json!({"uri": uri, "fr_timer": 2_000, "fr_inv_timer": ring, "headers": {"extra": extra}})
    };
    assert_eq!(
        forwarded["routes"],
        json!([
            route("sip:101@10.0.0.5", 20_000, "personal-manager"),
            route("sip:sales@10.0.0.6", 60_000, "manager-did-not-answer"),
        ])
    );
    let hidden = client.call(&json!({"caller": null, "operation": "support"})).await.json();
    assert_eq!(hidden["routes"], json!([route("sip:support@10.0.0.6", 60_000, "caller-hidden")]));
    // What is not a call has a route as well.
    let request = authorised(Method::POST, "/v1/resolve-call").header("content-type", "application/json");
    let wrong = client.send(request, "not JSON").await.json();
    assert_eq!(wrong["routes"], json!([route("sip:sales@10.0.0.6", 60_000, "request-not-understood")]));
}

/// The numbers of an employee for whom they ring together: all at once for the longest time, then the linked operation.
#[tokio::test]
async fn numbers_that_ring_together_are_told_to_each_pbx_in_its_words() {
    let home = ConnectedHome::new(OPERATIONS, PBXS).await;
    let config = std::fs::read_to_string(home.path("config.toml")).expect("the configuration");
    let numbers = "numbers = [\"101\", { number = \"+79035550101\", ring_time = \"25s\" }]\nring = \"together\"";
    let changed = config.replacen("numbers = [\"101\"]", numbers, 1);
    assert_ne!(changed, config, "{config}");
    home.write("config.toml", changed);
    let process = home.serve(&[]);
    let call = json!({"caller": CALLER, "called": "101", "operation": "sales"});
    let forwarded = process.client.call(&call).await.json();
    assert_eq!((&forwarded["route"]["ring"], &forwarded["routing"]), (&"together".into(), &"parallel".into()));
    let told = |route: &Value| (route["uri"].as_str().expect("an address").to_owned(), route["fr_inv_timer"].clone());
    let routes: Vec<_> = forwarded["routes"].as_array().expect("routes").iter().map(told).collect();
    let expected = [("sip:101@10.0.0.5", 25_000), ("sip:+79035550101@trunk.example:5080", 25_000)];
    assert_eq!(routes, expected.map(|(uri, time)| (uri.to_owned(), json!(time))));
    assert_eq!(forwarded["next"]["routing"], "serial");
    assert_eq!(told(&forwarded["next"]["routes"][0]), ("sip:sales@10.0.0.6".to_owned(), json!(60_000)));
    let request = authorised(Method::POST, "/v1/resolve-call?form=dialplan");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let form = process.client.send(request, "id=2&caller=%2B79161234567&called=101&operation=sales".to_owned()).await;
    let form = String::from_utf8_lossy(&form.body).into_owned();
    for part in ["ROUTE_COUNT=2&ROUTE_TOGETHER=yes&", "ROUTE_RING_1=25&", "ROUTE_RING_2=25&"] {
        assert!(form.contains(part), "{form}");
    }
}

/// No PBX is given another operation of the host as an address: it comes back for its answer.
#[tokio::test]
async fn e2_a_pbx_is_told_to_come_back_and_is_given_no_operation_to_dial() {
    let operations = "[[operation]]\nid = \"sales\"\nlinked_operation = \"queue:sales\"\nexits = { not-answered = \"operation:next\" }\n\
        [[operation]]\nid = \"next\"\nlinked_operation = \"queue:support\"\n";
    let home = ConnectedHome::new(operations, PBXS).await;
    let process = home.serve(&[]);
    let client = &process.client;
    let uris = |answer: &Value| -> Vec<String> {
        let routes = answer["routes"].as_array().into_iter().flatten();
        routes.map(|route| route["uri"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let call = json!({"id": "7", "caller": CALLER, "called": "101", "operation": "sales"});
    let forwarded = client.call(&call).await.json();
    assert_eq!((uris(&forwarded), &forwarded["after"]), (vec!["sip:101@10.0.0.5".to_owned()], &json!("sales")));
    let again = client.call(&json!({"id": "7", "after": forwarded["after"], "legs": ["busy"]})).await.json();
    assert_eq!(uris(&again), ["sip:101@10.0.0.5", "sip:support@10.0.0.6"]);
    assert_eq!((&again["after"], &again["steps"][0]["legs"][0]["result"]), (&Value::Null, &json!("busy")));
    let said = process.stdout();
    assert!(said.contains("a caller waits at most 3s for all operations that follow each other"), "{said}");

    let form = authorised(Method::POST, "/v1/resolve-call?form=dialplan");
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    let answer = client.send(form, "id=8&caller=%2B79161234567&called=101&operation=sales").await;
    let answer = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(answer.contains("ROUTE_LINKED=&ROUTE_AFTER=sales&") && !answer.contains("operation"), "{answer}");
}

#[tokio::test]
async fn without_a_section_there_is_no_routing_document() {
    let home = ConnectedHome::new(OPERATIONS, "").await;
    let answer = home.serve(&[]).client.call(&json!({"caller": CALLER, "operation": "sales"})).await.json();
    assert_eq!((&answer["routing"], &answer["routes"]), (&Value::Null, &Value::Null));
}

/// As `CURL()` sends it: a form, and the token as a password.
#[tokio::test]
async fn a_dialplan_is_answered_with_its_variables() {
    let home = ConnectedHome::new(OPERATIONS, PBXS).await;
    let process = home.serve(&[]);
    let password = STANDARD.encode(format!("pbx:{TOKEN}"));
    let ask = |path: &str, accept: &str, form: &str| {
        let request = Request::builder().method(Method::POST).uri(path).header("accept", accept.to_owned());
        let request = request
            .header("authorization", format!("Basic {password}"))
            .header("content-type", "application/x-www-form-urlencoded");
        process.client.send(request, form.to_owned())
    };
    let variables = |body: &[u8]| -> Vec<(String, String)> { url::form_urlencoded::parse(body).into_owned().collect() };
    let expected = |variables: &[(&str, &str)]| -> Vec<(String, String)> {
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let form = "id=1795338000.7&caller=%2B79161234567&called=101&operation=sales";
    let answer = ask("/v1/resolve-call?form=dialplan", "*/*", form).await;
    assert_eq!(
        (answer.status, &answer.headers["content-type"]),
        (StatusCode::OK, &"application/x-www-form-urlencoded".parse().unwrap())
    );
    let forward = expected(&[
        ("ROUTE_COUNT", "1"),
        ("ROUTE_TOGETHER", ""),
        ("ROUTE_DIAL_1", "PJSIP/101"),
        ("ROUTE_RING_1", "20"),
        ("ROUTE_CALLEE", "personal-manager"),
        ("ROUTE_NAME", ""),
        ("ROUTE_LINKED", "queue-sales"),
        ("ROUTE_AFTER", ""),
        ("ROUTE_REASON", "manager-did-not-answer"),
        ("ROUTE_ACTION", "forward"),
    ]);
    assert_eq!(variables(&answer.body), forward);
    let by_header = ask("/v1/resolve-call", "application/x-www-form-urlencoded", form).await;
    assert_eq!(variables(&by_header.body), forward);
    let hidden = ask("/v1/resolve-call?form=dialplan", "*/*", "operation=support").await;
    assert_eq!(
        variables(&hidden.body),
        expected(&[
            ("ROUTE_COUNT", "0"),
            ("ROUTE_TOGETHER", ""),
            ("ROUTE_CALLEE", ""),
            ("ROUTE_NAME", ""),
            ("ROUTE_LINKED", "support"),
            ("ROUTE_AFTER", ""),
            ("ROUTE_REASON", "caller-hidden"),
            ("ROUTE_ACTION", "linked-operation"),
        ])
    );
    let unproved = Request::builder().method(Method::POST).uri("/v1/resolve-call?form=dialplan");
    let unproved =
        unproved.header("authorization", format!("Basic {}", STANDARD.encode("pbx:another-token-0123456789")));
    assert_eq!(process.client.send(unproved, "").await.status, StatusCode::UNAUTHORIZED);

    // One that still runs would take the new configuration up, and say so where the next one says where it listens.
    drop(process);
    home.configure(OPERATIONS, "");
    let process = home.serve(&["--state", "other", "--log", "warn"]);
    let request = authorised(Method::POST, "/v1/resolve-call?form=dialplan");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let unconfigured = process.client.send(request, form).await;
    assert!(String::from_utf8_lossy(&unconfigured.body).contains("ROUTE_REASON=asterisk-not-configured"));
    process.logs("no [asterisk]").await;
}

#[tokio::test]
async fn numbers_that_no_template_takes_are_told_in_one_line() {
    let told = tempfile::NamedTempFile::new().expect("a file");
    let log = Arc::new(told.reopen().expect("the same file"));
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(log).finish();
    // Server and client are of this thread.
    let _telling = tracing::subscriber::set_default(subscriber);
    let mut scene = Scene::new().await;
    let templates = ("sip:{number}@10.0.0.5", "sip:{number}@trunk.example");
    let destinations = Destinations::new(Syntax::SipAddress, templates.0, templates.1, BTreeMap::new());
    scene.settings.kamailio = Some(Kamailio {
        destinations: destinations.expect("templates"),
        silence: Duration::from_secs(2),
        linked_ring_time: Duration::from_secs(60),
    });
    for (_, employee) in &mut scene.integrations[0].employees {
        let number = |number: String| Destination { number, ring_time: Duration::from_secs(20) };
        employee.destinations = (0..20).map(|place| number(format!("*21{place:02}"))).collect();
    }
    let serving = scene.serve().await;
    let answer = serving.client.call(&json!({"id": "pbx-7", "caller": CALLER})).await;
    assert_eq!(answer.goes_to(), "anna");
    let told = std::fs::read_to_string(told.path()).expect("the log");
    let lines: Vec<_> = told.lines().filter(|line| line.contains("cannot be dialled")).collect();
    assert!(matches!(&lines[..], [line] if line.contains("numbers=20") && line.contains("pbx-7")), "{told}");
}

/// The dialplan that ships is tried with Asterisk itself in tests/asterisk; this keeps it and the server together where that is not at hand.
#[test]
fn the_dialplan_reads_what_is_set_and_goes_where_something_is() {
    let dialplan = concat!(
        include_str!("../../host-harness/pbx/asterisk/extensions.conf"),
        include_str!("../../host-harness/pbx/asterisk/linked-operations.conf")
    );
    let lines: Vec<_> = dialplan.lines().filter(|line| !line.trim_start().starts_with(';')).collect();
    let set: BTreeSet<_> = FORWARD
        .iter()
        .map(|command| command.split('"').nth(1).expect("a name").trim_end_matches("_1").to_owned())
        .collect();
    let mut read = BTreeSet::new();
    for line in &lines {
        for rest in line.split("ROUTE_").skip(1) {
            let end = rest.find(|letter: char| !letter.is_ascii_uppercase()).unwrap_or(rest.len());
            read.insert(format!("ROUTE_{}", &rest[..end]));
        }
    }
    assert_eq!(read, set);
    let contexts: BTreeSet<_> = lines.iter().filter_map(|line| line.strip_prefix('[')?.strip_suffix(']')).collect();
    for line in &lines {
        let called = ["Goto(", "Gosub(", "b("].iter().flat_map(|start| line.split(start).skip(1));
        let parts = called.filter_map(|rest| rest.split([')', '(']).next().filter(|part| part.contains([',', '^'])));
        let included = line.strip_prefix("include => ");
        for context in parts.filter_map(|part| part.split([',', '^']).next()).chain(included) {
            let known =
                |by: &str| contexts.contains(context.replace("${ASK_BY}", by).replace("${REPORT_BY}", by).as_str());
            assert!(["agi", "http"].into_iter().all(known), "`{context}` of `{line}` is not there");
        }
    }
}
