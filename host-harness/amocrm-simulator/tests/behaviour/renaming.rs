//! The account moves to another address (amoCRM facts §5.7).

use amocrm_simulator::{OAuthApp, Options, Renamed};
use http::Method;
use serde_json::json;

use super::client::{Bench, Reply, at_noon};
use super::oauth::{pair, refresh, with_oauth};

const SUBDOMAIN: &str = "/oauth2/account/current/subdomain";

async fn subdomain(bench: &Bench, base: &str, refresh: &str) -> Reply {
    bench.send_to(base, Method::GET, SUBDOMAIN, &[("x-refresh-token", refresh)], "").await.unwrap()
}

#[tokio::test]
async fn the_api_host_says_where_the_account_is() {
    let bench = with_oauth(at_noon()).await;
    let (access, refresh_token) = pair(&bench).await;
    let api = format!("http://{}", bench.simulator.api_domain().unwrap());
    let reply = subdomain(&bench, &api, &refresh_token).await;
    let domain = bench.simulator.address().to_string();
    let expected = json!({"id": 28_805_383, "subdomain": "demo", "domain": domain, "top_level_domain": "ru"});
    assert_eq!((reply.status.as_u16(), reply.json()), (200, expected));
    for wrong in [access.as_str(), "none", ""] {
        assert_eq!(subdomain(&bench, &api, wrong).await.status, 401);
    }
    let renamed = bench.simulator.rename().await.unwrap();
    let reply = subdomain(&bench, &api, &refresh_token).await;
    assert_eq!(format!("http://{}", reply.json()["domain"].as_str().unwrap()), renamed);
    refresh_spends(&bench, &renamed, &refresh_token).await;
    assert_eq!(subdomain(&bench, &api, &refresh_token).await.status, 401);
}

/// Refreshes at this address, for the old one does not answer any more.
async fn refresh_spends(bench: &Bench, base: &str, token: &str) {
    let body = json!({
        "grant_type": "refresh_token", "refresh_token": token,
        "client_id": amocrm_simulator::OAuthApp::DEMO_CLIENT_ID,
        "client_secret": amocrm_simulator::OAuthApp::DEMO_CLIENT_SECRET,
        "redirect_uri": amocrm_simulator::OAuthApp::DEMO_REDIRECT_URI,
    });
    let reply = bench.send_to(base, Method::POST, "/oauth2/access_token", &[], &body.to_string()).await.unwrap();
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn a_former_address_answers_as_the_switch_says() {
    let bench = with_oauth(at_noon()).await;
    let (access, refresh_token) = pair(&bench).await;
    let renamed = bench.simulator.rename().await.unwrap();
    let bearer = format!("Bearer {access}");
    let path = "/api/v4/contacts?query=1&page=1";
    let get =
        async |base: &str| bench.send_to(base, Method::GET, path, &[("authorization", &bearer)], "").await.unwrap();
    assert_eq!(get(&renamed).await.status, 200);
    let old = bench.simulator.base_url();
    let gone = get(old).await;
    assert_eq!((gone.status.as_u16(), &gone.json()["code"]), (401, &json!(101)));
    let refused = refresh(&bench, &refresh_token).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (401, &json!(101)));
    assert_eq!(bench.simulator.refreshes().succeeded, 0);
    bench.simulator.update(|account| account.behaviour.renamed = Renamed::NotFound);
    assert_eq!(get(old).await.status, 404);
    bench.simulator.update(|account| account.behaviour.renamed = Renamed::Redirect);
    let moved = get(old).await;
    assert_eq!((moved.status.as_u16(), moved.header("location")), (301, format!("{renamed}{path}").as_str()));
    let hosts: Vec<String> = bench.simulator.requests().into_iter().map(|record| record.host).collect();
    assert_eq!(format!("http://{}", hosts[1]), renamed);
    assert_eq!(hosts[2], bench.simulator.address().to_string());
}

#[tokio::test]
async fn an_account_with_a_name_is_renamed_under_its_names() {
    let bench = with_oauth(Options { domain: Some("demo.amocrm.ru".to_owned()), ..at_noon() }).await;
    let app = OAuthApp::demo();
    let at = async |host: &str, method: Method, path: &str, headers: &[(&str, &str)], body: &str| {
        let headers = [&[("host", host)], headers].concat();
        bench.send_to(bench.simulator.base_url(), method, path, &headers, body).await.unwrap()
    };
    let consent = async || {
        let reply = at("www.amocrm.ru", Method::GET, &format!("/oauth?client_id={}", app.client_id), &[], "").await;
        reply.header("location").to_owned()
    };
    assert!(consent().await.contains("&referer=demo.amocrm.ru&"), "{}", consent().await);
    assert_eq!(bench.simulator.api_domain(), Some("api-a.amocrm.ru"));
    let (access, refresh_token) = pair(&bench).await;
    let bearer = format!("Bearer {access}");
    let account = async |host: &str| at(host, Method::GET, "/api/v4/account", &[("authorization", &bearer)], "").await;
    let told = account("demo.amocrm.ru").await.json();
    assert_eq!(
        (&told["subdomain"], &told["_links"]["self"]["href"]),
        (&json!("demo"), &json!("https://demo.amocrm.ru/api/v4/account"))
    );

    let renamed = at("127.0.0.1", Method::POST, "/_simulator/rename", &[], "{\"domain\": \"firm.amocrm.ru\"}").await;
    assert_eq!(renamed.json(), json!({"base_url": "https://firm.amocrm.ru"}));
    let statuses = [
        account("demo.amocrm.ru").await.status,
        account("firm.amocrm.ru:443").await.status,
        account("127.0.0.1").await.status,
    ];
    assert_eq!(statuses.map(|status| status.as_u16()), [401, 200, 200]);
    let place = at("api-a.amocrm.ru", Method::GET, SUBDOMAIN, &[("x-refresh-token", &refresh_token)], "").await.json();
    let expected = json!({"id": 28_805_383, "subdomain": "firm", "domain": "firm.amocrm.ru", "top_level_domain": "ru"});
    assert_eq!(place, expected);
    assert!(consent().await.contains("&referer=firm.amocrm.ru&"));
    assert_eq!(bench.simulator.rename().await.unwrap(), "https://firm-1.amocrm.ru");
    assert_eq!(
        bench.simulator.rename_to("firm").await.unwrap_err().to_string(),
        "\"firm\" is not an account's name; write it as demo.amocrm.ru"
    );
    let nameless = Bench::demo().await.simulator.rename_to("firm.amocrm.ru").await.unwrap_err().to_string();
    assert!(nameless.contains("--domain demo.amocrm.ru"), "{nameless}");
}

#[tokio::test]
async fn an_account_may_move_twice_and_needs_no_oauth() {
    let bench = Bench::demo().await;
    let first = bench.simulator.rename().await.unwrap();
    let second = bench.simulator.rename().await.unwrap();
    let mut seen = Vec::new();
    for base in [bench.simulator.base_url(), &first, &second] {
        let reply =
            bench.send_to(base, Method::GET, "/api/v4/account", &[("authorization", "Bearer x")], "").await.unwrap();
        seen.push(reply.status.as_u16());
    }
    assert_eq!(seen, [401, 401, 200]);
    bench.simulator.stop();
    bench.simulator.stopped().await;
    for base in [&first, &second] {
        assert!(tokio::net::TcpStream::connect(base.strip_prefix("http://").unwrap()).await.is_err());
    }
}
