//! Memory set up beforehand for the calls of a server: a call takes a slot, and leaves it clean for the next.
//!
//! Slots take address space, not memory, until they are used. After a call its slot is set back: the first bytes of its memory by copying, so that
//! their pages stay, and the rest by giving the pages back to the kernel. Nothing of a slot is given back later, so what stays is counted for every
//! slot that was ever used ([`SlotReset`]).

use wasmtime::{Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::limits::{Limits, MEMORIES, TABLE_ELEMENTS};

/// How much of a slot's tables stays.
const KEEP_TABLES: usize = 64 * 1024;
/// How many unused slots are preferred to be used again by the component that used them last, whose memory image they still hold.
const WARM: u32 = 64;
/// A component may be made of some core modules, each with tables of its own.
const MODULES: u32 = 8;

/// How much of a slot's memory stays where the kernel tells which pages were written. More than a call uses, so that nothing of it is given back and
/// taken again.
const KEEP_WITH_SCAN: usize = 2 * 1024 * 1024;
/// And where it does not: all of this is copied after each call, and stays for each slot that was ever used.
const KEEP_WITHOUT_SCAN: usize = 64 * 1024;

/// How the memory of a slot is set back after a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotReset {
    /// How many bytes at the beginning of the memory keep their pages.
    pub keep_resident: usize,
    /// Whether the kernel is asked which pages were written (`PAGEMAP_SCAN`, Linux 6.7 and later), so that only these are set back. In wasmtime 48 the
    /// answer leaves out pages that are swapped out: they would be shown to the next call.
    pub page_scan: bool,
}

impl Default for SlotReset {
    /// The way that is safe on every machine.
    fn default() -> Self {
        Self { keep_resident: KEEP_WITHOUT_SCAN, page_scan: false }
    }
}

impl SlotReset {
    /// The fastest way that is safe: the page scan, where no memory can be swapped out. Without it a cached call takes half as long again.
    pub(super) fn where_memory(can_be_swapped: bool) -> Self {
        if can_be_swapped { Self::default() } else { Self { keep_resident: KEEP_WITH_SCAN, page_scan: true } }
    }

    /// Whether the kernel does scan.
    pub(super) fn scans(self) -> bool {
        self.page_scan && PoolingAllocationConfig::is_pagemap_scan_available()
    }
}

/// How a server's slots are set back, and whether that is safe as the machine is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotState {
    /// The kernel is asked which pages were written.
    pub page_scan: bool,
    /// Memory of this process can be swapped out.
    pub swap: bool,
}

impl SlotState {
    /// Whether a call may see what one before it left: swap was turned on while the server runs.
    pub const fn is_unsafe(self) -> bool {
        self.page_scan && self.swap
    }
}

/// Slots for so many calls at once.
pub(super) fn of(calls: u32, limits: &Limits, reset: SlotReset) -> InstanceAllocationStrategy {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(calls)
        .total_core_instances(calls.saturating_mul(MODULES))
        .total_memories(calls)
        .total_tables(calls.saturating_mul(2))
        .total_stacks(calls)
        .max_memories_per_component(MEMORIES)
        .max_memory_size(limits.memory_bytes)
        .table_elements(TABLE_ELEMENTS)
        .linear_memory_keep_resident(reset.keep_resident)
        .table_keep_resident(KEEP_TABLES)
        .max_unused_warm_slots(WARM)
        .pagemap_scan(if reset.page_scan { Enabled::Auto } else { Enabled::No });
    InstanceAllocationStrategy::Pooling(pool)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d10_pages_are_scanned_only_where_none_can_be_swapped_out() {
        assert_eq!(SlotReset::where_memory(true), SlotReset::default());
        assert!(!SlotReset::default().page_scan && SlotReset::where_memory(false).page_scan);
        let state = |page_scan, swap| SlotState { page_scan, swap }.is_unsafe();
        assert_eq!([state(true, true), state(true, false), state(false, true)], [true, false, false]);
    }
}
