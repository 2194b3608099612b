//! What one call of an operation may use. A guest can exhaust nothing: whatever it reaches, the call goes to the linked operation and the
//! call details say which limit it was.

use std::fmt;
use std::time::Duration;

use wasmtime::ResourceLimiter;

use super::guest_memory::{GuestMemory, Share};

/// The limits of one call.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Linear memory in bytes, all memories of the component together.
    pub memory_bytes: usize,
    /// How long the component may compute, waiting for answers not counted. Measured in ticks of `TICK`.
    /// `Duration::MAX`: as long as it likes, without ever being interrupted, which only suits components that are trusted.
    pub computing_time: Duration,
    /// How much longer than its waiting time a call may take before the host gives it up.
    pub margin: Duration,
    /// Resources (requests, bodies, streams, pollables) alive at once.
    pub handles: usize,
    /// Bytes that the component may hand to the host in one call of an import.
    pub host_call_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 32 * 1024 * 1024,
            computing_time: Duration::from_secs(1),
            margin: Duration::from_millis(250),
            handles: 256,
            host_call_bytes: 4 * 1024 * 1024,
        }
    }
}

/// How often a running component is interrupted to count its computing time and to let others run.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// The setting that the contract reserves for the waiting time.
pub const WAITING_TIME: &str = "waiting_time";

/// The least and the greatest waiting time. A caller is not kept longer, whatever a component describes or a configuration sets (rule O3).
pub const WAITING_TIME_BOUNDS: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// Table elements of all tables together; a component of any size needs some thousands for its functions.
pub(super) const TABLE_ELEMENTS: usize = 100_000;

/// How many memories a component may have: one for each core module that it is composed of. Even an empty one takes address space.
pub(super) const MEMORIES: u32 = 4;
/// How many tables, and how many core instances. The encoder of components adds some of its own.
const TABLES: usize = 32;
const INSTANCES: usize = 64;

/// A limit that a call reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitReached {
    /// Linear memory, in bytes.
    Memory(usize),
    /// Linear memory of all calls together, in bytes.
    GuestMemory(usize),
    /// Elements of a table.
    Table(usize),
    /// Computing time.
    ComputingTime(Duration),
    /// Wall-clock time: the waiting time and the margin.
    Time(Duration),
    /// Depth of calls inside the component.
    CallStack,
    /// Resources alive at once.
    Handles(usize),
    /// Bytes handed to the host in one call of an import.
    HostCallBytes(usize),
}

impl fmt::Display for LimitReached {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory(bytes) => write!(formatter, "memory limit of {} MiB reached", bytes / (1024 * 1024)),
            Self::GuestMemory(bytes) => {
                write!(formatter, "the limit of {} MiB for all calls together reached", bytes / (1024 * 1024))
            }
            Self::Table(elements) => write!(formatter, "table limit of {elements} elements reached"),
            Self::ComputingTime(time) => write!(formatter, "computing time limit of {} ms reached", time.as_millis()),
            Self::CallStack => formatter.write_str("call stack limit reached"),
            Self::Handles(handles) => write!(formatter, "limit of {handles} resources at once reached"),
            Self::HostCallBytes(bytes) => {
                write!(formatter, "limit of {} MiB in one call of an import reached", bytes / (1024 * 1024))
            }
            Self::Time(time) => write!(formatter, "no answer from the operation within {} ms", time.as_millis()),
        }
    }
}

impl std::error::Error for LimitReached {}

/// Holds a store to the limits of memory and tables, all of them together, and remembers the peak.
#[derive(Debug)]
pub(super) struct MemoryMeter {
    limit: usize,
    in_use: usize,
    peak: usize,
    table_elements: usize,
    /// What the call has of the memory of all calls.
    share: Share,
    of_all: usize,
}

impl MemoryMeter {
    pub(super) fn new(limit: usize, memory: &GuestMemory) -> Self {
        Self { limit, in_use: 0, peak: 0, table_elements: 0, share: memory.share(), of_all: memory.limit() }
    }

    /// The most linear memory that was in use, in bytes.
    pub(super) const fn peak(&self) -> usize {
        self.peak
    }
}

/// What is in use after one of several has grown; none where that is beyond the limit. A growth that then fails stays counted.
fn grown(in_use: usize, current: usize, desired: usize, limit: usize) -> Option<usize> {
    in_use.checked_add(desired.saturating_sub(current)).filter(|grown| *grown <= limit)
}

impl ResourceLimiter for MemoryMeter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        // An error instead of `false`: a guest that is refused memory would only trap with less to say.
        let in_use = grown(self.in_use, current, desired, self.limit).ok_or(LimitReached::Memory(self.limit))?;
        if !self.share.grow(in_use - self.in_use) {
            return Err(LimitReached::GuestMemory(self.of_all).into());
        }
        self.in_use = in_use;
        self.peak = self.peak.max(self.in_use);
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        self.table_elements =
            grown(self.table_elements, current, desired, TABLE_ELEMENTS).ok_or(LimitReached::Table(TABLE_ELEMENTS))?;
        Ok(true)
    }

    fn memories(&self) -> usize {
        MEMORIES as usize
    }

    fn tables(&self) -> usize {
        TABLES
    }

    fn instances(&self) -> usize {
        INSTANCES
    }
}
