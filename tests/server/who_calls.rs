//! Who talked to a caller last (rule E5), and the name that telephones show (rule E6): from the PBX's report and amoCRM's answer to the next call.

use std::fs;

use http::Method;
use serde_json::{Value, json};
use test_support::client::{Client, authorised};
use test_support::{CALLER, ConnectedHome};

use crate::pbx::PBXS;

const OPERATION: &str = "[[operation]]\nid = \"main\"\nlinked_operation = \"queue:sales\"\n";
const NAME: &str = "Иван Петров";

fn with(settings: &str) -> String {
    format!("{OPERATION}settings = {{ {settings} }}\n")
}

async fn call(client: &Client, id: &str) -> Value {
    client.call(&json!({"id": id, "caller": CALLER, "called": "+74955550100"})).await.json()
}

/// Where the manager is known from.
fn source(answer: &Value) -> &str {
    answer["details"]["manager_source"].as_str().unwrap_or_default()
}

async fn report(client: &Client, id: &str, result: &str) {
    let request =
        authorised(Method::POST, &format!("/v1/calls/{id}/outcome")).header("content-type", "application/json");
    let answer = client.send(request, json!({"leg": 1, "result": result}).to_string()).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
}

#[tokio::test]
async fn e5_who_answered_the_last_call_is_rung_first_and_amocrm_is_not_asked() {
    let home = ConnectedHome::new(&with("prefer_last_talked = 30"), "").await;
    let process = home.serve(&[]);
    let client = &process.client;
    // Nobody has talked yet; then somebody was rung, and did not answer.
    assert_eq!(source(&call(client, "1").await), "crm");
    report(client, "1", "no-answer").await;
    assert_eq!(source(&call(client, "2").await), "cache");
    report(client, "2", "answered").await;
    let third = call(client, "3").await;
    assert_eq!((source(&third), &third["route"]["employee"]["id"]), ("last-talk", &json!("anna")), "{third}");
    assert_eq!((&third["details"]["manager_user_id"], &third["details"]["requests"]), (&json!(504_141), &json!([])));
    // Another caller is nobody's acquaintance.
    let other = client.call(&json!({"id": "4", "caller": "+79995550199", "called": "1"})).await.json();
    assert_eq!(other["reason"]["code"], "contact-not-found", "{other}");
    // It is known after a restart too.
    drop(process);
    let process = home.serve(&[]);
    assert_eq!(source(&call(&process.client, "5").await), "last-talk");
}

#[tokio::test]
async fn e5_off_nobody_is_preferred() {
    let home = ConnectedHome::new(OPERATION, "").await;
    let process = home.serve(&[]);
    call(&process.client, "1").await;
    report(&process.client, "1", "answered").await;
    assert_eq!(source(&call(&process.client, "2").await), "cache");
}

#[tokio::test]
async fn e6_the_name_goes_to_the_telephones_and_into_no_call_details() {
    let home = ConnectedHome::new(&with("show_contact_name = true"), PBXS).await;
    let process = home.serve(&[]);
    let client = &process.client;
    for id in ["1", "2"] {
        let answer = call(client, id).await;
        assert_eq!(answer["caller_name"], NAME, "{answer}");
        assert_eq!(answer["routes"][0]["headers"]["from"]["display"], format!("\"{NAME}\""));
        // The linked operation is told no name.
        assert_eq!(answer["routes"].as_array().and_then(|routes| routes.last()?["headers"].get("from")), None);
    }
    let form = authorised(Method::POST, "/v1/resolve-call?form=dialplan")
        .header("content-type", "application/x-www-form-urlencoded");
    let answer = client.send(form, "id=3&caller=%2B79161234567&called=1").await;
    let variables = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(variables.contains("ROUTE_NAME=%D0%98%D0%B2%D0%B0%D0%BD"), "{variables}");

    // Calls that came before a report are written with it.
    report(client, "2", "answered").await;
    let kept = client.get("/v1/calls").await.json();
    assert!(kept["calls"].as_array().is_some_and(|calls| calls.len() >= 2), "{kept}");
    assert!(!kept.to_string().contains("Иван"), "{kept}");
    let files = fs::read_dir(home.path("kept")).expect("the state directory").map(|file| file.expect("a file").path());
    let details =
        files.filter(|file| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("call-details")));
    for file in details.filter(|file| file.is_file()) {
        let bytes = fs::read(&file).expect("a file");
        assert!(!bytes.windows(NAME.len()).any(|window| window == NAME.as_bytes()), "{}", file.display());
    }
}

#[tokio::test]
async fn e6_off_there_is_no_name() {
    let home = ConnectedHome::new(OPERATION, PBXS).await;
    let process = home.serve(&[]);
    let answer = call(&process.client, "1").await;
    assert_eq!((answer.get("caller_name"), answer["routes"][0]["headers"].get("from")), (None, None), "{answer}");
}
