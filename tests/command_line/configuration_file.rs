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
