//! The guide for who operates a server: its commands are carried out, its list of metrics is whole, and its rules know no other ones.

use std::collections::BTreeSet;
use std::process::Command;

use amocrm_simulator::Endpoint;
use serde_json::{Value, json};
use test_support::client::TOKEN;
use test_support::{ConnectedHome, OPERATIONS, Process};

const GUIDE: &str = include_str!("../../host-harness/docs/operating.md");
const ALERTS: &str = include_str!("../../host-harness/docs/alerts.yml");
const CALLER: &str = "+79161234567";

/// The lines of the shell's blocks of a section, without their comments.
fn commands(heading: &str) -> Vec<&'static str> {
    let section = GUIDE.split_once(&format!("\n## {heading}\n")).expect("the heading").1;
    let section = section.split_once("\n## ").map_or(section, |(section, _)| section);
    let blocks = section.split("\n```sh\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    blocks.flat_map(str::lines).map(|line| line.split("  #").next().unwrap_or(line).trim_end()).collect()
}

/// A machine on which the package is installed: its folders are in a home of the test's, and `systemctl` is what it makes of the server.
struct Machine {
    home: ConnectedHome,
    server: Option<Process>,
}

impl Machine {
    async fn new() -> Self {
        let home = ConnectedHome::new(OPERATIONS, "").await;
        home.home().has_run("lib");
        for folder in ["etc", "var", "bin"] {
            std::fs::create_dir_all(home.path(folder)).expect("a folder");
        }
        // The server's own token is one that it made.
        home.home().write_secret("lib/server-token", TOKEN);
        let written = std::fs::read_to_string(home.path("config.toml")).expect("a configuration");
        let written = written.replace("file:account-token", "file:../account-token");
        let written = written.replace("token = \"file:server-token\"\n", "");
        let location = home.path("lib").display().to_string();
        home.write("etc/host-harness.toml", format!("{written}[store]\nlocation = \"{location}\"\n"));
        let mut machine = Self { home, server: None };
        machine.systemctl("start").await;
        machine
    }

    fn server(&self) -> &Process {
        self.server.as_ref().expect("it runs")
    }

    async fn systemctl(&mut self, what: &str) {
        if matches!(what, "stop" | "restart") {
            let server = self.server.take().expect("it runs");
            server.signal("-TERM");
            server.ended().await;
        }
        if matches!(what, "start" | "restart") {
            self.server = Some(self.home.home().serve(&["--config", "etc/host-harness.toml", "--log", "warn"]));
        }
        if what == "reload" {
            self.server().signal("-HUP");
        }
    }

    /// Carries out the commands of a section, and gives what each printed.
    async fn follow(&mut self, heading: &str) -> Vec<String> {
        let mut printed = Vec::new();
        let lines = commands(heading);
        assert!(!lines.is_empty(), "{heading} has no commands");
        for line in lines {
            if let Some(what) = line.strip_prefix("sudo systemctl ") {
                self.systemctl(what.strip_suffix(" host-harness").expect("the unit")).await;
                continue;
            }
            let home = self.home.path("").display().to_string();
            let here = line
                .replace("sudo -u host-harness ", "")
                .replace("sudo ", "")
                .replace("-o host-harness -g host-harness ", "")
                .replace("/etc/host-harness", &format!("{home}/etc"))
                .replace("/var/lib/host-harness", &format!("{home}/lib"))
                .replace("/var/backups", &format!("{home}/var"));
            let here = here
                .strip_prefix("host-harness ")
                .map_or(here.clone(), |arguments| format!("{} {arguments}", test_support::binary::binary().display()));
            let mut shell = self.home.home().command_of("sh");
            shell.env("PATH", "/usr/bin:/bin").args(["-c", &here]);
            // The simulated account answers meanwhile.
            let ended = tokio::task::spawn_blocking(move || shell.output()).await.expect("no panic").expect("a shell");
            assert!(ended.status.success(), "{line}: {}", String::from_utf8_lossy(&ended.stderr));
            printed.push(String::from_utf8(ended.stdout).expect("text"));
        }
        printed
    }

    async fn call(&self, id: &str) -> String {
        let call = json!({"id": id, "caller": CALLER, "called": "100", "operation": "sales"});
        self.server().client.call(&call).await.goes_to()
    }

