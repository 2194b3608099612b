//! A revision whose placements have the versions that belong there, ready to be put in force.

use std::sync::Arc;

use tokio::sync::MutexGuard;

use call::{Bilingual, Localized, localized};

use super::{Kept, Site, VersionError, Versions, digest_of, placed, short};
use crate::{Placement, Revision};

/// A revision that can be put in force. Until then no version is activated elsewhere.
#[must_use = "nothing is in force before `put_in_force`"]
pub struct Prepared<'a> {
    versions: &'a Versions,
    revision: Revision,
    warnings: Vec<Localized>,
    _held: MutexGuard<'a, Kept>,
}

impl Versions {
    /// Judges a revision that is to follow the one in force. A placement that it has anew goes on with the version in force and the shadow, which
    /// are judged by its new settings, as long as it is the same operation of the configuration with the same component ([`Origin`](crate::Origin)).
    /// Another operation of its identifier begins with the component that the configuration names, and one whose deletion is taken back with the
    /// version that it had.
    ///
    /// # Errors
    /// Where a version in force does not fit what has changed; nothing changes then.
    pub async fn prepare(&self, revision: Revision) -> Result<Prepared<'_>, VersionError> {
        let kept = self.kept.lock().await;
        let record = &kept.record;
        let (before, mut warnings) = (self.node.revision(), Vec::new());
        for placement in revision.placements() {
            let known = before.placement(placement.id());
            let known = known.filter(|known| known.origin().made == placement.origin().made);
            if known.is_some_and(|known| Arc::ptr_eq(known, placement)) {
                continue;
            }
            let site = Site { before: known.map(|known| &**known), ..Site::new(&revision, placement) };
            let goes_on_as_it_was = known.is_some_and(|known| known.origin() == placement.origin());
            let in_force = record.in_force(placed(placement));
            if let Some(digest) = in_force {
                match self.version(site, digest, record.is_insisted_on(placed(placement))).await {
                    Ok(version) => drop(placement.activate(version)),
                    Err(error) if goes_on_as_it_was => {
                        // What this node has goes on where it could not take what another one put in force.
                        let known = known.filter(|known| self.is_refused(known, digest, false)).ok_or(error)?;
                        drop(placement.activate(self.version(site, &digest_of(known), false).await?));
                    }
                    Err(error) => warnings.push(goes_on(placement, digest, &error)),
                }
            }
            let left = known.filter(|_| !goes_on_as_it_was && in_force.is_none());
            warnings.extend(left.and_then(|known| Some(is_left(placement, record.in_force(placed(known))?))));
            if let Some(entry) = record.shadow(placed(placement)) {
                let version = self.version(site, &entry.digest, entry.insisted).await;
                let shadow = version.and_then(|version| self.shadow(site.before, version));
                match shadow {
                    Ok(shadow) => placement.set_shadow(Some(shadow)),
                    Err(error) => warnings.push(has_no_shadow(placement, &error)),
                }
            }
            warnings.extend(lacks(placement));
        }
        Ok(Prepared { versions: self, revision, warnings, _held: kept })
    }
}

impl Prepared<'_> {
    /// What is not as it was, or may not be meant, a line each.
    pub fn warnings(&self) -> &[Localized] {
        &self.warnings
    }

    /// The revision.
    pub const fn revision(&self) -> &Revision {
        &self.revision
    }

    /// From now on calls begin with this revision. Gives the one before.
    pub fn put_in_force(self) -> Arc<Revision> {
        self.versions.judge_again();
        self.versions.node.replace(self.revision)
    }
}

/// A version that was in force does not fit any more.
pub(super) fn goes_on(placement: &Placement, digest: &str, error: &VersionError) -> Localized {
    let (id, digest) = (placement.id(), short(digest));
    Localized::new(
        format!("[[operation]] `{id}` работает с компонентом из файла настроек, а не с {digest}: {}", error.ru()),
        format!("[[operation]] `{id}` goes on with the configured component, not with {digest}: {error}"),
    )
}

/// The configuration names another component than the one beside which a version was activated.
fn is_left(placement: &Placement, digest: &str) -> Localized {
    let (id, digest) = (placement.id(), short(digest));
    localized!(
        "[[operation]] `{id}` работает с компонентом, который теперь указан в настройках: включённая версия {digest} больше не действует",
        "[[operation]] `{id}` works with the component that the configuration names now: the activated version {digest} is not in force any more"
    )
}

pub(super) fn has_no_shadow(placement: &Placement, error: &VersionError) -> Localized {
    let id = placement.id();
    localized!("у [[operation]] `{id}` нет проверки в тени: ", "[[operation]] `{id}` has no shadow: ")
        .then("", &error.text())
}

/// What the version in force cannot work without.
pub(super) fn lacks(placement: &Placement) -> impl Iterator<Item = Localized> {
    let lines = placement.missing().into_iter();
    let until_then = Localized::new("до тех пор ни один звонок не переадресуется", "until then no call is forwarded");
    lines
        .map(move |misfit| misfit.text().then("; ", &until_then).at(format_args!("[[operation]] `{}`", placement.id())))
}
