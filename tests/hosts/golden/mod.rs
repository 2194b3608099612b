//! The golden cases on hosts that other people make. What this project's own host answers is what each of them has to answer; where a host cannot
//! do what a case asks, its cell of the table says what that is.

mod comparison;
mod hosts;
mod surroundings;
mod table;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use call::CallDocument;
use host_harness::component_source::BuiltIn;
use replay::policy::{Asked, Cases, Mode};
use runtime::bindings::exports::telephony::operation::operation::Description;
use test_support::{operation, skip, workspace};

use hosts::{HOSTS, Host};
use surroundings::Site;
use table::{Cell, Table};

/// How `get` says that a host cannot be had.
const NOT_TO_BE_HAD: i32 = 3;
/// Where other people's hosts are kept from run to run.
const KEPT: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/other-hosts");
/// Where the table's sums are written for readers.
const README: &str = "guest/hosts/README.md";

/// A case, and what this project's own host answers to its calls.
struct Expected {
    asked: Asked,
    answers: Vec<CallDocument>,
}

/// The folder of the hosts. None where they cannot be had: the test is then [skipped](skip).
pub(crate) fn tools() -> Option<PathBuf> {
    // They are fetched once, whoever needs them first.
    static FETCHED: OnceLock<Option<PathBuf>> = OnceLock::new();
    FETCHED.get_or_init(fetch).clone()
}

fn fetch() -> Option<PathBuf> {
    let output = Command::new(workspace().join("tests/hosts/tools/get")).arg(KEPT).output().expect("bash");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.code() == Some(NOT_TO_BE_HAD) {
        skip("the golden cases on other people's hosts are", said.trim_end());
        return None;
    }
    assert!(output.status.success(), "{said}");
    Some(PathBuf::from(KEPT))
}

async fn expected() -> (Vec<Expected>, Description) {
    let operation = operation();
    let cases = Cases::read(&workspace().join("tests/golden/cases"), Mode::Compare).expect("cases");
    let cases = cases.carrying(|name| BuiltIn::named(name).map(BuiltIn::component));
    let asked = cases.asked();
    let report = cases.run(&operation, |_| {}).await.expect("an operation that describes itself");
    assert_eq!(report.failed().count(), 0, "\n{report}");
    assert_eq!(asked.len(), report.cases.len(), "every golden case is a written one");
    let answers = report.cases.into_iter().map(|case| case.answers);
    let expected = asked.into_iter().zip(answers).map(|(asked, answers)| Expected { asked, answers });
    (expected.collect(), operation.describe().await.expect("a description"))
}

// As many threads as there are hosts: each waits for its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 6)]
async fn the_golden_cases_come_to_the_same_on_every_host() {
    let Some(tools) = tools() else { return };
    let (expected, description) = expected().await;
    let (expected, description): (&'static _, &'static _) = (expected.leak(), Box::leak(Box::new(description)));
    let running = HOSTS.map(|host| tokio::spawn(column(host, tools.clone(), expected, description)));
    let mut columns = Vec::new();
    for (host, column) in HOSTS.iter().zip(running) {
        columns.push((host, column.await.unwrap_or_else(|error| panic!("{}: {error}", host.title))));
    }
    let table = Table::new(expected.iter().map(|case| case.asked.name.as_str()), columns);
    println!("{table}");
    let wrong = table.wrong();
    assert!(wrong.is_empty(), "{wrong}");
    // What readers are told.
    let readme = std::fs::read_to_string(workspace().join(README)).expect("the page of other hosts");
    for line in table.sums() {
        assert!(readme.contains(&line), "{README} lacks this line of its table:\n{line}");
    }
}

/// What a host answers to every case.
async fn column(
    host: Host,
    tools: PathBuf,
    expected: &'static [Expected],
    description: &'static Description,
) -> Vec<Cell> {
    let mut cells = Vec::new();
    let mut running = host.start(&tools);
    let site = Site::new().await;
    for case in expected {
        cells.push(match host.lacks(case) {
            Some(lacking) => Cell::Lacks(lacking),
            None => match differences(&host, &mut running, &site, case, description).await {
                differences if differences.is_empty() => Cell::Same,
                differences => Cell::Differs(differences.concat()),
            },
        });
    }
    cells
}

async fn differences(
    host: &Host,
    running: &mut hosts::Running,
    site: &Site,
    case: &'static Expected,
    description: &Description,
) -> Vec<String> {
    site.begin(&case.asked);
    running.begin();
    let mut found = Vec::new();
    for (number, (call, answer)) in case.asked.calls.iter().zip(&case.answers).enumerate() {
        site.arrange(&case.asked, call);
        let actual = running.resolve(&site.surroundings(&case.asked, call, description)).await;
        let differences = match actual {
            Ok(actual) => {
                let both = [comparison::of_document(answer), actual];
                let [answer, actual] = if host.has_clock { both } else { both.map(comparison::without_age) };
                replay::difference::differences(&answer, &actual)
            }
            Err(said) => vec![said],
        };
        found.extend(differences.into_iter().map(|difference| format!("  call {}{difference}", number + 1)));
    }
    found
}

/// What the program of the example says, as a reader of it would start it.
#[tokio::test(flavor = "multi_thread")]
async fn the_host_in_thirty_lines_of_javascript_resolves_a_call() {
    let Some(tools) = tools() else { return };
    let site = Site::new().await;
    let folder = tempfile::tempdir().expect("a folder");
    let component = folder.path().join("operation.wasm");
    std::fs::write(&component, host_harness::OPERATION).expect("a file");
    let example = workspace().join("host-harness/examples/node-host");
    let pbx = std::fs::read_to_string(example.join("pbx.json")).expect("the example's PBX");
    let pbx = pbx.replace("http://127.0.0.1:8090", site.address());
    std::fs::write(folder.path().join("pbx.json"), pbx).expect("a file");
    let said = resolved(&tools, &component, &folder.path().join("pbx.json"));
    assert!(said.contains(r#""employeeId":"anna""#) && said.contains(r#"{"number":"101","ringTime":20000}"#), "{said}");
    let source = std::fs::read_to_string(example.join("host.js")).expect("the example");
    let code = source.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("//"));
    assert!(code.count() <= 40, "a host of the contract is a matter of some thirty lines");
}

fn resolved(tools: &Path, component: &Path, pbx: &Path) -> String {
    let mut node = Command::new(tools.join("bin/node"));
    node.arg(tools.join("node/call.js")).arg(component).arg(pbx).args([test_support::CALLER, "+74951234567"]);
    let output = tokio::task::block_in_place(|| node.output()).expect("node");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}
