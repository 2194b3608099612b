//! A widget that is installed in the account, and the page that loads it.

use http::Method;
use serde_json::json;
use widget::Widget;

use super::client::{Bench, Reply};

async fn control(bench: &Bench, method: Method, path: &str, body: &[u8]) -> Reply {
    bench.send(method, &format!("/_simulator/{path}"), None, body).await.unwrap()
}

fn archive(integration: &str) -> Vec<u8> {
    Widget::new("https://pbx.example.ru".parse().unwrap(), integration).archive().unwrap()
}

#[tokio::test]
async fn a_widget_is_installed_updated_with_its_settings_and_removed() {
    let bench = Bench::demo().await;
    let installed = async || control(&bench, Method::GET, "widget", b"").await.json()["installed"].clone();
    assert_eq!(installed().await, json!(null));
    assert_eq!(control(&bench, Method::PUT, "widget/settings", b"{}").await.status, 409);
    assert_eq!(control(&bench, Method::PUT, "widget", &archive("main")).await.status, 204);
    let shown = installed().await;
    assert_eq!(shown["manifest"]["widget"]["version"], "1.0.0");
    assert_eq!(shown["texts"]["ru"]["texts"]["language"], "ru");
    let script = control(&bench, Method::GET, "widget/files/script.js", b"").await;
    assert_eq!(script.header("content-type"), "text/javascript; charset=utf-8");
    assert!(String::from_utf8_lossy(&script.body).contains("https://pbx.example.ru"));
    assert_eq!(control(&bench, Method::GET, "widget/files/none.js", b"").await.status, 404);
    assert_eq!(control(&bench, Method::PUT, "widget/settings", b"[]").await.status, 400);
    assert_eq!(
        control(&bench, Method::PUT, "widget/settings", br#"{"internal_numbers": {"504141": "101"}}"#).await.status,
        204
    );
    assert_eq!(control(&bench, Method::PUT, "widget", &archive("south")).await.status, 204);
    assert_eq!(installed().await["settings"]["internal_numbers"]["504141"], "101", "an update keeps them");
    assert_eq!(control(&bench, Method::DELETE, "widget", b"").await.status, 204);
    assert_eq!(installed().await, json!(null));
}

#[tokio::test]
async fn an_archive_that_breaks_a_rule_is_refused_and_what_was_installed_stays() {
    let bench = Bench::demo().await;
    assert_eq!(control(&bench, Method::PUT, "widget", &archive("main")).await.status, 204);
    let refused = control(&bench, Method::PUT, "widget", b"no archive").await;
    assert_eq!(refused.status, 422);
    assert!(refused.json()["findings"][0]["en"].as_str().unwrap().contains("not a zip archive"));
    assert!(control(&bench, Method::GET, "widget", b"").await.json()["installed"].is_object());
}

#[tokio::test]
async fn the_page_says_that_it_is_simulated_and_is_no_request_to_the_account() {
    let bench = Bench::demo().await;
    let page = bench.send(Method::GET, "/", None, "").await.unwrap();
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html; charset=utf-8"));
    let text = String::from_utf8_lossy(&page.body).into_owned();
    assert!(text.contains("Это симулятор, а не amoCRM."), "{text}");
    for file in ["page.js", "page.css", "jquery.js"] {
        assert!(text.contains(file));
        assert_eq!(control(&bench, Method::GET, &format!("page/{file}"), b"").await.status, 200, "{file}");
    }
    assert_eq!(control(&bench, Method::GET, "page/none.js", b"").await.status, 404);
    assert!(bench.simulator.requests().is_empty());
}
