//! Capabilities under a journal and a script: each import is passed on to its capability, and its question and answer are noted.
//!
//! Where a [`Script`] says what was answered, the capability is not asked. The capabilities themselves know of neither.
//!
//! `wasi:io/streams`, `wasi:io/error` and `wasi:http/types` are linked as wasmtime has them: they only handle what `outgoing-handler` gave,
//! whose bodies are noted as they are read.

mod bodies;
mod clocks;
mod config;
mod directory;
mod http;
mod kept;
mod key_value;
mod poll;

use std::marker::PhantomData;

use wasmtime::component::HasData;

use super::{Journal, Script};

pub(crate) use http::NotedHttp;

/// A capability of one call, with the journal and the script of the call.
pub(crate) struct Noted<'a, C> {
    capability: C,
    journal: &'a Journal,
    script: &'a Script,
}

impl<'a, C> Noted<'a, C> {
    /// This capability, noted there and answered as the script says where it says anything.
    pub(crate) fn new(capability: C, journal: &'a Journal, script: &'a Script) -> Self {
        Self { capability, journal, script }
    }
}

/// [`Noted`], as a linker knows it.
pub(crate) struct HasNoted<D>(PhantomData<D>);

impl<D: HasData> HasData for HasNoted<D> {
    type Data<'a> = Noted<'a, D::Data<'a>>;
}
