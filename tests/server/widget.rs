//! What the widget asks of the server from amoCRM's pages: who may ask, what refusals say, and the archive itself.

use amocrm_simulator::Simulator;
use http::{Method, Request, StatusCode};
use jiff::SignedDuration;
use serde_json::json;
use test_support::CALLER;
use test_support::client::{Answer, authorised};

use crate::scene::{Scene, Serving};

const ANNA: u64 = 504_141;
const PRESENCE: &str = "/v1/integrations/main/presence";
const SETTINGS: &str = "/v1/integrations/main/widget";

async fn connected() -> Serving {
    let mut scene = Scene::empty();
    scene.add_oauth("main", "queue:sales").await;
    scene.integrations[0].configuration.set("consider_manager_status", "true");
    let serving = scene.serve().await;
    serving.connect("main", 0).await;
    serving
}

fn token(simulator: &Simulator) -> String {
    simulator.disposable_token(ANNA).expect("with OAuth")
}

impl Serving {
    /// A page of this site sends a request, with this token where there is one.
    async fn asked_by_page(&self, method: Method, path: &str, site: &str, token: Option<&str>) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("origin", site);
        if let Some(token) = token {
            request = request.header("x-auth-token", token);
        }
        self.client.send(request, "").await
    }
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.get(name).map(|value| value.to_str().expect("text"))
}

