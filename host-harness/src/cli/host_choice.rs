//! `--host`: another wasm host, on the command line.

use clap::ValueEnum;

use crate::other_hosts::OtherHost;

/// Another wasm host.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum HostChoice {
    Wasmtime,
    Spin,
    Wasmcloud,
}

impl From<HostChoice> for OtherHost {
    fn from(choice: HostChoice) -> Self {
        match choice {
            HostChoice::Wasmtime => Self::Wasmtime,
            HostChoice::Spin => Self::Spin,
            HostChoice::Wasmcloud => Self::WasmCloud,
        }
    }
}
