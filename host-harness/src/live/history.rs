//! What is known of former configurations before one is put in force.

use super::changes::Changes;
use crate::change::Made;
use crate::shared::{self, Shared};
use call::Localized;
use stores::StoreLocation;

/// The changes before, and the text that a server begins with.
pub(crate) struct History {
    pub(super) changes: Changes,
    /// What changes are made in: the file's text, or that of the record.
    pub(super) text: String,
    pub(super) made: Made,
    /// What is wrong with the record of changes.
    pub(super) warnings: Vec<Localized>,
}

impl History {
    /// Of this text of a file (none in a demonstration), or of the record that nodes share.
    pub(crate) async fn of(own: Option<&str>, shared: Option<&Shared>, location: &StoreLocation) -> Self {
        let directory = location.own_directory();
        let of_file = directory.as_deref().filter(|_| own.is_some() && shared.is_none());
        let (mut changes, warnings) = Changes::open(of_file);
        let own = own.unwrap_or_default();
        let text = match shared.map(|shared| shared.seen.as_ref()) {
            Some(Some(seen)) => seen.said.shared_text().to_owned(),
            Some(None) => shared::shared(own, shared::uploaded(directory.as_deref()).as_deref()).unwrap_or_default(),
            None => own.to_owned(),
        };
        if let Some(Shared { record, seen: Some(seen), away, .. }) = shared {
            let former = if away.is_none() { record.since(0, seen.said.number).await } else { Vec::new() };
            former.into_iter().chain([seen.said.clone()]).for_each(|change| changes.take(change));
        }
        let made = changes.made(&text, None);
        Self { changes, text, made, warnings }
    }

    /// Which operations that text has.
    pub(crate) const fn made(&self) -> &Made {
        &self.made
    }
}
