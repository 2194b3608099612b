//! A version: a component that is ready for the calls of a placement.

use super::ReadyOperation;
use runtime::bindings::exports::telephony::operation::operation::Description;

/// A component at a placement.
pub struct Version {
    /// Ready for calls.
    pub placed: ReadyOperation,
    /// What the component says of itself.
    pub description: Description,
}
