//! Components in registries: pushed to Debian's own registry, pulled from there by this program and by wasmCloud's, and named in a configuration.

mod login;
mod named;
mod server;
mod stub;

use host_harness::{CONTRACT, OPERATION};
use runtime::engine::digest;
use test_support::Home;

use crate::golden::tools;
use server::Registry;

/// Where a reference stands in what `push` and `pull` print: behind `oci://`.
fn pinned(printed: &str) -> String {
    let (_, reference) = printed.split_once("oci://").unwrap_or_else(|| panic!("no reference: {printed}"));
    let end = |letter: char| letter.is_whitespace() || letter == '"';
    reference.split(end).next().expect("a reference").to_owned()
}

#[test]
fn a_component_comes_back_from_a_registry_as_it_was_pushed() {
    let Some(registry) = Registry::start("") else { return };
    let home = Home::new();
    let tagged = registry.reference("telephony/forward:0.1.0");
    let pushed = home.run(["push", &tagged]);
    pushed.assert(0, &[]).assert_prints(&[&format!("{} bytes, pushed as oci://", OPERATION.len())]);
    let by_digest = pinned(&pushed.stdout);
    // The same component again is the same artefact.
    assert_eq!(pinned(&home.run(["push", &tagged]).stdout), by_digest);
    for reference in [&tagged, &by_digest, &format!("oci://{by_digest}")] {
        let pulled = home.run(["pull", reference, "pulled.wasm"]);
        let sha256 = format!("sha256:{}", digest(OPERATION));
        pulled.assert(0, &[]).assert_prints(&[&sha256, &format!("component = \"oci://{by_digest}\"")]);
        assert!(std::fs::read(home.path("pulled.wasm")).expect("the file") == OPERATION);
    }
    // Under the name of the repository, where no file is named; and any component, or the contract.
    home.run(["push", &registry.reference("telephony/operation:0.2.0"), "--wit"]).assert(0, &[]);
    home.run(["pull", &registry.reference("telephony/operation:0.2.0")]).assert(0, &[]);
    assert!(std::fs::read(home.path("operation.wasm")).expect("the file") == CONTRACT);
    home.run(["push", &registry.reference("again:1"), "pulled.wasm"]).assert(0, &[]);
    home.run(["pull", &registry.reference("telephony/forward:0.2.0")]).assert(2, &["there is no such thing there"]);
    home.write("module.wasm", b"\0asm\x01\0\0\0");
    home.run(["push", &registry.reference("x:1"), "module.wasm"]).assert(2, &["this is a module, no component"]);
}

#[test]
fn wasmcloud_pulls_what_is_pushed_here_and_pushes_what_is_pulled_here() {
    let Some(registry) = Registry::start("") else { return };
    let Some(tools) = tools() else { return };
    let home = Home::new();
    let wash = |arguments: &[&str]| {
        let mut wash = home.command_of(tools.join("bin/wash"));
        let output = wash.args(["oci"]).args(arguments).output().expect("wash");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let (ours, theirs) = (registry.reference("ours:1"), registry.reference("theirs:1"));
    home.run(["push", &ours]).assert(0, &[]);
    wash(&["pull", "--insecure", &ours, "by-wash.wasm"]);
    assert!(std::fs::read(home.path("by-wash.wasm")).expect("the file") == OPERATION);
    wash(&["push", "--insecure", &theirs, "by-wash.wasm"]);
    home.run(["pull", &theirs, "back.wasm"]).assert(0, &[]);
    assert!(std::fs::read(home.path("back.wasm")).expect("the file") == OPERATION);
}
