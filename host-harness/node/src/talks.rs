//! Who talked to whom (rule E5): out of the kept calls that an employee answered, as PBXs reported them.

use std::sync::Arc;

use amocrm::integration::Integration;
use async_trait::async_trait;
use jiff::Timestamp;
use runtime::capabilities::directory::{LastTalk, Talks, Unavailable};
use tokio::task::spawn_blocking;

use crate::call_details::Reader;

/// The talks of one integration's employees.
pub(super) struct KeptTalks {
    pub(super) calls: Reader,
    pub(super) integration: Arc<Integration>,
}

#[async_trait]
impl Talks for KeptTalks {
    async fn last(&self, caller_number: &str, since: Timestamp) -> Result<Option<LastTalk>, Unavailable> {
        let without = || Unavailable("without `cache_key_secret` it is not kept who talked to whom".to_owned());
        let key = self.integration.caller_key(caller_number).ok_or_else(without)?;
        let calls = self.calls.clone();
        let found = spawn_blocking(move || calls.last_answered(&key, since)).await;
        let found = found.map_err(|error| Unavailable(error.to_string()))?;
        let answered = found.map_err(|error| Unavailable(error.to_string()))?;
        // Somebody who is no employee any more is nobody.
        Ok(answered
            .and_then(|(employee, at)| Some(LastTalk { crm_user_id: self.integration.crm_user_of(&employee)?, at })))
    }
}