#[tokio::test]
async fn pages_of_the_account_may_ask_and_read_every_answer_and_no_others_may() {
    let serving = connected().await;
    let account = serving.simulator().base_url().to_owned();
    let allowed = serving.asked_by_page(Method::OPTIONS, PRESENCE, &account, None).await;
    assert_eq!(allowed.status, StatusCode::NO_CONTENT);
    for (name, value) in [
        ("access-control-allow-origin", account.as_str()),
        ("access-control-allow-headers", "content-type, x-auth-token"),
        ("access-control-allow-methods", "POST"),
        ("access-control-max-age", "86400"),
    ] {
        assert_eq!(header(&allowed, name), Some(value), "{name}");
    }
    let good = token(serving.simulator());
    for (method, path, token, status) in [
        (Method::POST, PRESENCE, Some(good.as_str()), StatusCode::NO_CONTENT),
        (Method::POST, PRESENCE, Some(good.as_str()), StatusCode::CONFLICT),
        (Method::POST, PRESENCE, Some("a.b.c"), StatusCode::UNAUTHORIZED),
        (Method::POST, PRESENCE, None, StatusCode::UNAUTHORIZED),
        (Method::DELETE, PRESENCE, None, StatusCode::METHOD_NOT_ALLOWED),
        (Method::POST, SETTINGS, None, StatusCode::UNAUTHORIZED),
        (Method::GET, SETTINGS, None, StatusCode::UNAUTHORIZED),
        (Method::PUT, SETTINGS, None, StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let answer = serving.asked_by_page(method.clone(), path, &account, token).await;
        assert_eq!(answer.status, status, "{method} {path} {answer:?}");
        assert_eq!(header(&answer, "access-control-allow-origin"), Some(account.as_str()), "{method} {path}");
        assert_eq!(header(&answer, "vary"), Some("origin"), "{method} {path}");
    }
    let fresh = token(serving.simulator());
    let port = account.replace("127.0.0.1", "localhost");
    for site in ["https://evil.example", "null", "", &format!("{account}.evil.example"), &format!("{account}/"), &port]
    {
        for method in [Method::OPTIONS, Method::POST] {
            let answer = serving.asked_by_page(method.clone(), PRESENCE, site, Some(&fresh)).await;
            let is_readable = header(&answer, "access-control-allow-origin").is_some();
            // A slash at the end is no other site, though no browser writes it.
            let is_own = site.ends_with('/');
            assert!(is_own || (answer.status == StatusCode::FORBIDDEN && !is_readable), "{method} {site} {answer:?}");
            if is_own {
                break;
            }
        }
    }
    // What a page of another site sent has used nothing up, and a program says no site at all.
    let request = Request::post(PRESENCE).header("x-auth-token", token(serving.simulator()));
    assert_eq!(serving.client.send(request, "").await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn d07_why_a_report_counts_for_nothing_is_told_apart() {
    let serving = connected().await;
    let other = test_support::account::simulator_with_oauth(&serving.clock).await;
    let report = async |token: &str| {
        let request = Request::post(PRESENCE).header("x-auth-token", token);
        serving.client.send(request, "").await
    };
    let detail = async |token: &str| {
        let answer = report(token).await.json();
        (
            answer["detail"].as_str().expect("a text").to_owned(),
            answer["detail_ru"].as_str().expect("a text").to_owned(),
        )
    };
    let (en, ru) = detail(&token(&other)).await;
    assert!(en.contains("another account") && ru.contains("в другом аккаунте"), "{en} {ru}");
    let early = token(serving.simulator());
    serving.clock.advance(-SignedDuration::from_mins(10));
    let (en, ru) = detail(&early).await;
    assert!(en.contains("valid only in 600 s") && ru.contains("отстают не меньше чем на 600 с"), "{en} {ru}");
    serving.clock.advance(SignedDuration::from_mins(10));
    let late = token(serving.simulator());
    serving.clock.advance(SignedDuration::from_mins(45));
    let (en, ru) = detail(&late).await;
    assert!(en.contains("until 900 s ago") && ru.contains("слишком поздно"), "{en} {ru}");
    let twice = token(serving.simulator());
    assert_eq!(report(&twice).await.status, StatusCode::NO_CONTENT);
    let (en, ru) = detail(&twice).await;
    assert!(en.contains("used before") && ru.contains("уже использован"), "{en} {ru}");
    let (en, _) = detail("a.b.c").await;
    assert!(en.contains("client_secret"), "{en}");
}

#[tokio::test]
async fn d07_whether_the_widget_reports_is_in_the_state_and_in_the_calls_details() {
    let serving = connected().await;
    let presence = async || serving.client.get("/v1/state").await.json()["integrations"][0]["presence"].clone();
    let notes = async || serving.client.call(&json!({"caller": CALLER})).await.json()["details"]["notes"].to_string();
    assert_eq!(presence().await, json!({"state": "never-fed", "last": null}));
    let report = Request::post(PRESENCE).header("x-auth-token", token(serving.simulator()));
    assert_eq!(serving.client.send(report, "").await.status, StatusCode::NO_CONTENT);
    let fed = presence().await;
    assert_eq!(fed["state"], "fed");
    assert!(!notes().await.contains("silent"), "{}", notes().await);
    // A token of access lives no longer than the silence.
    serving.clock.advance(SignedDuration::from_hours(17));
    let revision = serving.node.revision();
    revision.integrations()["main"].keeper().expect("OAuth").refresh_if_due().await.expect("a new token");
    serving.clock.advance(SignedDuration::from_hours(8));
    assert_eq!(presence().await, json!({"state": "silent", "last": fed["last"]}));
    let notes = notes().await;
    assert!(notes.contains("the amoCRM widget has been silent since"), "{notes}");
}

#[tokio::test]
async fn a_widget_that_is_no_node_of_a_configuration_file_changes_nothing() {
    let serving = connected().await;
    let change = Request::post(SETTINGS).header("x-auth-token", token(serving.simulator()));
    let answer = serving.client.send(change, json!({"revision": "1"}).to_string()).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let shown = Request::get(SETTINGS).header("x-auth-token", token(serving.simulator()));
    let shown = serving.client.send(shown, "").await.json();
    assert_eq!(
        (&shown["state"], &shown["changes"], &shown["administrator"]),
        (&json!("on"), &json!(false), &json!(true))
    );
}

#[tokio::test]
async fn the_archive_is_for_managers_and_for_https() {
    let serving = connected().await;
    let path = "/v1/integrations/main/widget.zip?server=https%3A%2F%2Fpbx.example.ru";
    let answer = serving.client.send(authorised(Method::GET, path), "").await;
    assert_eq!((answer.status, header(&answer, "content-type")), (StatusCode::OK, Some("application/zip")));
    assert!(header(&answer, "content-disposition").is_some_and(|name| name.contains("widget.zip")));
    assert_eq!(widget::check(&answer.body, widget::Platform::Amocrm), []);
    for (path, status) in [
        ("/v1/integrations/main/widget.zip?server=http%3A%2F%2Fpbx.example.ru", StatusCode::UNPROCESSABLE_ENTITY),
        ("/v1/integrations/main/widget.zip?server=pbx", StatusCode::UNPROCESSABLE_ENTITY),
        ("/v1/integrations/main/widget.zip", StatusCode::BAD_REQUEST),
        ("/v1/integrations/south/widget.zip?server=https%3A%2F%2Fpbx.example.ru", StatusCode::NOT_FOUND),
    ] {
        let answer = serving.client.send(authorised(Method::GET, path), "").await;
        assert_eq!(answer.status, status, "{path}");
    }
    assert_eq!(serving.client.send(Request::get(path), "").await.status, StatusCode::UNAUTHORIZED);
}
