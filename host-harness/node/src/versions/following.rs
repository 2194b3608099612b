//! What other nodes did, put in force here: the record that nodes share is looked at more often than once a second.
//!
//! Components that it names are taken from the store and kept here too, so that a version is in force at once when a node activates it. What this node
//! cannot put in force (a component of a contract that it does not know, settings of its own file that do not fit) is named in [`VersionsState`], and
//! what was in force stays.

use std::collections::BTreeSet;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::record::VersionRecord;
use super::shared::{SharedVersions, Sharing};
use super::{Site, VersionError, Versions, digest_of, placed, short};
use crate::library::LibraryError;
use crate::{Placement, Revision};
use call::{Bilingual, Localized};
use runtime::store::Look;

/// How often the record is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// How the versions of a node stand beside those of the others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VersionsState {
    /// Where nodes share their versions; none where this one has its own.
    pub store: Option<String>,
    /// Why the record of the nodes cannot be had, or not be understood; what was known last stays in force.
    pub away: Option<Localized>,
    /// The components of other nodes that are being compiled here. Until then putting one in force takes as long as that.
    pub preparing: BTreeSet<String>,
    /// What this node cannot put in force, or not take.
    pub refused: Vec<RefusedVersion>,
}

/// What a node cannot put in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusedVersion {
    /// The placed operation; none where no operation has the component yet.
    pub operation: Option<String>,
    /// The component's SHA-256 in hexadecimal.
    pub component: String,
    /// Whether it was to resolve calls without acting.
    pub shadow: bool,
    /// Why.
    pub why: Localized,
}

impl Versions {
    /// How the versions of this node stand beside those of the others.
    pub fn state(&self) -> VersionsState {
        let store = self.sharing.as_ref().map(|sharing| sharing.record.location());
        VersionsState { store, ..self.standing().clone() }
    }

    /// Puts in force what other nodes do, until it is told to end.
    pub async fn follow(self: Arc<Self>, end: CancellationToken) {
        if self.sharing.is_none() {
            return;
        }
        let mut looking = interval(LOOK);
        looking.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut begun = BTreeSet::new();
        loop {
            tokio::select! {
                () = end.cancelled() => return,
                _ = looking.tick() => {}
            }
            // Said where it happens.
            let _ = self.look().await;
            let preparing = self.standing().preparing.clone();
            for digest in preparing.difference(&begun).cloned() {
                // So that it is ready when it is activated. The next look need not wait for that.
                tokio::spawn(Arc::clone(&self).made_ready(digest));
            }
            begun = preparing;
        }
    }

    async fn made_ready(self: Arc<Self>, digest: String) {
        if let Err(error) = self.library.load(&digest).await {
            self.refuse(RefusedVersion {
                operation: None,
                component: digest.clone(),
                shadow: false,
                why: said(&error),
            });
        }
        self.standing().preparing.remove(&digest);
    }

    /// Looks whether other nodes have changed the record, and puts in force what they did.
    ///
    /// # Errors
    /// Where the record cannot be had.
    pub async fn look(&self) -> Result<(), Localized> {
        let Some(sharing) = &self.sharing else { return Ok(()) };
        self.look_at(sharing).await?;
        self.settle().await;
        Ok(())
    }

    /// The same without putting anything in force.
    pub(super) async fn look_at(&self, sharing: &Sharing) -> Result<(), Localized> {
        let known = self.kept.lock().await.seen.clone();
        match sharing.record.look(known.as_ref()).await {
            Ok(Look::Same) => {}
            Ok(Look::PutBack) => {
                tracing::warn!("the store had lost what nodes share of their versions; it has it again")
            }
            Ok(Look::Another(found)) => {
                let mut kept = self.kept.lock().await;
                kept.take(found);
                let record = kept.record.clone();
                drop(kept);
                self.judge_again();
                self.copy(&record).await;
            }
            Ok(Look::Nothing) => self.write_first(sharing).await,
            Err(error) => return Err(self.away(error.text())),
        }
        if let Err(error) = self.publish(sharing).await {
            return Err(self.away(error.text()));
        }
        if self.standing().away.take().is_some() {
            tracing::info!("what nodes share of their versions can be had again");
        }
        self.adopt().await;
        Ok(())
    }

    fn away(&self, why: Localized) -> Localized {
        let before = self.standing().away.replace(why.clone());
        if before.as_ref() != Some(&why) {
            tracing::warn!("{why}; the versions that are known stay in force and cannot be changed for now");
        }
        why
    }

