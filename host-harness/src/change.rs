//! A change of the configuration as it is kept: in the state directory of a node, or in the store that nodes share.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use call::Localized;
use server::configuration::By;

/// A change, and the text that it made, or what else was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Change {
    /// Counted from 1; 0 is what was there at first.
    pub(crate) number: u64,
    pub(crate) at: Timestamp,
    pub(crate) author: Option<String>,
    pub(crate) by: By,
    /// None where the text stayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    /// What was done, where that is not a change of the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) what: Option<Localized>,
}

/// What names a text.
pub(crate) fn revision_of(text: &str) -> String {
    let digest = base16ct::lower::encode_string(&Sha256::digest(text));
    digest.get(..32).unwrap_or(&digest).to_owned()
}
