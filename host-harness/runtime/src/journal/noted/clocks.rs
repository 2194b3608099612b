//! What the clocks showed, and the timers that were set.

use wasmtime::Result;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::DynPollable;
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock;
use wasmtime_wasi::p2::bindings::clocks::wall_clock::{self, Datetime};

use super::Noted;
use crate::capabilities::clocks::{ClocksView, datetime, timestamp};
use crate::journal::Import;

impl wall_clock::Host for Noted<'_, ClocksView<'_>> {
    fn now(&mut self) -> Result<Datetime> {
        let now = match self.script.wall() {
            Some(at) => datetime(at),
            None => wall_clock::Host::now(&mut self.capability)?,
        };
        self.journal.note(|| Import::WallClock { answer: timestamp(now) });
        Ok(now)
    }

    fn resolution(&mut self) -> Result<Datetime> {
        wall_clock::Host::resolution(&mut self.capability)
    }
}

impl monotonic_clock::Host for Noted<'_, ClocksView<'_>> {
    fn now(&mut self) -> Result<u64> {
        let answer_ns = match self.script.monotonic() {
            Some(answer_ns) => answer_ns,
            None => monotonic_clock::Host::now(&mut self.capability)?,
        };
        self.journal.note(|| Import::MonotonicClock { answer_ns });
        Ok(answer_ns)
    }

    fn resolution(&mut self) -> Result<u64> {
        monotonic_clock::Host::resolution(&mut self.capability)
    }

    fn subscribe_instant(&mut self, when: u64) -> Result<Resource<DynPollable>> {
        self.journal.note(|| Import::WaitUntil { when_ns: when });
        self.capability.subscribe_instant(when)
    }

    fn subscribe_duration(&mut self, when: u64) -> Result<Resource<DynPollable>> {
        self.journal.note(|| Import::WaitFor { duration_ns: when });
        self.capability.subscribe_duration(when)
    }
}
