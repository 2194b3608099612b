//! What one call's store holds: the capabilities granted to it, and the linker that offers exactly the contract's imports.

use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::p2::bindings::{cli, clocks, io};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use super::limits::MemoryMeter;
use crate::bindings::telephony::operation::directory;
use crate::bindings::wasi::{config, keyvalue};
use crate::capabilities::clocks::{CallClocks, Clock, ClocksView, HasClocks};
use crate::capabilities::config::{Configuration, HasConfiguration};
use crate::capabilities::diagnostics::{Diagnostics, DiagnosticsView, HasDiagnostics};
use crate::capabilities::directory::{CallDirectory, HasDirectory};
use crate::capabilities::http::{self, OutboundHttp};
use crate::capabilities::key_value::{HasKeyValue, KeyValue, KeyValueView};
use crate::journal::noted::{HasNoted, Noted, NotedHttp};
use crate::journal::{Journal, Script};

/// The outside world that one call is granted.
pub struct World {
    /// What time it is.
    pub clock: Clock,
    /// Requests to the integration's account.
    pub http: OutboundHttp,
    /// The operation's own cache.
    pub key_value: KeyValue,
    /// The integration's configuration.
    pub configuration: Configuration,
    /// The PBX's employees.
    pub directory: CallDirectory,
    /// Where the call's imports are noted.
    pub journal: Journal,
    /// What decides instead of chance.
    pub script: Script,
}

/// The data of one call's store.
pub(super) struct CallState {
    pub(super) table: ResourceTable,
    pub(super) clocks: CallClocks,
    pub(super) http_context: WasiHttpCtx,
    pub(super) http: NotedHttp,
    pub(super) key_value: KeyValue,
    pub(super) configuration: Configuration,
    pub(super) directory: CallDirectory,
    pub(super) diagnostics: Diagnostics,
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

impl CallState {
    fn table(&mut self) -> Noted<'_, &mut ResourceTable> {
        Noted::new(&mut self.table, &self.journal, &self.script)
    }

    fn clocks(&mut self) -> Noted<'_, ClocksView<'_>> {
        let clocks = ClocksView { clocks: &self.clocks, table: &mut self.table };
        Noted::new(clocks, &self.journal, &self.script)
    }

    fn key_value(&mut self) -> Noted<'_, KeyValueView<'_>> {
        let key_value = KeyValueView { key_value: &mut self.key_value, table: &mut self.table };
        Noted::new(key_value, &self.journal, &self.script)
    }

    fn diagnostics(&mut self) -> DiagnosticsView<'_> {
        DiagnosticsView { diagnostics: &self.diagnostics, table: &mut self.table }
    }

    fn configuration(&mut self) -> Noted<'_, &mut Configuration> {
        Noted::new(&mut self.configuration, &self.journal, &self.script)
    }

    fn directory(&mut self) -> Noted<'_, &mut CallDirectory> {
        Noted::new(&mut self.directory, &self.journal, &self.script)
    }
}

/// Links the contract's imports and nothing else: no filesystem, sockets, environment, randomness or standard input.
pub(super) fn link(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    io::error::add_to_linker::<CallState, HasTable>(linker, |state| &mut state.table)?;
    io::streams::add_to_linker::<CallState, HasTable>(linker, |state| &mut state.table)?;
    io::poll::add_to_linker::<CallState, HasNoted<HasTable>>(linker, CallState::table)?;
    clocks::wall_clock::add_to_linker::<CallState, HasNoted<HasClocks>>(linker, CallState::clocks)?;
    clocks::monotonic_clock::add_to_linker::<CallState, HasNoted<HasClocks>>(linker, CallState::clocks)?;
    cli::stdout::add_to_linker::<CallState, HasDiagnostics>(linker, CallState::diagnostics)?;
    cli::stderr::add_to_linker::<CallState, HasDiagnostics>(linker, CallState::diagnostics)?;
    http::add_to_linker(linker)?;
    keyvalue::store::add_to_linker::<CallState, HasNoted<HasKeyValue>>(linker, CallState::key_value)?;
    config::store::add_to_linker::<CallState, HasNoted<HasConfiguration>>(linker, CallState::configuration)?;
    directory::add_to_linker::<CallState, HasNoted<HasDirectory>>(linker, CallState::directory)
}
