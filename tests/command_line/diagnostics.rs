//! What an operation writes to its standard output and error: some of it in the log of its call, for whoever asks for that, and nowhere else.

use hostile_components::OUTPUT_FLOODER;
use test_support::Home;

const WRITTEN: &str = "the operation was called by";

#[test]
fn d10_what_an_operation_writes_is_in_the_debug_log_alone_bounded_and_without_whole_numbers() {
    let home = Home::new();
    home.write("flooder.wasm", OUTPUT_FLOODER);
    let call =
        ["call", "+7 916 555-01-01", "--component", "flooder.wasm", "--state", "memory", "--record", "call.json"];
    let quiet = home.run(call);
    quiet.assert(1, &["recorded in call.json"]).assert_prints(&["256 pieces written"]);
    assert!(!format!("{quiet:?}").contains(WRITTEN), "nobody asked for it: {quiet:?}");

    let logged = home.run(["--log", "debug"].iter().chain(&call));
    logged.assert(1, &["the operation writes: the operation was called by +7916•••0101"]);
    let lines: Vec<_> = logged.stderr.lines().filter(|line| line.contains(WRITTEN)).collect();
    // 16 KiB of lines of 45 bytes; it wrote two mebibytes.
    assert!((300..=400).contains(&lines.len()), "{} lines", lines.len());
    assert!(!logged.stdout.contains(WRITTEN), "{logged:?}");
    for digits in ["9165550101", "916 555-01-01"] {
        assert!(!logged.stderr.contains(digits), "{digits}");
    }
    let recording = std::fs::read_to_string(home.path("call.json")).expect("a recording");
    assert!(!recording.contains(WRITTEN), "{recording}");
    home.run(["replay", "call.json", "--component", "flooder.wasm"]).assert(0, &[]).assert_prints(&["As recorded"]);
}