    fn asked(&self) -> u64 {
        self.home.simulator.count_of(Endpoint::Contacts)
    }
}

#[tokio::test]
async fn a_backup_is_made_and_restored_as_the_guide_says() {
    let mut machine = Machine::new().await;
    assert_eq!(machine.call("before").await, "anna");
    let asked = machine.asked();
    let kept = async |machine: &Machine| {
        let kept = machine.server().client.get("/v1/calls/before").await;
        kept.status.is_success() && kept.json()["outcome"] == Value::Null
    };
    while !kept(&machine).await {}
    let printed = machine.follow("Backup").await;
    assert!(printed[1].contains("It holds secrets") && printed[1].contains("account-token"), "{printed:?}");
    assert!(printed.last().expect("an answer").contains("connected"), "{printed:?}");
    // The server that runs now is the one from the backup.
    assert!(machine.home.path("lib.before").is_dir());
    assert!(kept(&machine).await);
    assert_eq!((machine.call("after").await.as_str(), machine.asked()), ("anna", asked), "the manager is known");
}

#[tokio::test]
async fn keys_are_changed_as_the_guide_says() {
    let mut machine = Machine::new().await;
    let printed = machine.follow("Changing keys").await;
    let (made, listed) = (printed[0].lines().next().expect("a token").to_owned(), &printed[1]);
    assert!(listed.contains("asterisk-2") && listed.contains("pbx") && !listed.contains(&made), "{listed}");
    // The server's own token is another one, which counts; the former does not.
    let own = printed.last().expect("the token").trim();
    assert!(own.len() >= 40 && own != TOKEN, "{own}");
    let status = async |token: &str| {
        let request = http::Request::get("/v1/state").header("authorization", format!("Bearer {token}"));
        machine.server().client.send(request, "").await.status.as_u16()
    };
    assert_eq!((status(own).await, status(TOKEN).await, status(&made).await), (200, 401, 403));
}

/// The server's own token and the key of webhooks, where the configuration names them: the former count until the reload, the new ones from then on.
#[tokio::test]
async fn configured_keys_are_other_ones_after_a_reload() {
    const OTHER: &str = "another-token-of-the-tests-0123456789";
    let home = ConnectedHome::new(OPERATIONS, "").await;
    let written = std::fs::read_to_string(home.path("config.toml")).expect("a configuration");
    home.write(
        "config.toml",
        written.replacen("[[integration]]\n", "[[integration]]\nwebhook_key = \"file:hook\"\n", 1),
    );
    home.home().write_secret("hook", "the-former-webhook-key");
    let server = home.serve(&[]);
    let state = async |token: &str| {
        let request = http::Request::get("/v1/state").header("authorization", format!("Bearer {token}"));
        server.client.send(request, "").await.status.as_u16()
    };
    let hook = async |key: &str| {
        let path = format!("/v1/integrations/main/manager-changed/{key}");
        let request = http::Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        server.client.send(request, "contacts[update][0][id]=3").await.status.as_u16()
    };
    let count = async || {
        (
            [state(TOKEN).await, state(OTHER).await],
            [hook("the-former-webhook-key").await, hook("the-latter-webhook-key").await],
        )
    };
    assert_eq!(count().await, ([200, 401], [204, 404]));
    home.home().write_secret("server-token", OTHER);
    home.home().write_secret("hook", "the-latter-webhook-key");
    server.signal("-HUP");
    while state(OTHER).await != 200 || hook("the-latter-webhook-key").await != 204 {}
    assert_eq!(count().await, ([401, 200], [404, 204]));
}

/// What callers' numbers are hashed with is another secret: amoCRM is asked once more, and nothing fails.
#[tokio::test]
async fn d12_another_secret_of_stored_keys_costs_a_question_and_no_call() {
    let mut machine = Machine::new().await;
    for call in ["first", "second"] {
        assert_eq!(machine.call(call).await, "anna");
    }
    assert_eq!(machine.asked(), 1);
    std::fs::remove_file(machine.home.path("lib/cache-key-secret")).expect("it was made");
    machine.systemctl("restart").await;
    assert_eq!((machine.call("third").await.as_str(), machine.asked()), ("anna", 2));
}

