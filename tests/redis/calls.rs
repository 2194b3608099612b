//! A call that comes to several nodes: what one was told of it, the others know, and it stays one call in the details of the node where it arrived.

use http::StatusCode;
use redis::Commands;
use serde_json::{Value, json};
use test_support::CALLER;
use test_support::client::{Answer, Client, PATIENCE};

use crate::nodes::Nodes;

/// Two operations, the second of which is asked when nobody answers the numbers of the first.
const CHAIN: &str = "[[integration.employee]]\nid = \"anna\"\namocrm_user = 504141\nnumbers = [\"101\"]\n\n\
                     [[operation]]\nid = \"sales\"\nlinked_operation = \"queue:sales\"\nsettings = { prefer_last_talked = \"30\" }\n\
                     exits = { not-answered = \"operation:next\" }\n\n\
                     [[operation]]\nid = \"next\"\nlinked_operation = \"queue:support\"\nexits = { not-answered = \"operation:last\" }\n\n\
                     [[operation]]\nid = \"last\"\nlinked_operation = \"queue:last\"\n\n";

async fn ask(client: &Client, call: Value) -> Value {
    let answer = client.call(&call).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()
}

async fn report(client: &Client, legs: Value) -> Answer {
    client.call_at("/v1/calls/pbx-1/outcome", &json!({"legs": legs})).await
}

async fn kept(client: &Client) -> Vec<Value> {
    client.get("/v1/calls").await.json()["calls"].as_array().expect("a list").clone()
}

/// Waits until the only call of a node is so.
async fn only(client: &Client, is_so: impl Fn(&Value) -> bool) -> Value {
    let found = async {
        loop {
            match kept(client).await.as_slice() {
                [call] if is_so(call) => return call.clone(),
                _ => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
            }
        }
    };
    tokio::time::timeout(PATIENCE, found).await.expect("it is brought up to date")
}

#[tokio::test]
async fn e2_a_call_that_comes_back_to_another_node_goes_on_with_its_steps_and_stays_one_call() {
    let Some(nodes) = Nodes::with(CHAIN).await else { return };
    let [a, b] = nodes.clients();
    let first = ask(a, json!({"id": "pbx-1", "caller": CALLER, "called": "+74951234567", "operation": "sales"})).await;
    assert_eq!(first["route"]["then"], "operation:next");
    only(a, |_| true).await;
    let second = ask(b, json!({"id": "pbx-1", "caller": CALLER, "after": "sales", "legs": ["busy"]})).await;
    assert_eq!((&second["placement"], &second["call"]), (&json!("next"), &first["call"]));
    let step = &second["steps"][0];
    assert_eq!((&step["placement"], &step["legs"][0]["result"]), (&json!("sales"), &json!("busy")), "{second}");
    assert_eq!((&step["employee"]["id"], &step["details"]), (&json!("anna"), &first["details"]));
    // Where it arrived it is kept, with every step; the other node keeps no second one.
    let whole = only(a, |call| !call["steps"].is_null()).await;
    assert_eq!(
        (&whole["steps"], &whole["route"], &whole["operation"]),
        (&second["steps"], &second["route"], &json!("sales"))
    );
    // It comes back again to the first, which did not see the second answer, and a report goes to the second, which does not keep the call.
    let third = ask(a, json!({"id": "pbx-1", "caller": CALLER, "after": "next", "legs": ["no-answer"]})).await;
    let placements: Vec<_> = third["steps"].as_array().unwrap().iter().map(|step| step["placement"].clone()).collect();
    assert_eq!((&third["placement"], placements), (&json!("last"), vec![json!("sales"), json!("next")]));
    // Late or again, numbers that were left do not ring.
    let again = ask(b, json!({"id": "pbx-1", "caller": CALLER, "after": "sales", "legs": ["busy"]})).await;
    assert_eq!((&again["placement"], &again["steps"]), (&third["placement"], &third["steps"]));
    let reported = report(
        b,
        json!([{"leg": 1, "result": "busy"}, {"leg": 2, "result": "no-answer"}, {"leg": 3, "result": "answered"}]),
    )
    .await;
    let passed_on = json!({"seq": null, "outcome": null, "passed_on": true});
    assert_eq!((reported.status, reported.json()), (StatusCode::OK, passed_on));
    let ended = only(a, |call| call["ended"] == "answered").await;
    assert_eq!(
        (&ended["placement"], &ended["outcome"]["legs"][2]["result"]),
        (&json!("last"), &json!("answered")),
        "{ended}"
    );
    assert_eq!(kept(b).await, [] as [Value; 0]);
}

#[tokio::test]
async fn e5_who_answered_last_is_known_at_every_node_wherever_the_call_was_and_the_report_went() {
    let Some(nodes) = Nodes::with(CHAIN).await else { return };
    let [a, b] = nodes.clients();
    let call = |id: &str| json!({"id": id, "caller": CALLER, "called": "+74951234567", "operation": "sales"});
    let source = |answer: &Value| answer["details"]["manager_source"].as_str().unwrap_or_default().to_owned();
    assert_eq!(source(&ask(a, call("pbx-1")).await), "crm");
    assert_eq!(report(b, json!([{"leg": 1, "result": "answered"}])).await.json()["passed_on"], true);
    only(a, |call| call["ended"] == "answered").await;
    let known = async {
        let mut asked = 0;
        while source(&ask(b, call(&format!("b-{asked}"))).await) != "last-talk" {
            asked += 1;
        }
    };
    tokio::time::timeout(PATIENCE, known).await.expect("it is known");
    assert_eq!(source(&ask(a, call("a-1")).await), "last-talk");
    // No whole number is in the store.
    let mut connection = redis::Client::open(nodes.redis.address()).unwrap().get_connection().unwrap();
    let mut values = 0;
    for key in connection.keys::<_, Vec<String>>("hh:1:*").unwrap() {
        let value: Vec<u8> = connection.get(&key).unwrap();
        values += 1;
        for part in [key.as_bytes(), &value] {
            assert!(!String::from_utf8_lossy(part).contains(&CALLER[CALLER.len() - 10..]), "{key}");
        }
    }
    assert!(values > 5, "{values}");
}

#[tokio::test]
async fn e2_while_the_store_is_away_a_call_that_comes_back_to_another_node_is_answered_all_the_same() {
    let Some(mut nodes) = Nodes::with(CHAIN).await else { return };
    ask(nodes.clients()[0], json!({"id": "pbx-1", "caller": CALLER, "operation": "sales"})).await;
    nodes.redis.stop();
    let [_, b] = nodes.clients();
    let second = ask(b, json!({"id": "pbx-1", "caller": CALLER, "after": "sales", "legs": ["busy"]})).await;
    assert_eq!((&second["placement"], &second["steps"][0]["placement"]), (&json!("next"), &json!("sales")));
    // What cannot be passed on is to be sent again.
    let report = json!({"legs": [{"leg": 1, "result": "busy"}]});
    let refused = b.call_at("/v1/calls/pbx-2/outcome", &report).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{refused:?}");
}
