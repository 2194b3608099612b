//! `host-harness package`: writes the built-in operation as a file, for uploading it to a PBX.

use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::{Outcome, Stop, print};
use crate::OPERATION;

/// Write the built-in operation's component to a file, to upload it to a PBX
#[derive(Args)]
pub(super) struct Package {
    /// The file to write
    #[arg(value_name = "FILE", default_value = "forward-to-personal-manager.wasm")]
    file: PathBuf,
}

impl Package {
    pub(super) fn run(self) -> Result<Outcome, Stop> {
        let name = self.file.display();
        fs::write(&self.file, OPERATION).with_context(|| format!("cannot write {name}"))?;
        print(format_args!("{name}: {} bytes", OPERATION.len()));
        Ok(Outcome::Done)
    }
}
