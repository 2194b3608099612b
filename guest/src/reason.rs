//! Transition reasons (rule D8): why a call moved to the linked operation. Codes are stable; programs and reports depend on them.

use crate::text::Text;

/// The kinds of transition reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is documented in wit/types.wit")]
pub enum ReasonClass {
    Caller,
    EmptyAnswer,
    NoAnswer,
    TechnicalFailure,
    Absent,
    IntegrationOff,
    Configuration,
}

/// The status that the call details show for every call that is not forwarded (rule O6 names it).
pub const STATUS: Text = Text::fixed("Переадресация не удалась", "Forwarding failed");

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $class:ident, $ru:literal, $en:literal;)*) => {
        /// Why a call moved to the linked operation. (`operation-failed` is not here: the host gives it when the component did not answer.)
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Reason {
            $($(#[$doc])* $name,)*
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable machine code.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The kind of reason.
            pub const fn class(self) -> ReasonClass {
                match self { $(Self::$name => ReasonClass::$class,)* }
            }

            /// The text for people.
            pub const fn text(self) -> Text {
                match self { $(Self::$name => Text::fixed($ru, $en),)* }
            }
        }
    };
}

reasons! {
    /// No number was presented.
    CallerHidden = "caller-hidden", Caller,
        "Номер звонящего скрыт", "The caller's number is withheld";
    /// Fewer than 6 digits, or not a telephone number.
    CallerUnusable = "caller-unusable", Caller,
        "По номеру звонящего нельзя найти контакт", "The caller's number cannot be looked up";
    /// 204, or no verified hit.
    ContactNotFound = "contact-not-found", EmptyAnswer,
        "В amoCRM нет контакта с номером звонящего", "amoCRM has no contact with the caller's number";
    /// The contact has no responsible user.
    ManagerNotSet = "manager-not-set", EmptyAnswer,
        "У контакта в amoCRM нет ответственного", "The amoCRM contact has no responsible user";
    /// Several contacts with different managers, and the placement refuses that (rule D3).
    ContactAmbiguous = "contact-ambiguous", EmptyAnswer,
        "У номера несколько контактов с разными ответственными", "The number belongs to several contacts with different managers";
    /// The waiting time ran out.
    NoAnswerInTime = "no-answer-in-time", NoAnswer,
        "amoCRM не ответила за время ожидания", "amoCRM did not answer inside the waiting time";
    /// DNS, TCP, TLS, connection closed early.
    CrmUnreachable = "crm-unreachable", TechnicalFailure,
        "Нет связи с amoCRM", "amoCRM cannot be reached";
    /// 401.
    CredentialsRejected = "credentials-rejected", TechnicalFailure,
        "amoCRM отклонила ключ доступа интеграции", "amoCRM rejected the integration's access token";
    /// 402.
    AccountUnpaid = "account-unpaid", TechnicalFailure,
        "Аккаунт amoCRM не оплачен: оплатите его", "The amoCRM account is unpaid: pay for it";
    /// 403, or a request that the host refused.
    AccessForbidden = "access-forbidden", TechnicalFailure,
        "Доступ к amoCRM запрещён", "Access to amoCRM is forbidden";
    /// 429, or a request for which the host's budget had no turn.
    RateLimited = "rate-limited", TechnicalFailure,
        "Превышен лимит запросов к amoCRM", "The limit of requests to amoCRM is exceeded";
    /// Any other status that is not success.
    CrmError = "crm-error", TechnicalFailure,
        "amoCRM ответила ошибкой", "amoCRM answered with an error";
    /// A success whose body is not what the endpoint returns, or too large.
    AnswerNotUnderstood = "answer-not-understood", TechnicalFailure,
        "Ответ amoCRM не распознан", "amoCRM's answer could not be understood";
    /// O7: not at work today.
    ManagerAbsent = "manager-absent", Absent,
        "Персональный менеджер сегодня не авторизован в amoCRM", "The personal manager is not authorised in amoCRM today";
    /// D6: the check failed or timed out.
    StatusUnknown = "status-unknown", TechnicalFailure,
        "Не удалось проверить статус персонального менеджера", "The personal manager's status could not be checked";
    /// The manager is switched off in amoCRM, or no user of the account, and the placement refuses that.
    ManagerDeactivated = "manager-deactivated", Configuration,
        "Персональный менеджер отключён в amoCRM", "The personal manager is deactivated in amoCRM";
    /// D4: the manager maps to nobody.
    ManagerHasNoEmployee = "manager-has-no-employee", Configuration,
        "Персональному менеджеру не соответствует сотрудник АТС", "No PBX employee is mapped to the personal manager";
    /// D4: switched off.
    EmployeeOff = "employee-off", Configuration,
        "Сотрудник отключён в АТС", "The employee is switched off in the PBX";
    /// D4: nothing to ring.
    EmployeeHasNoNumber = "employee-has-no-number", Configuration,
        "У сотрудника нет номеров", "The employee has no numbers";
    /// The PBX could not say who the employee is.
    DirectoryUnavailable = "directory-unavailable", TechnicalFailure,
        "Справочник сотрудников АТС недоступен", "The PBX's directory of employees is unavailable";
    /// O6.
    IntegrationOff = "integration-off", IntegrationOff,
        "Интеграция с amoCRM отключена", "The integration with amoCRM is switched off";
    /// A setting or configuration value is missing or out of bounds.
    SettingsInvalid = "settings-invalid", Configuration,
        "Ошибка в настройках операции или интеграции", "A setting of the operation or the integration is invalid";
}
