//! An administrator has the kept manager of a caller forgotten: from a call that is kept, or by the number.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use test_support::CALLER;
use test_support::client::authorised;

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

/// What was done, the newest first, with who did it and from where.
async fn done(serving: &Serving) -> Vec<(String, Value, String)> {
    let changes = serving.get("/v1/changes").await;
    let noted = changes["changes"].as_array().expect("a list").iter().filter(|change| !change["what"].is_null());
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    noted.map(|change| (text(&change["what"]["ru"]), change["author"].clone(), text(&change["by"]))).collect()
}

#[tokio::test]
async fn o5_forgetting_is_remembered_as_a_change_that_cannot_be_taken_back() {
    let serving = Serving::new("").await;
    serving.call("1", Some(CALLER), "sales").await;
    serving.kept(1).await;
    let forgotten = serving.process.client.call_at("/v1/calls/1/forget-manager", &json!({})).await;
    assert_eq!(forgotten.status, StatusCode::NO_CONTENT, "{forgotten:?}");
    let what = "забыт менеджер, сохранённый для звонящего из звонка 1 (+7916•••4567)".to_owned();
    assert_eq!(done(&serving).await, [(what, json!("server"), "api".to_owned())]);
    let change = serving.get("/v1/changes").await["changes"][0].clone();
    assert_eq!(
        (&change["what"]["en"], &change["difference"]),
        (&json!("the manager that was kept of the caller of call 1 (+7916•••4567) was forgotten"), &json!(""))
    );
    let revision = serving.get("/v1/configuration").await["revision"].as_str().expect("text").to_owned();
    assert_eq!(change["revision"], revision, "the configuration is as it was");
    let undo = authorised(Method::POST, &format!("/v1/changes/{}/undo", change["number"]));
    let answer = serving.process.client.send(undo.header("if-match", format!("\"{revision}\"")), "").await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{answer:?}");
    assert!(answer.json()["detail_ru"].as_str().is_some_and(|detail| detail.contains("отменять в нём нечего")));
}

#[tokio::test]
async fn o5_the_command_forgets_by_a_call_or_by_the_number_beside_the_server() {
    let serving = Serving::new("").await;
    let source =
        async |id: &str| serving.call(id, Some(CALLER), "sales").await.json()["details"]["manager_source"].clone();
    assert_eq!(source("1").await, json!("crm"));
    assert_eq!(source("2").await, json!("cache"));
    serving.call("hidden", None, "sales").await;
    serving.kept(3).await;
    let forget = |arguments: &[&str]| {
        let ours = ["forget-manager", "--config", "config.toml", "--state", "kept"];
        serving.home.run(&[&ours, arguments].concat())
    };
    let ended = forget(&["2"]);
    ended.assert(0, &[]).assert_prints(&["Forgotten: the next call asks amoCRM"]);
    assert_eq!(source("3").await, json!("crm"));
    assert_eq!(source("4").await, json!("cache"));
    let ended = forget(&["--caller", "8 (916) 123-45-67", "--lang", "ru"]);
    ended.assert(0, &[]).assert_prints(&["Менеджер забыт: при следующем звонке его спросят у amoCRM."]);
    assert_eq!(source("5").await, json!("crm"));
    // The server shows what was done beside it, and goes on counting behind.
    let done = done(&serving).await;
    let whats: Vec<_> = done.iter().map(|(what, author, by)| (what.as_str(), author, by.as_str())).collect();
    let nobody = Value::Null;
    assert_eq!(
        whats,
        [
            ("забыт менеджер, сохранённый для номера 8916•••4567", &nobody, "command"),
            ("забыт менеджер, сохранённый для звонящего из звонка 2 (+7916•••4567)", &nobody, "command"),
        ]
    );
    for (arguments, said) in [
        (&["hidden"][..], "found no contact, company or lead in amoCRM"),
        (&["none"], "no call `none` is kept"),
        (&["--caller", "12"], "--caller is not a telephone number"),
        (&["--caller", CALLER, "--integration", "none"], "no integration"),
    ] {
        forget(arguments).assert(2, &[said]);
    }
}
