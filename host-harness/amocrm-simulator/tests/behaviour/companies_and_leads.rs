//! `/api/v4/companies` and `/api/v4/leads` (amoCRM facts §2).

use serde_json::{Value, json};

use super::client::Bench;

/// Another entity, as `_embedded` has it.
fn link(base: &str, collection: &str, id: u64) -> serde_json::Value {
    json!({"id": id, "_links": {"self": {"href": format!("{base}/api/v4/{collection}/{id}")}}})
}

#[tokio::test]
async fn links_are_told_from_both_sides_and_filtered() {
    let bench = Bench::with_account(
        "[[contacts]]\nid = 1\ncompanies = [7]\n[[contacts]]\nid = 2\n[[companies]]\nid = 7\n\
         [[leads]]\nid = 9\ncontacts = [2, 1]\ncompanies = [7]",
    )
    .await;
    let links = async |path: &str| {
        let reply = bench.get(&format!("/api/v4/{path}")).await;
        if reply.status == 204 { Value::Null } else { reply.json()["_embedded"]["links"].clone() }
    };
    let to = |kind: &str, id: u64, metadata: Value| json!({"to_entity_type": kind, "to_entity_id": id, "metadata": metadata});
    let main = |is_main: bool| json!({"main_contact": is_main});
    assert_eq!(links("contacts/1/links").await, json!([to("companies", 7, Value::Null), to("leads", 9, main(false))]));
    assert_eq!(
        links("leads/9/links?filter[to_entity_type]=contacts&filter[to_entity_id][]=2").await,
        json!([to("contacts", 2, main(true))])
    );
    let of_several =
        links("contacts/links?filter[entity_id][]=1&filter[entity_id][]=2&filter[to_entity_type]=leads").await;
    assert_eq!((&of_several[0]["entity_type"], &of_several[0]["entity_id"]), (&json!("contacts"), &json!(2)));
    assert_eq!((links("contacts/links").await, links("contacts/5/links").await), (Value::Null, Value::Null));
    assert_eq!(bench.get("/api/v4/users/links").await.status, 404);
}

#[tokio::test]
async fn a_company_is_like_a_contact_without_first_and_last_name() {
    let bench = Bench::demo().await;
    let base = bench.simulator.base_url();
    assert_eq!(
        bench.get("/api/v4/companies/701?with=contacts,leads").await.json(),
        json!({
            "id": 701, "name": "ООО «Северный ветер»", "responsible_user_id": 504141, "group_id": 0,
            "created_by": 504141, "updated_by": 504141, "created_at": 1_768_197_600, "updated_at": 1_768_197_600,
            "closest_task_at": null, "is_deleted": false,
            "custom_fields_values": [{
                "field_id": 264_911, "field_name": "Телефон", "field_code": "PHONE", "field_type": "multitext",
                "values": [{"value": "+7 (495) 555-07-11", "enum_id": 193_201, "enum_code": "WORK"}],
            }],
            "account_id": 28_805_383,
            "_links": {"self": {"href": format!("{base}/api/v4/companies/701")}},
            "_embedded": {"tags": [], "contacts": [link(base, "contacts", 3)], "leads": []},
        })
    );
}

#[tokio::test]
async fn companies_are_searched_ordered_and_paged_as_contacts() {
    let bench = Bench::demo().await;
    let get = async |query: &str| bench.get(&format!("/api/v4/companies?{query}")).await;
    assert_eq!(get("query=4955550701&order[updated_at]=desc").await.ids("companies"), [703]);
    assert_eq!(bench.get("/api/v4/contacts?query=4955550701").await.status, 204);
    assert_eq!(get("order[id]=desc").await.ids("companies"), [703, 702, 701]);
    let page = get("limit=2").await;
    assert_eq!(page.ids("companies"), [701, 702]);
    let next = page.json()["_links"]["next"]["href"].as_str().unwrap().to_owned();
    assert!(next.ends_with("/api/v4/companies?limit=2&page=2"), "{next}");
    for (query, status) in
        [("query=0000000000", 204), ("page=9", 204), ("limit=251", 422), ("order[created_at]=asc", 400)]
    {
        assert_eq!(get(query).await.status, status, "{query}");
    }
    assert_eq!(bench.get("/api/v4/companies/1").await.status, 204);
}

#[tokio::test]
async fn a_lead_has_a_manager_a_stage_and_an_end() {
    let bench = Bench::demo().await;
    let open = bench.get("/api/v4/leads/9102?with=contacts").await.json();
    assert_eq!((&open["responsible_user_id"], &open["price"]), (&json!(504_142), &json!(180_000)));
    assert_eq!((&open["closed_at"], &open["is_deleted"]), (&json!(null), &json!(false)));
    assert_eq!((&open["status_id"], &open["pipeline_id"]), (&json!(32_392_156), &json!(3_177_727)));
    assert_eq!(open["_embedded"], json!({"tags": [], "companies": [], "contacts": [{"id": 37, "is_main": true}]}));
    assert!(open.get("first_name").is_none());
    let lost = bench.get("/api/v4/leads/9101").await.json();
    assert_eq!((&lost["status_id"], &lost["closed_at"]), (&json!(143), &json!(1_771_588_800)));
    assert!(lost["_embedded"].get("contacts").is_none());
    // A closed stage without a time of its own ended at the last change.
    let won = bench.get("/api/v4/leads/9103").await.json();
    assert_eq!((&won["status_id"], &won["closed_at"]), (&json!(142), &won["updated_at"]));
}

