//! Reasons that a host gives for a call that no operation was asked about: the request did not say what to do, or there was no room.
//!
//! | code | class | when |
//! |---|---|---|
//! | `request-not-understood` | technical-failure | the PBX's request is not a call |
//! | `operation-unknown` | technical-failure | it names no operation of this node |
//! | `host-overloaded` | technical-failure | as many calls as the node takes are being resolved, or their memory is used up |
//! | `host-stopping` | technical-failure | the node is stopping |
//! | `settings-unreadable` | configuration | the host cannot read the operation's settings |

use crate::details::{Details, FactTitles};
use crate::document::{CallDocument, CallRecord, Reason, Route, Run, VERSION};
use crate::language::Localized;

/// Why no operation was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostReason {
    /// The request is not a call; what is wrong with it.
    NotUnderstood(Localized),
    /// It names no operation of this node.
    OperationUnknown,
    /// As many calls as the node takes are being resolved.
    Overloaded,
    /// The node is stopping.
    Stopping,
    /// The operation's settings cannot be read; what is wrong with them.
    SettingsUnreadable(String),
}

impl HostReason {
    /// The codes of all of them.
    pub const CODES: [&str; 5] =
        ["request-not-understood", "operation-unknown", "host-overloaded", "host-stopping", "settings-unreadable"];

    /// The stable machine code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotUnderstood(_) => "request-not-understood",
            Self::OperationUnknown => "operation-unknown",
            Self::Overloaded => "host-overloaded",
            Self::Stopping => "host-stopping",
            Self::SettingsUnreadable(_) => "settings-unreadable",
        }
    }

    const fn class(&self) -> &'static str {
        match self {
            Self::SettingsUnreadable(_) => "configuration",
            Self::NotUnderstood(_) | Self::OperationUnknown | Self::Overloaded | Self::Stopping => "technical-failure",
        }
    }

    fn text(&self) -> Localized {
        match self {
            Self::NotUnderstood(what) => Localized::new(
                format!("Запрос АТС не понят: {}", what.ru),
                format!("The PBX's request was not understood: {}", what.en),
            ),
            Self::OperationUnknown => Localized::new(
                "В запросе АТС не названа операция этого хоста",
                "The request names no operation of this host",
            ),
            Self::Overloaded => Localized::new(
                "Хост обрабатывает слишком много звонков одновременно",
                "The host is resolving too many calls at once",
            ),
            Self::Stopping => Localized::new("Хост останавливается", "The host is stopping"),
            Self::SettingsUnreadable(why) => Localized::new(
                format!("Настройки операции не читаются: {why}"),
                format!("The settings of the operation cannot be read: {why}"),
            ),
        }
    }
}

impl CallDocument {
    /// The document of a call that goes to the linked operation without an operation being asked. `component` is the digest of the one that
    /// would have been.
    pub fn declined(call: CallRecord, linked_operation: &str, reason: &HostReason, component: Option<&str>) -> Self {
        Self {
            version: VERSION,
            call,
            route: Route::LinkedOperation { target: linked_operation.to_owned() },
            reason: Some(Reason::of_host(reason.code(), reason.class(), reason.text())),
            details: Details::default(),
            run: Run { component: component.map(str::to_owned), memory_bytes: component.map(|_| 0), ..Run::default() },
            titles: FactTitles::default(),
        }
    }
}
