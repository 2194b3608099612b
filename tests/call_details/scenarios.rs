//! A call that goes through several operations is one call in the details, with every step (rule E2).

use serde_json::{Value, json};
use test_support::CALLER;
use test_support::client::PATIENCE;

use crate::scene::{Serving, calls};

const CHAIN: &str = "[[operation]]\nid = \"sales\"\nlinked_operation = \"queue:sales\"\n\
    exits = { not-answered = \"operation:next\" }\n\
    [[operation]]\nid = \"next\"\nlinked_operation = \"queue:support\"\n";

/// The PBX comes back: the only number was busy.
async fn back(serving: &Serving, more: Value) -> Value {
    let mut call = json!({"id": "pbx-1", "after": "sales", "legs": ["busy"]});
    let members = more.as_object().cloned().unwrap_or_default();
    call.as_object_mut().unwrap().extend(members);
    serving.process.client.call(&call).await.json()
}

/// The only kept call, once it has steps.
async fn only(serving: &Serving) -> Value {
    let found = async {
        loop {
            let kept = serving.get("/v1/calls").await;
            assert_eq!(kept["calls"].as_array().map(Vec::len), Some(1), "{kept}");
            if !kept["calls"][0]["steps"].is_null() {
                return kept["calls"][0].clone();
            }
        }
    };
    tokio::time::timeout(PATIENCE, found).await.expect("it is brought up to date")
}

#[tokio::test]
async fn e2_a_call_that_comes_back_is_kept_once_and_shown_with_every_step() {
    let serving = Serving::of(CHAIN, "").await;
    serving.call("pbx-1", Some(CALLER), "sales").await;
    serving.kept(1).await;
    // What the PBX saw of the first number comes before or after the call itself does.
    let reported =
        serving.process.client.call_at("/v1/calls/pbx-1/outcome", &json!({"leg": 1, "result": "busy"})).await;
    assert!(reported.status.is_success(), "{reported:?}");
    let answer = back(&serving, json!({})).await;
    let kept = only(&serving).await;
    for member in ["call", "steps", "placement", "route", "details", "run"] {
        assert_eq!(kept[member], answer[member], "{member}");
    }
    assert_eq!((&kept["seq"], &kept["operation"], &kept["placement"]), (&json!(1), &json!("sales"), &json!("next")));
    let second = json!({"leg": 2, "result": "answered", "ring_ms": 4100});
    let reported = serving.process.client.call_at("/v1/calls/pbx-1/outcome", &second).await.json();
    let legs = &reported["outcome"]["legs"];
    assert_eq!((&legs[0]["result"], &legs[1]["number"]), (&json!("busy"), &json!("101")), "legs are counted on");
    assert_eq!(reported["outcome"]["answered_by"]["number"], "101");
    assert_eq!(serving.keeping().await["kept"], 1, "it is one call");

    let shown = calls(&serving.home, &["show", "pbx-1", "--lang", "en"]).stdout;
    for part in ["Step 1: sales → operation:next", "nobody answered", "1. 101  busy", "Step 2: next", "contacts 200 ok"]
    {
        assert!(shown.contains(part), "lacks {part}: {shown}");
    }
    assert_eq!(
        shown.matches("Where the manager is known from").count(),
        2,
        "facts of each step by their titles: {shown}"
    );
    let russian = calls(&serving.home, &["show", "pbx-1", "--lang", "ru"]).stdout;
    for part in ["Шаг 1: sales → operation:next", "никто не ответил", "1. 101  занято", "Шаг 2: next"]
    {
        assert!(russian.contains(part), "lacks {part}: {russian}");
    }
    for operation in ["sales", "next"] {
        let calls = format!("host_harness_calls_total{{operation=\"{operation}\",outcome=\"forwarded\"}}");
        assert_eq!(serving.metric(&calls).await, 1, "each step counts at its own placement");
    }
}

/// A server that was started in between remembers nothing, and finds the call where it is kept.
#[tokio::test]
async fn e2_a_call_that_comes_back_to_a_restarted_server_goes_on_where_it_is_kept() {
    let mut serving = Serving::of(CHAIN, "").await;
    let first = serving.call("pbx-1", Some(CALLER), "sales").await.json();
    serving.kept(1).await;
    serving.process.signal("-KILL");
    serving.again();
    let answer = back(&serving, json!({"caller": CALLER})).await;
    assert_eq!((&answer["placement"], &answer["steps"][0]["placement"]), (&json!("next"), &json!("sales")));
    let kept = only(&serving).await;
    assert_eq!((&kept["call"], &kept["steps"][0]["details"]), (&first["call"], &first["details"]));
    assert_eq!((&kept["placement"], &kept["steps"][0]["employee"]["id"]), (&json!("next"), &json!("anna")));
    // One that never was is a call of its own.
    let other = serving.process.client.call(&json!({"id": "pbx-2", "caller": CALLER, "after": "sales"})).await.json();
    assert_eq!(other["placement"], "next");
    serving.kept(1).await;
    assert_eq!(serving.get("/v1/calls").await["calls"].as_array().map(Vec::len), Some(2));
}
