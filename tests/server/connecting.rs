//! An integration is connected to amoCRM in the browser and disconnected again, while calls come in.

use std::sync::{Arc, Mutex};

use amocrm::access::{Keeper, OAuthSettings};
use amocrm::integration::{Access, Integration};
use amocrm_simulator::{Endpoint, FaultRule, OAuthApp, Options, Simulator};
use async_trait::async_trait;
use call::Localized;
use http::{Method, Request, StatusCode};
use jiff::SignedDuration;
use runtime::store::{Shelf, Stores};
use serde_json::{Value, json};
use server::configuration::{Author, By, Configuration, ConfigurationChange, ConfigurationInForce, Edit, NotChanged};
use test_support::client::{Answer, Client, authorised};
use test_support::{CALLER, account};

use crate::scene::{Scene, Serving};

/// Below this server.
const HERE: &str = "https://pbx.example.ru/v1/oauth/callback";
/// Where the command `connect` listens.
const ELSEWHERE: &str = "http://127.0.0.1:8765/";
const CONNECTION: &str = "/v1/integrations/main/connection";

/// Only remembers.
#[derive(Default)]
struct Noted(Mutex<Vec<(String, Author)>>);

#[async_trait]
impl Configuration for Noted {
    fn in_force(&self) -> ConfigurationInForce {
        ConfigurationInForce::default()
    }

    async fn change(&self, _: Edit, _: &str, _: Author) -> Result<ConfigurationInForce, NotChanged> {
        Ok(self.in_force())
    }

    async fn changes(&self, _: Option<u64>, _: usize) -> (Vec<ConfigurationChange>, Option<u64>) {
        (Vec::new(), None)
    }

    async fn note(&self, what: Localized, by: Author) {
        self.0.lock().expect("no panic").push((what.en, by));
    }

    async fn undo(&self, _: u64, _: &str, _: Author) -> Result<ConfigurationInForce, NotChanged> {
        Ok(self.in_force())
    }
}

impl Noted {
    fn whats(&self) -> Vec<String> {
        self.0.lock().expect("no panic").iter().map(|(what, _)| what.clone()).collect()
    }
}

/// A scene with accounts whose integrations, of these names, redirect to this address; none is connected yet.
async fn scene(names: &[&str], redirect_uri: &str) -> (Scene, Arc<Noted>) {
    let mut scene = Scene::empty();
    for name in names {
        let app = OAuthApp { redirect_uri: redirect_uri.to_owned(), ..OAuthApp::demo() };
        let options = Options { oauth: Some(app), ..Options::default() };
        let simulator = account::simulator(&scene.clock, options).await;
        let Access::OAuth(settings) = account::oauth(&simulator) else { panic!("OAuth") };
        let access = Access::OAuth(OAuthSettings { redirect_uri: redirect_uri.to_owned(), ..settings });
        scene.place(name, access, "queue:sales", simulator);
    }
    let noted = Arc::new(Noted::default());
    let configuration = Arc::clone(&noted);
    scene.add_to_server(move |server| server.configuration(configuration));
    (scene, noted)
}

/// Begins connecting an integration.
async fn asked(serving: &Serving, path: &str) -> Value {
    let answer = serving.client.with_token(Method::POST, path, "").await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()
}

/// An administrator of the account decides on amoCRM's page; gives where the browser is sent.
async fn decided(simulator: &Simulator, asked: &Value) -> String {
    let address = asked["address"].as_str().expect("an address");
    let page = address.strip_prefix(simulator.base_url()).expect("the account's page");
    let answer = Client::of(simulator.address()).send(Request::get(page), "").await;
    answer.headers["location"].to_str().expect("text").to_owned()
}

/// The browser goes there. It has no token, and speaks Russian.
async fn redirected(serving: &Serving, to: &str) -> (StatusCode, String) {
    let here = &to[to.find("/v1/oauth").expect("an address of this server")..];
    page(&serving.client.send(Request::get(here).header("accept-language", "ru-RU,ru;q=0.9"), "").await, to)
}

