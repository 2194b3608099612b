//! Answers of the store as a journal keeps them and as a script gives them again.

use crate::bindings::wasi::keyvalue::store;
use crate::capabilities::journal::{Blob, Keys, Outcome};

/// How much a journal keeps of an answer.
pub(super) trait Kept {
    fn bytes(&self) -> usize {
        0
    }
}

impl Kept for () {}

impl Kept for bool {}

impl Kept for Option<Blob> {
    fn bytes(&self) -> usize {
        self.as_ref().map_or(0, Blob::len)
    }
}

impl Kept for Keys {
    fn bytes(&self) -> usize {
        self.keys.iter().map(String::len).sum()
    }
}

/// How an answer is written down.
impl<T: Clone> From<&Result<T, store::Error>> for Outcome<T> {
    fn from(answer: &Result<T, store::Error>) -> Self {
        match answer {
            Ok(value) => Self::Done(value.clone()),
            Err(store::Error::NoSuchStore) => Self::NoSuchStore,
            Err(store::Error::AccessDenied) => Self::AccessDenied,
            Err(store::Error::Other(text)) => Self::Failed(text.clone()),
        }
    }
}

/// How it is given again.
impl<T> From<Outcome<T>> for Result<T, store::Error> {
    fn from(outcome: Outcome<T>) -> Self {
        match outcome {
            Outcome::Done(value) => Ok(value),
            Outcome::NoSuchStore => Err(store::Error::NoSuchStore),
            Outcome::AccessDenied => Err(store::Error::AccessDenied),
            Outcome::Failed(text) => Err(store::Error::Other(text)),
            Outcome::Unanswered => Err(store::Error::Other("the store did not answer".to_owned())),
        }
    }
}
