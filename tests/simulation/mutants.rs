//! Deliberate bugs: each is one change to the component or the host, and the simulation must catch it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// One deliberate bug.
struct Mutant {
    /// What is wrong.
    name: &'static str,
    file: &'static str,
    /// What stands there, once.
    from: &'static str,
    to: &'static str,
}

const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "kept managers are kept anew with every use (sliding expiry)",
        file: "guest/src/decision.rs",
        from: "        details.manager(\"cache\", Some(kept.user_id), kept.origin, age);\n",
        to: "        details.manager(\"cache\", Some(kept.user_id), kept.origin, age);\n        cache.keep_manager(&key, lookup, kept.clone(), client.world.clock.now(), details);\n",
    },
    Mutant {
        name: "managers are kept for twelve hours",
        file: "guest/src/cache.rs",
        from: "Duration::from_secs(6 * 3_600)",
        to: "Duration::from_secs(12 * 3_600)",
    },
    Mutant {
        name: "managers are kept for six hours to the second inclusive (off by one)",
        file: "guest/src/cache.rs",
        from: "*age < kept_for",
        to: "*age <= kept_for",
    },
    Mutant {
        name: "managers are never kept",
        file: "guest/src/decision.rs",
        from: "    cache.keep_manager(&key, lookup, kept, received_at, details);\n",
        to: "    let _ = (&key, received_at, kept);\n",
    },
    Mutant {
        name: "one record for all callers",
        file: "guest/src/cache.rs",
        from: "active_only, caller].concat()",
        to: "active_only, caller.get(..0).unwrap_or_default()].concat()",
    },
    Mutant {
        name: "hits are not verified",
        file: "guest/src/amocrm/contacts.rs",
        from: "                    None => unverified += 1,\n",
        to: "                    None => {\n                        unverified += 1;\n                        verified.push(card);\n                    }\n",
    },
    Mutant {
        name: "the answer is given after the waiting time (deadline off by one)",
        file: "guest/src/decision.rs",
        from: "placement.waiting_time.saturating_sub(ANSWERING)",
        to: "placement.waiting_time.saturating_add(Duration::from_millis(1))",
    },
    Mutant {
        name: "absence is kept for six hours",
        file: "guest/src/status.rs",
        from: "cache.status(user_id, reuse, details)",
        to: "cache.status(user_id, Duration::from_secs(21_600), details)",
    },
    Mutant {
        name: "an absent manager is rung",
        file: "guest/src/employee.rs",
        from: "ManagerStatus::Absent => return Ok(Some(Reason::ManagerAbsent)),",
        to: "ManagerStatus::Absent => {}",
    },
    Mutant {
        name: "a manager whose status could not be checked is rung",
        file: "guest/src/employee.rs",
        from: "ManagerStatus::Unknown => return Err(Reason::StatusUnknown),",
        to: "ManagerStatus::Unknown => {}",
    },
    Mutant {
        name: "the day begins at midnight of the evening before",
        file: "guest/src/status.rs",
        from: "    let midnight = day_rule.start_of_day(now);",
        to: "    let midnight = Timestamp(day_rule.start_of_day(now).0.saturating_sub(10_800_000));",
    },
    Mutant {
        name: "an employee who is switched off is rung",
        file: "guest/src/employee.rs",
        from: "        if !employee.enabled {",
        to: "        if false {",
    },
    Mutant {
        name: "a deputy is rung without being checked",
        file: "guest/src/deputy.rs",
        from: "checks.obstacle(&deputy, user_id, Whose::Deputy(&deputy.name), details)? else {",
        to: "None::<Reason> else {",
    },
    Mutant {
        name: "a deputy is rung although the manager can be",
        file: "guest/src/deputy.rs",
        from: "        None => Ok(employee),\n",
        to: "        None if to_deputies => deputy(checks, &employee, user_id, Reason::ManagerAbsent, details).or(Ok(employee)),\n        None => Ok(employee),\n",
    },
    Mutant {
        name: "a switched-off integration is asked (component)",
        file: "guest/src/settings.rs",
        from: "        if !flag(config, details, ENABLED, true)? {",
        to: "        let _ = flag(config, details, ENABLED, true)?;\n        if false {",
    },
    Mutant {
        name: "a switched-off integration is asked (host)",
        file: "host-harness/amocrm/src/integration.rs",
        from: "        let is_on = self.is_on();",
        to: "        let is_on = self.keeper().is_none_or(|keeper| keeper.is_on());",
    },
    Mutant {
        name: "the budget's window is too short",
        file: "host-harness/runtime/src/capabilities/http/budget.rs",
        from: "Duration::from_secs(1).saturating_add(MARGIN)",
        to: "Duration::from_millis(900).saturating_add(MARGIN)",
    },
    Mutant {
        name: "requests that are going out are not counted",
        file: "host-harness/runtime/src/capabilities/http/budget.rs",
        from: "most.saturating_sub(self.starts.len() + self.going_out)",
        to: "most.saturating_sub(self.starts.len())",
    },
    Mutant {
        name: "starts are forgotten",
        file: "host-harness/runtime/src/capabilities/http/budget.rs",
        from: "        self.budget.queue().starts.push_back(Instant::now());",
        to: "        let _ = self.budget.queue().starts.len();",
    },
    Mutant {
        name: "callers share an answer that is another's",
        file: "host-harness/runtime/src/capabilities/http/single_flight.rs",
        from: "    by_uri.get(&key.uri)?.iter().find(same).cloned()",
        to: "    let same = |request: &&Arc<SharedRequest>| same(request) || request.progress().end.is_none();\n    by_uri.values().flatten().find(same).cloned()",
    },
    Mutant {
        name: "exits by class are passed over",
        file: "host-harness/call/src/scenario.rs",
        from: "self.others.get(code).or_else(|| self.others.get(class)).map_or",
        to: "self.others.get(code).filter(|_| !class.is_empty()).map_or",
    },
    Mutant {
        name: "the next operation is asked although the call was forwarded",
        file: "host-harness/node/src/scenario.rs",
        from: "        Route::Forward { .. } => None,\n",
        to: "        Route::Forward { then, .. } => revision.placement(placement_of(then)?).map(Arc::clone),\n",
    },
    Mutant {
        name: "the time that earlier steps took is not counted",
        file: "host-harness/node/src/scenario.rs",
        from: "left.saturating_sub(resolved.run.wall)",
        to: "left.max(resolved.run.wall)",
    },
    Mutant {
        name: "the last step is told as the first",
        file: "host-harness/node/src/scenario.rs",
        from: "return self.settled(entry, way.end(&placement, resolved, caller));",
        to: "return self.settled(entry, way.end(entry.placement(), resolved, caller));",
    },
    Mutant {
        name: "numbers that rang in vain are given again",
        file: "host-harness/node/src/scenario.rs",
        from: "        match placement_of(after.exits().not_answered()).and_then(|next| revision.placement(next)) {\n            Some(next) => Ok((way, Arc::clone(next))),",
        to: "        match placement_of(after.exits().not_answered()).and_then(|next| revision.placement(next)).map(|_| after) {\n            Some(next) => Ok((way, Arc::clone(next))),",
    },
    Mutant {
        name: "holidays do not count",
        file: "guest/working-hours/src/schedule.rs",
        from: "self.holidays.iter().filter(|line| line.days.has(day))",
        to: "self.holidays.iter().filter(|line| line.days.has(day) && line.hours.len() > 9)",
    },
    Mutant {
        name: "a deputy is not told",
        file: "guest/src/deputy.rs",
        from: "            details.deputy(&manager.id, reason);\n",
        to: "            let _ = (&manager.id, reason);\n",
    },
    Mutant {
        name: "the manager is rung though another talked last",
        file: "guest/src/decision.rs",
        from: "let last_talked = if days == 0 {",
        to: "let last_talked = if days < 400 {",
    },
    Mutant {
        name: "who talked last is rung without being checked",
        file: "guest/src/last_talk.rs",
        from: "    if let Err(reason) | Ok(Some(reason)) = obstacle {\n",
        to: "    if let (Err(reason) | Ok(Some(reason)), true) = (obstacle, employee.destinations.is_empty()) {\n",
    },
    Mutant {
        name: "talks of any age count",
        file: "host-harness/runtime/src/capabilities/directory.rs",
        from: "24 * i64::from(days)",
        to: "480 * i64::from(days)",
    },
    Mutant {
        name: "the name is shown where nobody asked for it",
        file: "guest/src/decision.rs",
        from: "    let contact_name = named.then_some(name);\n",
        to: "    let contact_name = Some(name);\n",
    },
    Mutant {
        name: "callers are shown whole",
        file: "host-harness/call/src/document.rs",
        from: "call.presented().map(WholeNumber::masked);",
        to: "call.presented().map(|number| number.whole().to_owned());",
    },
    Mutant {
        name: "a write that fails fails the call",
        file: "guest/src/cache.rs",
        from: "        let stored = self.key_value.set(self.bucket, key, value);\n",
        to: "        let stored = self.key_value.set(self.bucket, key, value);\n        assert!(stored.is_ok());\n",
    },
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn every_mutant_changes_one_place_that_is_there() {
    for mutant in MUTANTS {
        let text = fs::read_to_string(root().join(mutant.file)).expect(mutant.file);
        assert_eq!(text.matches(mutant.from).count(), 1, "{}: {}", mutant.name, mutant.from);
        assert_ne!(mutant.from, mutant.to);
    }
}

