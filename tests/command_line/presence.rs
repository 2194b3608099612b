//! `presence`: saying by hand who is at work, until a server takes the widget's reports.

use serde_json::Value;
use test_support::{ACCOUNT_TOKEN, CALLER, Ended, Home};

use crate::amocrm::{Amocrm, LOOPBACK, config_for};

#[test]
fn who_was_seen_today_is_rung_and_who_was_not_is_absent() {
    let home = Home::new();
    let amocrm = Amocrm::start(&home, &[]);
    let employees = "[[integration.employee]]\nid = \"boris\"\namocrm_user = 504142\nnumbers = [\"102\"]\n";
    let integration = format!("{LOOPBACK}\nconsider_manager_status = true\n{employees}");
    home.write("host-harness.toml", config_for(&amocrm.base_url, &integration));
    let run = |arguments: &[&str]| {
        let mut command = home.command(arguments.iter().chain(&["--config", "host-harness.toml"]));
        Ended::of(command.env("AMOCRM_TOKEN", ACCOUNT_TOKEN).output().expect("the binary starts"))
    };
    run(&["presence"]).assert(0, &[]).assert_prints(&[
        "the widget has never reported anybody",
        "Anna (anna, amoCRM user 504141): amoCRM's events are asked for instead",
    ]);
    run(&["presence", "boris"]).assert(0, &[]).assert_prints(&[
        "the widget's last report: 20",
        "Anna (anna, amoCRM user 504141): never seen",
        "last seen",
    ]);
    run(&["presence", "--lang", "ru"]).assert(0, &[]).assert_prints(&[
        "Anna (anna, пользователь amoCRM 504141): сообщений о входе в amoCRM не было",
        "boris (пользователь amoCRM 504142): последний раз в amoCRM: 20",
    ]);
    run(&["call", CALLER]).assert(1, &[]).assert_prints(&["manager-absent"]);
    // By the amoCRM user's number as well.
    run(&["presence", "504141"]).assert(0, &[]);
    run(&["call", CALLER]).assert(0, &[]).assert_prints(&["Evidence of the status: presence"]);
    let shown: Value = serde_json::from_str(&run(&["presence", "--json"]).stdout).expect("JSON");
    assert_eq!((&shown["employees"][0]["presence"], &shown["feed"]), (&"last-seen".into(), &"fed".into()));
    let paths = amocrm.requests()["requests"].to_string();
    assert!(!paths.contains("/api/v4/events"), "{paths}");
}

#[test]
fn d07_a_widget_that_went_silent_is_told_with_since_when() {
    let home = Home::new();
    home.run(["presence", "anna", "--at", "2026-01-05T09:00:00Z"])
        .assert(0, &["consider_manager_status"])
        .assert_prints(&["the widget has been silent since 2026-01-05 09:00", "amoCRM's events are asked for instead"]);
    home.run(["presence", "--lang", "ru"]).assert_prints(&["виджет молчит с 2026-01-05 09:00"]);
    let shown: Value = serde_json::from_str(&home.run(["presence", "--json"]).stdout).expect("JSON");
    assert_eq!((&shown["feed"], &shown["last"]), (&"silent".into(), &"2026-01-05T09:00:00Z".into()));
}

#[test]
fn what_is_wrong_is_said_with_its_fix() {
    let home = Home::new();
    home.run(["presence", "nobody"]).assert(2, &["`nobody`", "`anna`"]);
    home.run(["presence", "anna", "--at", "2999-01-01T00:00:00Z"]).assert(2, &["future"]);
    home.run(["presence", "--at", "2026-11-22T09:00:00Z"]).assert(2, &["<WHO>"]);
    home.run(["presence", "anna"]).assert(0, &["consider_manager_status = true"]);
}
