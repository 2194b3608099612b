//! Exit codes: 0 forwarded and 1 linked operation (`story` shows both), 2 usage or configuration, 3 component rejected, 4 operation failed.

use hostile_components::{ENDLESS_DESCRIBE, FOREIGN_IMPORT, TRAP};
use test_support::{CALLER, Home};

#[test]
fn exit_2_is_for_arguments_and_the_message_says_what_to_write() {
    let home = Home::bare();
    for (arguments, parts) in [
        (&["call"][..], &["<NUMBER>"][..]),
        (&["call", "1", "--wait"], &["--wait"]),
        (&["dial", "1"], &["dial"]),
        (&["call", "1", "--at", "noon"], &["noon", "--at", "2026-11-22T09:00:00+03:00", "+6h"]),
        (&["call", "1", "--at", "+soon"], &["+soon", "+6h1s"]),
        (&["call", "1", "--at", "1960-01-01T00:00:00Z"], &["before 1970"]),
        (&["call", "1", "--lang", "de"], &["de", "ru, en"]),
        (&["call", "1", "--fault", "contacts:explode"], &["explode", "the kinds are"]),
        (&["call", "1", "--fault", "hang", "--config", "x.toml"], &["--fault", "--config"]),
        (&["call", "1", "--operation", "main"], &["--config"]),
        (&["call", "1", "--config", "none.toml"], &["none.toml", "check the path"]),
        (&["call", "1", "--component", "none.wasm"], &["none.wasm", "check the path"]),
        (&["check", "none.wasm"], &["none.wasm", "check the path"]),
        (&["package", "none/x.wasm"], &["none/x.wasm"]),
        (&["amocrm", "--listen", "here"], &["here", "--listen"]),
    ] {
        let ended = home.run(arguments);
        ended.assert(2, parts);
        assert!(ended.stdout.is_empty(), "{ended:?}");
    }
    assert!(!home.path("state").exists(), "nothing was begun");
}

#[test]
fn exit_2_is_for_a_waiting_time_out_of_bounds_and_the_message_names_them() {
    let home = Home::new();
    let ended = home.run(["call", CALLER, "--waiting-time", "30001ms"]);
    ended.assert(2, &["--waiting-time", "30001ms", "500ms to 30s", "for example 3s"]);
    assert!(ended.stdout.is_empty(), "{ended:?}");
}

#[test]
fn exit_3_is_for_a_component_that_does_not_fit_and_the_message_names_the_fix() {
    let home = Home::new();
    for (name, bytes, parts) in [
        ("core.wasm", &b"\0asm\x01\0\0\0"[..], &["core WebAssembly module", "wasm-tools component new"][..]),
        ("text.wasm", b"#!/bin/sh\n", &["not a WebAssembly component", ".wasm"]),
        ("empty.wasm", b"", &["not a WebAssembly component", ".wasm"]),
        ("cut.wasm", &host_harness::OPERATION[..10_000], &["cut short"]),
        ("foreign.wasm", FOREIGN_IMPORT, &["foreign import `hostile:guests/door`", "remove it"]),
        ("endless.wasm", ENDLESS_DESCRIBE, &["`describe` fails", "must answer"]),
    ] {
        home.write(name, bytes);
        let ended = home.run(["call", CALLER, "--component", name]);
        ended.assert(3, &["component rejected", name]).assert(3, parts);
        assert!(ended.stdout.is_empty(), "{ended:?}");
    }
    home.run(["describe", "--component", "core.wasm"]).assert(3, &["component rejected", "core.wasm"]);
}

#[test]
fn exit_4_is_for_an_operation_that_gave_no_answer_and_the_call_still_has_a_route() {
    let home = Home::new();
    home.write("trap.wasm", TRAP);
    let (ended, json) = home.call_json(&[CALLER, "--component", "trap.wasm"]);
    ended.assert(4, &[]);
    assert_eq!(json["route"]["target"], "queue:sales");
    assert_eq!(json["reason"]["code"], "operation-failed");
    // Whoever wrote it learns where.
    let log = ["call", CALLER, "--component", "trap.wasm", "--log", "runtime::engine=debug"];
    home.run(log).assert(4, &["the operation trapped in=function "]);
}

#[test]
fn help_explains_the_exit_codes() {
    let ended = Home::new().run(["--help"]);
    ended.assert(0, &[]);
    let text = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "0 forwarded",
        "1 linked operation",
        "2 usage or configuration error",
        "3 component rejected",
        "4 operation failed",
    ] {
        assert!(text.contains(part), "lacks `{part}`: {text}");
    }
}
