//! A company: an organisation with phones and a manager of its own.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::contact::LONG_AGO;
use super::{CustomField, Phone};
use crate::spelling::instant;

/// A company (amoCRM facts §2). A contact belongs to one by [`crate::Contact::companies`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Company {
    /// The company's id. Absent (0): one more than the largest before it.
    pub id: u64,
    /// Its name; may be empty.
    pub name: String,
    /// Its manager. Absent: `null`; an explicit 0 stays 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub responsible_user_id: Option<u64>,
    /// When it was created; RFC 3339 or unix seconds.
    #[serde(with = "instant::required")]
    pub created_at: Timestamp,
    /// When it was last changed; RFC 3339 or unix seconds. Absent: when it was created.
    #[serde(with = "instant::optional", skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// Whether it is in the bin.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_deleted: bool,
    /// The values of its PHONE field, free text as somebody typed them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<Phone>,
    /// Its other fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub custom_fields: Vec<CustomField>,
    /// Names of its tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

impl Default for Company {
    fn default() -> Self {
        Self {
            id: 0,
            name: String::new(),
            responsible_user_id: None,
            created_at: LONG_AGO,
            updated_at: None,
            is_deleted: false,
            phones: Vec::new(),
            custom_fields: Vec::new(),
            tags: Vec::new(),
        }
    }
}

impl Company {
    /// When it was last changed.
    pub fn updated(&self) -> Timestamp {
        self.updated_at.unwrap_or(self.created_at)
    }
}
