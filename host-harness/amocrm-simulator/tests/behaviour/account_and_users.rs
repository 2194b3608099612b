//! `/api/v4/account` and `/api/v4/users` (amoCRM facts §3, §9).

use http::Method;
use serde_json::json;

use super::client::Bench;

#[tokio::test]
async fn the_account_tells_its_day_when_asked() {
    let bench = Bench::demo().await;
    let plain = bench.get("/api/v4/account").await.json();
    assert_eq!((plain["subdomain"].as_str(), plain["id"].as_u64()), (Some("demo"), Some(28_805_383)));
    assert_eq!(plain["current_user_id"], 504_141);
    assert!(plain.get("_embedded").is_none());
    let settings = bench.get("/api/v4/account?with=version,datetime_settings").await.json();
    let settings = &settings["_embedded"]["datetime_settings"];
    assert_eq!(
        (settings["timezone"].as_str(), settings["timezone_offset"].as_str()),
        (Some("Europe/Moscow"), Some("+03:00"))
    );
    assert!(settings["date_formant"].is_string());
}

#[tokio::test]
async fn the_account_tells_whatever_clients_ask_it_for() {
    let bench = Bench::demo().await;
    let names = "amojo_id,amojo_rights,users_groups,task_types,entity_names,drive_url,uuid,datetime_settings";
    let account = bench.get(&format!("/api/v4/account?with={names}")).await.json();
    for name in ["amojo_id", "drive_url", "uuid"] {
        assert!(account[name].is_string(), "{name}");
    }
    let embedded = &account["_embedded"];
    for name in ["amojo_rights", "entity_names", "datetime_settings"] {
        assert!(embedded[name].is_object(), "{name}");
    }
    assert_eq!((&embedded["users_groups"][0]["id"], &embedded["task_types"][0]["id"]), (&json!(0), &json!(1)));
}

#[tokio::test]
async fn users_are_listed_with_their_rights() {
    let bench = Bench::demo().await;
    let reply = bench.get("/api/v4/users?limit=4").await;
    assert_eq!(reply.ids("users"), [504_141, 504_142, 504_143, 504_144]);
    let json = reply.json();
    assert_eq!(
        (json["_total_items"].as_u64(), json["_page"].as_u64(), json["_page_count"].as_u64()),
        (Some(7), Some(1), Some(2))
    );
    let left = bench.get("/api/v4/users/504147?with=phone_number").await.json();
    assert_eq!(left["name"], "Жанна Крылова");
    assert_eq!(left["rights"]["is_active"], json!(false));
    assert_eq!(left["phone_number"], json!(null));
    assert_eq!(bench.get("/api/v4/users/1").await.status, 204);
    assert_eq!(bench.get("/api/v4/users?limit=251").await.status, 422);
}

#[tokio::test]
async fn a_user_may_be_switched_off_while_calls_come() {
    let bench = Bench::demo().await;
    let rights = async |id: u64| {
        let user = bench.get(&format!("/api/v4/users/{id}")).await.json();
        (user["rights"]["is_active"].clone(), user["rights"]["is_admin"].clone())
    };
    assert_eq!(rights(504_141).await, (json!(true), json!(true)));
    assert_eq!(rights(504_142).await, (json!(true), json!(false)));
    bench.simulator.update(|account| account.user_mut(504_142).unwrap().is_active = false);
    assert_eq!(rights(504_142).await, (json!(false), json!(false)));
    let last = bench.get("/api/v4/users?limit=250").await.json();
    assert_eq!((&last["_total_items"], &last["_page_count"]), (&json!(7), &json!(1)));
    let second = bench.get("/api/v4/users?limit=4&page=2").await;
    assert_eq!(second.ids("users"), [504_145, 504_146, 504_147]);
    assert_eq!(second.json()["_page"], 2);
}

#[tokio::test]
async fn users_are_for_administrators() {
    let bench = Bench::with_account("[behaviour]\nadmin_token = false\n[[users]]\nid = 1").await;
    for path in ["/api/v4/users", "/api/v4/users/1"] {
        let reply = bench.get(path).await;
        assert_eq!((reply.status.as_u16(), reply.header("content-type")), (403, "application/problem+json"));
    }
}

#[tokio::test]
async fn unknown_paths_are_404_and_other_methods_405() {
    let bench = Bench::demo().await;
    for path in [
        "/api/v4/customers",
        "/api/v4/leads/unsorted",
        "/api/v4/contacts/three",
        "/api/v4/account/1",
        "/api/v4/contacts/",
        "/api/v2/contacts",
    ] {
        let reply = bench.get(path).await;
        assert_eq!((reply.status.as_u16(), reply.header("content-type")), (404, "application/problem+json"), "{path}");
    }
    let reply = bench.send(Method::POST, "/api/v4/contacts", Some("Bearer any"), "[]").await.unwrap();
    assert_eq!((reply.status.as_u16(), reply.header("allow")), (405, "GET"));
    assert_eq!(reply.json()["type"], "https://httpstatus.es/405");
}
