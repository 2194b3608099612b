//! `call` goes the whole way through a scenario, as a server does (rule E2).

use serde_json::json;
use test_support::{CALLER, ConnectedHome};

/// Hours, whose integration is off, then the manager; the other one is not on the way.
const SCENARIO: &str = "[[operation]]\nid = \"hours\"\nintegration = \"off\"\nlinked_operation = \"queue:night\"\n\
    exits = { integration-off = \"operation:manager\" }\n\
    [[operation]]\nid = \"manager\"\nintegration = \"main\"\nlinked_operation = \"queue:sales\"\n\
    [[operation]]\nid = \"other\"\nintegration = \"main\"\ncomponent = \"missing.wasm\"\nlinked_operation = \"queue:sales\"\n\
    [[integration]]\nid = \"off\"\nenabled = false\ntoken = \"file:account-token\"\nplain_http = \"granted\"\n\
    private_addresses = \"granted\"\naccount = ";

#[tokio::test(flavor = "multi_thread")]
async fn e2_call_goes_from_operation_to_operation_and_shows_each() {
    let home = ConnectedHome::new("", "").await;
    home.configure(&format!("{SCENARIO}\"{}\"\n", home.simulator.base_url()), "");
    let configured = std::fs::read_to_string(home.path("config.toml")).unwrap();
    home.write("config.toml", configured.replacen("[[integration]]\n", "[[integration]]\nid = \"main\"\n", 1));
    let call = |arguments: &[&str]| {
        let fixed = ["call", CALLER, "--config", "config.toml", "--state", "kept"];
        home.run(&[&fixed[..], arguments].concat())
    };
    call(&[]).assert(2, &["there are several placed operations", "`hours`, `manager`, `other`"]);
    let english = call(&["--operation", "hours", "--lang", "en"]);
    assert_eq!(english.code, Some(0), "{english:?}");
    for part in ["Step 1: hours → operation:manager", "integration-off", "Step 2: manager", "Анна Соколова"]
    {
        assert!(english.stdout.contains(part), "lacks {part}: {english:?}");
    }
    let russian = call(&["--operation", "hours", "--lang", "ru"]).stdout;
    assert!(russian.contains("Шаг 1: hours → operation:manager") && russian.contains("Шаг 2: manager"), "{russian}");
    let json = call(&["--operation", "hours", "--json", "--record", "call.json"]);
    let document: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(document["steps"][0]["placement"], "hours");
    assert_eq!(document["steps"][0]["reason"]["code"], "integration-off");
    assert_eq!((&document["placement"], &document["route"]["employee"]["id"]), (&json!("manager"), &json!("anna")));
    assert!(json.stderr.contains("note: recorded in call.json"), "{json:?}");
    let recorded = std::fs::read_to_string(home.path("call.json")).unwrap();
    assert!(recorded.contains("\"earlier\"") && recorded.contains("integration-off"), "every step is recorded");
    // What begins later in the scenario goes through the rest alone.
    let later = call(&["--operation", "manager", "--json"]);
    assert!(!later.stdout.contains("\"steps\""), "{later:?}");
}
