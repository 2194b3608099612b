//! A lead: a deal with contacts, which has a manager of its own.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::CustomField;
use super::contact::LONG_AGO;
use crate::spelling::instant;

/// A lead (amoCRM facts §2). It has no phone: `query` finds it by those of its contacts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lead {
    /// The lead's id. Absent (0): one more than the largest before it.
    pub id: u64,
    /// Its name; may be empty.
    pub name: String,
    /// What it is worth.
    pub price: u64,
    /// Its manager, whoever the contact's is. Absent: `null`; an explicit 0 stays 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub responsible_user_id: Option<u64>,
    /// Its pipeline.
    pub pipeline_id: u64,
    /// Its stage; 142 is won, 143 is lost, every other one is open.
    pub status_id: u64,
    /// When it was created; RFC 3339 or unix seconds.
    #[serde(with = "instant::required")]
    pub created_at: Timestamp,
    /// When it was last changed; RFC 3339 or unix seconds. Absent: when it was created.
    #[serde(with = "instant::optional", skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// When it was closed; RFC 3339 or unix seconds. Absent: when it was last changed, where the stage is 142 or 143.
    #[serde(with = "instant::optional", skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// Whether it is in the bin.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_deleted: bool,
    /// Its fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub custom_fields: Vec<CustomField>,
    /// Ids of its contacts; the first is the main one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<u64>,
    /// Ids of its companies; amoCRM shows none or one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub companies: Vec<u64>,
    /// Names of its tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

impl Lead {
    /// The stage of a lead that was won.
    pub(crate) const WON: u64 = 142;
    /// The stage of a lead that was lost.
    pub(crate) const LOST: u64 = 143;

    /// When it was last changed.
    pub fn updated(&self) -> Timestamp {
        self.updated_at.unwrap_or(self.created_at)
    }

    /// When it was closed; `None` for an open lead.
    pub fn closed(&self) -> Option<Timestamp> {
        let ended = matches!(self.status_id, Self::WON | Self::LOST);
        self.closed_at.or_else(|| ended.then(|| self.updated()))
    }
}

impl Default for Lead {
    fn default() -> Self {
        Self {
            id: 0,
            name: String::new(),
            price: 0,
            responsible_user_id: None,
            pipeline_id: 3_177_727,
            status_id: 32_392_156,
            created_at: LONG_AGO,
            updated_at: None,
            closed_at: None,
            is_deleted: false,
            custom_fields: Vec::new(),
            contacts: Vec::new(),
            companies: Vec::new(),
            tags: Vec::new(),
        }
    }
}
