//! Components that are made to take memory and time of who reads or compiles them: what `check` takes for each, the compiling process included.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use hostile_components::TRAP;
use hostile_components::shapes::{COMPILED, Make, REFUSED, beside};
use test_support::binary::binary;

/// Asks this program for one shape instead, since a process learns only the largest of its children.
pub(crate) const ONE: &str = "one-shape";

pub(crate) fn run() {
    let home = tempfile::tempdir().expect("a directory");
    let file = home.path().join("component.wasm");
    println!("{:<52} {:>8} {:>9} {:>10}", "shape", "bytes", "time", "memory");
    let refused = REFUSED.iter().map(|(name, make, _)| (name, make));
    for (name, make) in refused.chain(COMPILED.iter().map(|(name, make)| (name, make))) {
        let bytes = of_an_operation(make);
        std::fs::write(&file, &bytes).expect("a file");
        let this = std::env::current_exe().expect("a running program has a file");
        let output = Command::new(this).arg(ONE).env("SHAPE", &file).output().expect("this program");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        print!("{name:<52} {:>8} {}", bytes.len(), String::from_utf8_lossy(&output.stdout));
    }
    println!("(aim: none above 30 s and 1024 MiB)");
}

/// In an operation, so that the contract is no reason to refuse it.
fn of_an_operation(make: &Make) -> Vec<u8> {
    beside(TRAP, &make())
}

/// Checks the component in the file that `SHAPE` names, and prints what that took.
pub(crate) fn one() {
    let file = std::env::var_os("SHAPE").expect("a file");
    let began = Instant::now();
    let output =
        Command::new(binary()).arg("check").arg(Path::new(&file)).stdin(Stdio::null()).output().expect("the program");
    let time = began.elapsed();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let reason = said.lines().find(|line| line.contains("more than") || line.contains("takes")).unwrap_or("compiled");
    println!("{:>7.2} s {:>6} MiB  {}", time.as_secs_f64(), largest_child() / 1024, reason.trim());
}

/// The most memory that a child of this process, or a child of it, had at once, in KiB.
fn largest_child() -> i64 {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: `getrusage` fills the structure that it is given, which was zeroed besides.
    unsafe {
        assert_eq!(libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr()), 0, "its own children");
        usage.assume_init().ru_maxrss
    }
}