    /// The first node writes the record, with what it has.
    async fn write_first(&self, sharing: &Sharing) {
        let mut kept = self.kept.lock().await;
        let next = SharedVersions::after(None, |next| next.placements.clone_from(&kept.record.placements));
        if matches!(sharing.record.swap(None, &next).await, Ok(true)) {
            kept.take(next);
        }
    }

    /// Puts in force what the record has and this node has not.
    async fn settle(&self) {
        let revision = self.node.revision();
        for placement in revision.placements() {
            let record = self.kept.lock().await.record.clone();
            self.settle_version(&revision, placement, &record).await;
            self.settle_shadow(&revision, placement, &record).await;
        }
    }

    async fn settle_version(&self, revision: &Arc<Revision>, placement: &Placement, record: &VersionRecord) {
        let configured = placement.configured();
        let in_force = record.in_force(placed(placement));
        let wanted = in_force.unwrap_or_else(|| configured.placed.operation().digest());
        if digest_of(placement) == wanted || self.is_refused(placement, wanted, false) {
            return;
        }
        let version = match in_force {
            None => Ok(Arc::clone(&configured)),
            Some(digest) => {
                let site = Site::new(revision, placement);
                self.version(site, digest, record.is_insisted_on(placed(placement))).await.map(Arc::new)
            }
        };
        let version = match version {
            Ok(version) => version,
            Err(error) => return self.refuse_at(placement, (wanted, false), &error),
        };
        let kept = self.kept.lock().await;
        // What has changed meanwhile is seen by the next look.
        if kept.record.in_force(placed(placement)) == in_force && Arc::ptr_eq(&self.node.revision(), revision) {
            drop(placement.activate(version));
            tracing::info!(
                operation = placement.id(),
                component = short(wanted),
                "another node has put a version in force"
            );
        }
    }

    async fn settle_shadow(&self, revision: &Arc<Revision>, placement: &Placement, record: &VersionRecord) {
        let wanted = record.shadow(placed(placement));
        let digest = wanted.map(|wanted| wanted.digest.as_str());
        let is_so = placement.shadow().as_ref().map(|shadow| shadow.digest()) == digest;
        if is_so || digest.is_some_and(|digest| self.is_refused(placement, digest, true)) {
            return;
        }
        let shadow = match wanted {
            None => None,
            Some(wanted) => {
                let version = self.version(Site::new(revision, placement), &wanted.digest, wanted.insisted).await;
                match version.and_then(|version| self.shadow(None, version)) {
                    Ok(shadow) => Some(shadow),
                    Err(error) => return self.refuse_at(placement, (&wanted.digest, true), &error),
                }
            }
        };
        let kept = self.kept.lock().await;
        if kept.record.shadow(placed(placement)) == wanted && Arc::ptr_eq(&self.node.revision(), revision) {
            placement.set_shadow(shadow);
        }
    }

    pub(super) fn is_refused(&self, placement: &Placement, digest: &str, shadow: bool) -> bool {
        let of = |refused: &RefusedVersion| {
            refused.operation.as_deref() == Some(placement.id())
                && refused.component == digest
                && refused.shadow == shadow
        };
        self.standing().refused.iter().any(of)
    }

    fn refuse_at(&self, placement: &Placement, (digest, shadow): (&str, bool), error: &VersionError) {
        let why = match error {
            // The next look tries again.
            VersionError::Library(LibraryError::Away(_)) => return,
            VersionError::Library(error) => said(error),
            error => error.text(),
        };
        let (operation, component) = (Some(placement.id().to_owned()), digest.to_owned());
        self.refuse(RefusedVersion { operation, component, shadow, why });
    }

    /// Says once that something cannot be put in force here.
    pub(super) fn refuse(&self, refused: RefusedVersion) {
        let mut standing = self.standing();
        if !standing.refused.contains(&refused) {
            let (operation, component) = (refused.operation.as_deref().unwrap_or_default(), short(&refused.component));
            tracing::error!(
                operation,
                component,
                "this node cannot take what another one put in force: {}",
                refused.why
            );
            standing.refused.push(refused);
        }
    }

    /// What was refused is judged again by the next look: the configuration has changed.
    pub(super) fn judge_again(&self) {
        self.standing().refused.clear();
    }

    pub(super) fn standing(&self) -> MutexGuard<'_, VersionsState> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a component cannot be had, with everything that does not fit.
pub(super) fn said(error: &LibraryError) -> Localized {
    match error {
        LibraryError::Unfit(fit) => fit.rejections().fold(error.text(), |said, why| said.then(": ", &why.text())),
        error => error.text(),
    }
}
