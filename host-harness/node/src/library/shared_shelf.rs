//! The components in the store that nodes share, by their digests: each a head that tells how many parts it has, and its parts.
//!
//! The parts are small, so that one is there within the time of an operation of the store. The head is written first and tells when that was: what no
//! record names an hour later is of an upload that was broken off, and is swept away ([`SharedShelf::sweep`]).

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Component, LARGEST_COMPONENT, LibraryError};
use call::{Bilingual, localized};
use runtime::engine::digest;
use runtime::store::{KeyValueStore, Shelf, Slot, StoreError};

const SHELF: Shelf<'_> = Shelf { namespace: "/host-harness", bucket: "components" };
/// The bytes of a part: a slow network takes them within the time of an operation.
const PART: usize = 256 * 1024;
/// How long an upload may take.
const UPLOADING: SignedDuration = SignedDuration::from_hours(1);
/// How many names are looked at in one step of sweeping.
const SWEPT: u32 = 256;

/// The head of a component.
#[derive(Serialize, Deserialize)]
struct Head {
    /// When it was put there.
    at: Timestamp,
    /// What the node found that took it: shown by others until they have found out themselves.
    component: Component,
}

impl Head {
    const fn parts(&self) -> usize {
        self.component.size.div_ceil(PART)
    }
}

/// The components in the store.
#[derive(Clone, Debug)]
pub(crate) struct SharedShelf(Arc<dyn KeyValueStore>);

impl SharedShelf {
    pub(crate) fn new(store: Arc<dyn KeyValueStore>) -> Self {
        Self(store)
    }

    /// Puts a component there; done once more, the same again.
    pub(crate) async fn put(&self, component: &Component, bytes: &[u8], at: Timestamp) -> Result<(), StoreError> {
        let digest = &component.digest;
        let head = serde_json::to_vec(&Head { at, component: component.clone() }).unwrap_or_default();
        self.0.set(SHELF.slot(digest), &head).await?;
        for (number, part) in bytes.chunks(PART).enumerate() {
            self.0.set(SHELF.slot(&part_key(digest, number)), part).await?;
        }
        Ok(())
    }

    /// A component and its bytes, if they are there and are the same.
    pub(crate) async fn get(&self, expected: &str) -> Result<(Component, Arc<[u8]>), LibraryError> {
        let gone = || {
            let store = self.0.location();
            LibraryError::File(localized!(
                "компонента {expected} нет целиком в хранилище {store}: загрузите его ещё раз",
                "the component {expected} is not whole in the store {store}: upload it again"
            ))
        };
        let head = self.value(SHELF.slot(expected)).await?.ok_or_else(|| LibraryError::Unknown(expected.to_owned()))?;
        let head: Head = serde_json::from_slice(&head).map_err(|_| gone())?;
        if head.component.size > LARGEST_COMPONENT {
            return Err(LibraryError::TooLarge(head.component.size));
        }
        let mut bytes = Vec::with_capacity(head.component.size);
        for number in 0..head.parts() {
            bytes.extend(self.value(SHELF.slot(&part_key(expected, number))).await?.ok_or_else(gone)?);
        }
        let is_the_same = digest(&bytes) == expected && head.component.digest == expected;
        if is_the_same { Ok((head.component, bytes.into())) } else { Err(gone()) }
    }

    async fn value(&self, slot: Slot<'_>) -> Result<Option<Vec<u8>>, LibraryError> {
        self.0.get(slot).await.map_err(|error| LibraryError::Away(error.text()))
    }

    /// Forgets a component.
    pub(crate) async fn remove(&self, digest: &str) -> Result<(), StoreError> {
        let head = self.0.get(SHELF.slot(digest)).await?;
        let head = head.and_then(|head| serde_json::from_slice::<Head>(&head).ok());
        for number in 0..head.map_or(0, |head| head.parts()) {
            self.0.delete(SHELF.slot(&part_key(digest, number))).await?;
        }
        self.0.delete(SHELF.slot(digest)).await
    }

    /// Forgets what was put there too long ago to be named still, and is not.
    pub(crate) async fn sweep(&self, named: &BTreeSet<&str>, now: Timestamp) -> Result<(), StoreError> {
        let (mut position, mut broken_off) = (0, Vec::new());
        loop {
            let page = self.0.list_keys(SHELF, position, SWEPT).await?;
            for key in page.keys.iter().filter(|key| !key.contains('-') && !named.contains(key.as_str())) {
                let head = self.0.get(SHELF.slot(key)).await?;
                let head = head.and_then(|head| serde_json::from_slice::<Head>(&head).ok());
                if head.is_none_or(|head| now.duration_since(head.at) > UPLOADING) {
                    broken_off.push(key.clone());
                }
            }
            match page.next {
                Some(next) => position = next,
                None => break,
            }
        }
        for digest in broken_off {
            self.remove(&digest).await?;
        }
        Ok(())
    }
}

fn part_key(digest: &str, number: usize) -> String {
    format!("{digest}-{number}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::store::MemoryStore;

    fn component(digest: &str, size: usize) -> Component {
        Component {
            digest: digest.to_owned(),
            size,
            uploaded_at: None,
            remarks: Vec::new(),
            requirements: None,
            description: serde_json::json!({"id": "example"}),
        }
    }

    #[tokio::test]
    async fn a_component_is_there_in_parts_and_is_the_same_or_not_given() {
        let store = Arc::new(MemoryStore::new());
        let shelf = SharedShelf::new(store.clone());
        let bytes: Vec<u8> = (0..PART * 2 + 7).map(|at| u8::try_from(at % 251).unwrap()).collect();
        let name = digest(&bytes);
        assert!(matches!(shelf.get(&name).await, Err(LibraryError::Unknown(_))));
        let told = component(&name, bytes.len());
        shelf.put(&told, &bytes, Timestamp::UNIX_EPOCH).await.unwrap();
        assert_eq!(shelf.get(&name).await.unwrap(), (told, bytes.into()));
        store.set(SHELF.slot(&part_key(&name, 1)), b"other").await.unwrap();
        let damaged = shelf.get(&name).await.unwrap_err();
        assert!(damaged.to_string().contains("upload it again") && damaged.ru().contains("загрузите"), "{damaged}");
        shelf.remove(&name).await.unwrap();
        assert_eq!(store.list_keys(SHELF, 0, 10).await.unwrap().keys, [""; 0]);
    }

    #[tokio::test]
    async fn what_was_broken_off_is_swept_away_once_nobody_can_be_at_it() {
        let store = Arc::new(MemoryStore::new());
        let shelf = SharedShelf::new(store.clone());
        for name in ["a", "b"] {
            shelf.put(&component(name, 9), b"component", Timestamp::UNIX_EPOCH).await.unwrap();
        }
        let heads = async || {
            let keys = store.list_keys(SHELF, 0, 10).await.unwrap().keys;
            keys.into_iter().filter(|key| !key.contains('-')).collect::<Vec<_>>()
        };
        shelf.sweep(&BTreeSet::from(["a"]), Timestamp::UNIX_EPOCH + UPLOADING).await.unwrap();
        assert_eq!(heads().await, ["a", "b"], "it may be being uploaded");
        let later = Timestamp::UNIX_EPOCH + UPLOADING + SignedDuration::from_secs(1);
        shelf.sweep(&BTreeSet::from(["a"]), later).await.unwrap();
        assert_eq!(heads().await, ["a"]);
        assert_eq!(store.list_keys(SHELF, 0, 10).await.unwrap().keys.len(), 2);
    }
}
