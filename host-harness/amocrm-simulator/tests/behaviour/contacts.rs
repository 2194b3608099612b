//! `/api/v4/contacts` (amoCRM facts §1).

use serde_json::json;

use super::client::Bench;

#[tokio::test]
async fn a_contact_has_the_documented_shape() {
    let bench = Bench::demo().await;
    let reply = bench.get("/api/v4/contacts/3").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), "application/hal+json");
    assert_eq!(reply.header("date"), "Mon, 23 Nov 2026 09:00:00 GMT");
    assert_eq!(reply.header("x-request-id").len(), 32);
    assert!(!reply.header("x-runtime-generated").is_empty());
    let base = bench.simulator.base_url();
    assert_eq!(
        reply.json(),
        json!({
            "id": 3, "name": "Иван Петров", "first_name": "Иван", "last_name": "Петров",
            "responsible_user_id": 504141, "group_id": 0, "created_by": 504141, "updated_by": 504141,
            "created_at": 1_768_197_600, "updated_at": 1_770_022_800, "closest_task_at": null, "is_deleted": false,
            "custom_fields_values": [{
                "field_id": 264_911, "field_name": "Телефон", "field_code": "PHONE", "field_type": "multitext",
                "values": [{"value": "+7 (916) 123-45-67", "enum_id": 193_201, "enum_code": "WORK"}],
            }],
            "account_id": 28_805_383,
            "_links": {"self": {"href": format!("{base}/api/v4/contacts/3")}},
            "_embedded": {"tags": [], "companies": [
                {"id": 701, "_links": {"self": {"href": format!("{base}/api/v4/companies/701")}}},
            ]},
        })
    );
}

#[tokio::test]
async fn query_finds_strangers_too() {
    let bench = Bench::demo().await;
    // 3 has the phone, 20 an order of that number, 31 a foreign number that ends with it.
    let found = bench.get("/api/v4/contacts?query=9161234567&order[updated_at]=desc").await;
    assert_eq!(found.ids("contacts"), [31, 20, 3]);
    assert_eq!(bench.get("/api/v4/contacts?query=9035550403").await.ids("contacts"), [21]);
    let nameless = bench.get("/api/v4/contacts?query=9035550401").await;
    assert_eq!(nameless.json()["_embedded"]["contacts"][0]["custom_fields_values"], json!(null));
    assert_eq!(bench.get("/api/v4/contacts?query=9035550404").await.ids("contacts"), [22]);
    assert_eq!(bench.get("/api/v4/contacts?query=%D0%A1%D0%90%D0%92%D0%98%D0%9D").await.ids("contacts"), [15, 16]);
}

#[tokio::test]
async fn nothing_found_is_204_without_a_body() {
    let bench = Bench::demo().await;
    for path in [
        "/api/v4/contacts?query=0000000000",
        "/api/v4/contacts?page=99",
        "/api/v4/contacts/999",
        "/api/v4/contacts?query=9161234567&page=2",
    ] {
        let reply = bench.get(path).await;
        assert_eq!((reply.status.as_u16(), reply.body.len()), (204, 0), "{path}");
        assert_eq!(reply.header("content-type"), "");
    }
}

#[tokio::test]
async fn an_empty_query_is_ignored() {
    let bench = Bench::demo().await;
    assert_eq!(bench.get("/api/v4/contacts?query=&limit=250").await.ids("contacts").len(), 38);
    assert_eq!(bench.get("/api/v4/contacts").await.ids("contacts").len(), 38);
}

#[tokio::test]
async fn the_last_page_links_to_a_next_one_too_which_is_204() {
    let bench = Bench::demo().await;
    bench.simulator.update(|account| account.behaviour.next_on_last_page = true);
    let only = bench.get("/api/v4/contacts?query=9161234567&limit=50").await.json();
    assert!(only["_links"]["next"]["href"].as_str().is_some_and(|next| next.ends_with("page=2")), "{only}");
    assert_eq!(bench.get("/api/v4/contacts?query=9161234567&limit=50&page=2").await.status, 204);
}

#[tokio::test]
async fn lists_are_filtered_by_ids_and_times_in_every_spelling() {
    let bench = Bench::demo().await;
    let get = async |query: &str| bench.get(&format!("/api/v4/contacts?{query}")).await;
    for filter in [
        "filter[id]=3",
        "filter[id][]=3",
        "filter%5Bid%5D%5B0%5D=3",
        "filter[id]=3&filter[custom_fields_values][1][]=x",
    ] {
        assert_eq!(get(filter).await.ids("contacts"), [3], "{filter}");
    }
    assert_eq!(get("filter[id][]=14&filter[id][]=3&filter[id][]=999").await.ids("contacts"), [3, 14]);
    assert_eq!(get("filter[id]=999").await.status, 204);
    // Contact 3 was updated at 1770022800; most were never updated since 1768197600.
    for filter in [
        "filter[updated_at][from]=1770022800&filter[updated_at][to]=1770022800",
        "filter[updated_at]=1770022800&filter[id]=3",
    ] {
        assert_eq!(get(filter).await.ids("contacts"), [3], "{filter}");
    }
    assert_eq!(get("filter[created_at][to]=1").await.status, 204);
    assert_eq!(bench.get("/api/v4/companies?filter[id][]=702").await.ids("companies"), [702]);
    assert_eq!(bench.get("/api/v4/leads?filter[id][]=9102").await.ids("leads"), [9102]);
    for filter in ["filter[id]=anna", "filter[updated_at][from]=today"] {
        assert_eq!(get(filter).await.status, 400, "{filter}");
    }
    let ignoring = Bench::with_account("[behaviour]\nfilters = false\n[[contacts]]\n[[contacts]]").await;
    assert_eq!(ignoring.get("/api/v4/contacts?filter[id]=2").await.ids("contacts"), [1, 2]);
}