/// An older program and the files of a newer one: calls go on, it is said what is not kept, and a backup from before brings all of it back.
#[tokio::test]
async fn after_a_downgrade_the_files_are_left_alone_and_a_backup_from_before_is_taken() {
    let mut machine = Machine::new().await;
    assert_eq!(machine.call("before").await, "anna");
    machine.systemctl("stop").await;
    let files = ["records.sqlite3", "key-value.sqlite3", "call-details.sqlite3"];
    let saved = Command::new("cp").arg("-a").args([machine.home.path("lib"), machine.home.path("saved")]).status();
    assert!(saved.expect("cp runs").success());
    for file in files {
        let newer = rusqlite::Connection::open(machine.home.path("lib").join(file)).expect("a database");
        newer.pragma_update(None, "user_version", 99).expect("a format that nobody knows yet");
    }
    machine.systemctl("start").await;
    assert_eq!(machine.call("older").await, "anna");
    let said = machine.server().stderr();
    for file in files {
        assert!(said.contains(file) && said.contains("newer"), "{file}: {said}");
    }
    let state = machine.server().client.get("/v1/state").await.json();
    assert!(!state["call_details"]["failing"].is_null(), "{state}");
    machine.systemctl("stop").await;
    for file in files {
        let found = rusqlite::Connection::open(machine.home.path("lib").join(file)).expect("a database");
        let format: i64 = found.pragma_query_value(None, "user_version", |row| row.get(0)).expect("a format");
        assert_eq!(format, 99, "{file} was changed");
    }
    std::fs::rename(machine.home.path("lib"), machine.home.path("newer")).expect("a folder");
    std::fs::rename(machine.home.path("saved"), machine.home.path("lib")).expect("a folder");
    machine.systemctl("start").await;
    assert!(machine.server().client.get("/v1/calls/before").await.status.is_success());
}

/// What the table of metrics names, with the prefix that all have.
fn listed() -> BTreeSet<String> {
    let table = GUIDE.split_once("| metric | what it tells |").expect("the table").1;
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let names = rows.filter_map(|row| row.split('|').nth(1)).flat_map(|cell| cell.split('`').skip(1).step_by(2));
    names.map(|name| format!("host_harness_{name}")).collect()
}

#[tokio::test]
async fn every_metric_is_in_the_guides_list_and_none_that_is_not_there() {
    let mut machine = Machine::new().await;
    machine.call("one").await;
    // The token of the guide may read them.
    let printed = machine.follow("Monitoring").await;
    let token = printed[0].lines().next().expect("a token").to_owned();
    let read = async || {
        let request = http::Request::get("/metrics").header("authorization", format!("Bearer {token}"));
        machine.server().client.send(request, "").await.status.is_success()
    };
    while !read().await {}
    let metrics = machine.server().client.get("/metrics").await;
    let metrics = String::from_utf8(metrics.body.to_vec()).expect("text");
    let told = metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let told: BTreeSet<_> = told
        .map(|(name, kind)| match kind {
            "counter" => format!("{name}_total"),
            "info" => format!("{name}_info"),
            _ => name.to_owned(),
        })
        .collect();
    assert_eq!(told, listed());
}

#[test]
fn alert_rules_ask_for_metrics_of_the_list_and_the_guide_names_alerts_that_exist() {
    let listed = listed();
    let names = ALERTS.split("host_harness_").skip(1);
    let names: BTreeSet<_> = names
        .map(|rest| rest.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').next().unwrap_or(""))
        .map(|name| format!("host_harness_{}", name.trim_end_matches("_bucket")))
        .collect();
    assert!(names.len() > 8, "{names:?}");
    assert_eq!(names.difference(&listed).collect::<Vec<_>>(), [""; 0]);
    let alerts: BTreeSet<_> = ALERTS.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    let named = GUIDE.split("`HostHarness").skip(1).filter_map(|rest| rest.split('`').next());
    for alert in named.map(|name| format!("HostHarness{name}")) {
        assert!(alerts.contains(alert.as_str()), "{alert} of the guide is no rule: {alerts:?}");
    }
    // Each outcome that a rule looks for is a reason's code.
    let reasons = include_str!("../../guest/docs/operation.md");
    let outcomes = ALERTS.split("outcome").skip(1).filter_map(|rest| rest.split('"').nth(1));
    for code in outcomes.flat_map(|outcomes| outcomes.split('|')) {
        assert!(reasons.contains(&format!("`{code}`")) || code.starts_with("host-"), "{code} is no reason");
    }
}
