//! Which version of each placement is in force: activating, rolling back, starting and ending shadows, and remembering it all over a restart.
//!
//! What is in force is written down first and then put in force, so that what was answered for is still so after a restart. Calls that have
//! begun end with the version they began with, and the next ones have the new version from the moment [`Versions::activate`] returns.

mod error;
mod following;
mod kept;
mod prepared;
mod record;
mod shared;
mod uploaded;

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

pub use error::VersionError;
pub use following::{RefusedVersion, VersionsState};
pub use prepared::Prepared;
pub use record::{Change, How};
pub use uploaded::take_components;

use super::library::{Component, ComponentLibrary, LibraryError, Loaded, Uses};
use super::shadow::Shadow;
use super::{Node, Placement, Revision, Surroundings, Version};
use call::{Bilingual, Localized, system_error_ru};
use kept::Kept;
use record::{Before, Placed, ShadowEntry, VersionRecord};
use runtime::engine::Engine;
use runtime::store::KeyValueStore;
use serde_json::Map;
use shared::Sharing;

/// Who wants a version, and whether in spite of what does not fit.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    /// The name, or from where, for the history.
    pub name: &'a str,
    /// Whose token it was, where there was one.
    pub author: Option<&'a str>,
    /// Whether the version is to be put in force although the operation is another one, or the settings or the configuration do not fit.
    pub insists: bool,
}

impl<'a> From<&'a str> for By<'a> {
    fn from(name: &'a str) -> Self {
        Self { name, author: None, insists: false }
    }
}

/// A version that was put in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activated {
    /// The version in force.
    pub digest: String,
    /// The one before it; the same where nothing had to be changed.
    pub from: String,
}

/// The versions of a node's placements.
pub struct Versions {
    node: Node,
    library: ComponentLibrary,
    /// Where nodes share their versions.
    sharing: Option<Sharing>,
    /// Held while anything is changed, so that what is written is what is in force.
    kept: tokio::sync::Mutex<Kept>,
    standing: Mutex<VersionsState>,
    /// Held while a component is taken into the library and named in the record.
    taking: tokio::sync::Mutex<()>,
    /// Whether what was uploaded here before is in the store.
    is_published: AtomicBool,
}

impl Versions {
    /// Puts in force what was in force when the node stopped, under this state directory (none: nothing outlasts the process), or what the nodes
    /// with this store share. Where that is not possible, the configured component stays and the second value says why.
    pub async fn open(
        node: Node,
        engine: Engine,
        state: Option<&Path>,
        store: Option<Arc<dyn KeyValueStore>>,
    ) -> (Self, Vec<Localized>) {
        let (library, mut warnings) = ComponentLibrary::open(engine, state, node.clock().clone());
        let sharing = store.map(Sharing::new);
        let library = library.with_shared(sharing.as_ref().map(|sharing| sharing.shelf.clone()));
        let kept = Kept { record: VersionRecord::open(state, &mut warnings), seen: None };
        let (kept, standing, is_published) = (tokio::sync::Mutex::new(kept), Mutex::default(), AtomicBool::new(false));
        let taking = tokio::sync::Mutex::default();
        let versions = Self { node, library, sharing, kept, standing, taking, is_published };
        versions.resume(&mut warnings).await;
        (versions, warnings)
    }

    async fn resume(&self, warnings: &mut Vec<Localized>) {
        let revision = self.node.revision();
        let placements = revision.placements();
        {
            let mut kept = self.kept.lock().await;
            if let Some(adopted) = kept.record.adopted(placements.iter().map(|placement| placed(placement))) {
                let written = kept::written(&adopted).await.map_err(VersionError::NotKept);
                warnings.extend(written.err().map(|error| error.text()));
                kept.record = adopted;
            }
        }
        self.find_shared(warnings).await;
        let kept = self.kept.lock().await;
        let record = &kept.record;
        for placement in placements {
            let placed = placed(placement);
            if let Some(digest) = record.in_force(placed) {
                match self.version(Site::new(&revision, placement), digest, record.is_insisted_on(placed)).await {
                    Ok(version) => drop(placement.activate(version)),
                    Err(error) => warnings.push(prepared::goes_on(placement, digest, &error)),
                }
            }
            if let Some(entry) = record.shadow(placed) {
                let version = self.version(Site::new(&revision, placement), &entry.digest, entry.insisted).await;
                match version.and_then(|version| self.shadow(None, version)) {
                    Ok(shadow) => placement.set_shadow(Some(shadow)),
                    Err(error) => warnings.push(prepared::has_no_shadow(placement, &error)),
                }
            }
            warnings.extend(prepared::lacks(placement));
        }
    }

    /// The node.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Everything that can be activated: what was uploaded, the newest first, and what the configuration names.
    pub fn components(&self) -> Vec<Component> {
        let mut list = self.library.list();
        for placement in self.node.revision().placements() {
            let configured = loaded(&placement.configured());
            if list.iter().all(|known| known.digest != **configured.operation.digest()) {
                list.push(configured.component());
            }
        }
        list
    }

