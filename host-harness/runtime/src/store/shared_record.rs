//! A record that all nodes with a store have alike: one document, replaced by compare-and-swap.
//!
//! Each replacement has the next number, so that a node which looks knows which of two is the newer one, and a store that lost what it was given
//! last is put right ([`SharedRecord::look`]). A document names the format that it is written in; one of a newer format is left as it is, and
//! told apart from a damaged one ([`RecordError`]), so that nodes of two versions of the program can run beside each other.

use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{KeyValueStore, Shelf, Slot, StoreError};
use call::Bilingual;

/// What a shared record says.
pub trait Recorded: Serialize + DeserializeOwned {
    /// The newest format of the document that this version of the program reads and writes. A field more is no other format.
    const FORMAT: u32;

    /// Its number: that of the one before and one.
    fn number(&self) -> u64;
}

/// The document as it stands in the store.
#[derive(Serialize, Deserialize)]
struct Formatted<T> {
    /// Left out by the first versions of this program that wrote such a document.
    #[serde(default = "first_format")]
    format: u32,
    #[serde(flatten)]
    said: T,
}

/// The format of a document alone, which any version can read.
#[derive(Deserialize)]
struct Format {
    #[serde(default = "first_format")]
    format: u32,
}

const fn first_format() -> u32 {
    1
}

/// A document as it was seen in the store, or is to stand there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen<T> {
    /// What it says.
    pub said: T,
    /// What a swap must still find there.
    document: Vec<u8>,
}

impl<T: Recorded> Seen<T> {
    /// What is to stand in the store.
    pub fn of(said: T) -> Self {
        let formatted = Formatted { format: T::FORMAT, said };
        // A value of this program's does not fail to be written as JSON; a swap for one that did would find another document.
        let document = serde_json::to_vec(&formatted).unwrap_or_default();
        Self { said: formatted.said, document }
    }

    /// The document.
    pub fn document(&self) -> &[u8] {
        &self.document
    }
}

/// Why a record cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A newer version of the program wrote it.
    #[error(
        "what nodes share in {location} was written by a newer version of the program (format {found}, this version knows {known}): it is left \
         as it is; update this node"
    )]
    Newer {
        /// Where it is.
        location: String,
        /// Its format.
        found: u32,
        /// The newest format that this version reads.
        known: u32,
    },
    /// It is no such document.
    #[error("what nodes share in {location} cannot be read by this version of the program: update it")]
    Unreadable {
        /// Where it is.
        location: String,
    },
}

impl Bilingual for RecordError {
    fn ru(&self) -> String {
        match self {
            Self::Store(error) => error.ru(),
            Self::Newer { location, found, known } => format!(
                "общая запись узлов в {location} сделана более новой версией программы (формат {found}, эта версия знает {known}): она \
                 оставлена как есть; обновите этот узел"
            ),
            Self::Unreadable { location } => {
                format!("общая запись узлов в {location} этой версии программы непонятна: обновите её")
            }
        }
    }
}

/// What a look at a record found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look<T> {
    /// What is known already.
    Same,
    /// Another document.
    Another(Seen<T>),
    /// None, and none is known.
    Nothing,
    /// The store had lost what is known, and has it again.
    PutBack,
}

/// A record in a store. Every operation ends as soon as those of the store do. Cheap to clone; a clone is the same one.
#[derive(Debug)]
pub struct SharedRecord<T> {
    store: Arc<dyn KeyValueStore>,
    shelf: Shelf<'static>,
    key: &'static str,
    said: PhantomData<fn() -> T>,
}

impl<T> Clone for SharedRecord<T> {
    fn clone(&self) -> Self {
        Self { store: Arc::clone(&self.store), ..*self }
    }
}

impl<T: Recorded> SharedRecord<T> {
    /// The record of this key.
    pub fn new(store: Arc<dyn KeyValueStore>, shelf: Shelf<'static>, key: &'static str) -> Self {
        Self { store, shelf, key, said: PhantomData }
    }

    /// Where it is, for people.
    pub fn location(&self) -> String {
        self.store.location()
    }

    /// The document; none before a node has written one.
    ///
    /// # Errors
    /// Where the store does not give it, and where it is none that this version can read.
    pub async fn read(&self) -> Result<Option<Seen<T>>, RecordError> {
        let document = self.store.get(self.slot()).await?;
        document.map(|document| self.understood(document)).transpose()
    }

    /// A document that once stood there.
    ///
    /// # Errors
    /// Where it is none that this version can read.
    pub fn understood(&self, document: Vec<u8>) -> Result<Seen<T>, RecordError> {
        let location = || self.location();
        let unreadable = || RecordError::Unreadable { location: location() };
        let Format { format } = serde_json::from_slice(&document).map_err(|_| unreadable())?;
        if format > T::FORMAT {
            return Err(RecordError::Newer { location: location(), found: format, known: T::FORMAT });
        }
        let read: Formatted<T> = serde_json::from_slice(&document).map_err(|_| unreadable())?;
        Ok(Seen { said: read.said, document })
    }

