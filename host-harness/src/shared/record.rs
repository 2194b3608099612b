//! The record in the store: one document with the text and the number of the change that made it, replaced by compare-and-swap.
//!
//! Each change takes the next number. What a document said before it was replaced is kept under its number, so that a node that looks once a
//! second sees every change with its author. The record lies in a namespace of its own, whose name no integration can have.

use std::sync::Arc;

use jiff::Timestamp;

use crate::change::Change;
use call::{Localized, localized};
use runtime::store::{self, KeyValueStore, RecordError, Recorded, SharedRecord, Shelf, StoreError};
use server::configuration::Author;

const SHELF: Shelf<'_> = Shelf { namespace: "/host-harness", bucket: "configuration" };
const RECORD: &str = "record";
/// How many former documents are kept.
const KEPT: u64 = 200;
/// How often a note is tried again that others come before.
const TRIES: u32 = 10;

/// A document as it was seen in the store: the change that made it, or what was noted last; its text is always there.
pub(crate) type Seen = store::Seen<Change>;

impl Recorded for Change {
    const FORMAT: u32 = 1;

    fn number(&self) -> u64 {
        self.number
    }
}

/// The record of the nodes that share a store. Every operation ends as soon as one of the store does.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    record: SharedRecord<Change>,
    /// Where former documents are.
    store: Arc<dyn KeyValueStore>,
}

impl Record {
    pub(crate) fn new(store: Arc<dyn KeyValueStore>) -> Self {
        Self { record: SharedRecord::new(Arc::clone(&store), SHELF, RECORD), store }
    }

    /// Where it is, for people.
    pub(crate) fn location(&self) -> String {
        self.store.location()
    }

    /// The document; none before a node has written one.
    ///
    /// # Errors
    /// Where the store does not give it, and where it is none that this version can read.
    pub(crate) async fn read(&self) -> Result<Option<Seen>, RecordError> {
        self.record.read().await?.map(|seen| self.with_text(seen)).transpose()
    }

    fn with_text(&self, seen: Seen) -> Result<Seen, RecordError> {
        let location = || RecordError::Unreadable { location: self.location() };
        if seen.said.text.is_some() { Ok(seen) } else { Err(location()) }
    }

    async fn former(&self, number: u64) -> Result<Option<Seen>, RecordError> {
        let document = self.store.get(SHELF.slot(&key(number))).await?;
        document.map(|document| self.with_text(self.record.understood(document)?)).transpose()
    }

    /// Puts a document in the place of the one seen; false where another one is there.
    ///
    /// # Errors
    /// Where the store cannot be reached; whether it was put there is not known then, and the next look tells.
    pub(crate) async fn swap(&self, seen: Option<&Seen>, next: &Seen) -> Result<bool, StoreError> {
        if let Some(seen) = seen {
            self.store.set(SHELF.slot(&key(seen.said.number)), seen.document()).await?;
        }
        let swapped = self.record.swap(seen, next).await?;
        if let Some(oldest) = next.said.number.checked_sub(KEPT + 1).filter(|_| swapped) {
            // It is small, and the next start does without it.
            let _ = self.store.delete(SHELF.slot(&key(oldest))).await;
        }
        Ok(swapped)
    }

    /// What was done before the document of this number, from that number on, as far as it is kept and can be had.
    pub(crate) async fn since(&self, from: u64, before: u64) -> Vec<Change> {
        let mut changes = Vec::new();
        for number in from.max(before.saturating_sub(KEPT))..before {
            match self.former(number).await {
                Ok(Some(seen)) => changes.push(seen.said),
                Ok(None) => {}
                Err(_) => break,
            }
        }
        changes
    }

    /// Remembers something that was done beside the text; none where there is no record yet to remember it in.
    ///
    /// # Errors
    /// Where the store cannot be reached.
    pub(crate) async fn note(&self, what: &Localized, author: &Author, at: Timestamp) -> Result<(), Localized> {
        for _ in 0..TRIES {
            let Some(seen) = self.read().await? else { return Ok(()) };
            let next = Seen::of(seen.said.noted(what.clone(), author.clone(), at));
            if self.swap(Some(&seen), &next).await? {
                return Ok(());
            }
        }
        Err(localized!(
            "общие настройки в {} всё время меняются: это не записано в изменения",
            "the shared configuration in {} keeps changing: this was not added to the changes",
            self.location()
        ))
    }
}