/// What a page says. It never repeats the code, and keeps its address to itself.
fn page(answer: &Answer, to: &str) -> (StatusCode, String) {
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    if let Some(code) = to.split("code=").nth(1).and_then(|rest| rest.split('&').next()) {
        assert!(!text.contains(code), "{text}");
    }
    assert_eq!(answer.headers["referrer-policy"], "no-referrer");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert!(text.contains("href=\"/#/integration\""), "{text}");
    (answer.status, text)
}

async fn called(serving: &Serving) -> Answer {
    serving.client.call(&json!({"caller": CALLER, "operation": "main"})).await
}

fn keeper(serving: &Serving) -> Arc<Keeper> {
    Arc::clone(serving.node.revision().integrations()["main"].keeper().expect("OAuth"))
}

#[tokio::test]
async fn o6_an_integration_is_connected_in_the_browser_and_the_next_call_has_access() {
    let (scene, noted) = scene(&["main"], HERE).await;
    let serving = scene.serve().await;
    assert_eq!(called(&serving).await.reason(), "integration-off");
    let first = asked(&serving, CONNECTION).await;
    assert_eq!((&first["answer"], &first["expires_at"]), (&json!("redirect"), &json!("2026-11-22T09:20:00Z")));
    let back = decided(serving.simulator(), &first).await;
    // What looks the link over first does not use it up.
    let head = serving.client.send(Request::head(&back[back.find("/v1").expect("a path")..]), "").await;
    assert_eq!(head.status, StatusCode::METHOD_NOT_ALLOWED);
    let (status, text) = redirected(&serving, &back).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    assert!(text.contains("<html lang=\"ru\">") && text.contains("amoCRM подключена"), "{text}");
    assert_eq!(called(&serving).await.goes_to(), "anna");
    // The answer counts once.
    let (status, text) = redirected(&serving, &back).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(text.contains("Этого ответа здесь не ждут: он уже использован"), "{text}");
    assert_eq!(called(&serving).await.goes_to(), "anna");
    let server = Author { name: Some("server".to_owned()), by: By::Api };
    let what = format!("the integration `main` was connected to {}", serving.simulator().base_url());
    assert_eq!(*noted.0.lock().expect("no panic"), [(what, server)]);
    // Connecting again replaces the tokens, and other languages than Russian get English.
    let again = decided(serving.simulator(), &asked(&serving, CONNECTION).await).await;
    let answer = serving.client.send(Request::get(&again[again.find("/v1").expect("a path")..]), "").await;
    let (status, text) = page(&answer, &again);
    assert!(status == StatusCode::OK && text.contains("<html lang=\"en\">"), "{text}");
    assert!(text.contains("amoCRM is connected") && text.contains("Back to the console"), "{text}");
    assert_eq!(noted.whats().len(), 2);
}

