//! What the README and the pages it leads to tell people to type works as written.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::Duration;

use amocrm::integration::Access;
use host_harness::config::HarnessConfig;
use test_support::{CALLER, Home};

/// The pages with commands, in the order in which somebody reads them.
const PAGES: [&str; 11] = [
    include_str!("../../README.md"),
    include_str!("../../host-harness/docs/command-line.md"),
    CONFIGURATION,
    SERVER,
    include_str!("../../host-harness/docs/recording.md"),
    include_str!("../../host-harness/docs/operations.md"),
    include_str!("../../host-harness/docs/performance.md"),
    include_str!("../../host-harness/docs/widget.md"),
    include_str!("../../host-harness/pbx/README.md"),
    include_str!("../../host-harness/pbx/asterisk/README.md"),
    include_str!("../../host-harness/pbx/kamailio/README.md"),
];
const COMMAND_LINE: &str = PAGES[1];
const CONFIGURATION: &str = include_str!("../../host-harness/docs/configuration.md");
const SERVER: &str = include_str!("../../host-harness/docs/server.md");

/// The lines of a page's code blocks of one language.
fn blocks(page: &'static str, language: &str) -> Vec<Vec<&'static str>> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if line == format!("```{language}") {
            blocks.push(lines.by_ref().take_while(|line| *line != "```").collect());
        }
    }
    blocks
}

/// The commands of all pages that begin with a program's name, without that name.
fn commands(program: &str) -> Vec<&'static str> {
    let lines = PAGES.into_iter().flat_map(|page| blocks(page, "sh")).flatten();
    lines.filter_map(|line| without_variable(line).strip_prefix(program)).collect()
}

/// A line of a shell without the variable that it sets for its command.
fn without_variable(line: &str) -> &str {
    let is_variable =
        |word: &str| word.split_once('=').is_some_and(|(name, _)| name.bytes().all(|byte| byte.is_ascii_uppercase()));
    line.split_once(' ').filter(|(word, _)| is_variable(word)).map_or(line, |(_, command)| command)
}

/// A command's arguments, as a shell would split them: double quotes group, a number sign begins a comment.
fn arguments(command: &str) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut current = None::<String>;
    let mut quoted = false;
    for character in command.chars() {
        match character {
            '"' => {
                quoted = !quoted;
                current.get_or_insert_default();
            }
            ' ' if !quoted => arguments.extend(current.take()),
            '#' if !quoted && current.is_none() => break,
            other => current.get_or_insert_default().push(other),
        }
    }
    arguments.extend(current);
    arguments
}

#[test]
fn every_command_of_the_readme_runs() {
    let home = Home::new();
    let commands = commands("cargo run -- ");
    assert!(commands.len() >= 15, "{commands:?}");
    for command in commands {
        // The home is one for all of them: the commands of a page build on each other.
        let ended = home.run(arguments(command));
        // Forwarded, linked operation, or findings of an audit: what a command is meant to end with.
        assert!(matches!(ended.code, Some(0 | 1 | 10..=15)), "{command}: {ended:?}");
        // A note beside the output may say what has no effect yet.
        assert!(
            ended.complaints().lines().all(|line| line.starts_with("note: ")) && !ended.stdout.is_empty(),
            "{command}: {ended:?}"
        );
    }
}

/// These need a PBX, an account or a server that stays. What is said before `--help` is judged all the same.
#[test]
fn every_other_command_of_the_readme_is_one_that_the_program_has() {
    let home = Home::new();
    let commands = commands("host-harness ");
    assert!(commands.len() >= 10, "{commands:?}");
    let help = |command: &str| home.run(arguments(command).into_iter().chain(["--help".to_owned()]));
    for command in commands {
        let ended = help(command);
        assert_eq!(ended.code, Some(0), "{command}: {ended:?}");
    }
    assert_eq!(help("calls --reasons manager-absent").code, Some(2), "a wrong option is refused");
}

