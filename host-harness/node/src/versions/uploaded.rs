//! Uploaded components on nodes with one store: each is put there by the node that took it, named in their record, and kept by every node.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::following::said;
use super::kept::TRIES;
use super::shared::{SharedVersions, Sharing};
use super::{RefusedVersion, Versions};
use crate::library::{self, Component, LibraryError};
use call::{Bilingual, Localized, localized};
use runtime::store::{KeyValueStore, StoreError};

impl Versions {
    /// At the start: what the record of the nodes says counts, not this node's file.
    pub(super) async fn find_shared(&self, warnings: &mut Vec<Localized>) {
        if let Some(sharing) = &self.sharing
            && let Err(why) = self.look_at(sharing).await
        {
            let stays = localized!(
                "общие версии узлов недоступны, действуют последние известные: {}",
                "the versions that nodes share cannot be had, and the last ones known are in force: {}",
                why
            );
            warnings.push(stays);
        }
    }

    /// Puts a component that was uploaded here in the store and in the record; says whether it is new there.
    pub(super) async fn share(
        &self,
        sharing: &Sharing,
        component: &Component,
        bytes: &[u8],
    ) -> Result<bool, LibraryError> {
        let (uses, now) = (self.uses().await, self.node.clock().now());
        let away = |error: StoreError| LibraryError::Away(error.text());
        // Done again it mends what the store has lost of it.
        sharing.shelf.put(component, bytes, now).await.map_err(away)?;
        for _ in 0..TRIES {
            let mut kept = self.kept.lock().await;
            if kept.seen.as_ref().is_some_and(|seen| seen.said.names(&component.digest)) {
                return Ok(false);
            }
            let mut gone = Ok(Vec::new());
            let next = SharedVersions::after(kept.seen.as_ref(), |next| gone = next.add(component, &uses, now));
            let gone = gone?;
            if sharing.record.swap(kept.seen.as_ref(), &next).await.map_err(away)? {
                kept.take(next);
                drop(kept);
                for digest in gone {
                    // What stays is swept away at the next start of a node.
                    sharing.shelf.remove(&digest).await.map_err(away)?;
                }
                return Ok(true);
            }
            let found = sharing.record.read().await.map_err(|error| LibraryError::Away(error.text()))?;
            found.into_iter().for_each(|found| kept.take(found));
        }
        Err(LibraryError::Away(Localized::new("запись всё время меняется", "the record keeps changing")))
    }

    /// Puts the components into the store that were uploaded here before nodes shared it, as far as there is room, and sweeps it.
    pub(super) async fn publish(&self, sharing: &Sharing) -> Result<(), LibraryError> {
        if self.is_published.load(Ordering::Acquire) {
            return Ok(());
        }
        let named = self.named().await;
        for component in self.library.list().iter().filter(|component| !named.contains(&component.digest)) {
            let Some(Ok(bytes)) = self.library.kept_bytes(&component.digest).await else { continue };
            match self.share(sharing, component, &bytes).await {
                Ok(_) | Err(LibraryError::Full) => {}
                Err(error) => return Err(error),
            }
        }
        let named = self.named().await;
        let named = named.iter().map(String::as_str).collect();
        let swept = sharing.shelf.sweep(&named, self.node.clock().now()).await;
        swept.map_err(|error| LibraryError::Away(error.text()))?;
        self.is_published.store(true, Ordering::Release);
        Ok(())
    }

    /// Takes the components that the record names and that are not here, and forgets those that it does not name any more.
    pub(super) async fn adopt(&self) {
        let named = self.named().await;
        for digest in &named {
            match self.library.adopt(digest).await {
                Ok(is_new) => {
                    if is_new {
                        self.standing().preparing.insert(digest.clone());
                    }
                }
                // The next look tries again.
                Err(LibraryError::Away(_)) => return,
                Err(error) => {
                    let (component, why) = (digest.clone(), said(&error));
                    self.refuse(RefusedVersion { operation: None, component, shadow: false, why });
                }
            }
        }
        // One that is being taken here is named by nothing yet.
        let Ok(_none_is_taken) = self.taking.try_lock() else { return };
        let mut needed = self.uses().await.now;
        needed.extend(self.named().await);
        if let Err(error) = self.library.keep_only(&needed).await {
            tracing::warn!(%error, "components that the nodes have forgotten are not forgotten here");
        }
    }

    async fn named(&self) -> BTreeSet<String> {
        let kept = self.kept.lock().await;
        kept.seen.iter().flat_map(|seen| seen.said.digests()).map(str::to_owned).collect()
    }
}

/// Takes components that were uploaded to other nodes into this state directory, for a node that begins with a configuration which names them. What
/// cannot be had is missed where it is loaded.
pub async fn take_components(store: &Arc<dyn KeyValueStore>, state: &Path, digests: &[String]) {
    for digest in digests {
        if let Err(error) = library::take_component(store, state, digest).await {
            tracing::warn!(%error, component = digest, "a component of the other nodes is not taken");
        }
    }
}
