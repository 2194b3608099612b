//! Reasons that the host gives for a call that no operation was asked about: the request did not say what to do, or there was no room.
//!
//! | code | class | when |
//! |---|---|---|
//! | `request-not-understood` | technical-failure | the PBX's request is not a call |
//! | `operation-unknown` | technical-failure | it names no operation of this node |
//! | `host-overloaded` | technical-failure | as many calls as the node takes are being resolved |
//! | `host-stopping` | technical-failure | the node is stopping |

use std::sync::Arc;

use call::caller::Presented;
use jiff::Timestamp;

use super::{CallRecord, Details, Localized, Reason, ResolvedCall, Route};
use crate::engine::Run;
use crate::placement::IncomingCall;
use call::masking::mask;

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
}

impl HostReason {
    /// The stable machine code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotUnderstood(_) => "request-not-understood",
            Self::OperationUnknown => "operation-unknown",
            Self::Overloaded => "host-overloaded",
            Self::Stopping => "host-stopping",
        }
    }

    fn text(&self) -> Localized {
        let text = |ru: &str, en: &str| Localized { ru: ru.to_owned(), en: en.to_owned() };
        match self {
            Self::NotUnderstood(what) => Localized {
                ru: format!("Запрос АТС не понят: {}", what.ru),
                en: format!("The PBX's request was not understood: {}", what.en),
            },
            Self::OperationUnknown => {
                text("В запросе АТС не названа операция этого хоста", "The request names no operation of this host")
            }
            Self::Overloaded => text(
                "Хост обрабатывает слишком много звонков одновременно",
                "The host is resolving too many calls at once",
            ),
            Self::Stopping => text("Хост останавливается", "The host is stopping"),
        }
    }
}

impl ResolvedCall {
    /// The record of a call that goes to the linked operation without an operation being asked.
    pub fn declined(
        component: &Arc<str>,
        call: &IncomingCall,
        at: Timestamp,
        linked_operation: &str,
        reason: &HostReason,
    ) -> Self {
        let caller = call.caller.as_deref().filter(|caller| !Presented::is_withheld(caller)).map(mask);
        Self {
            call: CallRecord { id: call.id.clone(), caller, called: call.called.clone(), at },
            route: Route::LinkedOperation {
                target: linked_operation.to_owned(),
                reason: Reason {
                    code: reason.code().to_owned(),
                    class: "technical-failure",
                    status: Localized {
                        ru: "Переадресация не удалась".to_owned(), en: "Forwarding failed".to_owned()
                    },
                    text: reason.text(),
                },
            },
            details: Details::default(),
            run: Run::default(),
            component: Arc::clone(component),
        }
    }
}
