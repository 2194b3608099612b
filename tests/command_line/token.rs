//! `token`: makes tokens whose hashes the configuration takes, and lists them.

use test_support::Home;

const OPERATION: &str = "[[operation]]\nlinked_operation = \"queue:sales\"\n";

/// Makes a token, and gives it with the lines for the configuration.
fn made(home: &Home, arguments: &[&str]) -> (String, String) {
    let ended = home.run([&["token", "new"], arguments].concat());
    ended.assert(0, &["shown this once"]);
    let (token, lines) = ended.stdout.split_once("\n\n").expect("a token and lines");
    (token.to_owned(), lines.to_owned())
}

#[test]
fn a_new_token_is_printed_once_with_lines_that_the_configuration_takes_and_lists() {
    let home = Home::bare();
    let (token, lines) = made(&home, &["kamailio", "--scope", "pbx"]);
    assert!(token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit()), "{token}");
    assert!(lines.starts_with("[[server.tokens]]\nname = \"kamailio\"\nscope = \"pbx\"\nhash = \"sha256:"), "{lines}");
    assert!(!lines.contains(&token) && !lines.contains("expires"), "{lines}");
    let (other, more) = made(&home, &["борис \"Б\"", "--scope", "viewer", "--expires", "90d"]);
    assert_ne!(token, other);
    let (_, expired) = made(&home, &["former", "--scope", "pbx"]);
    let expired = format!("{expired}expires = 2020-01-01T00:00:00Z\n");
    home.write("host-harness.toml", format!("{OPERATION}{lines}{more}{expired}"));
    let listed = home.run(["token", "list", "--config", "host-harness.toml"]);
    listed.assert(0, &[]).assert_prints(&[
        "kamailio: pbx, does not expire\n",
        "борис \"Б\": viewer, expires on 20",
        "former: pbx, expired on 2020-01-01T00:00:00Z\n",
    ]);
    assert!(!listed.stdout.contains("sha256"), "{listed:?}");
}

#[test]
fn what_cannot_be_a_token_is_refused_with_the_fix() {
    let home = Home::bare();
    let (_, lines) = made(&home, &["kamailio", "--scope", "pbx"]);
    home.write("host-harness.toml", format!("{OPERATION}{lines}"));
    for (arguments, parts) in [
        (&["kamailio"][..], &["--scope <SCOPE>"][..]),
        (&["kamailio", "--scope", "admin"], &["write pbx, viewer or manager"]),
        (&["kamailio", "--scope", "pbx", "--expires", "soon"], &["--expires"]),
        (&["kamailio", "--scope", "pbx", "--expires", "0s"], &["--expires", "90d"]),
        (&["", "--scope", "pbx"], &["`name` is empty"]),
        (&["server", "--scope", "pbx"], &["give this token another name"]),
        (&["kamailio", "--scope", "viewer", "--config", "host-harness.toml"], &["two tokens are called `kamailio`"]),
    ] {
        let ended = home.run([&["token", "new"], arguments].concat());
        ended.assert(2, parts);
        assert!(ended.stdout.is_empty(), "no token is shown that is not to be used: {ended:?}");
    }
}

#[test]
fn a_new_token_is_written_into_the_file_that_is_named_and_everything_else_stays() {
    let home = Home::bare();
    let written = format!(
        "# Our PBX\n{OPERATION}\n[server] # ours\nmax_calls = 7 # enough\n\n[call_details]\nkeep_for = \"9d\" # law\n"
    );
    home.write("host-harness.toml", &written);
    for (name, scope) in [("kamailio", "pbx"), ("boris", "viewer")] {
        let ended =
            home.run(["token", "new", name, "--scope", scope, "--expires", "90d", "--config", "host-harness.toml"]);
        ended.assert(0, &["shown this once", "host-harness.toml"]);
        assert_eq!(ended.stdout.trim_end().len(), 64, "the token alone: {ended:?}");
        let text = std::fs::read_to_string(home.path("host-harness.toml")).expect("the file");
        assert!(!text.contains(ended.stdout.trim_end()), "{text}");
    }
    let text = std::fs::read_to_string(home.path("host-harness.toml")).expect("the file");
    for line in written.lines() {
        assert!(text.contains(line), "{line}: {text}");
    }
    home.run(["token", "list", "--config", "host-harness.toml"])
        .assert(0, &[])
        .assert_prints(&["kamailio: pbx, expires on 20", "boris: viewer, expires on 20"]);
    // Where there was no section, there is none but the token's.
    home.write("host-harness.toml", OPERATION);
    home.run(["token", "new", "anna", "--scope", "manager", "--config", "host-harness.toml"])
        .assert(0, &["hand it over"]);
    let text = std::fs::read_to_string(home.path("host-harness.toml")).expect("the file");
    assert!(text.starts_with(OPERATION) && text.contains("[[server.tokens]]\nname = \"anna\""), "{text}");
    assert!(!text.contains("[server]"), "{text}");
}

#[test]
fn a_token_that_is_written_into_the_file_is_a_change_by_a_command() {
    let home = Home::bare();
    home.write("host-harness.toml", OPERATION);
    let written = ["token", "new", "anna", "--scope", "viewer", "--config", "host-harness.toml", "--state", "kept"];
    home.run(written).assert(0, &["shown this once"]);
    assert!(!home.path("kept").exists(), "no server has kept anything there");
    std::fs::create_dir(home.path("kept")).expect("a folder");
    home.run(written.map(|word| if word == "anna" { "boris" } else { word })).assert(0, &["shown this once"]);
    let kept = std::fs::read_to_string(home.path("kept/configuration-changes.jsonl")).expect("a record");
    let changes: Vec<serde_json::Value> = kept.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let told: Vec<_> = changes.iter().map(|change| (change["by"].as_str(), change["number"].as_u64())).collect();
    assert_eq!(told, [(Some("file"), Some(0)), (Some("command"), Some(1))], "{kept}");
    assert!(!changes[0]["text"].to_string().contains("boris") && changes[1]["text"].to_string().contains("boris"));
}
