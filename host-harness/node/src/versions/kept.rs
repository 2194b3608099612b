//! Writing down what is in force: in a file of this node, or, where nodes share it, in their record, with this node's file as its copy.

use tokio::sync::MutexGuard;

use super::record::Placed;
use super::shared::SharedVersions;
use super::{VersionError, VersionRecord, Versions, digest_of, placed};
use crate::Placement;
use call::{Bilingual, Localized, localized};
use runtime::store::Seen;

/// How often a change is tried again that others come before which have nothing to do with it.
pub(super) const TRIES: u32 = 10;

/// What is written down.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) record: VersionRecord,
    /// The record that nodes share, as it was seen last.
    pub(super) seen: Option<Seen<SharedVersions>>,
}

impl Kept {
    /// What is in force at an operation and what is its shadow, to tell whether somebody has changed that.
    fn standing(&self, placed: Placed<'_>) -> impl PartialEq + use<> {
        (self.record.changes(placed).last().cloned(), self.record.shadow(placed).cloned())
    }

    /// Takes in what stands in the store, unless it is older than what is known.
    pub(super) fn take(&mut self, found: Seen<SharedVersions>) {
        use runtime::store::Recorded as _;
        if self.seen.as_ref().is_none_or(|seen| seen.said.number() <= found.said.number()) {
            self.record = self.record.with_placements(found.said.placements.clone());
            self.seen = Some(found);
        }
    }
}

impl Versions {
    /// What is written down, for whoever changes something at this placement.
    ///
    /// # Errors
    /// Where another node has changed the same just now, and where it cannot be known whether one has.
    pub(super) async fn begin(&self, placement: &Placement) -> Result<MutexGuard<'_, Kept>, VersionError> {
        let before = self.kept.lock().await.standing(placed(placement));
        if self.sharing.is_some() {
            self.look().await.map_err(VersionError::Away)?;
        }
        let kept = self.kept.lock().await;
        if kept.standing(placed(placement)) == before { Ok(kept) } else { Err(conflict(placement)) }
    }

    /// Writes down what has changed at a placement.
    pub(super) async fn keep(
        &self,
        kept: &mut Kept,
        changed: VersionRecord,
        placement: &Placement,
    ) -> Result<(), VersionError> {
        let Some(sharing) = &self.sharing else {
            written(&changed).await.map_err(VersionError::NotKept)?;
            kept.record = changed;
            return Ok(());
        };
        let id = placement.id();
        let mine = changed.placements.get(id).cloned().unwrap_or_default();
        for _ in 0..TRIES {
            let next = SharedVersions::after(kept.seen.as_ref(), |next| {
                next.placements.insert(id.to_owned(), mine.clone());
            });
            let swapped = sharing.record.swap(kept.seen.as_ref(), &next).await;
            if swapped.map_err(|error| VersionError::Unknown(error.text()))? {
                kept.take(next);
                self.copy(&kept.record).await;
                return Ok(());
            }
            let found = sharing.record.read().await.map_err(|error| VersionError::Away(error.text()))?;
            let Some(found) = found else { continue };
            if found.said.placements.get(id) != kept.record.placements.get(id) {
                kept.take(found);
                return Err(conflict(placement));
            }
            // Something else has changed, which the next look puts in force.
            kept.take(found);
        }
        Err(conflict(placement))
    }

    /// Keeps this node's copy of the record, which counts where the store is away when the node starts.
    pub(super) async fn copy(&self, record: &VersionRecord) {
        if let Err(why) = written(record).await {
            let why = localized!(
                "если при следующем запуске хранилище недоступно, действующие версии не будут известны: {}",
                "where the store is away at the next start, the versions in force are not known: {}",
                why
            );
            tracing::warn!("{}", why.en);
        }
    }
}

fn conflict(placement: &Placement) -> VersionError {
    VersionError::Conflict { placement: placement.id().to_owned(), in_force: digest_of(placement) }
}

/// Writes a record into its file.
pub(super) async fn written(record: &VersionRecord) -> Result<(), Localized> {
    let to_write = record.clone();
    let written = tokio::task::spawn_blocking(move || to_write.write()).await;
    written.unwrap_or_else(|_| Err(Localized::new("ошибка программы", "a fault of the host")))
}
