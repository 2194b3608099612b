//! An administrator has the kept manager of a caller forgotten, from a call that is kept.

use http::StatusCode;
use serde_json::json;
use test_support::CALLER;

use crate::scene::Serving;

#[tokio::test]
async fn o5_the_kept_manager_of_a_call_is_forgotten_when_an_administrator_says_so() {
    let serving = Serving::new("").await;
    let source =
        async |id: &str| serving.call(id, Some(CALLER), "sales").await.json()["details"]["manager_source"].clone();
    assert_eq!(source("1").await, json!("crm"));
    assert_eq!(source("2").await, json!("cache"));
    serving.call("3", None, "sales").await;
    serving.kept(3).await;
    // From a call that was answered from what is kept, as from one that asked amoCRM.
    for (seq, id) in [(2, "4"), (1, "5")] {
        let path = format!("/v1/calls/{seq}/forget-manager");
        assert_eq!(serving.process.client.call_at(&path, &json!({})).await.status, StatusCode::NO_CONTENT, "{path}");
        assert_eq!(source(id).await, json!("crm"), "the next call asks amoCRM");
    }
    assert_eq!(source("6").await, json!("cache"), "and then it is kept again");

    for (seq, status) in [("3", StatusCode::CONFLICT), ("99", StatusCode::NOT_FOUND), ("x", StatusCode::BAD_REQUEST)] {
        let answer = serving.process.client.call_at(&format!("/v1/calls/{seq}/forget-manager"), &json!({})).await;
        assert_eq!(answer.status, status, "{seq}: {answer:?}");
    }
}
