//! Consent, the token endpoint, and the tokens it gives (amoCRM facts §5).

use amocrm_simulator::{Endpoint, Fault, FaultRule, OAuthApp, Options, Platform, Refreshes};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::client::{Bench, MovedClock, Reply, at_noon};

const TOKEN: &str = "/oauth2/access_token";

/// A simulator with the demonstration's integration.
pub(super) async fn with_oauth(options: Options) -> Bench {
    Bench::start(Options { oauth: Some(OAuthApp::demo()), ..options }).await
}

/// The body of a token request with what every one of them carries.
fn body(more: &Value) -> Value {
    let mut body = json!({
        "client_id": OAuthApp::DEMO_CLIENT_ID,
        "client_secret": OAuthApp::DEMO_CLIENT_SECRET,
        "redirect_uri": OAuthApp::DEMO_REDIRECT_URI,
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

async fn post(bench: &Bench, body: &Value) -> Reply {
    bench.send(Method::POST, TOKEN, None, &body.to_string()).await.unwrap()
}

pub(super) async fn exchange(bench: &Bench, code: &str) -> Reply {
    post(bench, &body(&json!({"grant_type": "authorization_code", "code": code}))).await
}

pub(super) async fn refresh(bench: &Bench, token: &str) -> Reply {
    post(bench, &body(&json!({"grant_type": "refresh_token", "refresh_token": token}))).await
}

/// An access token and a refresh token.
pub(super) async fn pair(bench: &Bench) -> (String, String) {
    tokens(&exchange(bench, &bench.simulator.authorization_code().unwrap()).await)
}

pub(super) fn tokens(reply: &Reply) -> (String, String) {
    let text = |name: &str| reply.json()[name].as_str().unwrap().to_owned();
    (text("access_token"), text("refresh_token"))
}

pub(super) async fn api(bench: &Bench, access: &str) -> u16 {
    let bearer = format!("Bearer {access}");
    bench.send(Method::GET, "/api/v4/account", Some(&bearer), "").await.unwrap().status.as_u16()
}

fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// The query of the consent's redirect.
async fn consent(bench: &Bench) -> Vec<(String, String)> {
    let path = format!("/oauth?client_id={}&state=a%20b&mode=popup", OAuthApp::DEMO_CLIENT_ID);
    let reply = bench.send(Method::GET, &path, None, "").await.unwrap();
    assert_eq!(reply.status, 302);
    let query = reply.header("location").strip_prefix("http://127.0.0.1:8765/?").unwrap().to_owned();
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn names(pairs: &[(String, String)]) -> Vec<&str> {
    pairs.iter().map(|(name, _)| name.as_str()).collect()
}

#[tokio::test]
async fn consent_leads_to_a_pair_that_opens_the_api() {
    let bench = with_oauth(at_noon()).await;
    let answer = consent(&bench).await;
    assert_eq!(names(&answer), ["code", "referer", "state", "platform"]);
    assert_eq!(answer[1].1, bench.simulator.address().to_string());
    assert_eq!((answer[2].1.as_str(), answer[3].1.as_str()), ("a b", "1"));
    let reply = exchange(&bench, &answer[0].1).await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "application/json"));
    let json = reply.json();
    assert_eq!((&json["token_type"], &json["expires_in"]), (&json!("Bearer"), &json!(86_400)));
    assert_eq!(json["server_time"], 1_795_424_400);
    let (access, refresh) = tokens(&reply);
    let claims = claims(&access);
    assert_eq!(
        (&claims["iat"], &claims["exp"], &claims["sub"], &claims["aud"]),
        (&json!(1_795_424_400), &json!(1_795_510_800), &json!("504141"), &json!(OAuthApp::DEMO_CLIENT_ID))
    );
    assert_eq!((&claims["account_id"], &claims["base_domain"]), (&json!(28_805_383), &json!("amocrm.ru")));
    assert_eq!(claims["api_domain"].as_str(), bench.simulator.api_domain());
    assert!(claims["scopes"].is_array());
    assert_eq!(api(&bench, &access).await, 200);
    assert_eq!(api(&bench, &refresh).await, 401);
    assert_eq!(api(&bench, "any").await, 401);
}

#[tokio::test]
async fn kommo_names_itself_and_the_client() {
    let bench = with_oauth(at_noon()).await;
    bench.simulator.update(|account| account.behaviour.platform = Platform::Kommo);
    let answer = consent(&bench).await;
    assert_eq!(names(&answer), ["code", "referer", "state", "platform", "client_id"]);
    assert_eq!((answer[3].1.as_str(), answer[4].1.as_str()), ("2", OAuthApp::DEMO_CLIENT_ID));
}

#[tokio::test]
async fn a_user_may_refuse_and_an_unknown_integration_is_refused() {
    let bench = with_oauth(at_noon()).await;
    bench.simulator.update(|account| account.behaviour.refuse_consent = true);
    let answer = consent(&bench).await;
    assert_eq!(names(&answer), ["error", "state"]);
    assert_eq!(answer[0].1, "access_denied");
    let other = bench.send(Method::GET, "/oauth?client_id=other&state=1", None, "").await.unwrap();
    assert_eq!((other.status.as_u16(), other.header("location")), (400, ""));
}

#[tokio::test]
async fn a_code_is_good_once_and_for_twenty_minutes() {
    let (clock, options) = MovedClock::at_noon();
    let bench = with_oauth(options).await;
    let code = bench.simulator.authorization_code().unwrap();
    clock.forward(SignedDuration::from_secs(20 * 60 - 1));
    assert_eq!(exchange(&bench, &code).await.status, 200);
    let late = bench.simulator.authorization_code().unwrap();
    clock.forward(SignedDuration::from_mins(20));
    for (code, hint) in [(code.as_str(), "revoked"), (&late, "expired"), ("none", "Cannot decrypt")] {
        let reply = exchange(&bench, code).await;
        assert_eq!(reply.status, 400);
        assert!(reply.json()["hint"].as_str().unwrap().contains(hint), "{reply:?}");
    }
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_the_access_token_goes_on() {
    let bench = with_oauth(at_noon()).await;
    let (access, old) = pair(&bench).await;
    let reply = refresh(&bench, &old).await;
    let (next, new) = tokens(&reply);
    assert_ne!((&access, &old), (&next, &new));
    assert_eq!((api(&bench, &access).await, api(&bench, &next).await), (200, 200));
    let again = refresh(&bench, &old).await;
    assert_eq!((again.status.as_u16(), again.header("content-type")), (401, "application/problem+json"));
    assert_eq!(
        again.json(),
        json!({
            "hint": "Token has been revoked", "title": "Некорректный запрос",
            "type": "https://developers.amocrm.ru/v3/errors/OAuthProblemJson", "status": 401,
            "detail": "В запросе отсутствует ряд параметров или параметры невалидны",
        })
    );
    // The refused attempt harmed nobody.
    assert_eq!(refresh(&bench, &new).await.status, 200);
    assert_eq!(bench.simulator.refreshes(), Refreshes { succeeded: 2, refused: 1 });
    assert_eq!(bench.simulator.count_of(Endpoint::Token), 4);
}

#[tokio::test]
async fn of_many_refreshes_at_once_one_wins() {
    let bench = with_oauth(at_noon()).await;
    let (_, old) = pair(&bench).await;
    let requests = (refresh(&bench, &old), refresh(&bench, &old), refresh(&bench, &old));
    tokio::join!(requests.0, requests.1, requests.2);
    assert_eq!(bench.simulator.refreshes(), Refreshes { succeeded: 1, refused: 2 });
}

#[tokio::test]
async fn tokens_end_by_the_simulators_clock() {
    let (clock, options) = MovedClock::at_noon();
    let bench = with_oauth(options).await;
    let (access, old) = pair(&bench).await;
    clock.forward(SignedDuration::from_hours(24) - SignedDuration::from_secs(1));
    assert_eq!(api(&bench, &access).await, 200);
    clock.forward(SignedDuration::from_secs(1));
    assert_eq!(api(&bench, &access).await, 401);
    clock.forward(SignedDuration::from_hours(24 * 88));
    let (_, new) = tokens(&refresh(&bench, &old).await);
    // The refresh gave three months anew.
    clock.forward(SignedDuration::from_hours(24 * 89));
    let (_, last) = tokens(&refresh(&bench, &new).await);
    clock.forward(SignedDuration::from_hours(24 * 90));
    assert_eq!(refresh(&bench, &last).await.status, 401);
}

#[tokio::test]
async fn the_grace_of_kommo_ends_when_the_new_token_is_used() {
    let bench = with_oauth(at_noon()).await;
    bench.simulator.update(|account| account.behaviour.refresh_grace = true);
    let (_, old) = pair(&bench).await;
    let (_, lost) = tokens(&refresh(&bench, &old).await);
    let (_, kept) = tokens(&refresh(&bench, &old).await);
    assert_ne!(lost, kept);
    assert_eq!(refresh(&bench, &kept).await.status, 200);
    assert_eq!(refresh(&bench, &old).await.status, 401);
}

#[tokio::test]
async fn a_refresh_may_end_the_access_token_before_it() {
    let bench = with_oauth(at_noon()).await;
    bench.simulator.update(|account| account.behaviour.refresh_revokes_access = true);
    let (access, old) = pair(&bench).await;
    let (next, _) = tokens(&refresh(&bench, &old).await);
    assert_eq!((api(&bench, &access).await, api(&bench, &next).await), (401, 200));
}

#[tokio::test]
async fn an_answer_may_be_lost_after_the_pair_was_spent() {
    let bench = with_oauth(at_noon()).await;
    let (_, old) = pair(&bench).await;
    bench.simulator.add_fault(FaultRule::new(Fault::CloseBeforeHeaders).on(Endpoint::Token).times(1));
    bench.simulator.add_fault(FaultRule::new(Fault::CloseAfterProcessing).on(Endpoint::Token).times(1));
    let body = body(&json!({"grant_type": "refresh_token", "refresh_token": old})).to_string();
    assert!(bench.send(Method::POST, TOKEN, None, &body).await.is_err());
    assert_eq!(bench.simulator.refreshes().succeeded, 0);
    assert!(bench.send(Method::POST, TOKEN, None, &body).await.is_err());
    assert_eq!(bench.simulator.refreshes().succeeded, 1);
    assert_eq!(refresh(&bench, &old).await.status, 401);
}

#[tokio::test]
async fn every_field_of_a_token_request_is_checked() {
    let bench = with_oauth(at_noon()).await;
    let (_, refresh) = pair(&bench).await;
    let right = body(&json!({"grant_type": "refresh_token", "refresh_token": refresh}));
    let without = |name: &str| {
        let mut body = right.clone();
        body.as_object_mut().unwrap().remove(name);
        body
    };
    for name in ["grant_type", "client_id", "client_secret", "redirect_uri", "refresh_token"] {
        let reply = post(&bench, &without(name)).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["status"]), (400, &json!(400)), "{name}");
        assert_eq!(reply.json()["hint"], format!("Check the `{name}` parameter"));
    }
    for (name, value) in [("client_secret", "other"), ("redirect_uri", "http://127.0.0.1:8765")] {
        let mut body = right.clone();
        body[name] = json!(value);
        let reply = post(&bench, &body).await;
        assert_eq!(
            reply.json(),
            json!({
                "title": "Некорректный клиент", "type": "https://developers.amocrm.ru/v3/errors/OAuthProblemJson",
                "status": 401, "detail": "Авторизация клиента не прошла",
            }),
            "{name}"
        );
    }
    let mut other = right.clone();
    other["client_id"] = json!("other");
    assert_eq!(post(&bench, &other).await.json()["hint"], "Check the `client_id` parameter");
    assert_eq!(bench.send(Method::POST, TOKEN, None, "{").await.unwrap().status, 400);
    assert_eq!(bench.send(Method::GET, TOKEN, None, "").await.unwrap().status, 405);
    assert_eq!(post(&bench, &right).await.status, 200);
}

#[tokio::test]
async fn a_given_token_is_accepted_beside_those_of_oauth() {
    let bench = with_oauth(Options { token: Some("given".to_owned()), ..at_noon() }).await;
    let (access, _) = pair(&bench).await;
    assert_eq!((api(&bench, "given").await, api(&bench, &access).await, api(&bench, "other").await), (200, 200, 401));
}

#[tokio::test]
async fn without_oauth_there_are_no_such_endpoints() {
    let bench = Bench::demo().await;
    for (method, path) in
        [(Method::GET, "/oauth"), (Method::POST, TOKEN), (Method::GET, "/oauth2/account/current/subdomain")]
    {
        assert_eq!(bench.send(method, path, None, "").await.unwrap().status, 404, "{path}");
    }
    assert!(bench.simulator.authorization_code().is_err() && bench.simulator.api_domain().is_none());
}

#[tokio::test]
async fn no_secret_is_recorded_or_printed() {
    let options = Options { oauth: Some(OAuthApp::demo()), ..at_noon() };
    let mut shown = format!("{options:?}{:?}", options.oauth);
    let bench = Bench::start(options).await;
    let (access, refresh_token) = pair(&bench).await;
    let code = bench.simulator.authorization_code().unwrap();
    api(&bench, &access).await;
    refresh(&bench, &refresh_token).await;
    bench.get(&format!("/elsewhere?code={code}&client_secret={}", OAuthApp::DEMO_CLIENT_SECRET)).await;
    let base = bench.simulator.base_url().to_owned();
    let subdomain = "/oauth2/account/current/subdomain";
    bench.send_to(&base, Method::GET, subdomain, &[("x-refresh-token", &refresh_token)], "").await.unwrap();
    shown += &format!("{:?}{:?}", bench.simulator, bench.simulator.requests());
    for path in ["requests", "faults"] {
        let reply = bench.send(Method::GET, &format!("/_simulator/{path}"), None, "").await.unwrap();
        shown += &String::from_utf8_lossy(&reply.body);
    }
    for secret in [&access, &refresh_token, &code, OAuthApp::DEMO_CLIENT_SECRET] {
        assert!(!shown.contains(secret), "{secret}");
    }
    assert!(shown.contains("\"code\",\"…\""));
}

#[tokio::test]
async fn the_token_endpoint_takes_a_form_where_the_switch_says_so() {
    let bench = with_oauth(at_noon()).await;
    let form = async |bench: &Bench| {
        let mut fields = form_urlencoded::Serializer::new(String::new());
        let code = bench.simulator.authorization_code().unwrap();
        for (name, value) in body(&json!({"grant_type": "authorization_code", "code": code})).as_object().unwrap() {
            fields.append_pair(name, value.as_str().unwrap());
        }
        bench.send(Method::POST, TOKEN, None, &fields.finish()).await.unwrap()
    };
    let (access, _) = tokens(&form(&bench).await);
    assert_eq!(api(&bench, &access).await, 200);
    bench.simulator.update(|account| account.behaviour.token_by_form = false);
    let refused = form(&bench).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["hint"]), (400, &json!("Check the `grant_type` parameter")));
}