/// Builds each mutant in a copy of the sources and runs the worlds until a rule is broken. `SIMULATION_MUTANT` chooses those whose names hold it.
#[test]
#[ignore = "builds the project once for every mutant"]
fn mutants() {
    let copy = root().join("target/mutants");
    let mut survivors = Vec::new();
    let wanted = std::env::var("SIMULATION_MUTANT").unwrap_or_default();
    let chosen: Vec<_> = MUTANTS.iter().filter(|mutant| mutant.name.contains(&wanted)).collect();
    assert!(!chosen.is_empty(), "no mutant is called `{wanted}`");
    for mutant in chosen {
        let _ = fs::remove_dir_all(copy.join("tree"));
        let tree = copy.join("tree");
        copy_sources(&root(), &tree);
        let file = tree.join(mutant.file);
        let text = fs::read_to_string(&file).expect(mutant.file);
        fs::write(&file, text.replace(mutant.from, mutant.to)).expect("a file");
        let cargo = |arguments: &[&str]| {
            let mut command = Command::new("cargo");
            command.args(arguments).current_dir(&tree).env("CARGO_TARGET_DIR", copy.join("target"));
            command.env("SIMULATION_SEEDS", "60").env("SIMULATION_CALLS", "400");
            command.output().expect("cargo runs")
        };
        let built = cargo(&["test", "--test", "simulation", "--no-run"]);
        assert!(built.status.success(), "{}: {}", mutant.name, String::from_utf8_lossy(&built.stderr));
        let began = Instant::now();
        let ran = cargo(&["test", "--test", "simulation", "worlds"]);
        let said = String::from_utf8_lossy(&ran.stdout);
        let caught = said.lines().find(|line| line.contains("is broken by"));
        let line = caught.unwrap_or("NOT CAUGHT").split(" by the call").next().unwrap_or_default().to_owned();
        println!("| {} | {line} | {:.1} s |", mutant.name, began.elapsed().as_secs_f64());
        if ran.status.success() {
            survivors.push(mutant.name);
        }
    }
    assert!(survivors.is_empty(), "not caught: {survivors:?}");
}

fn copy_sources(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = entry.file_name();
        if name == "target" || name == ".git" {
            continue;
        }
        let (from, to) = (entry.path(), to.join(&name));
        if from.is_dir() {
            copy_sources(&from, &to);
        } else {
            fs::copy(&from, &to).expect("a file");
        }
    }
}
