//! What an operation writes to its standard output and standard error: `wasi:cli/stdout` and `wasi:cli/stderr`.
//!
//! Grants: writing. The first [`LARGEST`] bytes of a call go to the log at the level `debug`, a line each, with telephone numbers masked (rule
//! D10); the rest is dropped without a word, so that an operation never waits for its log and never fails because of it. Nothing of it reaches
//! the caller, the call details or a recording.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use call::masking::{mask_identifier, mask_numbers};
use call::one_line::{on_one_line, one_line};
use tracing::debug;
use wasmtime::component::{HasData, Resource, ResourceTable};
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::bindings::cli::{stderr, stdout};
use wasmtime_wasi::p2::bindings::io::streams;
use wasmtime_wasi::p2::{DynOutputStream, OutputStream, Pollable, StreamResult};

/// How much of one call is kept, in bytes.
const LARGEST: usize = 16 * 1024;
/// How long a line of the log may be, in characters.
const LONGEST_LINE: usize = 500;
/// How much may be written at once, in bytes.
const AT_ONCE: usize = 64 * 1024;

/// What one call has written so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Diagnostics(Arc<Mutex<Vec<u8>>>);

impl Diagnostics {
    /// Writes what there is to the log.
    pub(crate) fn log(&self, call: &str) {
        let written = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for line in lines(&written) {
            debug!(call = %one_line(&mask_identifier(call)), "the operation writes: {line}");
        }
    }

    fn keep(&self, bytes: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = LARGEST.saturating_sub(kept.len());
        kept.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }
}

/// The lines that are not blank, each as a log may show it.
fn lines(written: &[u8]) -> Vec<String> {
    let text: Cow<'_, str> = String::from_utf8_lossy(written);
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| on_one_line(&mask_numbers(line), LONGEST_LINE)).collect()
}

/// Takes everything at once.
struct Sink(Diagnostics);

#[async_trait]
impl Pollable for Sink {
    async fn ready(&mut self) {}
}

impl OutputStream for Sink {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.0.keep(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(AT_ONCE)
    }
}

/// The streams of one call, and where their handles are.
pub(crate) struct DiagnosticsView<'a> {
    pub(crate) diagnostics: &'a Diagnostics,
    pub(crate) table: &'a mut ResourceTable,
}

impl DiagnosticsView<'_> {
    fn stream(&mut self) -> wasmtime::Result<Resource<streams::OutputStream>> {
        let stream: DynOutputStream = Box::new(Sink(self.diagnostics.clone()));
        Ok(self.table.push(stream)?)
    }
}

/// The streams, as a linker knows them.
pub(crate) struct HasDiagnostics;

impl HasData for HasDiagnostics {
    type Data<'a> = DiagnosticsView<'a>;
}

impl stdout::Host for DiagnosticsView<'_> {
    fn get_stdout(&mut self) -> wasmtime::Result<Resource<streams::OutputStream>> {
        self.stream()
    }
}

impl stderr::Host for DiagnosticsView<'_> {
    fn get_stderr(&mut self) -> wasmtime::Result<Resource<streams::OutputStream>> {
        self.stream()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d10_what_an_operation_writes_is_bounded_lines_without_whole_numbers() {
        let diagnostics = Diagnostics::default();
        let mut sink = Sink(diagnostics.clone());
        sink.write(Bytes::from_static(b"Traceback:\n  File \"app.py\", line 7\n\ncaller +7 (916) 555-01-01\x1b[31m\n"))
            .unwrap();
        let shown = lines(&diagnostics.0.lock().unwrap());
        assert_eq!(shown.len(), 3, "{shown:?}");
        assert_eq!(shown[1], "  File \"app.py\", line 7");
        assert!(!shown[2].contains("555") && !shown[2].contains('\u{1b}'), "{shown:?}");
        for _ in 0..1_000 {
            sink.write(vec![b'x'; 1_000].into()).unwrap();
        }
        assert_eq!(diagnostics.0.lock().unwrap().len(), LARGEST);
        assert!(lines(&diagnostics.0.lock().unwrap()).iter().all(|line| line.chars().count() <= LONGEST_LINE + 1));
    }
}
