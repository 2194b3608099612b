//! Memory set up beforehand for the calls of a server: a call takes a slot, and leaves it clean for the next.
//!
//! Measured, this is what a call in a sandbox of its own costs least with: pages that were used stay, and are set back by copying them instead
//! of by giving them to the kernel and back (`keep_resident`); which ones were used the kernel tells in one question (`pagemap_scan`, Linux
//! 6.7 and later). Slots take address space, not memory, until they are used.

use wasmtime::{Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::limits::{Limits, MEMORIES, TABLE_ELEMENTS};

/// How much of a slot's memory stays between calls. A call of the built-in operation uses less.
const KEEP: usize = 2 * 1024 * 1024;
/// How much of a slot's stack stays.
const KEEP_STACK: usize = 64 * 1024;
/// How many slots stay warm while nobody uses them. The rest is given back after a rush.
const WARM: u32 = 64;
/// A component may be made of some core modules, each with tables of its own.
const MODULES: u32 = 8;

/// Slots for so many calls at once.
pub(super) fn of(calls: u32, limits: &Limits) -> InstanceAllocationStrategy {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(calls)
        .total_core_instances(calls.saturating_mul(MODULES))
        .total_memories(calls)
        .total_tables(calls.saturating_mul(2))
        .total_stacks(calls)
        .max_memories_per_component(MEMORIES)
        .max_memory_size(limits.memory_bytes)
        .table_elements(TABLE_ELEMENTS)
        .linear_memory_keep_resident(KEEP)
        .table_keep_resident(KEEP_STACK)
        .async_stack_keep_resident(KEEP_STACK)
        .max_unused_warm_slots(WARM)
        .pagemap_scan(Enabled::Auto);
    InstanceAllocationStrategy::Pooling(pool)
}
