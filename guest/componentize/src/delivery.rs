//! What is delivered: the operations for telephony hosts, the first one composed for hosts that only know HTTP, and the contract.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use wit_parser::Resolve;

use crate::Workshop;
use crate::compose::compose;
use crate::label::Label;

/// The operations' packages.
const OPERATION: &str = "forward-to-personal-manager";
const WORKING_HOURS: &str = "working-hours";

/// The files that are delivered, in the workshop's folder.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The personal manager alone: for hosts of the contract.
    pub operation: PathBuf,
    /// Working hours, for the same hosts.
    pub working_hours: PathBuf,
    /// The personal manager behind HTTP, with its employees in configuration: for wasmtime and wasmCloud.
    pub http: PathBuf,
    /// The contract as an encoded WIT package.
    pub contract: PathBuf,
}

/// Builds everything that is delivered.
pub fn deliver(workshop: &Workshop) -> Result<Delivery> {
    Label::watch();
    let label = Label::of(workshop, OPERATION)?;
    // Each operation by itself: nothing that others ask of its dependencies is in it.
    let [operation] = libraries(workshop, [OPERATION])?;
    let [working_hours] = libraries(workshop, [WORKING_HOURS])?;
    let [adapter, directory] = libraries(workshop, ["http-adapter", "directory"])?;
    let http = compose(&[
        ("directory", directory.as_slice()),
        ("operation", operation.as_slice()),
        ("http-adapter", adapter.as_slice()),
    ])?;

    let write = |name: &str, bytes: &[u8]| {
        let path = workshop.out.join(name);
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        Ok::<_, anyhow::Error>(path)
    };
    let http_label = label.named(&format!("{OPERATION}-http"), &format!("{}, behind HTTP", label.description));
    Ok(Delivery {
        operation: write("delivered-operation.wasm", &label.put_on(&operation)?)?,
        working_hours: write(
            "delivered-working-hours.wasm",
            &Label::of(workshop, WORKING_HOURS)?.put_on(&working_hours)?,
        )?,
        http: write("delivered-http.wasm", &http_label.put_on(&http)?)?,
        contract: write("contract.wasm", &encode_wit(&workshop.root.join("wit"))?)?,
    })
}

/// A folder of WIT as one binary package, with its documentation (as `wkg wit build` writes it).
pub fn encode_wit(folder: &Path) -> Result<Vec<u8>> {
    let mut resolve = Resolve::default();
    let (package, _) =
        resolve.push_dir(folder).with_context(|| format!("the WIT of {} cannot be read", folder.display()))?;
    wit_component::encode(&resolve, package, false)
        .with_context(|| format!("the WIT of {} cannot be encoded", folder.display()))
}

fn libraries<const COUNT: usize>(workshop: &Workshop, packages: [&str; COUNT]) -> Result<[Vec<u8>; COUNT]> {
    let components = workshop.libraries(&packages)?;
    let read = components.iter().map(|component| {
        fs::read(&component.path).with_context(|| format!("cannot read {}", component.path.display()))
    });
    let read: Vec<_> = read.collect::<Result<_>>()?;
    read.try_into().map_err(|_| anyhow!("not every one of {} was built", packages.join(", ")))
}