#[tokio::test]
async fn pages_link_to_the_next_until_nothing_is_left() {
    let bench = Bench::demo().await;
    bench.simulator.update(|account| account.behaviour.next_on_last_page = true);
    let base = bench.simulator.base_url().to_owned();
    let mut path = "/api/v4/contacts?query=90355503&limit=2&order%5Bid%5D=desc".to_owned();
    let mut seen = Vec::new();
    loop {
        let reply = bench.get(&path).await;
        if reply.status == 204 {
            break;
        }
        seen.extend(reply.ids("contacts"));
        let json = reply.json();
        assert_eq!(json["_page"], json!(seen.len().div_ceil(2)));
        assert!(json["_links"]["self"]["href"].as_str().unwrap().starts_with(&base));
        path = json["_links"]["next"]["href"].as_str().unwrap().strip_prefix(&base).unwrap().to_owned();
    }
    assert_eq!(seen, [18, 17, 16, 15, 14]);
}

#[tokio::test]
async fn the_order_is_by_id_unless_asked_otherwise() {
    let bench = Bench::demo().await;
    let first = async |query: &str| bench.get(&format!("/api/v4/contacts?{query}")).await.ids("contacts")[0];
    assert_eq!(first("").await, 1);
    assert_eq!(first("order[id]=desc").await, 38);
    assert_eq!(first("order[updated_at]=desc").await, 31);
    assert_eq!(first("order[updated_at]=asc").await, 1);
    let reply = bench.get("/api/v4/contacts?order[name]=asc").await;
    assert_eq!(reply.status, 400);
    assert_eq!(reply.json()["validation-errors"][0]["errors"][0]["path"], "order[name]");
}

#[tokio::test]
async fn more_than_250_on_a_page_is_422() {
    let bench = Bench::demo().await;
    let reply = bench.get("/api/v4/contacts?limit=251").await;
    assert_eq!(reply.status, 422);
    assert_eq!(reply.header("content-type"), "application/problem+json");
    assert_eq!(reply.json()["detail"], "Limit 250 per page");
    for query in ["limit=0", "limit=x", "page=0", "page=-1"] {
        assert_eq!(bench.get(&format!("/api/v4/contacts?{query}")).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn a_change_of_manager_is_seen_at_once() {
    let bench = Bench::demo().await;
    bench.simulator.update(|account| account.contact_mut(3).unwrap().responsible_user_id = None);
    assert_eq!(bench.get("/api/v4/contacts/3").await.json()["responsible_user_id"], json!(null));
}

#[tokio::test]
async fn what_the_documentation_leaves_open_is_a_switch() {
    let bench = Bench::with_account(
        r#"
        [behaviour]
        default_limit = 1
        default_order = "updated-at-desc"
        search_by_digits = false
        list_deleted = false
        show_is_deleted = false
        next_on_last_page = false
        phone_enum_key = "enum"
        href_base = "https://shard151.amocrm.ru"

        [[contacts]]
        name = "A"
        phones = ["8 (916) 123"]

        [[contacts]]
        name = "B"
        updated_at = 1772346600
        is_deleted = true

        [[contacts]]
        name = "C"
        updated_at = 1772346500
        "#,
    )
    .await;
    let reply = bench.get("/api/v4/contacts").await;
    assert_eq!(reply.ids("contacts"), [3]);
    assert_eq!(reply.json()["_links"]["next"]["href"], "https://shard151.amocrm.ru/api/v4/contacts?page=2");
    let last = bench.get("/api/v4/contacts?page=2").await;
    assert_eq!((last.ids("contacts"), last.json()["_links"].get("next")), (vec![1], None));
    assert_eq!(bench.get("/api/v4/contacts?with=only_deleted").await.ids("contacts"), [2]);
    assert_eq!(bench.get("/api/v4/contacts?query=916123").await.status, 204);
    let contact = bench.get("/api/v4/contacts/1").await.json();
    assert!(contact.get("is_deleted").is_none());
    assert_eq!(contact["custom_fields_values"][0]["values"][0]["enum"], "WORK");
}