#[tokio::test]
async fn an_answer_that_nobody_waits_for_or_that_is_none_connects_nothing_and_says_why() {
    let (scene, noted) = scene(&["main", "second"], HERE).await;
    let serving = scene.serve().await;
    let code = "/v1/oauth/callback?code=def50200&referer=example.amocrm.ru";
    for unknown in [code.to_owned(), format!("{code}&state=0123456789abcdef"), "/v1/oauth/callback".to_owned()] {
        let (status, text) = redirected(&serving, &unknown).await;
        assert!(status == StatusCode::BAD_REQUEST && text.contains("не ждут"), "{unknown}: {text}");
    }
    let good = decided(serving.simulator(), &asked(&serving, CONNECTION).await).await;
    serving.clock.advance(SignedDuration::from_mins(20));
    let (status, text) = redirected(&serving, &good).await;
    assert!(status == StatusCode::BAD_REQUEST && text.contains("Прошло больше 20 минут"), "{text}");
    // Consent to the first account does not connect the second integration, which knows another host.
    let question = asked(&serving, "/v1/integrations/second/connection").await;
    let of_second = question["address"].as_str().expect("text").split("state=").nth(1).expect("a state");
    let of_second = of_second.split('&').next().expect("a state");
    let authority = serving.simulator().address();
    let crossed = format!("/v1/oauth/callback?code=def50200&referer={authority}&state={of_second}");
    let (status, text) = redirected(&serving, &crossed).await;
    assert!(status == StatusCode::BAD_REQUEST && text.contains("не amoCRM"), "{text}");
    for (tampered, said) in [
        (("referer=", "referer=evil.example&x="), "не amoCRM"),
        (("code=", "x="), "нет кода"),
        (("code=", "code=another&x="), "не приняла код"),
    ] {
        let back = decided(serving.simulator(), &asked(&serving, CONNECTION).await).await;
        let (status, text) = redirected(&serving, &back.replace(tampered.0, tampered.1)).await;
        assert!(status.is_client_error() || status == StatusCode::BAD_GATEWAY, "{text}");
        assert!(text.contains(said) && text.contains("amoCRM не подключена"), "lacks {said}: {text}");
        // It was an answer, if no good one.
        assert!(redirected(&serving, &back).await.1.contains("не ждут"));
    }
    serving.simulator().add_fault("token:status=503".parse::<FaultRule>().expect("a fault"));
    let back = decided(serving.simulator(), &asked(&serving, CONNECTION).await).await;
    let (status, text) = redirected(&serving, &back).await;
    assert!(status == StatusCode::BAD_GATEWAY && text.contains("ответила 503"), "{text}");
    serving.simulator().update(|account| account.behaviour.refuse_consent = true);
    let back = decided(serving.simulator(), &asked(&serving, CONNECTION).await).await;
    let (status, text) = redirected(&serving, &back).await;
    assert!(status == StatusCode::CONFLICT && text.contains("не разрешил доступ"), "{text}");
    assert_eq!(called(&serving).await.reason(), "integration-off");
    assert!(noted.whats().is_empty() && keeper(&serving).grant().is_none());
}

#[tokio::test]
async fn a_manager_brings_the_answer_where_the_browser_is_sent_elsewhere() {
    let (scene, noted) = scene(&["main", "second"], ELSEWHERE).await;
    let serving = scene.serve().await;
    let bring = async |address: &str| {
        let request =
            authorised(Method::POST, &format!("{CONNECTION}/answer")).header("content-type", "application/json");
        serving.client.send(request, json!({"address": address}).to_string()).await
    };
    let question = asked(&serving, CONNECTION).await;
    assert_eq!(question["answer"], "pasted");
    let back = decided(serving.simulator(), &question).await;
    assert!(back.starts_with(ELSEWHERE), "{back}");
    let of_second = asked(&serving, "/v1/integrations/second/connection").await;
    let other = of_second["address"].as_str().expect("text").split("state=").nth(1).expect("a state");
    let own = back.split("state=").nth(1).and_then(|rest| rest.split('&').next()).expect("a state");
    // None of these uses the question up.
    for (wrong, said) in [
        (ELSEWHERE.to_owned(), "нет кода"),
        (back.replace("code=", "x="), "нет кода"),
        (back.replace("state=", "x="), "другому запросу"),
        (back.replace(own, other.split('&').next().expect("a state")), "другому запросу"),
        (back.replace("referer=", "referer=evil.example&x="), "не amoCRM"),
    ] {
        let answer = bring(&wrong).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}: {answer:?}");
        assert!(answer.json()["detail_ru"].as_str().is_some_and(|detail| detail.contains(said)), "{said}: {answer:?}");
    }
    let answer = bring(&format!(" {back}\n")).await;
    assert_eq!((answer.status, &answer.json()["account"]), (StatusCode::OK, &json!(serving.simulator().base_url())));
    assert_eq!(called(&serving).await.goes_to(), "anna");
    assert_eq!(bring(&back).await.status, StatusCode::BAD_REQUEST, "once");
    assert_eq!(noted.whats().len(), 1);
}

