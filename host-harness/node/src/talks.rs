//! Who talked to whom (rule E5): out of the kept calls that an employee answered, as PBXs reported them, and out of what other nodes were told.

use std::sync::Arc;

use amocrm::integration::Integration;
use async_trait::async_trait;
use jiff::Timestamp;
use runtime::capabilities::directory::{LastTalk, Talks, Unavailable};
use tokio::task::spawn_blocking;

use crate::call_details::Reader;
use crate::shared_calls::{SharedCalls, Talk};

/// The talks of one integration's employees.
pub(super) struct KeptTalks {
    pub(super) calls: Reader,
    /// What other nodes were told.
    pub(super) shared: Option<SharedCalls>,
    pub(super) integration: Arc<Integration>,
}

#[async_trait]
impl Talks for KeptTalks {
    async fn last(&self, caller_number: &str, since: Timestamp) -> Result<Option<LastTalk>, Unavailable> {
        let without = || Unavailable("without `cache_key_secret` it is not kept who talked to whom".to_owned());
        let key = self.integration.caller_key(caller_number).ok_or_else(without)?;
        // What the store does not give in time is as if no other node had been told anything.
        let elsewhere = match &self.shared {
            Some(shared) => shared.last_talk(&key).await.filter(|talk| talk.at >= since),
            None => None,
        };
        let calls = self.calls.clone();
        let found = spawn_blocking(move || calls.last_answered(&key, since)).await;
        let found = found.map_err(|error| Unavailable(error.to_string()))?;
        let here = found.map_err(|error| Unavailable(error.to_string()))?;
        let here = here.map(|(employee, at)| Talk { employee, at });
        let last = here.into_iter().chain(elsewhere).max_by_key(|talk| talk.at);
        // Somebody who is no employee any more is nobody.
        Ok(last.and_then(|Talk { employee, at }| {
            Some(LastTalk { crm_user_id: self.integration.crm_user_of(&employee)?, at })
        }))
    }
}
