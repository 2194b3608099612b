//! `host-harness check --host`: each composed file fits its host, and whatever does not is named with the fix.

use host_harness::OPERATION;
use host_harness::other_hosts::OtherHost;
use runtime::engine::Fit;
use test_support::Home;
use wasm_encoder::{
    ComponentImportSection, ComponentTypeRef, ComponentTypeSection, ComponentValType, InstanceType, PrimitiveValType,
};

fn findings(fit: &Fit) -> Vec<String> {
    fit.findings.iter().map(ToString::to_string).collect()
}

#[test]
fn each_composed_file_fits_the_vendored_world_of_its_host() {
    for host in OtherHost::ALL {
        let fit = host.judge(host.component());
        assert!(fit.is_fit(), "{}: {fit}", host.name());
    }
}

#[test]
fn a_component_of_the_contract_needs_composing_everywhere() {
    for host in OtherHost::ALL {
        let findings = findings(&host.judge(OPERATION));
        for (part, fix) in [
            ("missing import `telephony:operation/directory@0.2.0`", "needs composing"),
            ("missing import `telephony:operation/types@0.2.0`", "needs composing"),
            ("missing export `wasi:http/incoming-handler@", "over HTTP"),
        ] {
            let found = findings.iter().find(|finding| finding.starts_with(part));
            let found = found.unwrap_or_else(|| panic!("{}: no {part}: {findings:?}", host.name()));
            let package = format!("host-harness package --host {} FILE", host.name());
            assert!(found.contains(fix) && found.contains(&package), "{found}");
        }
        assert_eq!(findings.len(), 3, "{findings:?}");
    }
}

#[test]
fn a_version_or_a_shape_that_is_not_there_is_named() {
    let judged = |import: &str, instance: &InstanceType| {
        findings(&OtherHost::Wasmtime.judge(&importing(import, instance))).join("\n")
    };
    let text = judged("wasi:logging/logging@0.1.0-draft", &InstanceType::new());
    assert!(text.contains("missing import `wasi:logging/logging@0.1.0-draft`: wasmtime does not link it"), "{text}");
    for other_draft in ["wasi:keyvalue/store@0.2.0-draft2", "wasi:config/store@0.2.0-draft-2024-09-27"] {
        let text = judged(other_draft, &InstanceType::new());
        assert!(text.contains(&format!("missing import `{other_draft}`: wasmtime links another draft")), "{text}");
        assert!(text.contains("host-harness package --host wasmtime"), "{text}");
    }
    let text = judged("wasi:cli/environment@0.2.6", &InstanceType::new());
    assert!(text.contains("`-Scli`"), "{text}");
    let mut clock = InstanceType::new();
    let nothing: [(&str, ComponentValType); 0] = [];
    let text_instead = ComponentValType::Primitive(PrimitiveValType::String);
    clock.ty().function().params(nothing).result(Some(text_instead));
    clock.export("now", ComponentTypeRef::Func(0));
    let text = judged("wasi:clocks/monotonic-clock@0.2.3", &clock);
    assert!(text.contains("`wasi:clocks/monotonic-clock@0.2.3` has another shape"), "{text}");
}

/// A component that imports an instance of this type.
fn importing(name: &str, instance: &InstanceType) -> Vec<u8> {
    let (mut types, mut imports) = (ComponentTypeSection::new(), ComponentImportSection::new());
    types.instance(instance);
    imports.import(name, ComponentTypeRef::Instance(0));
    let mut component = wasm_encoder::Component::new();
    component.section(&types).section(&imports);
    component.finish()
}

#[test]
fn the_command_line_writes_each_file_and_judges_it() {
    let home = Home::new();
    let written = |name: &str| std::fs::read(home.path(name)).expect("the file");
    for host in OtherHost::ALL {
        let name = format!("{}.wasm", host.name());
        assert_eq!(home.run(["package", "--host", host.name(), &name]).code, Some(0));
        assert_eq!(written(&name), host.component());
        let checked = home.run(["check", "--host", host.name(), &name]);
        assert_eq!((checked.code, checked.stdout.as_str()), (Some(0), &*format!("{name} fits {}\n", host.title())));
    }
    home.run(["package", "operation.wasm", "--wit", "contract.wasm"]);
    assert_eq!(
        (written("operation.wasm"), written("contract.wasm")),
        (OPERATION.to_vec(), host_harness::CONTRACT.to_vec())
    );
    home.write("cut.wasm", &OPERATION[..5_000]);
    for (file, part) in [("operation.wasm", "needs composing"), ("cut.wasm", "cut short")] {
        let checked = home.run(["check", "--host", "wasmcloud", file]);
        let said = &checked.stdout;
        assert_eq!(checked.code, Some(3), "{checked:?}");
        assert!(said.contains("does not fit wasmCloud") && said.contains(part), "{said}");
    }
}
