//! Reasons that a host gives for a call that no operation was asked about: the request did not say what to do, or there was no room.
//!
//! | code | class | when |
//! |---|---|---|
//! | `request-not-understood` | technical-failure | the PBX's request is not a call |
//! | `operation-unknown` | technical-failure | it names no operation of this node |
//! | `host-overloaded` | technical-failure | as many calls as the node takes are being resolved, or their memory is used up |
//! | `host-stopping` | technical-failure | the node is stopping |
//! | `settings-unreadable` | configuration | the host cannot read the operation's settings |
//! | `scenario-too-slow` | no-answer | the steps before took all the time that the scenario may take |
//! | `step-left` | no-answer | the request asks for numbers that were rung in vain already |

use crate::details::Details;
use crate::document::{CallDocument, CallRecord, Reason, Route, Run, VERSION};
use crate::language::Localized;
use crate::scenario::Exits;
use crate::titles::Titles;

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
    /// The steps before took all the time that the scenario may take.
    ScenarioTooSlow,
    /// The numbers that the request asks for were rung in vain already.
    StepLeft,
}

impl HostReason {
    /// The codes of all of them.
    pub const CODES: [&str; 7] = [
        "request-not-understood",
        "operation-unknown",
        "host-overloaded",
        "host-stopping",
        "settings-unreadable",
        "scenario-too-slow",
        "step-left",
    ];

    /// The stable machine code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotUnderstood(_) => "request-not-understood",
            Self::OperationUnknown => "operation-unknown",
            Self::Overloaded => "host-overloaded",
            Self::Stopping => "host-stopping",
            Self::SettingsUnreadable(_) => "settings-unreadable",
            Self::ScenarioTooSlow => "scenario-too-slow",
            Self::StepLeft => "step-left",
        }
    }

    const fn class(&self) -> &'static str {
        match self {
            Self::SettingsUnreadable(_) => "configuration",
            Self::ScenarioTooSlow | Self::StepLeft => "no-answer",
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
            Self::ScenarioTooSlow => Localized::new(
                "Предыдущие шаги заняли всё время ожидания сценария",
                "The steps before took all the time that the scenario may wait",
            ),
            Self::StepLeft => Localized::new(
                "Номера этого шага уже звонили без ответа и больше не вызываются",
                "The numbers of this step have rung without an answer and are not rung again",
            ),
            Self::SettingsUnreadable(why) => Localized::new(
                format!("Настройки операции не читаются: {why}"),
                format!("The settings of the operation cannot be read: {why}"),
            ),
        }
    }
}

impl CallDocument {
    /// The document of a call that leaves its placement without an operation being asked. `component` is the digest of the one that
    /// would have been.
    pub fn declined(call: CallRecord, exits: &Exits, reason: &HostReason, component: Option<&str>) -> Self {
        let target = exits.of_reason(reason.code(), reason.class()).to_owned();
        Self {
            version: VERSION,
            call,
            steps: Vec::new(),
            placement: None,
            route: Route::LinkedOperation { target },
            reason: Some(Reason::of_host(reason.code(), reason.class(), reason.text())),
            details: Details::default(),
            run: Run { component: component.map(str::to_owned), memory_bytes: component.map(|_| 0), ..Run::default() },
            titles: Titles::default(),
            caller_name: None,
        }
    }
}