#[test]
fn the_documented_configuration_is_accepted_with_either_access() {
    let home = Home::new();
    home.write("secret.txt", "a-secret");
    let [oauth, rest, long_lived, alone, configured, registered, deputies, scenario, bounded, hours, granting] =
        blocks(CONFIGURATION, "toml").try_into().expect(
            "the integration, what calls need, the integration with a long-lived token, none, one with keys of its operation, a \
             component of a registry, deputies, two steps, how long they may take together, working hours, and one that grants requests",
        );
    assert_eq!(oauth.len(), 4, "four lines connect it");
    let read = |lines: &[&str]| {
        let mut text = lines.join("\n");
        for variable in ["AMOCRM_CLIENT_SECRET", "AMOCRM_TOKEN", "SHOP_API_KEY"] {
            text = text.replace(&format!("env:{variable}"), "file:secret.txt");
        }
        home.write("host-harness.toml", text);
        HarnessConfig::read(&home.path("host-harness.toml")).unwrap_or_else(|error| panic!("{error}"))
    };
    assert!(matches!(read(&alone).integrations[0].access, Access::NoAccount));
    let keys = read(&configured).integrations[0].configuration.keys().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(keys, ["api_key", "attempts", "patience"]);
    let named = read(&registered).operations[0].component_as_named.clone().expect("a name");
    assert!(named.starts_with("oci://registry.example.com/"), "{named}");
    read(&granting);
    let with_deputies = read(&[long_lived.as_slice(), &deputies].concat());
    assert_eq!(with_deputies.integrations[0].employees.len(), 2);
    let ask = ["[[operation]]", "id = \"ask\"", "linked_operation = \"queue:any\""];
    let steps = read(&[scenario.as_slice(), &ask, &bounded].concat());
    assert_eq!(steps.operations[0].exits().of_reason("in-hours", "exit"), "operation:manager");
    assert_eq!(steps.scenario_waiting_time, Some(Duration::from_secs(6)));
    home.write("host-harness.toml", hours.join("\n").replace("operation:manager", "queue:sales"));
    for (at, target) in [("2027-04-30T14:00", "queue:sales"), ("2027-04-30T15:00", "voicemail:night")] {
        let at = format!("{at}:00+03:00");
        let ended = home.run(["call", CALLER, "--config", "host-harness.toml", "--at", &at, "--json"]);
        assert!(ended.stdout.contains(target), "{at}: {ended:?}");
    }
    for (integration, is_oauth) in [(oauth, true), (long_lived, false)] {
        // The integration alone is enough to connect it.
        read(&integration);
        let config = read(&[integration.as_slice(), &rest].concat());
        assert_eq!(matches!(config.integrations[0].access, Access::OAuth(_)), is_oauth);
        assert_eq!(config.integrations[0].employees[0].1.destinations.len(), 2);
        assert_eq!(config.operations[0].linked_operation, "queue:sales");
    }
}

#[test]
fn the_documented_keys_are_those_that_the_configuration_takes() {
    let home = Home::new();
    for (section, documented) in tables() {
        let employee = section == "[[integration.employee]]";
        let integration = if employee { "[[integration]]\n" } else { "" };
        home.write("host-harness.toml", format!("{integration}{section}\nno_such_key = 1\n"));
        let refused = home.run(["call", CALLER, "--config", "host-harness.toml"]).stderr;
        let (_, expected) = refused.split_once("expected one of ").unwrap_or_else(|| panic!("{section}: {refused}"));
        let taken: BTreeSet<_> = expected.split('`').skip(1).step_by(2).filter(|key| *key != "employee").collect();
        assert_eq!(documented, taken, "{section}");
    }
}

/// The sections that the page of the configuration has a table for, and the keys in the table.
fn tables() -> Vec<(&'static str, BTreeSet<&'static str>)> {
    let mut tables = Vec::<(_, BTreeSet<_>)>::new();
    for line in CONFIGURATION.lines() {
        let Some(first) = line.strip_prefix("| `").and_then(|line| line.split(" | ").next()) else { continue };
        let names = first.trim_end_matches('`').split("`, `");
        if first.starts_with('[') {
            tables.extend(names.map(|section| (section, BTreeSet::new())));
        } else if let Some((_, keys)) = tables.last_mut() {
            keys.extend(names);
        }
    }
    assert!(tables.len() >= 8, "{tables:?}");
    tables
}

#[test]
fn the_documented_table_of_options_is_the_commands_own() {
    let help = Home::new().run(["call", "--help"]).stdout;
    let long = |text: &'static str| text.split(|character: char| !(character.is_ascii_lowercase() || character == '-'));
    let of_help: BTreeSet<_> = help.lines().filter_map(|line| line.trim_start().split_once("--")).collect();
    let of_help: BTreeSet<_> = of_help
        .iter()
        .map(|(_, rest)| rest.split([' ', ',']).next().unwrap_or_default())
        .filter(|name| *name != "help")
        .collect();
    let rows = COMMAND_LINE.lines().filter_map(|line| line.strip_prefix("| `--"));
    let documented: BTreeSet<_> = rows.filter_map(|row| long(row).next()).collect();
    assert_eq!(documented, of_help);
}

#[test]
fn the_routes_that_the_pages_show_are_the_servers_own() {
    const BASE: &str = "http://127.0.0.1:8066";
    let home = Home::new();
    let server = home.command(["serve", "--listen", "127.0.0.1:0", "--state", "memory"]).stdout(Stdio::piped()).spawn();
    let mut server = Killed(server.expect("the binary starts"));
    let mut said = String::new();
    BufReader::new(server.0.stdout.take().expect("a pipe")).read_line(&mut said).expect("its address");
    let address = said.split("http://").nth(1).and_then(|rest| rest.split(';').next()).expect("its address");
    let described: serde_json::Value = serde_json::from_str(&get(address, "/openapi.json")).expect("JSON");
    let shown = PAGES.into_iter().flat_map(|page| page.split(BASE).skip(1));
    let shown: BTreeSet<_> = shown.map(|rest| rest.split([' ', '\n', '>', ';']).next().unwrap_or_default()).collect();
    assert!(shown.len() >= 6, "{shown:?}");
    for path in shown {
        let template = path.replace("/operations/main", "/operations/{id}");
        assert!(matches!(path, "" | "/") || described["paths"].get(&template).is_some(), "{path}");
    }
    assert!(get(address, "/").contains("<html"), "the page");
}

/// A process that ends with this value.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The body of an answer.
fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer.split_once("\r\n\r\n").expect("an HTTP answer").1.to_owned()
}
