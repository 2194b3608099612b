//! `--help`.

use test_support::Home;

#[test]
fn options_of_every_command_stand_under_a_heading_of_their_own() {
    let home = Home::new();
    for command in [&["--help"][..], &["call", "--help"], &["test", "--help"], &["calls", "show", "--help"]] {
        let ended = home.run(command);
        ended.assert(0, &[]);
        let (own, global) = ended.stdout.split_once("\nGlobal options:\n").unwrap_or_else(|| panic!("{ended:?}"));
        assert!(!own.contains("--log"), "{own}");
        assert!(global.contains("--log <FILTER>") && global.contains("--log-format <FORMAT>"), "{global}");
    }
}