#[tokio::test]
async fn what_clients_read_first_is_there() {
    let bench = Bench::demo().await;
    let get = async |path: &str| bench.get(&format!("/api/v4/{path}")).await.json();
    let pipelines = get("leads/pipelines").await;
    let stages = pipelines["_embedded"]["pipelines"][0]["_embedded"]["statuses"].as_array().unwrap();
    let stages: Vec<_> = stages.iter().map(|stage| stage["id"].as_u64().unwrap()).collect();
    assert_eq!(pipelines["_embedded"]["pipelines"][0]["id"], 3_177_727);
    assert_eq!(stages, [32_392_156, 142, 143], "every stage of a lead, and the two ends");
    for collection in ["contacts", "companies"] {
        let fields = get(&format!("{collection}/custom_fields")).await;
        let phone = &fields["_embedded"]["custom_fields"][0];
        assert_eq!((&phone["id"], &phone["code"]), (&json!(264_911), &json!("PHONE")), "{collection}");
    }
    let contact = get("contacts/20").await;
    let ids = get("contacts/custom_fields").await["_embedded"]["custom_fields"].clone();
    for field in contact["custom_fields_values"].as_array().unwrap() {
        assert!(ids.as_array().unwrap().iter().any(|known| known["id"] == field["field_id"]), "{field}");
    }
    assert_eq!(bench.get("/api/v4/leads/pipelines/1").await.status, 404);
}

#[tokio::test]
async fn leads_are_found_by_their_name_and_by_the_phone_of_a_contact() {
    let bench = Bench::demo().await;
    let get = async |query: &str| bench.get(&format!("/api/v4/leads?{query}")).await;
    assert_eq!(get("query=9035550702&order[updated_at]=desc").await.ids("leads"), [9102, 9101]);
    assert_eq!(get("query=%D0%A0%D0%95%D0%9C%D0%9E%D0%9D%D0%A2").await.ids("leads"), [9103]);
    assert_eq!(get("query=9161234567").await.status, 204);
    assert_eq!(get("order[created_at]=desc").await.ids("leads"), [9101, 9102, 9103]);
    assert_eq!(get("order[id]=desc&limit=1").await.ids("leads"), [9103]);
}

#[tokio::test]
async fn contacts_name_their_leads_when_asked() {
    let bench = Bench::demo().await;
    let embedded = async |path: &str| bench.get(path).await.json()["_embedded"].clone();
    let lead = |id| link(bench.simulator.base_url(), "leads", id);
    assert_eq!(embedded("/api/v4/contacts/37?with=leads").await["leads"], json!([lead(9101), lead(9102)]));
    assert_eq!(embedded("/api/v4/contacts/3?with=leads").await["leads"], json!([]));
    assert!(embedded("/api/v4/contacts/37").await.get("leads").is_none());
    let listed = embedded("/api/v4/contacts?query=9035550702&with=leads").await;
    assert_eq!(listed["contacts"][0]["_embedded"]["leads"], json!([lead(9101), lead(9102)]));
    bench.simulator.update(|account| account.lead_mut(9101).unwrap().is_deleted = true);
    assert_eq!(embedded("/api/v4/contacts/37?with=leads").await["leads"], json!([lead(9102)]));
}

#[tokio::test]
async fn a_lead_of_several_contacts_has_one_main_contact() {
    let bench = Bench::with_account(
        "[behaviour]\nplatform = \"kommo\"\n\
         [[contacts]]\nphones = [\"916 1\"]\n[[contacts]]\nphones = [\"916 2\"]\ncreated_at = 1772346600\n\
         [[companies]]\nname = \"C\"\n[[leads]]\ncontacts = [1, 2, 9]\ncompanies = [1]",
    )
    .await;
    let lead = bench.get("/api/v4/leads/1?with=contacts").await.json();
    assert_eq!(
        lead["_embedded"]["contacts"],
        json!([{"id": 1, "is_main": true}, {"id": 2, "is_main": false}, {"id": 9, "is_main": false}])
    );
    let base = bench.simulator.base_url();
    assert_eq!(lead["_embedded"]["companies"], json!([link(base, "companies", 1)]));
    assert_eq!(bench.get("/api/v4/leads?query=9162").await.ids("leads"), [1]);
    assert_eq!(
        bench.get("/api/v4/companies/1?with=leads").await.json()["_embedded"]["leads"],
        json!([link(base, "leads", 1)])
    );
    // Kommo orders contacts by creation too.
    assert_eq!(bench.get("/api/v4/contacts?order[created_at]=desc").await.ids("contacts"), [2, 1]);
}
