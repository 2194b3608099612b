//! `replay` of a call that went through several operations (rule E2).

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex};

use call::leg::Ending;
use call::scenario::{EarlierStep, Exits, RungNumber, StepExit};
use call::{IncomingCall, WholeNumber};
use hostile_components::OUTPUT_FLOODER;
use node::{Node, Recorder, ResolvedStep, ToPlace};
use replay::recording::{Numbers, Recording};
use runtime::engine::Operation;
use serde_json::Value;
use test_support::{CALLER, Home, Scene, engine, operation};

/// Of a company, and of no contact.
const COMPANY: &str = "8 (495) 555-07-01";

/// What a node resolved last.
#[derive(Default)]
struct Steps(Mutex<Vec<ResolvedStep>>);

impl Recorder for Steps {
    fn finished(&self, steps: Vec<ResolvedStep>) {
        *self.0.lock().expect("no panic") = steps;
    }
}

/// A placed operation: its identifier, component, exits, and a setting.
type Placed<'a> = (&'a str, Operation, Exits, Option<(&'a str, &'a str)>);

/// Records a call that comes to the first of these operations.
async fn record(home: &Home, scene: &Scene, placed: Vec<Placed<'_>>, call: IncomingCall) {
    let steps = Arc::<Steps>::default();
    let mut node = Node::builder(scene.clock.clone()).integration("main", scene.integrate());
    for (id, operation, exits, setting) in placed {
        let settings: BTreeMap<_, _> =
            setting.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let to_place = ToPlace { id, integration: "main", exits, settings, operation };
        node = node.place(to_place).await.expect("it fits");
    }
    let node = node.recorder(Arc::clone(&steps) as Arc<dyn Recorder>).build().expect("a scenario");
    let first = node.revision().first().expect("a placement");
    node.resolve(&first, call).await;
    let steps = std::mem::take(&mut *steps.0.lock().expect("no panic"));
    let numbers = Numbers::kept_in(None).expect("a key");
    let recording = Recording::of_steps(steps, Some(&numbers)).await.expect("a recording").expect("steps");
    recording.save(&home.path("call.json")).expect("a file");
}

fn from(caller: &str) -> IncomingCall {
    let caller = Some(WholeNumber::new(caller));
    IncomingCall { id: "call-1".to_owned(), caller, called: "+74951234567".to_owned(), ..IncomingCall::default() }
}

fn exits(linked_operation: &str, reason: &str, target: &str) -> Exits {
    Exits::new(linked_operation.to_owned(), BTreeMap::from([(reason.to_owned(), target.to_owned())]))
}

/// Contacts first; who is none is looked for among the companies.
async fn contacts_then_companies(home: &Home, caller: &str) {
    let contacts = exits("queue:sales", "contact-not-found", "operation:companies");
    let companies = ("companies", operation(), "queue:new".into(), Some(("search_companies", "true")));
    let placed = vec![("contacts", operation(), contacts, None), companies];
    record(home, &Scene::new().await, placed, from(caller)).await;
}

fn json(home: &Home, arguments: &[&str]) -> Value {
    let ended = home.run(["replay", "call.json", "--json"].iter().chain(arguments));
    serde_json::from_str(&ended.assert(0, &[]).stdout).expect("JSON")
}

fn edit(home: &Home, from: &str, to: &str) {
    let text = fs::read_to_string(home.path("call.json")).expect("a recording");
    assert!(text.contains(from), "{from} is not in {text}");
    home.write("call.json", text.replacen(from, to, 1));
}

#[tokio::test]
async fn e2_each_step_is_replayed_to_the_instruction_and_the_departing_one_is_named() {
    let home = Home::new();
    contacts_then_companies(&home, COMPANY).await;
    home.run(["replay", "call.json"])
        .assert(0, &[])
        .assert_prints(&["As recorded: the same resolution in 2 steps, the same ", "instructions"]);
    let whole = json(&home, &[]);
    assert_eq!((&whole["exactly"], &whole["recorded"]), (&Value::Bool(true), &whole["replayed"]), "{whole}");
    let steps: Vec<_> = whole["steps"].as_array().expect("a list").iter().map(|step| &step["placement"]).collect();
    assert_eq!(steps, ["contacts", "companies"], "{whole}");
    assert_eq!(whole["replayed"]["steps"][0]["reason"]["code"], "contact-not-found", "{whole}");
    assert_eq!(whole["replayed"]["placement"], "companies", "{whole}");

    home.run(["replay", "call.json", "--golden", "cases/company"]).assert(0, &["policy test now"]);
    home.run(["test", "cases"]).assert(0, &[]).assert_prints(&["ok     company"]);

    let sound = fs::read(home.path("call.json")).expect("a recording");
    for (status, departed) in [
        ("\"status\": 204", "departed from call.json in the step `contacts`:\n  details.requests[0].outcome"),
        ("\"status\": 200", "departed from call.json in the step `companies`, first at import "),
    ] {
        home.write("call.json", &sound);
        edit(&home, status, "\"status\": 402");
        home.run(["replay", "call.json"]).assert(6, &[departed, "account-unpaid"]);
    }
}

