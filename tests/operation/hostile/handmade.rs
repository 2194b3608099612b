//! Components made by hand, for what no compiler of Rust would write.

use std::borrow::Cow;

use test_support::workspace;
use wasm_encoder::{
    CodeSection, Component, ConstExpr, DataSection, ExportKind, ExportSection, Function, FunctionSection,
    GlobalSection, GlobalType, InstructionSink, MemorySection, MemoryType, Module, ModuleSection, RawSection,
    TableSection, TypeSection, ValType,
};
use wit_component::{ComponentEncoder, StringEncoding};
use wit_parser::Resolve;

/// The functions of a core module of [`Handmade`], and what the first free one would be.
const DESCRIBE: u32 = 0;
const RESOLVE_CALL: u32 = 1;
const REALLOC: u32 = 2;
pub(crate) const FIRST_FREE: u32 = 3;
/// The types of these, in the same order, and the first free one.
pub(crate) const FIRST_FREE_TYPE: u32 = 3;

/// What `cabi_realloc` gives out begins here. What stands before is the module's own.
pub(crate) const HEAP: i32 = 1 << 20;
const PAGE: u64 = 64 * 1024;
/// Where the identifier stands, behind the description at zero, and which.
const ID_AT: i32 = 2_048;
const ID: &[u8] = b"handmade";

/// A core module that is an operation. Its description is empty but for its identifier.
pub(crate) struct Handmade {
    pub(crate) types: TypeSection,
    pub(crate) functions: FunctionSection,
    pub(crate) tables: TableSection,
    pub(crate) memories: MemorySection,
    pub(crate) exports: ExportSection,
    pub(crate) elements: Option<wasm_encoder::ElementSection>,
    pub(crate) code: CodeSection,
    pub(crate) data: DataSection,
}

impl Handmade {
    /// An operation that does this with a call; what the instructions leave is the address of its resolution. The two locals after the one
    /// parameter are numbers.
    pub(crate) fn new(resolve_call: impl FnOnce(&mut InstructionSink<'_>)) -> Self {
        let i32 = ValType::I32;
        let (mut types, mut functions, mut exports) =
            (TypeSection::new(), FunctionSection::new(), ExportSection::new());
        types.ty().function([], [i32]);
        // The call and its settings lie in memory: flattened they would be more than the canonical ABI passes by themselves.
        types.ty().function([i32], [i32]);
        types.ty().function([i32, i32, i32, i32], [i32]);
        functions.function(DESCRIBE).function(RESOLVE_CALL).function(REALLOC);
        exports
            .export("memory", ExportKind::Memory, 0)
            .export("telephony:operation/operation@0.2.0#describe", ExportKind::Func, DESCRIBE)
            .export("telephony:operation/operation@0.2.0#resolve-call", ExportKind::Func, RESOLVE_CALL)
            .export("cabi_realloc", ExportKind::Func, REALLOC);
        let mut memories = MemorySection::new();
        memories.memory(memory(32));
        let mut code = CodeSection::new();
        let mut describe = Function::new([]);
        describe.instructions().i32_const(0).end();
        let mut resolve = Function::new([(2, i32)]);
        resolve_call(&mut resolve.instructions());
        resolve.instructions().end();
        // Gives out one piece after another, and takes nothing back.
        let mut realloc = Function::new([(1, i32)]);
        let mut instructions = realloc.instructions();
        instructions.global_get(0).local_get(2).i32_add().i32_const(1).i32_sub();
        instructions.i32_const(0).local_get(2).i32_sub().i32_and().local_tee(4);
        instructions.local_get(3).i32_add().global_set(0).local_get(4).end();
        code.function(&describe).function(&resolve).function(&realloc);
        let length = i32::try_from(ID.len()).expect("a short one");
        let handmade = Self {
            types,
            functions,
            tables: TableSection::new(),
            memories,
            exports,
            elements: None,
            code,
            data: DataSection::new(),
        };
        handmade.put(0, &[ID_AT.to_le_bytes(), length.to_le_bytes()].concat()).put(ID_AT, ID)
    }

    /// Puts bytes into memory.
    pub(crate) fn put(mut self, at: i32, bytes: &[u8]) -> Self {
        self.data.active(0, &ConstExpr::i32_const(at), bytes.iter().copied());
        self
    }

    /// The component.
    pub(crate) fn component(self) -> Vec<u8> {
        let mut module = Module::new();
        module.section(&self.types).section(&self.functions).section(&self.tables).section(&self.memories);
        let mut globals = GlobalSection::new();
        globals
            .global(GlobalType { val_type: ValType::I32, mutable: true, shared: false }, &ConstExpr::i32_const(HEAP));
        module.section(&globals).section(&self.exports);
        if let Some(elements) = &self.elements {
            module.section(elements);
        }
        module.section(&self.code).section(&self.data);
        let mut module = module.finish();
        let mut wit = Resolve::default();
        let folder = workspace().join("wit");
        let (package, _) = wit.push_dir(&folder).expect("the contract");
        let world = wit.select_world(&[package], Some("custom-operation")).expect("its world");
        wit_component::embed_component_metadata(&mut module, &wit, world, StringEncoding::UTF8, false)
            .expect("the world is embedded");
        // The host judges what is in it, not the encoder.
        let mut encoder = ComponentEncoder::default();
        encoder.module(&module).expect("a module").validate(false).encode().expect("a component")
    }
}

/// A memory of so many pages.
pub(crate) const fn memory(pages: u64) -> MemoryType {
    MemoryType { minimum: pages, maximum: None, memory64: false, shared: false, page_size_log2: None }
}

/// As many pages as so many bytes take.
pub(crate) const fn pages(bytes: u64) -> u64 {
    bytes.div_ceil(PAGE)
}

/// A component that is nothing but this core module.
pub(crate) fn around(module: &Module) -> Vec<u8> {
    let mut component = Component::new();
    component.section(&ModuleSection(module));
    component.finish()
}

/// A component of one section.
pub(crate) fn of_section(section: &impl wasm_encoder::ComponentSection) -> Vec<u8> {
    let mut component = Component::new();
    component.section(section);
    component.finish()
}

/// A core module of sections that the encoder knows nothing of.
pub(crate) fn module_of_raw(sections: &[(u8, &[u8])]) -> Module {
    let mut module = Module::new();
    for (id, data) in sections {
        module.section(&RawSection { id: *id, data: &Cow::Borrowed(*data) });
    }
    module
}
