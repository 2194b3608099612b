//! `host-harness push`: puts a component into a registry of container images.

use std::path::PathBuf;

use clap::Args;

use super::{Outcome, Stop, print};
use crate::CONTRACT;
use crate::component_source::ComponentSource;
use crate::oci_reference::Reference;
use crate::registry;
use call::Localized;
use runtime::engine::read_component;

/// Push a component to an OCI registry, as the artefact that wkg and wash take; what it says of itself becomes annotations
///
/// Credentials come from the file of docker login (~/.docker/config.json) or that of REGISTRY_AUTH_FILE. A registry on this machine is asked without TLS.
#[derive(Args)]
pub(super) struct PushComponent {
    /// Where to: REGISTRY/NAME:TAG, such as registry.example.com/telephony/forward:0.1.0
    #[arg(value_name = "REFERENCE", value_parser = reference)]
    reference: Reference,
    /// The component: a file, or the name of one that is built in [default: forward-to-personal-manager]
    #[arg(value_name = "COMPONENT", default_value = "forward-to-personal-manager", hide_default_value = true)]
    component: ComponentSource,
    /// Push the contract as an encoded WIT package instead
    #[arg(long, conflicts_with = "component")]
    wit: bool,
    /// Certificate authorities to trust besides the usual ones, in PEM
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

impl PushComponent {
    pub(super) async fn run(self) -> Result<Outcome, Stop> {
        let bytes = match &self.component {
            _ if self.wit => CONTRACT.to_vec(),
            ComponentSource::BuiltIn(built_in) => built_in.component().to_vec(),
            ComponentSource::File(file) => read_component(file)?,
            ComponentSource::Registry(_) => {
                let said = "name a file: a component goes from one registry to another by `pull` and `push`";
                return Err(Localized::new(said, said).into());
            }
        };
        let size = bytes.len();
        let digest = registry::push(&self.reference, bytes, self.ca_file.as_deref()).await?;
        print(format_args!("{}: {size} bytes, pushed as oci://{}", self.reference, self.reference.at(&digest)));
        Ok(Outcome::Done)
    }
}

/// A reference on the command line, with or without `oci://`.
pub(super) fn reference(written: &str) -> Result<Reference, Localized> {
    written.strip_prefix(crate::oci_reference::SCHEME).unwrap_or(written).parse()
}
