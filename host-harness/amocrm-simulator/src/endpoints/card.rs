//! What every entity has, be it a contact, a company or a lead.

use jiff::Timestamp;

use crate::{CustomField, Phone};

/// What every entity has.
pub(super) struct Card<'a> {
    pub(super) id: u64,
    pub(super) name: &'a str,
    /// Other names that `query` looks into.
    pub(super) other_names: Vec<&'a str>,
    pub(super) responsible_user_id: Option<u64>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) is_deleted: bool,
    pub(super) phones: &'a [Phone],
    pub(super) custom_fields: &'a [CustomField],
    pub(super) tags: &'a [String],
}
