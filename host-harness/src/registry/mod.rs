//! Components in registries of container images: pushed and pulled as WebAssembly artefacts, and named in a configuration by their digest.
//!
//! Over the host's own HTTP client: it has the TLS and the proxy of everything else here, and the crates for registries bring second ones.

mod artefact;
mod challenge;
mod client;
mod credentials;

use std::fs;
use std::path::{Path, PathBuf};

use call::{Localized, localized, system_error_ru};
use runtime::atomic_file;
use runtime::engine::digest;

use artefact::{Artefact, Layer};
use client::{Repository, Rights};

use crate::component_source::ComponentSource;
use crate::config::{HarnessConfig, OperationEntry};
use crate::oci_reference::Reference;
use stores::{StoreLocation, user_state_directory};

/// Where pulled components are kept, below the state directory.
const PULLED: &str = "pulled";

/// A component that was pulled.
pub(crate) struct Pulled {
    /// Its bytes.
    pub(crate) component: Vec<u8>,
    /// The digest of its manifest.
    pub(crate) digest: String,
    manifest: Vec<u8>,
}

/// Pushes a component, or a WIT package. The answer is the digest of its manifest.
pub(crate) async fn push(reference: &Reference, bytes: Vec<u8>, ca_file: Option<&Path>) -> Result<String, Localized> {
    if reference.digest().is_some() {
        return Err(localized!(
            "{reference}: отправляют под тегом; дайджест получится сам",
            "{reference}: push under a tag; the digest follows from the component"
        ));
    }
    let artefact = Artefact::of(bytes)?;
    Repository::new(reference, Rights::Push, ca_file)?.put(&artefact).await?;
    Ok(digest(&artefact.manifest))
}

/// Pulls a component. Whatever the registry says is checked by the digests.
pub(crate) async fn pull(reference: &Reference, ca_file: Option<&Path>) -> Result<Pulled, Localized> {
    let mut repository = Repository::new(reference, Rights::Pull, ca_file)?;
    let (manifest, digest) = repository.manifest().await?;
    let named = |error: Localized| Localized::new(reference.to_string(), reference.to_string()).then(": ", &error);
    let layer = Layer::of_manifest(&manifest).map_err(named)?;
    let component = repository.component(&layer).await?;
    Ok(Pulled { component: component.into(), digest, manifest: manifest.into() })
}

/// Pulls what operations of the configuration have their components from, as far as it is not kept in the state directory already, and puts the
/// kept files in their places. Nothing is asked for what is kept: the digest says that it is the same.
pub(crate) async fn provide(config: &mut HarnessConfig, location: &StoreLocation) -> Result<(), Localized> {
    for entry in &mut config.operations {
        provide_component(entry, location).await?;
    }
    Ok(())
}

/// The same for one operation.
pub(crate) async fn provide_component(entry: &mut OperationEntry, location: &StoreLocation) -> Result<(), Localized> {
    if let ComponentSource::Registry(written) = &entry.component {
        let at = |error: Localized| error.at(format_args!("[[operation]] `{}`: `component`", entry.id));
        let file = kept(written, location).await.map_err(at)?;
        entry.component = ComponentSource::File(file);
    }
    Ok(())
}

/// The file of a component that is named by its digest.
async fn kept(written: &str, location: &StoreLocation) -> Result<PathBuf, Localized> {
    let reference = Reference::pinned(written)?;
    let folder = location.own_directory().or_else(user_state_directory).ok_or_else(|| {
        Localized::new(
            "компонент из реестра негде хранить: у этого пользователя нет домашнего каталога; укажите --state",
            "there is nowhere to keep a component of a registry: this user has no home directory; name a --state",
        )
    })?;
    let folder = folder.join(PULLED);
    let manifest = folder.join(format!("{}.json", reference.digest().unwrap_or_default()));
    if let Some(file) = intact(&reference, &manifest, &folder) {
        return Ok(file);
    }
    let pulled = pull(&reference, None).await?;
    let layer = Layer::of_manifest(&pulled.manifest)?;
    let file = component_file(&folder, &layer);
    let written = atomic_file::write(&file, &pulled.component);
    written.and_then(|()| atomic_file::write(&manifest, &pulled.manifest)).map_err(|error| {
        let name = folder.display();
        let said =
            localized!("{name}: компонент из реестра не сохранить", "{name}: a component of a registry cannot be kept");
        said.then(": ", &Localized::new(system_error_ru(&error), error.to_string()))
    })?;
    Ok(file)
}

/// The component's file, where it and the manifest are still what the digest says.
fn intact(reference: &Reference, manifest: &Path, folder: &Path) -> Option<PathBuf> {
    let manifest = fs::read(manifest).ok().filter(|manifest| reference.digest() == Some(&digest(manifest)))?;
    let layer = Layer::of_manifest(&manifest).ok()?;
    let file = component_file(folder, &layer);
    let component = fs::read(&file).ok()?;
    (digest(&component) == layer.digest).then_some(file)
}

fn component_file(folder: &Path, layer: &Layer) -> PathBuf {
    folder.join(format!("{}.wasm", layer.digest))
}
