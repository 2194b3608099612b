//! `host-harness pull`: takes a component from a registry of container images.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::push::reference;
use super::{Outcome, Stop, print};
use crate::oci_reference::Reference;
use crate::registry;
use runtime::engine::digest;

/// Pull a component from an OCI registry into a file, checked by its digests
///
/// Credentials come from the file of docker login (~/.docker/config.json) or that of REGISTRY_AUTH_FILE. A registry on this machine is asked without TLS.
#[derive(Args)]
pub(super) struct PullComponent {
    /// Where from: REGISTRY/NAME:TAG, or REGISTRY/NAME@sha256:DIGEST
    #[arg(value_name = "REFERENCE", value_parser = reference)]
    reference: Reference,
    /// The file to write [default: the last part of NAME, with .wasm]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Certificate authorities to trust besides the usual ones, in PEM
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

impl PullComponent {
    pub(super) async fn run(self) -> Result<Outcome, Stop> {
        let file = self.file.unwrap_or_else(|| PathBuf::from(format!("{}.wasm", self.reference.last_part())));
        let pulled = registry::pull(&self.reference, self.ca_file.as_deref()).await?;
        let component = &pulled.component;
        std::fs::write(&file, component).with_context(|| format!("cannot write {}", file.display()))?;
        print(format_args!("{}: {} bytes, sha256:{}", file.display(), component.len(), digest(component)));
        print(format_args!("component = \"oci://{}\"", self.reference.at(&pulled.digest)));
        Ok(Outcome::Done)
    }
}