    /// What is known of one component.
    pub fn component(&self, digest: &str) -> Option<Component> {
        self.library.find(digest).or_else(|| self.configured_with(digest).map(|configured| configured.component()))
    }

    /// Takes a component into the library and says whether it is new.
    pub async fn upload(&self, bytes: impl Into<Arc<[u8]>>) -> Result<(Component, bool), LibraryError> {
        let uses = self.uses().await;
        let Some(sharing) = &self.sharing else { return self.library.upload(bytes, &uses).await };
        let bytes = bytes.into();
        self.look().await.map_err(LibraryError::Away)?;
        let _taking = self.taking.lock().await;
        let (component, _) = self.library.upload(Arc::clone(&bytes), &uses).await?;
        let is_new = self.share(sharing, &component, &bytes).await?;
        Ok((component, is_new))
    }

    async fn uses(&self) -> Uses {
        let (kept, revision) = (self.kept.lock().await, self.node.revision());
        let mut now = kept.record.needed(revision.placements().iter().map(|placement| placed(placement)));
        now.extend(revision.placements().iter().map(|placement| digest_of(placement)));
        now.extend(revision.placements().iter().map(|placement| configured_digest(placement)));
        Uses { now, before: kept.record.remembered() }
    }

    /// Puts a version of a placement in force. `by` says who wants it. A version in force already is left as it is.
    pub async fn activate(
        &self,
        placement: &str,
        digest: &str,
        by: impl Into<By<'_>>,
    ) -> Result<Activated, VersionError> {
        let by = by.into();
        let placement = self.placement(placement)?;
        let mut kept = self.begin(&placement).await?;
        let from = digest_of(&placement);
        if from == digest {
            return Ok(Activated { digest: from.clone(), from });
        }
        let version = self.version(Site::new(&self.node.revision(), &placement), digest, by.insists).await?;
        let changed = kept.record.with_change(placed(&placement), self.change(&placement, digest, by, How::Activated));
        self.keep(&mut kept, changed, &placement).await?;
        placement.activate(version);
        Ok(Activated { digest: digest.to_owned(), from })
    }

    /// Puts the version before the one in force in force again; done once more, the one before that.
    pub async fn roll_back(&self, placement: &str, by: impl Into<By<'_>>) -> Result<Activated, VersionError> {
        let by = by.into();
        let placement = self.placement(placement)?;
        let mut kept = self.begin(&placement).await?;
        let from = digest_of(&placement);
        let nothing = || VersionError::NothingBefore(placement.id().to_owned());
        let before = kept.record.before(placed(&placement)).ok_or_else(nothing)?;
        let version = match before {
            // This node's own, which need not be that of the node where it was in force.
            Before { is_configured: true, .. } => placement.configured(),
            Before { digest, .. } => {
                Arc::new(self.version(Site::new(&self.node.revision(), &placement), &digest, by.insists).await?)
            }
        };
        let digest = version.placed.operation().digest().to_string();
        let changed =
            kept.record.with_change(placed(&placement), self.change(&placement, &digest, by, How::RolledBack));
        self.keep(&mut kept, changed, &placement).await?;
        placement.activate(version);
        Ok(Activated { digest, from })
    }

    /// What was put in force at a placement, the newest last.
    pub async fn history(&self, placement: &str) -> Result<Vec<Change>, VersionError> {
        let kept = self.kept.lock().await;
        let placement = self.placement(placement)?;
        Ok(kept.record.changes(placed(&placement)).to_vec())
    }

    /// The version that a roll back would put in force, if there is one.
    pub async fn before(&self, placement: &str) -> Result<Option<String>, VersionError> {
        let kept = self.kept.lock().await;
        let placement = self.placement(placement)?;
        let before = kept.record.before(placed(&placement));
        Ok(before.map(|before| if before.is_configured { configured_digest(&placement) } else { before.digest }))
    }

    /// The placement's configured file has changed: its new content takes the place of what was configured, and is in force.
    pub(super) async fn file_changed(&self, placement: &str, bytes: Arc<[u8]>) -> Result<Activated, VersionError> {
        let loaded = self.library.compile(bytes).await?;
        let digest = loaded.operation.digest().to_string();
        let placement = self.placement(placement)?;
        let mut kept = self.begin(&placement).await?;
        let from = digest_of(&placement);
        let version = fit(Site::new(&self.node.revision(), &placement), &loaded, false).await?;
        let change = self.change(&placement, &digest, "the file".into(), How::Configured);
        let changed = kept.record.with_change(placed(&placement), change);
        self.keep(&mut kept, changed, &placement).await?;
        placement.configure(version);
        Ok(Activated { digest, from })
    }

