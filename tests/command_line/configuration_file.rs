//! Which configuration file a command takes: the one that it is told, that of the environment, the one that is there, or none.

use test_support::{CALLER, Home};

const FILE: &str = "host-harness.toml";
/// Whoever withholds the number is asked for in no account.
const NOBODY: &str = "[[integration]]\naccount = \"https://example.amocrm.ru\"\ntoken = \"file:amo\"\n[[operation]]\nid = \"of-the-folder\"\nlinked_operation = \"queue:folder\"\n";

/// Where the call goes that withholds its number.
fn target(home: &Home, arguments: &[&str], variable: Option<&str>) -> (String, String) {
    let mut command = home.command(["call", "", "--json", "--state", "memory"].iter().chain(arguments));
    if let Some(file) = variable {
        command.env("HOST_HARNESS_CONFIG", file);
    }
    let output = command.output().expect("the binary starts");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    (
        json["route"]["target"].as_str().expect("a target").to_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[test]
fn the_file_that_is_named_counts_before_that_of_the_environment_and_that_before_the_one_that_is_there() {
    let home = Home::new();
    let (demo, said) = target(&home, &[], None);
    assert_eq!(demo, "queue:sales");
    home.write_secret("amo", "an-amocrm-token");
    assert!(said.starts_with("demonstration: amoCRM and its people are simulated"), "{said}");
    home.write(FILE, NOBODY);
    home.write("variable.toml", NOBODY.replace("queue:folder", "queue:variable"));
    home.write("named.toml", NOBODY.replace("queue:folder", "queue:named"));
    for (arguments, variable, goes_to) in [
        (&[][..], None, "queue:folder"),
        (&[], Some(""), "queue:folder"),
        (&[], Some("variable.toml"), "queue:variable"),
        (&["--config", "named.toml"], Some("variable.toml"), "queue:named"),
        (&["--operation", "of-the-folder"], None, "queue:folder"),
        (&["--demo"], Some("variable.toml"), "queue:sales"),
    ] {
        let (found, said) = target(&home, arguments, variable);
        assert_eq!(found, goes_to, "{arguments:?} {variable:?}");
        assert_eq!(said.contains("demonstration: "), goes_to == "queue:sales", "{said}");
    }
}

#[test]
fn what_needs_a_file_or_none_says_so() {
    let home = Home::new();
    for command in [&["access"][..], &["connect"]] {
        home.run(command).assert(2, &["there is no configuration file here", "write host-harness.toml"]);
    }
    home.run(["call", CALLER, "--operation", "main"]).assert(2, &["--operation names a part of a configuration"]);
    home.run(["audit", "--integration", "main"]).assert(2, &["--integration names a part of a configuration"]);
    home.write_secret("amo", "an-amocrm-token");
    home.write(FILE, NOBODY);
    home.run(["call", CALLER, "--fault", "contacts:hang"]).assert(2, &["add --demo", FILE]);
    home.run(["call", CALLER, "--demo", "--config", FILE]).assert(2, &["--demo"]);
    let mut command = home.command(["access"]);
    let output = command.env("HOST_HARNESS_CONFIG", "elsewhere.toml").output().expect("the binary starts");
    assert!(String::from_utf8_lossy(&output.stderr).contains("elsewhere.toml: cannot be read"), "{output:?}");
}

#[test]
fn config_check_tells_everything_that_is_wrong_and_config_show_what_is_left_out() {
    let home = Home::new();
    home.write_secret("amo", "an-amocrm-token");
    home.write(FILE, NOBODY);
    let fine = home.run(["config", "check"]);
    fine.assert(0, &[]).assert_prints(&["host-harness.toml: no errors"]);
    home.run(["config", "check", "--lang", "ru"]).assert(0, &[]).assert_prints(&["ошибок нет"]);
    // Of several sections at once.
    home.write(
        FILE,
        "[[integration]]\naccount = \"https://example.amocrm.ru\"\ntoken = \"file:amo\"\nrequests_per_second = 99\n\
         [[operation]]\nlinked_operation = \" \"\n[server]\nmax_calls = 0\n",
    );
    let wrong = home.run(["config", "check"]);
    wrong.assert(2, &["error: ", "`requests_per_second` = 99", "`linked_operation` is empty", "`max_calls` = 0"]);
    wrong.assert_prints(&["host-harness.toml: errors: 3"]);
    home.run(["config", "check", "--lang", "ru"]).assert(2, &["ошибка: "]);
    // Of the operations, by what their components describe.
    let settings = "exits = { late = \"queue:a\" }\nsettings = { waiting_time = \"1h\", patience = 3 }\n";
    home.write(FILE, format!("{NOBODY}{settings}"));
    let wrong = home.run(["config", "check"]);
    wrong.assert(2, &["`waiting_time` = `1h`", "setting `patience`", "exit `late`"]);
    // What is left out is shown, and secrets stay where they are.
    home.write(FILE, NOBODY);
    let shown = home.run(["config", "show"]);
    shown.assert(0, &[]).assert_prints(&[
        "token = \"file:amo\"",
        "enabled = true",
        "consider_manager_status = false",
        "waiting_time = \"3s\"",
        "listen = \"127.0.0.1:8066\"",
        "id = \"of-the-folder\"",
    ]);
    assert!(!shown.stdout.contains("an-amocrm-token"));
    home.write("shown.toml", &shown.stdout);
    home.run(["config", "check", "--config", "shown.toml"]).assert(0, &[]);
}