#[tokio::test]
async fn e2_a_setting_is_tried_at_each_step_of_its_operation() {
    let home = Home::new();
    contacts_then_companies(&home, "+7 999 000-00-00").await;
    let tried = home.run(["replay", "call.json", "--set", "several_contacts=linked-operation"]);
    tried.assert(0, &[]).assert_prints(&[
        "Step `contacts` (forward-to-personal-manager):",
        "Step `companies` (forward-to-personal-manager):",
        "goes to     operation:companies",
        "goes to     queue:new",
    ]);
    assert!(!tried.stdout.contains("would not come"), "{tried:?}");

    let asked = json(&home, &["--set", "search_companies=true"]);
    let unknown = asked["not_in_the_recording"].to_string();
    assert!(unknown.contains("/api/v4/companies"), "the first step asks for companies now: {asked}");
}

#[tokio::test]
async fn e1_an_exit_that_would_lead_elsewhere_is_told() {
    let home = Home::new();
    let scene = Scene::new().await;
    scene.fault("contacts:delay-headers=700ms");
    let manager = exits("queue:sales", "no-answer", "operation:again");
    let placed = vec![("manager", operation(), manager, None), ("again", operation(), Exits::from("queue:any"), None)];
    record(&home, &scene, placed, from(CALLER)).await;
    let tried = home.run(["replay", "call.json", "--set", "waiting_time=500ms"]);
    tried.assert(0, &[]).assert_prints(&[
        "* reason",
        "no-answer-in-time",
        "The call would go on to the operation `again`. The recording does not hold that step",
    ]);
    assert_eq!(json(&home, &["--set", "waiting_time=500ms"])["would_go_on_to"], "again");
}

#[tokio::test]
async fn e2_steps_that_a_call_would_not_come_to_are_named() {
    let home = Home::new();
    let strict = exits("queue:sales", "contact-ambiguous", "operation:latest");
    let placed = vec![
        ("strict", operation(), strict, Some(("several_contacts", "linked-operation"))),
        ("latest", operation(), "queue:any".into(), None),
    ];
    record(&home, &Scene::new().await, placed, from("+7 903 555-03-03")).await;
    let tried = home.run(["replay", "call.json", "--set", "several_contacts=latest"]);
    tried.assert(0, &[]).assert_prints(&["Step `strict`", "The call would not come to `latest`."]);
    assert!(!tried.stdout.contains("Step `latest`"), "{tried:?}");
}

#[tokio::test]
async fn e2_components_are_tried_at_the_steps_of_their_operation() {
    let home = Home::new();
    let flooder = engine().load(OUTPUT_FLOODER).expect("it fits the contract");
    let hostile = exits("queue:any", "technical-failure", "operation:manager");
    let placed = vec![("hostile", flooder, hostile, None), ("manager", operation(), "queue:sales".into(), None)];
    record(&home, &Scene::new().await, placed, from(CALLER)).await;
    home.write("flooder.wasm", OUTPUT_FLOODER);
    home.write("other.wasm", [host_harness::OPERATION, &[0, 6, 5], b"other"].concat());

    home.run(["replay", "call.json"]).assert(2, &["at the step `hostile`", "--component FILE"]);
    home.run(["replay", "call.json", "--component", "flooder.wasm"]).assert(0, &[]).assert_prints(&["in 2 steps"]);
    home.run(["replay", "call.json", "--component", "other.wasm"]).assert(0, &[]).assert_prints(&[
        "Step `hostile` (hostile): taken as it was recorded",
        "Step `manager` (forward-to-personal-manager):",
        "goes to     anna",
    ]);
    let both = ["replay", "call.json", "--component", "flooder.wasm", "--component", "other.wasm"];
    home.run(both).assert(0, &[]).assert_prints(&["Step `hostile` (hostile): as it was recorded"]);

    contacts_then_companies(&home, COMPANY).await;
    let none = home.run(["replay", "call.json", "--component", "flooder.wasm"]);
    none.assert(2, &["no step of the operation `hostile`", "`forward-to-personal-manager` at the step `contacts`"]);
}

#[tokio::test]
async fn d10_numbers_that_earlier_steps_rang_are_masked() {
    let home = Home::new();
    let rung = vec![
        RungNumber { number: "101".to_owned(), ending: Ending::Busy },
        RungNumber { number: "+79035550101".to_owned(), ending: Ending::NoAnswer },
    ];
    let step = EarlierStep {
        placement: "manager".to_owned(),
        operation: "forward-to-personal-manager".to_owned(),
        exit: StepExit::NotAnswered(rung),
    };
    let call = IncomingCall { earlier_steps: vec![step], ..from(CALLER) };
    let placed = vec![("again", operation(), Exits::from("queue:any"), None)];
    record(&home, &Scene::new().await, placed, call).await;
    let text = fs::read_to_string(home.path("call.json")).expect("a recording");
    assert!(text.contains("not-answered") && text.contains("\"101\""), "{text}");
    assert!(!text.contains("9035550101") && !text.contains("9161234567"), "{text}");
    home.run(["replay", "call.json"]).assert(0, &[]).assert_prints(&["As recorded"]);
}

#[tokio::test]
async fn e2_a_recording_whose_steps_make_no_sense_is_refused() {
    let home = Home::new();
    contacts_then_companies(&home, COMPANY).await;
    edit(&home, "\"placement\": \"companies\"", "\"placement\": \"contacts\"");
    home.run(["replay", "call.json"]).assert(2, &["no two steps are of one placement"]);
}
