//! `host-harness package`: writes a built-in operation as a file, for uploading it to a PBX, or composed for another wasm host.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use super::{Outcome, Stop, print};
use crate::CONTRACT;
use crate::component_source::BuiltIn;
use crate::other_hosts::OtherHost;
use runtime::engine::digest;

/// Write a built-in operation's component to a file, to upload it to a PBX; with --host composed for another wasm host
#[derive(Args)]
pub(super) struct Package {
    /// The file to write
    #[arg(value_name = "FILE", default_value = "forward-to-personal-manager.wasm")]
    file: PathBuf,
    /// The operation: forward-to-personal-manager or working-hours
    #[arg(
        long,
        value_name = "NAME",
        default_value = "forward-to-personal-manager",
        hide_default_value = true,
        value_parser = built_in,
        conflicts_with = "host"
    )]
    operation: BuiltIn,
    /// Compose it for a host without telephony: called over HTTP, with employees taken from its configuration
    #[arg(long, value_name = "HOST")]
    host: Option<OtherHost>,
    /// Also write the contract as an encoded WIT package, documentation included
    #[arg(long, value_name = "FILE")]
    wit: Option<PathBuf>,
}

impl Package {
    pub(super) fn run(self) -> Result<Outcome, Stop> {
        let component = self.host.map_or(self.operation.component(), OtherHost::component);
        write(&self.file, component)?;
        if let Some(wit) = &self.wit {
            write(wit, CONTRACT)?;
        }
        Ok(Outcome::Done)
    }
}

fn built_in(name: &str) -> anyhow::Result<BuiltIn> {
    BuiltIn::named(name).with_context(|| {
        let known = BuiltIn::ALL.map(|built_in| format!("`{}`", built_in.name()));
        format!("there is no such operation; there are {}", known.join(" and "))
    })
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), Stop> {
    let name = file.display();
    fs::write(file, bytes).with_context(|| format!("cannot write {name}"))?;
    print(format_args!("{name}: {} bytes, sha256:{}", bytes.len(), digest(bytes)));
    Ok(())
}
