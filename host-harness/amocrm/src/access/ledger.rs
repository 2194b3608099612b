//! Where an integration's grant is kept: one entry of the host's records, in a bucket that no component can open, changed by compare-and-swap alone.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use zeroize::Zeroizing;

use super::grant::{Grant, GrantError};
use call::Bilingual;
use runtime::capabilities::http::BaseUrl;
use runtime::store::{KeyValueStore, Shelf, Slot, StoreError};

/// The bucket. Components may open [`crate::integration::BUCKET`] alone.
const BUCKET: &str = "access";
/// The key of the record.
const KEY: &str = "grant";
/// How long a change that must not be lost is tried again while the store fails.
const PATIENCE: Duration = Duration::from_secs(10);
/// The pause after the first failure; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The entry of one integration.
#[derive(Clone, Debug)]
pub struct Ledger {
    records: Arc<dyn KeyValueStore>,
    integration: String,
    namespace: String,
    /// How long a change is tried again while the store fails.
    pub(super) patience: Duration,
}

/// A grant as it was seen in the store.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The grant.
    pub grant: Grant,
    /// The record, which a change must still find there.
    record: Zeroizing<Vec<u8>>,
}

/// Why the grant cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The record is there and cannot be read.
    #[error("{error} (in {location})")]
    Grant {
        /// What is wrong with it.
        error: GrantError,
        /// The store.
        location: String,
    },
}

impl Ledger {
    /// For the integration of that identifier and `client_id`: another one of either has a grant of its own.
    pub fn new(records: Arc<dyn KeyValueStore>, integration: &str, client_id: &str) -> Self {
        let namespace = format!("{integration}@{client_id}");
        Self { records, integration: integration.to_owned(), namespace, patience: PATIENCE }
    }

    /// Under which name the operations' values of this account are kept: those of another one are of other people.
    pub(crate) fn namespace_of(&self, account: &BaseUrl) -> String {
        format!("{}@{account}", self.integration)
    }

    /// The store, for people.
    pub fn location(&self) -> String {
        self.records.location()
    }

    fn slot(&self) -> Slot<'_> {
        Shelf { namespace: &self.namespace, bucket: BUCKET }.slot(KEY)
    }

    /// The grant, or none where the integration was never connected.
    pub async fn read(&self) -> Result<Option<Kept>, LedgerError> {
        let Some(record) = self.records.get(self.slot()).await?.map(Zeroizing::new) else {
            return Ok(None);
        };
        match Grant::from_bytes(&record) {
            Ok(grant) => Ok(Some(Kept { grant, record })),
            Err(error) => Err(LedgerError::Grant { error, location: self.location() }),
        }
    }

    /// Puts the grant in place of the one seen, unless that has changed meanwhile.
    pub async fn swap(&self, seen: &Kept, grant: Grant) -> Result<Option<Kept>, StoreError> {
        let record = grant.to_bytes();
        let swapped = self.records.compare_and_swap(self.slot(), Some(&seen.record), &record).await?;
        Ok(swapped.then_some(Kept { grant, record }))
    }

    /// Changes the grant whatever others do to it meanwhile: `change` is given what is there, and leaves it by answering none. Where
    /// the store fails, tries again for a while.
    pub async fn change(&self, mut change: impl FnMut(&Grant) -> Option<Grant>) -> Result<Option<Kept>, LedgerError> {
        let mut patience = Patience::new(self.patience);
        loop {
            let step = async {
                let Some(seen) = self.read().await? else { return Ok(Some(None)) };
                let Some(changed) = change(&seen.grant) else { return Ok(Some(Some(seen))) };
                Ok::<_, LedgerError>(self.swap(&seen, changed).await?.map(Some))
            };
            match step.await {
                Ok(Some(kept)) => return Ok(kept),
                // Somebody else was quicker.
                Ok(None) => {}
                Err(error @ LedgerError::Store(_)) => patience.or(error).await?,
                Err(error) => return Err(error),
            }
        }
    }

    /// Puts a grant in place of whatever is there, readable or not. `make` is given the grant that it replaces.
    pub async fn replace(&self, mut make: impl FnMut(Option<&Grant>) -> Grant) -> Result<Kept, StoreError> {
        let mut patience = Patience::new(self.patience);
        loop {
            let step = async {
                let seen = self.records.get(self.slot()).await?.map(Zeroizing::new);
                let before = seen.as_ref().and_then(|record| Grant::from_bytes(record).ok());
                let grant = make(before.as_ref());
                let record = grant.to_bytes();
                let expected = seen.as_ref().map(|record| record.as_slice());
                let swapped = self.records.compare_and_swap(self.slot(), expected, &record).await?;
                Ok(swapped.then_some(Kept { grant, record }))
            };
            match step.await {
                Ok(Some(kept)) => return Ok(kept),
                Ok(None) => {}
                Err(error) => patience.or(error).await?,
            }
        }
    }
}

/// Waits longer and longer while something fails.
struct Patience {
    until: Instant,
    pause: Duration,
}

impl Patience {
    fn new(patience: Duration) -> Self {
        Self { until: Instant::now() + patience, pause: FIRST_PAUSE }
    }

    /// Waits, or gives the error where the time has run out.
    async fn or<E>(&mut self, error: E) -> Result<(), E> {
        if Instant::now() + self.pause > self.until {
            return Err(error);
        }
        sleep(self.pause).await;
        self.pause *= 2;
        Ok(())
    }
}

impl Bilingual for LedgerError {
    fn ru(&self) -> String {
        match self {
            Self::Store(error) => error.ru(),
            Self::Grant { error, location } => format!("{} (в {location})", error.ru()),
        }
    }
}
