//! What is compared: a component with its settings.

use std::collections::BTreeMap;

use runtime::bindings::exports::telephony::operation::operation::Description;
use runtime::engine::Operation;
use runtime::settings::{SettingError, read_settings};

/// What is rehearsed.
#[derive(Clone)]
pub struct Variant {
    /// What it is called.
    pub name: String,
    /// The component.
    pub operation: Operation,
    /// Its description.
    pub description: Description,
    /// Its settings, as text.
    pub settings: BTreeMap<String, String>,
}

impl Variant {
    /// Judges the settings before the history is run.
    pub fn check(&self) -> Result<(), SettingError> {
        read_settings(&self.description, &self.settings).map(|_| ())
    }
}
