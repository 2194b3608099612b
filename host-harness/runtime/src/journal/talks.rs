//! Who had talked to a caller, as an earlier journal has it.

use async_trait::async_trait;
use jiff::Timestamp;

use super::entry::{Entry, Import, Outcome};
use crate::capabilities::directory::{LastTalk, Talks, Unavailable};

/// The answer that a call got first; one that did not ask was told of nobody.
pub struct NotedTalks(Result<Option<LastTalk>, Unavailable>);

impl NotedTalks {
    /// What a call was told that ran as these entries say.
    pub fn of(entries: &[Entry]) -> Self {
        let answered = entries.iter().find_map(|entry| match &entry.import {
            Import::LastTalk { answer: Outcome::Done(found), .. } => Some(Ok(*found)),
            Import::LastTalk { answer: Outcome::Failed(why), .. } => Some(Err(Unavailable(why.clone()))),
            _ => None,
        });
        Self(answered.unwrap_or(Ok(None)))
    }
}

#[async_trait]
impl Talks for NotedTalks {
    async fn last(&self, _: &str, since: Timestamp) -> Result<Option<LastTalk>, Unavailable> {
        Ok(self.0.clone()?.filter(|talk| talk.at >= since))
    }
}
