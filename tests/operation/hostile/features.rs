//! What of wasmtime is switched off here, since nothing in the contract needs it: about a third of the advisories of its 48 line are about these.
//!
//! A component that needs one of them is refused when it is loaded, so that no later feature of a dependency, and no change of the engine's
//! settings, switches it on unseen.
//!
//! | class of advisories | what is off | test |
//! |---|---|---|
//! | preview 3: streams, futures, tasks (GHSA-jxcf-8qw5-5c33, GHSA-9prg-84vf-g5fc, GHSA-9pvw-hwfg-92h5) | the asynchronous component model | [`asynchronous_components_are_refused`] |
//! | threads | shared memory | [`threads_are_refused`] |
//! | garbage collection (GHSA-hw8m-q44c-ggrf) | its types | [`garbage_collection_is_refused`] |
//! | exceptions (half of GHSA-m63x-6p34-q65x) | tags and `try_table` | [`exceptions_are_refused`] |
//! | stack switching | continuations | [`stack_switching_is_refused`] |
//! | files, sockets, standard streams, randomness (GHSA-vqjp-4c8c-hfgg, GHSA-j2g9-4prp-pf6h) | their interfaces | [`every_other_interface_of_wasi_is_refused`] |

use wasm_encoder::{
    CanonicalFunctionSection, ComponentImportSection, ComponentTypeRef, ComponentTypeSection, ComponentValType,
    FieldType, InstanceType, MemorySection, MemoryType, Module, PrimitiveValType, StorageType, TagKind, TagSection,
    TagType, TypeSection, ValType,
};

use hostile_components::shapes::of_contract;

use super::handmade::{around, module_of_raw, of_section};
use super::rejection;
use test_support::engine;

/// Asserts that a component is refused for this.
fn assert_refused(component: &[u8], because: &str) {
    let text = engine().validate(component).expect_err("what is off is refused").to_string();
    assert!(text.contains("cannot be compiled") && text.contains(because), "{text}");
}

#[test]
fn the_components_here_are_refused_for_nothing_else() {
    // The same by hand without what is off: only the export is missing.
    let mut memories = MemorySection::new();
    memories.memory(super::handmade::memory(1));
    let mut module = Module::new();
    module.section(&memories);
    for component in [around(&module), of_section(&ComponentTypeSection::new()), around(&module_of_raw(&[]))] {
        let fit = rejection(&component);
        let findings: Vec<_> = fit.rejections().map(ToString::to_string).collect();
        assert!(findings.len() == 1 && findings[0].starts_with("missing export"), "{findings:?}");
    }
}

/// The names come first: a component of another version is refused for that, although nothing in it could be compiled.
#[test]
fn a_component_of_another_version_is_refused_before_it_is_compiled() {
    for version in ["0.1.0", "0.3.0", "1.0.0"] {
        let component = of_contract(version);
        let findings: Vec<_> = rejection(&component).rejections().map(ToString::to_string).collect();
        assert_eq!(
            findings,
            [format!(
                "the component is made for version {version} of the contract, and this host needs 0.2.0: build it again with the files of this \
                 host's `wit` folder (package `telephony:operation@0.2.0`)"
            )]
        );
    }
    let this_one = rejection(&of_contract("0.2.0")).to_string();
    assert!(this_one.contains("cannot be compiled"), "{this_one}");
}

#[test]
fn asynchronous_components_are_refused() {
    let mut stream = ComponentTypeSection::new();
    stream.defined_type().stream(Some(ComponentValType::Primitive(PrimitiveValType::U8)));
    assert_refused(&of_section(&stream), "async");
    let mut future = ComponentTypeSection::new();
    future.defined_type().future(None);
    assert_refused(&of_section(&future), "async");
    let mut function = ComponentTypeSection::new();
    function.function().async_(true).params::<_, ComponentValType>([]).result(None);
    assert_refused(&of_section(&function), "async");
    let mut task = CanonicalFunctionSection::new();
    task.task_cancel();
    assert_refused(&of_section(&task), "async");
    let mut waitable = CanonicalFunctionSection::new();
    waitable.waitable_set_new();
    assert_refused(&of_section(&waitable), "async");
}

#[test]
fn threads_are_refused() {
    let mut memories = MemorySection::new();
    memories.memory(MemoryType { shared: true, maximum: Some(1), ..super::handmade::memory(1) });
    let mut module = Module::new();
    module.section(&memories);
    assert_refused(&around(&module), "threads");
}

#[test]
fn garbage_collection_is_refused() {
    let mut types = TypeSection::new();
    types.ty().struct_([FieldType { element_type: StorageType::Val(ValType::I32), mutable: true }]);
    let mut module = Module::new();
    module.section(&types);
    assert_refused(&around(&module), "gc");
}

#[test]
fn exceptions_are_refused() {
    let (mut types, mut tags) = (TypeSection::new(), TagSection::new());
    types.ty().function([], []);
    tags.tag(TagType { kind: TagKind::Exception, func_type_idx: 0 });
    let mut module = Module::new();
    module.section(&types).section(&tags);
    assert_refused(&around(&module), "exceptions");
}

#[test]
fn stack_switching_is_refused() {
    // A type section of two: a function, and the continuation of that type (0x5d).
    let module = module_of_raw(&[(1, &[2, 0x60, 0, 0, 0x5d, 0])]);
    assert_refused(&around(&module), "stack switching");
}

#[test]
fn every_other_interface_of_wasi_is_refused() {
    for name in [
        "wasi:filesystem/types@0.2.3",
        "wasi:filesystem/preopens@0.2.3",
        "wasi:sockets/tcp@0.2.3",
        "wasi:sockets/network@0.2.3",
        "wasi:cli/environment@0.2.3",
        "wasi:cli/stdin@0.2.3",
        "wasi:random/random@0.2.3",
        "wasi:http/incoming-handler@0.2.3",
        "wasi:http/types@0.3.0",
        "wasi:http/types@0.2.0-rc-2023-12-05",
        "wasi:io/streams@0.3.0",
        "wasi:keyvalue/atomics@0.2.0-draft",
        "wasi:keyvalue/store@0.2.0-draft2",
        "wasi:clocks/timezone@0.2.3",
        "wasi:logging/logging",
    ] {
        let (mut types, mut imports) = (ComponentTypeSection::new(), ComponentImportSection::new());
        types.instance(&InstanceType::new());
        imports.import(name, ComponentTypeRef::Instance(0));
        let mut component = wasm_encoder::Component::new();
        component.section(&types).section(&imports);
        let fit = rejection(&component.finish());
        let foreign = format!("foreign import `{name}`");
        assert!(fit.rejections().any(|finding| finding.what.en == foreign), "{name}: {fit}");
        // The first thing that a runtime of another language asks for: the fix is not in Rust's words alone.
        let languages = ["wit-component", "--stub-wasi", "componentize-js"];
        let said = fit.to_string();
        assert!(!name.starts_with("wasi:cli/") || languages.iter().all(|word| said.contains(word)), "{name}: {fit}");
    }
}
