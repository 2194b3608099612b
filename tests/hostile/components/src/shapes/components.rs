//! What there is too much of around the modules.

use wasm_encoder::{
    Alias, CanonicalFunctionSection, Component, ComponentAliasSection, ComponentExportKind, ComponentExportSection,
    ComponentImportSection, ComponentInstanceSection, ComponentTypeRef, ComponentTypeSection, ComponentValType,
    CustomSection, ExportKind, InstanceSection, MemorySection, MemoryType, Module, ModuleSection,
    NestedComponentSection, PrimitiveValType, RawSection,
};

pub(super) fn of(section: &impl wasm_encoder::ComponentSection) -> Vec<u8> {
    let mut component = Component::new();
    component.section(section);
    component.finish()
}

pub(super) fn nested_components(levels: usize) -> Vec<u8> {
    // From the inside out, a level's size known when it is written; written back to front, since each is longer than the one inside.
    let header = Component::HEADER;
    let mut backwards: Vec<u8> = header.iter().rev().copied().collect();
    for _ in 0..levels {
        let mut size = Vec::new();
        wasm_encoder::Encode::encode(&backwards.len(), &mut size);
        backwards.extend(size.iter().rev());
        // The section's kind: a component.
        backwards.push(4);
        backwards.extend(header.iter().rev());
    }
    backwards.reverse();
    backwards
}

pub(super) fn nested_types(kind: u8, levels: usize) -> Vec<u8> {
    // One type, which declares one type, and so on; the innermost declares nothing.
    let mut bytes = vec![1];
    for _ in 0..levels {
        bytes.extend([kind, 1, 1]);
    }
    bytes.extend([kind, 0]);
    of(&RawSection { id: 7, data: &bytes })
}

pub(super) fn components() -> Vec<u8> {
    let mut component = Component::new();
    for _ in 0..1_000 {
        component.section(&NestedComponentSection(&Component::new()));
    }
    component.finish()
}

pub(super) fn component_types() -> Vec<u8> {
    let mut types = ComponentTypeSection::new();
    for _ in 0..100_000 {
        types.defined_type().primitive(PrimitiveValType::U8);
    }
    of(&types)
}

pub(super) fn wide_record() -> Vec<u8> {
    let names: Vec<_> = (0..10_000).map(|number| format!("{:a<50}{number}", "a")).collect();
    let mut types = ComponentTypeSection::new();
    types.defined_type().record(
        names.iter().map(|name| (name.as_str(), ComponentValType::Primitive(PrimitiveValType::U8))).collect::<Vec<_>>(),
    );
    of(&types)
}

pub(super) fn doubling_types() -> Vec<u8> {
    let mut types = ComponentTypeSection::new();
    types.defined_type().primitive(PrimitiveValType::U8);
    for index in 0..60 {
        let ty = ComponentValType::Type(index);
        types.defined_type().tuple([ty, ty]);
    }
    of(&types)
}

pub(super) fn imports() -> Vec<u8> {
    let mut imports = ComponentImportSection::new();
    for number in 0..100_000 {
        let ty = ComponentTypeRef::Type(wasm_encoder::TypeBounds::SubResource);
        imports.import(format!("a{number}").as_str(), ty);
    }
    of(&imports)
}

pub(super) fn exports() -> Vec<u8> {
    let mut exports = ComponentExportSection::new();
    for number in 0..100_000 {
        exports.export(format!("a{number}").as_str(), ComponentExportKind::Func, 0, None);
    }
    of(&exports)
}

pub(super) fn instances() -> Vec<u8> {
    let mut instances = InstanceSection::new();
    let mut component = Component::new();
    for _ in 0..100_000 {
        instances.export_items::<[(&str, ExportKind, u32); 0], &str>([]);
    }
    component.section(&ModuleSection(&Module::new())).section(&instances);
    component.section(&ComponentInstanceSection::new());
    component.finish()
}

pub(super) fn aliases() -> Vec<u8> {
    let mut aliases = ComponentAliasSection::new();
    for _ in 0..1_000_000 {
        aliases.alias(Alias::Outer { kind: wasm_encoder::ComponentOuterAliasKind::Type, count: 0, index: 0 });
    }
    of(&aliases)
}

pub(super) fn canonical_functions() -> Vec<u8> {
    let mut functions = CanonicalFunctionSection::new();
    for _ in 0..100_000 {
        functions.lower(0, []);
    }
    of(&functions)
}

/// An operation of this version of the contract, for whoever looks at names alone: what is inside cannot be compiled, since it has a shared memory.
pub fn of_contract(version: &str) -> Vec<u8> {
    let (mut module, mut memories) = (Module::new(), MemorySection::new());
    memories.memory(MemoryType { minimum: 1, maximum: Some(1), memory64: false, shared: true, page_size_log2: None });
    module.section(&memories);
    let (mut instances, mut exports) = (ComponentInstanceSection::new(), ComponentExportSection::new());
    instances.export_items::<&str, [(&str, ComponentExportKind, u32); 0]>([]);
    let name = format!("telephony:operation/operation@{version}");
    exports.export(name.as_str(), ComponentExportKind::Instance, 0, None);
    let mut component = Component::new();
    component.section(&ModuleSection(&module)).section(&instances).section(&exports);
    component.finish()
}

pub(super) fn custom_sections() -> Vec<u8> {
    let mut component = Component::new();
    for _ in 0..100_000 {
        component.section(&CustomSection { name: "a".into(), data: [].as_slice().into() });
    }
    component.finish()
}
