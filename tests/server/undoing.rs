//! Changes that are taken back though others were made since.

use http::{Method, StatusCode};
use serde_json::json;
use test_support::russian;

use crate::configuration::{change, hidden, home, serve, simulator, written};

#[tokio::test]
async fn a_change_is_undone_by_its_keys_though_the_lines_beside_it_were_changed_since() {
    let simulator = simulator().await;
    let (home, text) = home(&simulator, "");
    let process = serve(&home);
    let client = &process.client;
    let undo =
        async |number: usize| change(client, Method::POST, &format!("/v1/changes/{number}/undo"), &json!({})).await;
    for patch in [json!({"linked_operation": "queue:support"}), json!({"exits": {"absent": "queue:night"}})] {
        assert_eq!(change(client, Method::PATCH, "/v1/operations/main", &patch).await.status, StatusCode::OK);
    }
    let answer = undo(1).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let sales = "linked_operation = \"queue:sales\" # the queue\n";
    let both = text.replace(sales, &format!("{sales}exits = {{ absent = \"queue:night\" }}\n"));
    assert_eq!((hidden(client).await.goes_to(), written(&home)), ("queue:sales".to_owned(), both));
    // What was changed again is named, and stays.
    for queue in ["queue:first", "queue:second"] {
        let patch = json!({"linked_operation": queue});
        assert_eq!(change(client, Method::PATCH, "/v1/operations/main", &patch).await.status, StatusCode::OK);
    }
    let problem = undo(4).await.json();
    assert_eq!(problem["status"], 409, "{problem}");
    let said = problem["detail"].as_str().unwrap();
    assert!(said.contains("[[operation]] `main`: `linked_operation` was changed again since"), "{said}");
    russian::assert_russian(problem["detail_ru"].as_str().expect("Russian"));
    assert_eq!(hidden(client).await.goes_to(), "queue:second");
}
