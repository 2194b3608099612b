//! Compiling in a process of its own, and what its limits do.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use host_harness::{OPERATION, cli};
use hostile_components::TRAP;
use hostile_components::shapes::{COMPILED, beside};
use node::versions::Versions;
use node::{LibraryError, library};
use runtime::engine::child::{ChildCompiler, CompileLimits};
use runtime::engine::{Compilation, CompileError, CompileTarget, Compiler, Engine, EngineSettings};
use test_support::engine;
use tokio::sync::Notify;

use crate::scene::{Fixture, PLACEMENT};

const PLAIN: CompileTarget = CompileTarget { count_instructions: false };

fn program() -> ChildCompiler {
    ChildCompiler::new(env!("CARGO_BIN_EXE_host-harness"), cli::COMPILE)
}

fn compiled_by(compiler: impl Compiler + 'static, settings: EngineSettings) -> Engine {
    let compilation = Compilation { shelf: None, compiler: Some(Arc::new(compiler)) };
    Engine::with_compilation(settings, compilation).unwrap()
}

/// A component that takes a compiler a minute.
fn heavy() -> Vec<u8> {
    let (_, make) = COMPILED.iter().find(|(name, _)| name.contains("350 bytes")).unwrap();
    make()
}

#[tokio::test]
async fn the_program_compiles_in_a_process_of_its_own_for_every_engine() {
    for settings in [EngineSettings::default(), EngineSettings::for_calls(10)] {
        let operation = compiled_by(program(), settings).load(TRAP).unwrap();
        assert_eq!(operation.describe().await.unwrap().id, "hostile");
    }
}

#[test]
fn a_component_that_needs_more_memory_is_refused_with_the_limit() {
    let limits = CompileLimits { memory_bytes: 192 * 1024 * 1024, ..CompileLimits::default() };
    let engine = compiled_by(program().with_limits(limits), EngineSettings::default());
    let refused = engine.load(&beside(TRAP, &heavy())).err().unwrap();
    assert!(
        refused.to_string().starts_with("compiling it takes more than 192 MiB of memory: build it smaller"),
        "{refused}"
    );
    assert!(!refused.is_undecided());
    // With as much the operation of this repository is compiled.
    assert!(engine.load(OPERATION).is_ok());
}

#[test]
fn a_component_that_takes_longer_is_refused_with_the_limit() {
    let limits = CompileLimits { time: Duration::from_secs(1), ..CompileLimits::default() };
    let engine = compiled_by(program().with_limits(limits), EngineSettings::default());
    let refused = engine.load(&beside(TRAP, &heavy())).err().unwrap();
    assert!(refused.to_string().starts_with("compiling it takes longer than 1 s: try again"), "{refused}");
    assert!(refused.is_undecided(), "on another day it may be faster");
}

#[test]
fn whatever_is_within_the_bounds_ends_within_the_limits() {
    let limits = CompileLimits { time: Duration::from_secs(1), ..CompileLimits::default() };
    let compiler = program().with_limits(limits);
    for (name, make) in COMPILED {
        let ended = compiler.compile(&make(), PLAIN);
        let is_said =
            matches!(ended, Ok(_) | Err(CompileError::Memory(_) | CompileError::Time(_) | CompileError::Invalid(_)));
        assert!(is_said, "{name}: {:?}", ended.err());
    }
}

#[test]
fn what_is_not_valid_is_refused_with_the_compilers_words_in_one_line() {
    let (_, doubling) = COMPILED.iter().find(|(name, _)| name.contains("double")).unwrap();
    let Err(CompileError::Invalid(words)) = program().compile(&doubling(), PLAIN) else { panic!("it is not valid") };
    assert!(words.contains("type size") && words.lines().count() == 1, "{words}");
}

/// The compiling process alone, with these arguments and this component.
#[cfg(unix)]
fn process(arguments: [&str; 3], component: &[u8]) -> std::process::Output {
    use std::io::Write;
    let mut process = Command::new(env!("CARGO_BIN_EXE_host-harness"))
        .arg(cli::COMPILE)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may end before it has read everything.
    let _ = process.stdin.take().unwrap().write_all(component);
    process.wait_with_output().unwrap()
}

#[cfg(unix)]
#[test]
fn the_processors_time_is_bounded_too() {
    use std::os::unix::process::ExitStatusExt;
    const XCPU: i32 = 24;
    let ended = process(["1073741824", "1", "not-counting"], &heavy());
    assert_eq!((ended.status.signal(), ended.status.core_dumped()), (Some(XCPU), false));
}

#[test]
fn a_person_who_starts_the_compiling_process_is_told_the_command() {
    for arguments in [["", "", ""], ["1", "many", "not-counting"]] {
        let ended = process(arguments, b"");
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(!ended.status.success() && said.lines().count() == 1, "{said}");
    }
}

