//! What was asked of the store and answered. Of a script, the answers come in their order; the store is not asked.

use wasmtime::Result;
use wasmtime::component::Resource;

use super::Noted;
use super::kept::{Kept, given, outcome};
use crate::bindings::wasi::keyvalue::store::{self, Host, HostBucket};
use crate::capabilities::key_value::{Bucket, KeyValueView};
use crate::journal::{Blob, Import, KeyValueAsk, Outcome};

/// The answer in the script where there is one, made into the answer of the contract, else the store's own; noted either way, and the question
/// also where no answer comes.
macro_rules! noted {
    ($self:ident, $ask:ident { $($field:ident: $question:expr),* }, $asked:expr, $value:pat => $again:expr) => {{
        let index = $self
            .journal
            .note(|| Import::KeyValue(KeyValueAsk::$ask { $($field: $question,)* answer: Outcome::Unanswered }));
        let answered = match $self.script.key_value() {
            Some(KeyValueAsk::$ask { answer: Outcome::Unanswered, .. }) => std::future::pending().await,
            Some(KeyValueAsk::$ask { answer, .. }) => match given(answer) {
                Ok($value) => Ok($again),
                Err(error) => Err(error),
            },
            // Something else was asked then: from here on nothing is the same.
            Some(_) => Err(store::Error::Other("another question was asked here".to_owned())),
            None => $asked.await?,
        };
        $self.journal.learn(index, answered.as_ref().map_or(0, Kept::bytes), |import| {
            if let Import::KeyValue(KeyValueAsk::$ask { answer, .. }) = import {
                *answer = outcome(&answered);
            }
        });
        Ok(answered)
    }};
}

impl Host for Noted<'_, KeyValueView<'_>> {
    async fn open(&mut self, identifier: String) -> Result<Result<Resource<Bucket>, store::Error>> {
        noted!(
            self,
            Open { bucket: identifier.clone() },
            self.capability.open(identifier),
            () => self.capability.table.push(Bucket)?
        )
    }
}

impl HostBucket for Noted<'_, KeyValueView<'_>> {
    async fn get(&mut self, bucket: Resource<Bucket>, key: String) -> Result<Result<Option<Vec<u8>>, store::Error>> {
        noted!(self, Get { key: key.clone() }, self.capability.get(bucket, key), value => value.map(|bytes| bytes.0.into()))
    }

    async fn set(&mut self, bucket: Resource<Bucket>, key: String, value: Vec<u8>) -> Result<Result<(), store::Error>> {
        noted!(
            self,
            Set { key: key.clone(), value: Blob::from(&value) },
            self.capability.set(bucket, key, value),
            () => ()
        )
    }

    async fn delete(&mut self, bucket: Resource<Bucket>, key: String) -> Result<Result<(), store::Error>> {
        noted!(self, Delete { key: key.clone() }, self.capability.delete(bucket, key), () => ())
    }

    async fn exists(&mut self, bucket: Resource<Bucket>, key: String) -> Result<Result<bool, store::Error>> {
        noted!(self, Exists { key: key.clone() }, self.capability.exists(bucket, key), found => found)
    }

    async fn list_keys(
        &mut self,
        bucket: Resource<Bucket>,
        cursor: Option<u64>,
    ) -> Result<Result<store::KeyResponse, store::Error>> {
        noted!(self, ListKeys { cursor: cursor }, self.capability.list_keys(bucket, cursor), page => store::KeyResponse { keys: page.keys, cursor: page.next })
    }

    async fn drop(&mut self, bucket: Resource<Bucket>) -> Result<()> {
        HostBucket::drop(&mut self.capability, bucket).await
    }
}
