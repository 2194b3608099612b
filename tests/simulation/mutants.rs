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

const MUTANTS: &[Mutant] = &[];

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

/// Builds each mutant in a copy of the sources and runs the worlds until a rule is broken.
#[test]
#[ignore = "builds the project once for every mutant"]
fn mutants() {
    let copy = root().join("target/mutants");
    let mut survivors = Vec::new();
    for mutant in MUTANTS {
        let _ = fs::remove_dir_all(copy.join("tree"));
        let tree = copy.join("tree");
        copy_sources(&root(), &tree);
        let file = tree.join(mutant.file);
        let text = fs::read_to_string(&file).expect(mutant.file);
        fs::write(&file, text.replace(mutant.from, mutant.to)).expect("a file");
        let cargo = |arguments: &[&str]| {
            let mut command = Command::new(env!("CARGO"));
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