/// Compiles by a script in place of the program.
#[cfg(unix)]
fn script(lines: &str, time: Duration) -> CompileError {
    use std::os::unix::fs::PermissionsExt;
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("program");
    std::fs::write(&file, format!("#!/bin/sh\n{lines}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o700)).unwrap();
    let limits = CompileLimits { time, ..CompileLimits::default() };
    ChildCompiler::new(file, "compile").with_limits(limits).compile(OPERATION, PLAIN).unwrap_err()
}

#[cfg(unix)]
#[test]
fn the_process_is_given_no_environment() {
    // Tests have variables of cargo's.
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
    let said = script("/usr/bin/env | /usr/bin/tr '\\n' ' ' >&2; exit 1", Duration::from_secs(60)).to_string();
    assert!(said.contains("RAYON_NUM_THREADS=") && !said.contains("CARGO"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_process_that_fails_in_any_way_is_an_error_and_no_code() {
    let minute = Duration::from_secs(60);
    for (lines, said) in [
        ("exit 0", "the compiler failed: exit status: 0"),
        ("echo code", "the compiler failed: exit status: 0"),
        ("/bin/cat", "the compiler failed: exit status: 0"),
        ("exec >&-; exit 7", "the compiler failed: "),
        ("echo 'one\u{1b}[2J'; echo two; echo 'why\u{1b}[2J' >&2; echo three >&2; exit 7", "exit status: 7: why[2J"),
        ("kill -SEGV $$", "signal: 11"),
        ("echo no >&2; exit 3", "no"),
        ("exit 4", "compiling it takes more than 1024 MiB of memory"),
        (
            "echo 'memory allocation of 7 bytes failed' >&2; kill -ABRT $$",
            "compiling it takes more than 1024 MiB of memory",
        ),
    ] {
        let error = script(lines, minute).to_string();
        assert!(error.contains(said) && !error.contains("three"), "{lines}: {error}");
    }
    let hung = script("exec /bin/sleep 3600", Duration::from_millis(50));
    assert!(matches!(hung, CompileError::Time(_)), "{hung}");
}

#[test]
fn a_program_that_cannot_be_started_is_no_fault_of_the_components() {
    let engine = compiled_by(ChildCompiler::new("/nowhere/program", "compile"), EngineSettings::default());
    let refused = engine.load(TRAP).err().unwrap();
    assert!(
        refused.is_undecided() && refused.to_string().contains("see to it that this machine can start"),
        "{refused}"
    );
}

/// A compiler that stands still until it is let go, and knows how often and how many at once it was asked.
#[derive(Default)]
struct Gate {
    begun: Notify,
    open: Mutex<bool>,
    opened: Condvar,
    asked: AtomicUsize,
    now: AtomicUsize,
    most: AtomicUsize,
}

struct Gated(Arc<Gate>);

#[expect(unsafe_code, reason = "see SAFETY")]
// SAFETY: it gives no code.
unsafe impl Compiler for Gated {
    fn compile(&self, _: &[u8], _: CompileTarget) -> Result<Vec<u8>, CompileError> {
        let gate = &self.0;
        gate.asked.fetch_add(1, Ordering::SeqCst);
        gate.most.fetch_max(gate.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        gate.begun.notify_one();
        drop(gate.opened.wait_while(gate.open.lock().unwrap(), |open| !*open).unwrap());
        gate.now.fetch_sub(1, Ordering::SeqCst);
        Err(CompileError::Unavailable("it was let go".to_owned()))
    }
}

impl Gate {
    fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_goes_away_leaves_one_compilation_and_calls_go_on() {
    let fixture = Fixture::new(None).await;
    let gate = Arc::new(Gate::default());
    let slow = compiled_by(Gated(Arc::clone(&gate)), EngineSettings::default());
    let (versions, _) = Versions::open(fixture.node.clone(), slow, None, None).await;
    let versions = Arc::new(versions);
    let upload = |number: u8| {
        let versions = Arc::clone(&versions);
        tokio::spawn(async move { versions.upload([TRAP, &[0, 2, 1, number]].concat()).await })
    };
    let first = upload(b'0');
    gate.begun.notified().await;
    // Its client goes away, and three more come and go.
    first.abort();
    assert!(first.await.is_err());
    for number in b'1'..=b'3' {
        let waiting = upload(number);
        tokio::task::yield_now().await;
        waiting.abort();
        assert!(waiting.await.is_err());
    }
    assert_eq!(gate.now.load(Ordering::SeqCst), 1, "the first goes on, and nothing beside it");
    assert!(fixture.call("meanwhile").await.resolved.reason.is_none(), "calls are resolved meanwhile");
    gate.open();
    let last = upload(b'4').await.unwrap();
    assert!(matches!(&last, Err(LibraryError::Unfit(fit)) if fit.is_undecided()), "{last:?}");
    assert_eq!((gate.asked.load(Ordering::SeqCst), gate.most.load(Ordering::SeqCst)), (2, 1));
}

#[tokio::test]
async fn what_could_not_be_compiled_for_the_hosts_reasons_is_tried_again() {
    let fixture = Fixture::new(None).await;
    let gate = Arc::new(Gate::default());
    gate.open();
    let failing = compiled_by(Gated(Arc::clone(&gate)), EngineSettings::default());
    let (versions, _) = Versions::open(fixture.node.clone(), failing, None, None).await;
    for asked in 1..=2 {
        assert!(versions.upload(TRAP).await.is_err());
        assert_eq!(gate.asked.load(Ordering::SeqCst), asked);
    }
}

#[tokio::test]
async fn a_component_that_is_too_large_is_not_even_looked_at() {
    let fixture = Fixture::new(None).await;
    let large = vec![0; library::LARGEST_COMPONENT + 1];
    assert!(matches!(fixture.versions.upload(large).await, Err(LibraryError::TooLarge(_))));
    assert!(fixture.versions.placement(PLACEMENT).is_ok());
    assert!(engine().load(TRAP).is_ok());
}
