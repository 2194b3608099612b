//! `describe`, `package` and `check`: what an operation says of itself, its file, and whether a file fits.

use hostile_components::shapes::of_contract;
use hostile_components::{FOREIGN_IMPORT, MISSING_EXPORT, OWN_CONFIGURATION};
use serde_json::{Value, json};
use test_support::Home;

#[test]
fn describe_shows_title_and_settings_in_russian() {
    Home::new().run(["describe", "--lang", "ru"]).assert(0, &[]).assert_prints(&[
        "Переадресация на персонального менеджера из CRM",
        "waiting_time — Время ожидания",
        "от 500ms до 30s; по умолчанию 3s",
        "consider_manager_status — Учитывать статус персонального менеджера",
        "no-answer-in-time (no-answer)",
    ]);
}

#[test]
fn describe_shows_title_and_settings_in_english() {
    Home::new().run(["describe", "--lang", "en"]).assert(0, &[]).assert_prints(&[
        "Forward to the personal manager from the CRM",
        "waiting_time — Waiting time",
        "from 500ms to 30s; default 3s",
        "latest (Take the most recently updated), linked-operation (Linked operation); default latest",
    ]);
}

#[test]
fn describe_as_json_has_what_a_scenario_editor_needs() {
    let ended = Home::new().run(["describe", "--json"]);
    ended.assert(0, &[]);
    let description: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!(description["id"], "forward-to-personal-manager");
    assert_eq!(description["title"]["ru"], "Переадресация на персонального менеджера из CRM");
    let kinds = |list: &str| -> Value {
        let settings = description[list].as_array().expect("a list");
        settings
            .iter()
            .map(|setting| (setting["key"].as_str().expect("a key").to_owned(), setting["kind"].clone()))
            .collect()
    };
    let settings = kinds("settings");
    assert_eq!(
        settings["waiting_time"],
        json!({ "kind": "duration", "unit": "ms", "default": 3000, "minimum": 500, "maximum": 30000 })
    );
    for (key, options) in
        [("several_contacts", ["latest", "linked-operation"]), ("status_unknown", ["linked-operation", "forward"])]
    {
        let setting = &settings[key];
        assert_eq!((&setting["kind"], &setting["default"]), (&json!("choice"), &json!(options[0])));
        let values: Vec<_> =
            setting["options"].as_array().expect("a list").iter().map(|option| &option["value"]).collect();
        assert_eq!(values, options);
    }
    let configuration = kinds("configuration");
    assert_eq!(configuration["enabled"], json!({ "kind": "flag", "default": true }));
    assert_eq!(configuration["consider_manager_status"], json!({ "kind": "flag", "default": false }));
    assert_eq!(
        configuration["default_country_code"],
        json!({ "kind": "integer", "default": 7, "minimum": 1, "maximum": 999 })
    );
    assert_eq!(configuration["amocrm_access_token"]["secret"], true);
    let codes = description["reasons"].as_array().expect("a list").iter().map(|reason| reason["code"].as_str());
    assert!(codes.into_iter().any(|code| code == Some("manager-absent")));
}

#[test]
fn the_built_in_component_is_written_as_a_file_that_fits() {
    let home = Home::new();
    let written = home.run(["package", "operation.wasm"]);
    let bytes = std::fs::read(home.path("operation.wasm")).expect("the file was written");
    assert_eq!(bytes, host_harness::OPERATION);
    written.assert(0, &[]).assert_prints(&["operation.wasm", &format!("{} bytes", bytes.len())]);

    let checked = home.run(["check", "operation.wasm"]);
    checked.assert(0, &[]).assert_prints(&[
        "operation.wasm fits telephony:operation@0.2.0",
        &format!("  size            {} bytes\n", bytes.len()),
        "  operation       forward-to-personal-manager ",
        "  memory at rest  ",
        " bytes of 33554432 that a call may use\n",
        "  waiting time    3s; from 500ms to 30s\n",
        "  HTTP to account GET below /api/v4/, and what `account_requests` grants",
        "  HTTP elsewhere  only to servers that `granted` names\n",
        "  kept values     in a bucket of its integration\n",
        "  employees       the PBX's directory, and who was the last to answer the caller\n",
        "  configuration   amocrm_base_url (required), enabled, ",
        "  settings        waiting_time, ",
        "  notices         taken\n",
        "  import          telephony:operation/directory@0.2.0\n",
        "  import          wasi:keyvalue/store@0.2.0-draft\n",
    ]);
    assert_eq!(checked.stdout.matches("\n  import  ").count(), 11, "{checked:?}");
    assert!(!checked.stdout.contains("rejected"), "{checked:?}");
}