    /// Puts a document in the place of the one seen (none: where there is none); false where another one is there.
    ///
    /// # Errors
    /// Where the store cannot be reached; whether it was put there is not known then, and the next look tells.
    pub async fn swap(&self, seen: Option<&Seen<T>>, next: &Seen<T>) -> Result<bool, StoreError> {
        let expected = seen.map(|seen| seen.document.as_slice());
        self.store.compare_and_swap(self.slot(), expected, &next.document).await
    }

    /// Looks whether the record is another one than what is known of it. A server may come back without what it was given last: where the record is gone,
    /// or is an older one, what is known takes its place again.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn look(&self, known: Option<&Seen<T>>) -> Result<Look<T>, RecordError> {
        let found = self.read().await?;
        let Some(known) = known else { return Ok(found.map_or(Look::Nothing, Look::Another)) };
        if found.as_ref().is_some_and(|found| found.document == known.document) {
            return Ok(Look::Same);
        }
        match found {
            Some(found) if found.said.number() >= known.said.number() => Ok(Look::Another(found)),
            // Another node may have been quicker, which the next look sees.
            lost => Ok(if self.swap(lost.as_ref(), known).await? { Look::PutBack } else { Look::Same }),
        }
    }

    fn slot(&self) -> Slot<'static> {
        self.shelf.slot(self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;
    use serde_json::{Map, Value, json};

    #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
    struct Said {
        number: u64,
        text: String,
        #[serde(flatten)]
        more: Map<String, Value>,
    }

    impl Recorded for Said {
        const FORMAT: u32 = 2;

        fn number(&self) -> u64 {
            self.number
        }
    }

    const SHELF: Shelf<'static> = Shelf { namespace: "/host-harness", bucket: "tests" };

    fn said(number: u64, text: &str) -> Seen<Said> {
        Seen::of(Said { number, text: text.to_owned(), more: Map::new() })
    }

    fn nodes() -> (Arc<MemoryStore>, [SharedRecord<Said>; 2]) {
        let store = Arc::new(MemoryStore::new());
        let record = || SharedRecord::new(Arc::clone(&store) as Arc<dyn KeyValueStore>, SHELF, "record");
        let nodes = [record(), record()];
        (store, nodes)
    }

    #[tokio::test]
    async fn of_two_nodes_that_replace_the_same_document_one_does_and_the_other_sees_it() {
        let (_, [one, other]) = nodes();
        assert_eq!(one.look(None).await, Ok(Look::Nothing));
        let (first, second, late) = (said(1, "first"), said(2, "second"), said(2, "late"));
        assert_eq!(one.swap(None, &first).await, Ok(true));
        assert_eq!(other.look(None).await, Ok(Look::Another(first.clone())));
        assert_eq!(one.swap(Some(&first), &second).await, Ok(true));
        assert_eq!(other.swap(Some(&first), &late).await, Ok(false));
        assert_eq!(other.look(Some(&first)).await, Ok(Look::Another(second.clone())));
        assert_eq!(other.look(Some(&second)).await, Ok(Look::Same));
    }

    #[tokio::test]
    async fn a_store_that_lost_what_it_was_given_last_gets_it_back() {
        let (store, [one, _]) = nodes();
        let (first, second) = (said(1, "first"), said(2, "second"));
        assert_eq!(one.look(Some(&second)).await, Ok(Look::PutBack), "it had nothing");
        store.set(SHELF.slot("record"), first.document()).await.unwrap();
        assert_eq!(one.look(Some(&second)).await, Ok(Look::PutBack), "it had an older one");
        assert_eq!(one.read().await, Ok(Some(second)));
    }

    #[tokio::test]
    async fn an_older_format_is_read_a_newer_one_is_left_as_it_is_and_unknown_fields_survive() {
        let (store, [one, _]) = nodes();
        let put = async |document: Value| {
            store.set(SHELF.slot("record"), document.to_string().as_bytes()).await.unwrap();
        };
        put(json!({"number": 1, "text": "of the first version", "later": [1]})).await;
        let seen = one.read().await.unwrap().unwrap();
        let next = Seen::of(Said { number: 2, ..seen.said.clone() });
        assert!(one.swap(Some(&seen), &next).await.unwrap());
        let written: Value = serde_json::from_slice(&store.get(SHELF.slot("record")).await.unwrap().unwrap()).unwrap();
        assert_eq!(written, json!({"format": 2, "number": 2, "text": "of the first version", "later": [1]}));
        let newer = json!({"format": 3, "number": 3, "said": "otherwise"});
        put(newer.clone()).await;
        let error = one.look(Some(&next)).await.unwrap_err();
        assert!(matches!(error, RecordError::Newer { found: 3, known: 2, .. }), "{error}");
        assert!(error.to_string().contains("update this node") && error.ru().contains("обновите этот узел"));
        let kept: Value = serde_json::from_slice(&store.get(SHELF.slot("record")).await.unwrap().unwrap()).unwrap();
        assert_eq!(kept, newer);
        put(json!({"format": 2})).await;
        assert!(matches!(one.read().await, Err(RecordError::Unreadable { .. })));
    }
}
