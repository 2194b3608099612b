//! What there is too much of in core modules.

use std::iter::repeat_n;

use wasm_encoder::{
    BlockType, CodeSection, Component, ConstExpr, DataSection, ElementSection, Elements, ExportKind, ExportSection,
    Function, FunctionSection, GlobalSection, GlobalType, ImportSection, MemorySection, MemoryType, Module,
    ModuleSection, RefType, Section, TableSection, TableType, TypeSection, ValType,
};

pub(super) fn of_modules(modules: &[Module]) -> Vec<u8> {
    let mut component = Component::new();
    for module in modules {
        component.section(&ModuleSection(module));
    }
    component.finish()
}

fn module_of(section: &impl Section) -> Vec<u8> {
    let mut module = Module::new();
    module.section(section);
    of_modules(&[module])
}

pub(super) fn modules() -> Vec<u8> {
    of_modules(&vec![Module::new(); 10_000])
}

/// A module of functions of no parameters and no results.
fn of_functions(functions: impl Iterator<Item = Function>) -> Vec<u8> {
    let (mut declared, mut code) = (FunctionSection::new(), CodeSection::new());
    for function in functions {
        declared.function(0);
        code.function(&function);
    }
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut memories = MemorySection::new();
    memories.memory(memory_type());
    let mut module = Module::new();
    module.section(&types).section(&declared).section(&memories).section(&code);
    of_modules(&[module])
}

fn memory_type() -> MemoryType {
    MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None }
}

pub(super) fn functions(count: usize, steps: usize) -> Vec<u8> {
    let mut function = Function::new([]);
    let mut code = function.instructions();
    for step in 0..steps {
        // Loads that cannot be left out, each another.
        code.i32_const(i32::try_from(step % 60).unwrap_or_default()).i32_load8_u(memory_argument()).drop();
    }
    code.end();
    of_functions(repeat_n(function, count))
}

const fn memory_argument() -> wasm_encoder::MemArg {
    wasm_encoder::MemArg { offset: 0, align: 0, memory_index: 0 }
}

pub(super) fn straight_line(count: usize, steps: usize) -> Vec<u8> {
    let mut function = Function::new([]);
    let mut code = function.instructions();
    code.i32_const(0);
    for _ in 0..steps {
        code.i32_load8_u(memory_argument()).i32_const(1).i32_add();
    }
    code.drop().end();
    of_functions(repeat_n(function, count))
}

pub(super) fn locals(count: usize, locals: u32) -> Vec<u8> {
    let mut function = Function::new([(locals, ValType::I32)]);
    function.instructions().end();
    of_functions(repeat_n(function, count))
}

pub(super) fn busy_locals(locals: u32, loops: usize) -> Vec<u8> {
    let mut function = Function::new([(locals, ValType::I32)]);
    let mut code = function.instructions();
    for _ in 0..loops {
        code.loop_(BlockType::Empty);
        for local in (0..locals).step_by(8) {
            code.local_get(local).i32_load8_u(memory_argument()).local_set((local + 7) % locals);
        }
        code.local_get(0).br_if(0).end();
    }
    code.end();
    of_functions(repeat_n(function, 1))
}

pub(super) fn nested_blocks(count: usize, levels: usize) -> Vec<u8> {
    let mut function = Function::new([]);
    let mut code = function.instructions();
    for _ in 0..levels {
        code.block(BlockType::Empty).i32_const(0).br_if(0);
    }
    for _ in 0..=levels {
        code.end();
    }
    of_functions(repeat_n(function, count))
}

pub(super) fn branch_tables(count: usize, targets: usize) -> Vec<u8> {
    let mut function = Function::new([]);
    let mut code = function.instructions();
    code.block(BlockType::Empty).i32_const(0).i32_load8_u(memory_argument());
    code.br_table(vec![0; targets], 0).end().end();
    of_functions(repeat_n(function, count))
}

pub(super) fn core_types() -> Vec<u8> {
    let mut types = TypeSection::new();
    for _ in 0..100_000 {
        types.ty().function([], []);
    }
    module_of(&types)
}

pub(super) fn wide_core_types() -> Vec<u8> {
    let mut types = TypeSection::new();
    for _ in 0..1_000 {
        types.ty().function(vec![ValType::I32; 1_000], []);
    }
    module_of(&types)
}

pub(super) fn core_imports() -> Vec<u8> {
    let mut imports = ImportSection::new();
    for number in 0..100_000 {
        imports.import("a", &number.to_string(), wasm_encoder::EntityType::Global(global_type()));
    }
    module_of(&imports)
}

pub(super) fn core_exports() -> Vec<u8> {
    let mut exports = ExportSection::new();
    for number in 0..100_000 {
        exports.export(&number.to_string(), ExportKind::Memory, 0);
    }
    module_of(&exports)
}

const fn global_type() -> GlobalType {
    GlobalType { val_type: ValType::I32, mutable: false, shared: false }
}

pub(super) fn globals() -> Vec<u8> {
    let mut globals = GlobalSection::new();
    for _ in 0..100_000 {
        globals.global(global_type(), &ConstExpr::i32_const(0));
    }
    module_of(&globals)
}

pub(super) fn tables() -> Vec<u8> {
    let mut tables = TableSection::new();
    for _ in 0..1_000 {
        tables.table(table_type());
    }
    module_of(&tables)
}

const fn table_type() -> TableType {
    TableType { element_type: RefType::FUNCREF, minimum: 1, maximum: None, table64: false, shared: false }
}

pub(super) fn memories() -> Vec<u8> {
    let mut memories = MemorySection::new();
    for _ in 0..1_000 {
        memories.memory(memory_type());
    }
    module_of(&memories)
}

pub(super) fn element_segments() -> Vec<u8> {
    let mut elements = ElementSection::new();
    for _ in 0..100_000 {
        elements.passive(Elements::Functions([].as_slice().into()));
    }
    module_of(&elements)
}

pub(super) fn one_element_segment() -> Vec<u8> {
    let mut elements = ElementSection::new();
    elements.passive(Elements::Functions(vec![0; 1_000_000].into()));
    module_of(&elements)
}

pub(super) fn data_segments() -> Vec<u8> {
    let mut data = DataSection::new();
    for _ in 0..100_000 {
        data.passive([0]);
    }
    module_of(&data)
}

/// A module with a memory of so much data.
pub(super) fn memory_of(bytes: usize) -> Module {
    let mut memories = MemorySection::new();
    memories.memory(MemoryType { minimum: 1_000, ..memory_type() });
    let mut data = DataSection::new();
    data.active(0, &ConstExpr::i32_const(0), vec![0; bytes]);
    let mut module = Module::new();
    module.section(&memories).section(&data);
    module
}
