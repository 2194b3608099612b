//! Components that are made to take memory and time of whoever reads or compiles them.
//!
//! Those of [`REFUSED`] are beyond a bound of the inspection, each beyond the one that it names. Those of [`COMPILED`] are within all bounds and
//! are as much work for a compiler as they can be made; the compiling process must bear them, or end within its limits.

mod components;
mod modules;

use components::{
    aliases, canonical_functions, component_types, components, custom_sections, doubling_types, exports, imports,
    instances, nested_components, nested_types, wide_record,
};
use modules::{
    branch_tables, busy_locals, core_exports, core_imports, core_types, data_segments, element_segments, functions,
    globals, locals, memories, memory_of, modules, nested_blocks, of_modules, one_element_segment, straight_line,
    tables, wide_core_types,
};

pub use components::of_contract;

/// Makes a component.
pub type Make = fn() -> Vec<u8>;

/// Components that are refused before they are compiled, each with the words for what there is too much of.
pub const REFUSED: &[(&str, Make, &str)] = &[
    ("5,000 components inside each other", || nested_components(5_000), "components within components"),
    ("20,000 components inside each other", || nested_components(20_000), "components within components"),
    ("100,000 components inside each other", || nested_components(100_000), "components within components"),
    ("20,000 instance types inside each other", || nested_types(0x42, 20_000), "types inside each other"),
    ("60,000 instance types inside each other", || nested_types(0x42, 60_000), "types inside each other"),
    ("60,000 component types inside each other", || nested_types(0x41, 60_000), "types inside each other"),
    ("1,000 components side by side", components, "components inside it"),
    ("10,000 modules", modules, "core modules"),
    ("1,000,000 functions", || functions(1_000_000, 1), "functions"),
    ("a function of 7 MB", || straight_line(1, 1_200_000), "bytes in one function"),
    ("50,000 locals", || locals(1, 50_000), "locals in one function"),
    ("4,000,000,000 locals", || locals(1, 4_000_000_000), "locals in one function"),
    ("100,000 blocks inside each other", || nested_blocks(1, 100_000), "blocks inside each other"),
    ("a branch table of 900,000 targets", || branch_tables(1, 900_000), "targets of one branch table"),
    ("100,000 core types", core_types, "types in its core modules"),
    ("core types of 1,000 parameters", wide_core_types, "bytes of types in its core modules"),
    ("100,000 imports of a module", core_imports, "imports of its core modules"),
    ("100,000 exports of a module", core_exports, "exports of its core modules"),
    ("100,000 globals", globals, "globals"),
    ("1,000 tables", tables, "tables"),
    ("1,000 memories", memories, "memories"),
    ("100,000 element segments", element_segments, "element segments"),
    ("an element segment of 1,000,000", one_element_segment, "bytes of element segments"),
    ("100,000 data segments", data_segments, "data segments"),
    ("100,000 types", component_types, "types in components"),
    ("a record of 10,000 long names", wide_record, "bytes of types in components"),
    ("100,000 imports", imports, "imports and exports of components"),
    ("100,000 exports", exports, "imports and exports of components"),
    ("100,000 instances", instances, "instances"),
    ("a million aliases", aliases, "aliases"),
    ("100,000 canonical functions", canonical_functions, "canonical functions"),
    ("100,000 custom sections", custom_sections, "custom sections"),
    ("34 MB of zeroes", || of_modules(&[memory_of(34_000_000)]), "bytes"),
];

/// Components that are compiled, or end within the limits.
pub const COMPILED: &[(&str, Make)] = &[
    ("80,000 small functions", || functions(80_000, 1)),
    ("75,000 functions of 350 bytes", || functions(75_000, 57)),
    ("31 functions of 1 MB", || straight_line(31, 160_000)),
    ("1,000 functions of 2,000 locals", || locals(1_000, 2_000)),
    ("2,000 locals changed in 300 loops", || busy_locals(2_000, 300)),
    ("300 functions of 3,000 blocks inside each other", || nested_blocks(300, 3_000)),
    ("300 branch tables of 10,000 targets", || branch_tables(300, 10_000)),
    ("types that double 60 times", doubling_types),
    ("28 MB of data", || of_modules(&[memory_of(28_000_000)])),
];

/// This component with a core module of another one inside, which is compiled along with it: it still fits the contract.
pub fn beside(component: &[u8], hostile: &[u8]) -> Vec<u8> {
    // Both begin with the same eight bytes, and sections may follow in any order.
    [component, hostile.get(8..).unwrap_or_default()].concat()
}
