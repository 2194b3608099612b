//! What a packaged component says of itself, and the contract that is written beside it.

use host_harness::other_hosts::OtherHost;
use host_harness::{CONTRACT, OPERATION, WORKING_HOURS};
use wasm_metadata::{Metadata, Payload};
use wit_component::DecodedWasm;

fn metadata(component: &[u8]) -> Metadata {
    match Payload::from_binary(component).expect("a component") {
        Payload::Component { metadata, .. } => metadata,
        Payload::Module(_) => panic!("not a component"),
    }
}

#[test]
fn every_component_names_itself_its_version_licence_and_source() {
    for (name, component, package, described) in [
        ("forward-to-personal-manager", OPERATION, "forward-to-personal-manager", "personal manager"),
        (
            "forward-to-personal-manager-http",
            OtherHost::Wasmtime.component(),
            "forward-to-personal-manager",
            "personal manager",
        ),
        ("working-hours", WORKING_HOURS, "working-hours", "in working hours"),
    ] {
        let found = metadata(component);
        assert_eq!(found.name.as_deref(), Some(name));
        assert_eq!(found.version.expect("a version").to_string(), env!("CARGO_PKG_VERSION"));
        assert_eq!(found.licenses.expect("a licence").to_string(), env!("CARGO_PKG_LICENSE"));
        assert!(found.description.expect("a description").to_string().contains(described));
        let source = found.source.expect("a source").to_string();
        // A place is claimed only where the build was told of one.
        let told = option_env!("OPERATION_SOURCE").map(str::to_owned);
        let expected = told.unwrap_or(format!("pkg:generic/{package}@{}", env!("CARGO_PKG_VERSION")));
        let repository = env!("CARGO_PKG_REPOSITORY");
        assert_eq!(source, if repository.is_empty() { expected.as_str() } else { repository });
    }
}

#[test]
fn the_contract_is_in_the_component_and_its_documentation_in_the_file_beside_it() {
    // What `wasm-tools component wit` shows of the component.
    let DecodedWasm::Component(resolve, world) = wit_component::decode(OPERATION).expect("WIT") else {
        panic!("not a component")
    };
    let exports: Vec<_> = resolve.worlds[world].exports.keys().map(|key| resolve.name_world_key(key)).collect();
    assert_eq!(exports, ["telephony:operation/notices@0.2.0", "telephony:operation/operation@0.2.0"]);
    // What `wkg wit build` writes.
    let DecodedWasm::WitPackage(resolve, package) = wit_component::decode(CONTRACT).expect("WIT") else {
        panic!("not a WIT package")
    };
    let package = &resolve.packages[package];
    assert_eq!(package.name.to_string(), "telephony:operation@0.2.0");
    assert!(package.worlds.contains_key("custom-operation") && package.worlds.contains_key("attentive-operation"));
    assert!(package.docs.contents.as_deref().is_some_and(|docs| docs.contains("linked operation")));
}
