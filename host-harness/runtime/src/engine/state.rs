//! What one call's store holds: the capabilities granted to it, and the linker that offers exactly the contract's imports.

use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::p2::bindings::io;
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use super::limits::MemoryMeter;
use crate::capabilities::clocks::{CallClocks, ClocksView};
use crate::capabilities::config::{Configuration, ConfigurationView};
use crate::capabilities::directory::CallDirectory;
use crate::capabilities::http::CallHttp;
use crate::capabilities::journal::{Journal, Script};
use crate::capabilities::key_value::{KeyValue, KeyValueView};
use crate::capabilities::poll::PollView;
use crate::capabilities::{clocks, config, directory, http, key_value, poll};

/// The data of one call's store.
pub(super) struct CallState {
    pub(super) table: ResourceTable,
    pub(super) clocks: CallClocks,
    pub(super) http_context: WasiHttpCtx,
    pub(super) http: CallHttp,
    pub(super) key_value: KeyValue,
    pub(super) configuration: Configuration,
    pub(super) directory: CallDirectory,
    pub(super) memory: MemoryMeter,
    /// Ticks of computing time that are left.
    pub(super) ticks_left: u64,
    pub(super) journal: Journal,
    pub(super) script: Script,
}

impl WasiHttpView for CallState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http_context, table: &mut self.table, hooks: &mut self.http }
    }
}

struct HasTable;

impl HasData for HasTable {
    type Data<'a> = &'a mut ResourceTable;
}

/// Links the contract's imports and nothing else: no filesystem, sockets, environment, randomness or standard streams.
pub(super) fn link(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    io::error::add_to_linker::<CallState, HasTable>(linker, |state| &mut state.table)?;
    io::streams::add_to_linker::<CallState, HasTable>(linker, |state| &mut state.table)?;
    poll::add_to_linker(linker, |state| PollView {
        table: &mut state.table,
        journal: &state.journal,
        script: &state.script,
    })?;
    clocks::add_to_linker(linker, |state| ClocksView { clocks: &state.clocks, table: &mut state.table })?;
    http::add_to_linker(linker)?;
    key_value::add_to_linker(linker, |state| KeyValueView {
        key_value: &mut state.key_value,
        table: &mut state.table,
    })?;
    config::add_to_linker(linker, |state| ConfigurationView {
        configuration: &state.configuration,
        journal: &state.journal,
    })?;
    directory::add_to_linker(linker, |state| &mut state.directory)
}
