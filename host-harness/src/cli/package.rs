//! `host-harness package`: writes the built-in operation as a file, for uploading it to a PBX, or composed for another wasm host.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use super::{Outcome, Stop, print};
use crate::other_hosts::OtherHost;
use crate::{CONTRACT, OPERATION};
use runtime::engine::digest;

/// Write the built-in operation's component to a file, to upload it to a PBX; with --host composed for another wasm host
#[derive(Args)]
pub(super) struct Package {
    /// The file to write
    #[arg(value_name = "FILE", default_value = "forward-to-personal-manager.wasm")]
    file: PathBuf,
    /// Compose it for a host without telephony: called over HTTP, with employees taken from its configuration
    #[arg(long, value_name = "HOST")]
    host: Option<OtherHost>,
    /// Also write the contract as an encoded WIT package, documentation included
    #[arg(long, value_name = "FILE")]
    wit: Option<PathBuf>,
}

impl Package {
    pub(super) fn run(self) -> Result<Outcome, Stop> {
        let component = self.host.map_or(OPERATION, OtherHost::component);
        write(&self.file, component)?;
        if let Some(wit) = &self.wit {
            write(wit, CONTRACT)?;
        }
        Ok(Outcome::Done)
    }
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), Stop> {
    let name = file.display();
    fs::write(file, bytes).with_context(|| format!("cannot write {name}"))?;
    print(format_args!("{name}: {} bytes, sha256:{}", bytes.len(), digest(bytes)));
    Ok(())
}
