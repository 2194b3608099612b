//! The facts by which this host counts cache hits and rebuilds an account from past calls, wherever an operation gives them.
//!
//! The contract lets an operation describe its facts by keys and titles, and does not say what they mean. A host that wants to know where a manager
//! was found therefore has to know the keys. They stand here alone; calls of an operation without such facts are counted without them.

use crate::details::{FactValue, Facts};

/// A manager source that costs no request.
const CACHE: &str = "cache";

impl Facts {
    /// Where the manager was known from.
    pub fn manager_source(&self) -> Option<&str> {
        self.get("manager_source")?.as_text()
    }

    /// Whether the manager was known from the cache; none where no manager was known.
    pub fn is_cache_hit(&self) -> Option<bool> {
        self.manager_source().map(|source| source == CACHE)
    }

    /// The manager's CRM user.
    pub fn manager_user_id(&self) -> Option<u64> {
        self.get("manager_user_id").and_then(FactValue::as_integer)
    }

    /// The employee in whose place a deputy is rung.
    pub fn deputy_for(&self) -> Option<&str> {
        self.get("deputy_for")?.as_text()
    }

    /// The caller's contact in the CRM.
    pub fn contact_id(&self) -> Option<u64> {
        self.get("contact_id").and_then(FactValue::as_integer)
    }

    /// What showed that the manager was at work, and when.
    pub fn status_evidence(&self) -> Option<(&str, &str)> {
        self.get("status_evidence")?.as_text().zip(self.get("status_evidence_at")?.as_text())
    }
}
