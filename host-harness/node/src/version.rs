//! A version: a component that is ready for the calls of a step.

use super::PlacedOperation;
use runtime::bindings::exports::telephony::operation::operation::Description;

/// A component placed at a step.
pub struct Version {
    /// Ready for calls.
    pub placed: PlacedOperation,
    /// What the component says of itself.
    pub description: Description,
}
