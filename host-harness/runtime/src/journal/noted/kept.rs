//! Answers of the store as a journal keeps them and as a script gives them again.

use wasmtime::component::Resource;

use crate::bindings::wasi::keyvalue::store;
use crate::capabilities::key_value::Bucket;
use crate::journal::{Blob, Keys, Outcome};

/// An answer of the store, and how it is written down.
pub(super) trait Kept {
    /// The form in which it is written down.
    type Written;

    fn written(&self) -> Self::Written;

    /// How much a journal keeps of it.
    fn bytes(&self) -> usize {
        0
    }
}

impl Kept for () {
    type Written = ();

    fn written(&self) {}
}

impl Kept for bool {
    type Written = Self;

    fn written(&self) -> Self {
        *self
    }
}

/// That a bucket was opened.
impl Kept for Resource<Bucket> {
    type Written = ();

    fn written(&self) {}
}

impl Kept for Option<Vec<u8>> {
    type Written = Option<Blob>;

    fn written(&self) -> Option<Blob> {
        self.as_ref().map(Blob::from)
    }

    fn bytes(&self) -> usize {
        self.as_ref().map_or(0, Vec::len)
    }
}

impl Kept for store::KeyResponse {
    type Written = Keys;

    fn written(&self) -> Keys {
        Keys { keys: self.keys.clone(), next: self.cursor }
    }

    fn bytes(&self) -> usize {
        self.keys.iter().map(String::len).sum()
    }
}

/// How an answer is written down.
pub(super) fn outcome<T: Kept>(answer: &Result<T, store::Error>) -> Outcome<T::Written> {
    match answer {
        Ok(value) => Outcome::Done(value.written()),
        Err(store::Error::NoSuchStore) => Outcome::NoSuchStore,
        Err(store::Error::AccessDenied) => Outcome::AccessDenied,
        Err(store::Error::Other(text)) => Outcome::Failed(text.clone()),
    }
}

/// How it is given again.
pub(super) fn given<T>(outcome: Outcome<T>) -> Result<T, store::Error> {
    match outcome {
        Outcome::Done(value) => Ok(value),
        Outcome::NoSuchStore => Err(store::Error::NoSuchStore),
        Outcome::AccessDenied => Err(store::Error::AccessDenied),
        Outcome::Failed(text) => Err(store::Error::Other(text)),
        Outcome::Unanswered => Err(store::Error::Other("the store did not answer".to_owned())),
    }
}