fn key(number: u64) -> String {
    format!("change-{number}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::Made;
    use call::Bilingual;
    use runtime::store::MemoryStore;
    use server::configuration::By;

    fn author(name: &str) -> Author {
        Author { name: Some(name.to_owned()), by: By::Api }
    }

    fn first() -> Seen {
        let author = Author { name: None, by: By::File };
        Seen::of(Change::of_text(0, Timestamp::UNIX_EPOCH, author, "a = 0".to_owned()))
    }

    #[tokio::test]
    async fn who_comes_second_changes_nothing_and_every_change_is_seen_with_its_author() {
        let store = Arc::new(MemoryStore::new());
        let (one, other) = (Record::new(store.clone()), Record::new(store));
        assert_eq!(one.read().await, Ok(None));
        assert_eq!(one.swap(None, &first()).await, Ok(true));
        assert_eq!(other.swap(None, &first()).await, Ok(false), "it is there already");
        let mut seen = other.read().await.unwrap().unwrap();
        let stale = seen.clone();
        for (name, text) in [("anna", "a = 1"), ("boris", "a = 2"), ("vera", "a = 3")] {
            let next =
                Seen::of(seen.said.next(text.to_owned(), Made::new(), None, author(name), Timestamp::UNIX_EPOCH));
            assert_eq!(one.swap(Some(&seen), &next).await, Ok(true));
            seen = next;
        }
        let late =
            Seen::of(stale.said.next("a = 9".to_owned(), Made::new(), None, author("late"), Timestamp::UNIX_EPOCH));
        assert_eq!(other.swap(Some(&stale), &late).await, Ok(false));
        assert_eq!(other.read().await, Ok(Some(seen)));
        let changes = other.since(1, 3).await;
        let told: Vec<_> = changes.iter().map(|change| (change.number, change.author.as_deref())).collect();
        assert_eq!(told, [(1, Some("anna")), (2, Some("boris"))]);
    }

    #[tokio::test]
    async fn what_is_noted_leaves_the_text_and_what_is_kept_is_bounded() {
        let store = Arc::new(MemoryStore::new());
        let record = Record::new(store.clone());
        let what = Localized::new("сделано", "done");
        record.note(&what, &author("anna"), Timestamp::UNIX_EPOCH).await.unwrap();
        assert_eq!(record.read().await, Ok(None), "there is nothing to note it in");
        record.swap(None, &first()).await.unwrap();
        for _ in 0..KEPT + 10 {
            record.note(&what, &author("anna"), Timestamp::UNIX_EPOCH).await.unwrap();
        }
        let seen = record.read().await.unwrap().unwrap();
        assert_eq!((seen.said.number, seen.said.shared_text(), &seen.said.what), (KEPT + 10, "a = 0", &Some(what)));
        let keys = store.list_keys(SHELF, 0, 1_000).await.unwrap().keys.len() as u64;
        assert_eq!(keys, KEPT + 1, "the document, and those before it");
        assert_eq!(record.since(0, seen.said.number).await.len() as u64, KEPT);
    }

    #[tokio::test]
    async fn what_another_version_wrote_is_refused_with_what_to_do() {
        let store = Arc::new(MemoryStore::new());
        for document in ["{}", "no JSON"] {
            store.set(SHELF.slot(RECORD), document.as_bytes()).await.unwrap();
            let error = Record::new(store.clone()).read().await.unwrap_err();
            assert!(error.to_string().contains("update it") && error.ru().contains("обновите"), "{error}");
        }
        let newer = br#"{"format": 2, "number": 7, "text": "a = 1"}"#;
        store.set(SHELF.slot(RECORD), newer).await.unwrap();
        let error = Record::new(store).read().await.unwrap_err();
        assert!(matches!(error, RecordError::Newer { found: 2, known: 1, .. }), "{error}");
        // Without a format it is of the first version of this program that wrote one.
        let first: Change = serde_json::from_str(
            r#"{"number": 0, "at": "2026-11-22T09:00:00Z", "author": null, "by": "file", "text": "a = 0"}"#,
        )
        .unwrap();
        assert_eq!(first.number, 0);
    }
}