    /// Lets a version resolve the placement's calls besides the one in force, without acting. One that is a shadow already goes on as it is.
    pub async fn start_shadow(
        &self,
        placement: &str,
        digest: &str,
        by: impl Into<By<'_>>,
    ) -> Result<Arc<Shadow>, VersionError> {
        let By { name, insists, .. } = by.into();
        let placement = self.placement(placement)?;
        let mut kept = self.begin(&placement).await?;
        if let Some(shadow) = placement.shadow().filter(|shadow| shadow.digest() == digest) {
            return Ok(shadow);
        }
        let version = self.version(Site::new(&self.node.revision(), &placement), digest, insists).await?;
        let shadow = self.shadow(None, version)?;
        let entry = ShadowEntry {
            digest: digest.to_owned(),
            at: self.node.clock().now(),
            by: name.to_owned(),
            insisted: insists,
            more: Map::new(),
        };
        let changed = kept.record.with_shadow(placed(&placement), Some(entry));
        self.keep(&mut kept, changed, &placement).await?;
        placement.set_shadow(Some(Arc::clone(&shadow)));
        Ok(shadow)
    }

    /// Ends a placement's shadow, and says whether there was one. What it found is forgotten.
    pub async fn end_shadow(&self, placement: &str) -> Result<bool, VersionError> {
        let placement = self.placement(placement)?;
        let mut kept = self.begin(&placement).await?;
        let changed = kept.record.with_shadow(placed(&placement), None);
        self.keep(&mut kept, changed, &placement).await?;
        let had_one = placement.shadow().is_some();
        placement.set_shadow(None);
        Ok(had_one)
    }

    /// The placement of that identifier.
    pub fn placement(&self, id: &str) -> Result<Arc<Placement>, VersionError> {
        self.node.revision().placement(id).map(Arc::clone).ok_or_else(|| VersionError::NoPlacement(id.to_owned()))
    }

    /// The change by which this component comes into force.
    fn change(&self, placement: &Placement, digest: &str, by: By<'_>, how: How) -> Change {
        let (from, configured) = (digest_of(placement), configured_digest(placement));
        Change {
            configured: digest == configured,
            from_configured: from == configured,
            digest: digest.to_owned(),
            from,
            at: self.node.clock().now(),
            by: by.name.to_owned(),
            author: by.author.map(str::to_owned),
            how,
            insisted: by.insists,
            more: Map::new(),
        }
    }

    async fn loaded(&self, digest: &str) -> Result<Loaded, LibraryError> {
        match self.configured_with(digest) {
            Some(configured) => Ok(configured),
            None => self.library.load(digest).await,
        }
    }

    async fn version(&self, site: Site<'_>, digest: &str, insists: bool) -> Result<Version, VersionError> {
        fit(site, &self.loaded(digest).await?, insists).await
    }

    /// A version as a shadow, which goes on where that of the placement before is of the same component.
    fn shadow(&self, before: Option<&Placement>, version: Version) -> Result<Arc<Shadow>, VersionError> {
        let before = before.and_then(Placement::shadow);
        let shadow = match before.filter(|before| *before.digest() == **version.placed.operation().digest()) {
            Some(before) => before.go_on(version),
            None => Shadow::start(version, self.node.clock().now()),
        };
        shadow
            .map(Arc::new)
            .map_err(|error| VersionError::NoShadow(Localized::new(system_error_ru(&error), error.to_string())))
    }

    fn configured_with(&self, digest: &str) -> Option<Loaded> {
        let revision = self.node.revision();
        let mut configured = revision.placements().iter().map(|placement| placement.configured());
        let found = configured.find(|configured| **configured.placed.operation().digest() == *digest)?;
        Some(loaded(&found))
    }
}

/// Where a version is to be: a placement in a revision, and what was there in the revision before.
#[derive(Clone, Copy)]
struct Site<'a> {
    revision: &'a Revision,
    placement: &'a Placement,
    before: Option<&'a Placement>,
}

impl<'a> Site<'a> {
    const fn new(revision: &'a Revision, placement: &'a Placement) -> Self {
        Self { revision, placement, before: None }
    }
}

/// The operation that belongs to a placement is the one in force, or the configured one.
async fn fit(site: Site<'_>, loaded: &Loaded, insists: bool) -> Result<Version, VersionError> {
    let Site { revision, placement, before } = site;
    let expected = [Some(placement), before].into_iter().flatten();
    let expected = expected.flat_map(|placement| [placement.active(), placement.configured()]);
    let expected: Vec<_> = expected.map(|version| version.description.id.clone()).collect();
    let others = revision
        .placements()
        .iter()
        .filter(|other| other.integration_id() == placement.integration_id() && other.id() != placement.id());
    let others: Vec<_> = others.map(|other| other.active()).collect();
    let surroundings = Surroundings { expected: &expected, others: &others, insists };
    let fitting = placement.fit(&loaded.operation, surroundings).await;
    fitting.map_err(|misfits| VersionError::Misfit { placement: placement.id().to_owned(), misfits })
}

fn loaded(version: &Version) -> Loaded {
    Loaded { operation: version.placed.operation().clone(), description: version.description.clone() }
}

/// Under which name versions of a placement are recorded.
fn placed(placement: &Placement) -> Placed<'_> {
    (placement.id(), placement.origin())
}

fn digest_of(placement: &Placement) -> String {
    placement.active().placed.operation().digest().to_string()
}

/// That of the component which the configuration names.
fn configured_digest(placement: &Placement) -> String {
    placement.configured().placed.operation().digest().to_string()
}

/// Enough of a digest for people.
pub(super) fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}
