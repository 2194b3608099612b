//! What a component asks for: read off its imports and its description, so that people see it before it is put in force.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use runtime::bindings::exports::telephony::operation::operation::{Description, SettingDescription, SettingKind};
use runtime::engine::{Operation, WAITING_TIME};

/// What a component asks for. Fields may be added, none is renamed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Requirements {
    /// What its calls may do outside the sandbox.
    pub capabilities: Vec<Capability>,
    /// The interfaces that it imports, sorted.
    pub imports: Vec<String>,
    /// What it reads of the integration's configuration.
    pub configuration: Vec<DescribedKey>,
    /// The settings of its placement.
    pub settings: Vec<DescribedKey>,
    /// Whether it takes notices of changes.
    pub takes_notices: bool,
    /// How long a caller may wait for it; none where it has no such setting.
    pub waiting_time: Option<DescribedWaitingTime>,
    /// Linear memory that each call of it has from the beginning, in bytes.
    pub memory_at_rest: u64,
    /// Of the component's file, in bytes.
    pub size: usize,
}

/// Something outside the sandbox that a call may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Capability {
    /// Requests to the integration's account, with the access that the host adds.
    HttpToAccount,
    /// Requests to other servers that the configuration grants.
    HttpElsewhere,
    /// Values kept from call to call, in a bucket of its integration.
    KeyValue,
    /// The integration's configuration.
    Configuration,
    /// The PBX's directory of employees.
    Directory,
    /// The time of day, and timers.
    Clocks,
    /// Lines in the host's log.
    Diagnostics,
}

/// A key that a component describes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DescribedKey {
    /// The key.
    pub key: String,
    /// Whether the component cannot work without it.
    pub required: bool,
    /// Whether its value must not be shown.
    pub secret: bool,
}

/// How long a caller may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DescribedWaitingTime {
    /// Where nothing else is set, in milliseconds.
    pub default_ms: u64,
    /// The least that can be set, in milliseconds.
    pub minimum_ms: u64,
    /// The most that can be set, in milliseconds.
    pub maximum_ms: u64,
}

impl Requirements {
    /// What a component asks for that describes itself so.
    pub fn of(operation: &Operation, description: &Description) -> Self {
        let imports = operation.imports();
        let mut capabilities: Vec<_> = imports.iter().flat_map(|import| capabilities(import)).copied().collect();
        capabilities.sort_unstable();
        capabilities.dedup();
        let waiting_time = description.settings.iter().find_map(|setting| match &setting.kind {
            SettingKind::Duration(bounds) if setting.key == WAITING_TIME => Some(DescribedWaitingTime {
                default_ms: bounds.default,
                minimum_ms: bounds.minimum,
                maximum_ms: bounds.maximum,
            }),
            _ => None,
        });
        Self {
            capabilities,
            imports,
            configuration: description.configuration.iter().map(DescribedKey::from).collect(),
            settings: description.settings.iter().map(DescribedKey::from).collect(),
            takes_notices: operation.takes_notices(),
            waiting_time,
            memory_at_rest: operation.inspection().memory_at_rest,
            size: operation.size(),
        }
    }
}

impl From<&SettingDescription> for DescribedKey {
    fn from(described: &SettingDescription) -> Self {
        let secret = matches!(&described.kind, SettingKind::Text(text) if text.secret);
        Self { key: described.key.clone(), required: described.required, secret }
    }
}

/// What an import of the contract opens; the others are types and streams of these.
fn capabilities(import: &str) -> &'static [Capability] {
    match import.split('@').next().unwrap_or(import) {
        "wasi:http/outgoing-handler" => &[Capability::HttpToAccount, Capability::HttpElsewhere],
        "wasi:keyvalue/store" => &[Capability::KeyValue],
        "wasi:config/store" => &[Capability::Configuration],
        "telephony:operation/directory" => &[Capability::Directory],
        "wasi:cli/stdout" | "wasi:cli/stderr" => &[Capability::Diagnostics],
        "wasi:clocks/wall-clock" | "wasi:clocks/monotonic-clock" => &[Capability::Clocks],
        _ => &[],
    }
}