#[tokio::test]
async fn o6_disconnecting_forgets_the_tokens_everywhere_and_calls_go_to_the_linked_operation() {
    let (scene, noted) = scene(&["main"], HERE).await;
    let (store, settings, clock) = (Arc::clone(&scene.store), scene.integrations[0].clone(), scene.clock.clone());
    let serving = scene.serve().await;
    serving.connect("main", 0).await;
    // Another node with that store.
    let stores = Stores::in_one(Arc::clone(&store));
    let elsewhere = Integration::with_clock(settings, stores, clock).expect("a usable integration");
    let other = elsewhere.keeper().expect("OAuth");
    other.look().await.expect("the store answers");
    assert!(elsewhere.is_on());
    let grant = keeper(&serving).grant().expect("connected");
    // Calls come in meanwhile; each ends as one or the other.
    let calls: Vec<_> = (0..40)
        .map(|number| {
            let client = serving.client.clone();
            let call = json!({"caller": if number % 2 == 0 { CALLER } else { "+7 903 555-01-12" }});
            tokio::spawn(async move { client.call(&call).await })
        })
        .collect();
    let answer = serving.client.with_token(Method::DELETE, CONNECTION, "").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
    for call in calls {
        let answer = call.await.expect("it ends");
        let (goes_to, reason) = (answer.goes_to(), answer.reason());
        let is_forwarded = ["anna", "boris"].contains(&goes_to.as_str());
        // One that had begun and asks without the token is refused by the host.
        let is_off = goes_to == "queue:sales" && ["integration-off", "access-forbidden"].contains(&reason.as_str());
        assert!(is_forwarded || is_off, "{answer:?}");
    }
    serving.simulator().clear_requests();
    let answer = called(&serving).await;
    assert_eq!((answer.reason().as_str(), answer.goes_to().as_str()), ("integration-off", "queue:sales"));
    assert!(serving.simulator().requests().is_empty(), "amoCRM is not asked");
    let namespace = format!("main@{}", OAuthApp::DEMO_CLIENT_ID);
    let slot = Shelf { namespace: &namespace, bucket: "access" }.slot("grant");
    let record = store.get(slot).await.expect("it answers").expect("a record");
    let record = String::from_utf8(record).expect("JSON");
    for token in [&grant.access_token, &grant.refresh_token] {
        assert!(!record.contains(token.expose()), "no token is left");
    }
    other.look().await.expect("the store answers");
    assert!(!elsewhere.is_on() && other.grant().is_some_and(|grant| grant.access_token.expose().is_empty()));
    let shown = serving.client.get("/v1/integrations").await.json()["integrations"][0].clone();
    assert_eq!(
        (&shown["on"], &shown["access_state"]["state"], &shown["access_state"]["off"]["reason"]),
        (&json!(false), &json!("off"), &json!("disconnected")),
        "{shown}"
    );
    assert_eq!(serving.client.get("/v1/operations").await.json()["operations"][0]["id"], "main", "the step stays");
    assert_eq!(serving.client.with_token(Method::DELETE, CONNECTION, "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(noted.whats(), ["the integration `main` was disconnected from amoCRM"], "what was done, once");
    // Nothing of it is refreshed.
    assert!(keeper(&serving).refresh_now().await.is_err());
    assert!(serving.simulator().requests().iter().all(|request| request.endpoint != Some(Endpoint::Token)));
    let back = decided(serving.simulator(), &asked(&serving, CONNECTION).await).await;
    assert_eq!(redirected(&serving, &back).await.0, StatusCode::OK);
    assert_eq!(called(&serving).await.goes_to(), "anna");
}

#[tokio::test]
async fn a_long_lived_token_is_neither_connected_nor_disconnected_and_what_to_do_is_said() {
    let serving = Scene::new().await.serve().await;
    for (method, path) in [(Method::POST, CONNECTION), (Method::DELETE, CONNECTION)] {
        let answer = serving.client.with_token(method, path, "").await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{answer:?}");
        let problem = answer.json();
        assert!(
            problem["detail"].as_str().is_some_and(|detail| detail.contains("revoke the token in amoCRM")),
            "{problem}"
        );
        assert!(problem["detail_ru"].as_str().is_some_and(|detail| detail.contains("долгосрочный токен")), "{problem}");
    }
    assert_eq!(serving.client.call(&json!({"caller": CALLER})).await.goes_to(), "anna");
    let unknown = serving.client.with_token(Method::POST, "/v1/integrations/none/connection", "").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}
