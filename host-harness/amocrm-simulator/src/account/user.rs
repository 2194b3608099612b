//! A user of the account.

use serde::{Deserialize, Serialize};

/// A user of the account (amoCRM facts §3). Only `id` is required.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The user's id.
    pub id: u64,
    /// The user's name; may be empty.
    #[serde(default)]
    pub name: String,
    /// E-mail; absent: made of the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Language of the interface: `ru`, `en`, `es` or `pt`.
    #[serde(default = "ru")]
    pub lang: String,
    /// Whether the user is switched on in the account. Says nothing about being at work.
    #[serde(default = "yes")]
    pub is_active: bool,
    /// Whether the user is an administrator.
    #[serde(default)]
    pub is_admin: bool,
    /// Whether the user is a free one.
    #[serde(default)]
    pub is_free: bool,
    /// The user's group; absent: `null`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<u64>,
    /// What `with=phone_number` shows; absent: `null`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
}

impl User {
    /// An active user of this id and name, everything else by default.
    pub fn new(id: u64, name: &str) -> Self {
        Self {
            id,
            name: name.to_owned(),
            email: None,
            lang: ru(),
            is_active: true,
            is_admin: false,
            is_free: false,
            group_id: None,
            phone_number: None,
        }
    }
}

fn ru() -> String {
    "ru".to_owned()
}

fn yes() -> bool {
    true
}