#[test]
fn check_names_each_thing_that_does_not_fit_and_its_fix() {
    let home = Home::new();
    for (name, bytes, parts) in [
        ("core.wasm", &b"\0asm\x01\0\0\0"[..], &["core WebAssembly module", "wasm-tools component new"][..]),
        ("garbage.wasm", &[0xff; 4096], &["not a WebAssembly component", "give the binary `.wasm` file"]),
        ("foreign.wasm", FOREIGN_IMPORT, &["foreign import `hostile:guests/door`", "remove it"]),
        ("missing.wasm", MISSING_EXPORT, &["missing export `telephony:operation/operation@0.2.0`"]),
    ] {
        home.write(name, bytes);
        let ended = home.run(["check", name]);
        ended.assert(3, &[]).assert_prints(&[&format!("{name} does not fit"), "rejected: "]).assert_prints(parts);
    }
}

#[test]
fn a_component_of_an_older_contract_is_told_which_is_needed_and_what_to_rebuild() {
    let home = Home::new();
    home.write("old.wasm", of_contract("0.1.0"));
    let told = ["version 0.1.0", "this host needs 0.2.0", "build it again", "`wit` folder"];
    home.run(["check", "old.wasm"]).assert(3, &[]).assert_prints(&told);
    home.run(["call", "+79165550101", "--component", "old.wasm"]).assert(3, &told);
}

#[test]
fn check_tells_programs_the_same_as_people() {
    let home = Home::new();
    home.write("operation.wasm", host_harness::OPERATION);
    home.write("foreign.wasm", FOREIGN_IMPORT);
    home.write("own.wasm", OWN_CONFIGURATION);
    let check = |name: &str, code| -> Value {
        let ended = home.run(["check", name, "--json"]);
        ended.assert(code, &[]);
        serde_json::from_str(&ended.stdout).expect("JSON")
    };
    let fits = check("operation.wasm", 0);
    assert_eq!((&fits["version"], &fits["fits"]), (&json!(1), &json!(true)), "{fits}");
    assert_eq!(fits["operation"]["id"], "forward-to-personal-manager");
    let asked = &fits["operation"]["requirements"];
    let everything = ["http-to-account", "http-elsewhere", "key-value", "configuration", "directory", "clocks"];
    assert_eq!(asked["capabilities"], json!(everything));
    assert_eq!(asked["imports"].as_array().map(Vec::len), Some(11), "{asked}");
    assert_eq!(asked["waiting_time"], json!({ "default_ms": 3000, "minimum_ms": 500, "maximum_ms": 30000 }));
    assert_eq!(asked["size"], host_harness::OPERATION.len());
    assert!(asked["memory_at_rest"].as_u64().is_some_and(|bytes| bytes > 0), "{asked}");
    let keys = asked["configuration"].as_array().expect("a list");
    assert!(keys.contains(&json!({ "key": "amocrm_access_token", "required": false, "secret": true })), "{asked}");

    let own = check("own.wasm", 0);
    let keys = own["operation"]["requirements"]["configuration"].as_array().expect("a list");
    assert!(keys.contains(&json!({ "key": "shop", "required": true, "secret": false })), "{own}");
    assert!(home.run(["check", "own.wasm"]).stdout.contains("shop (required)"));

    let foreign = check("foreign.wasm", 3);
    assert_eq!((&foreign["fits"], &foreign["operation"]), (&json!(false), &Value::Null), "{foreign}");
    let first = &foreign["findings"][0];
    assert_eq!(first["severity"], "rejected", "{foreign}");
    assert!(first["what"].as_str().is_some_and(|what| what.contains("hostile:guests/door")), "{foreign}");
    assert!(first["fix"].as_str().is_some_and(|fix| !fix.is_empty()), "{foreign}");
}
