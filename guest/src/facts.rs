//! What the facts of the call details are called, their codes and the purposes of requests in words (rule O4).

use crate::contract::{self, FactDescription, Text};

/// Where the manager is known from, where whoever last answered the caller is rung.
pub(crate) const LAST_TALK: &str = "last-talk";

/// The facts of every call, in their order.
pub(crate) static FACTS: [FactDescription; contract::FACTS] = [
    coded("manager_source", Text::fixed("Источник сведений о менеджере", "Where the manager is known from"), &SOURCES),
    plain("manager_user_id", Text::fixed("Пользователь amoCRM", "amoCRM user")),
    plain("contact_id", Text::fixed("Контакт amoCRM", "amoCRM contact")),
    plain(
        "manager_age_seconds",
        Text::fixed("Возраст сведений о менеджере, с", "Age of what is known of the manager, s"),
    ),
    coded("manager_status", Text::fixed("Статус персонального менеджера", "Manager status"), &STATUSES),
    coded("status_evidence", Text::fixed("Основание статуса", "Evidence of the status"), &EVIDENCE),
    plain("status_evidence_at", Text::fixed("Когда замечен", "Time of the evidence")),
    plain("company_id", Text::fixed("Компания amoCRM", "amoCRM company")),
    plain("lead_id", Text::fixed("Открытая сделка amoCRM", "amoCRM open lead")),
    plain(
        "status_age_seconds",
        Text::fixed("Возраст использованного повторно статуса, с", "Age of the reused status, s"),
    ),
    plain("deputy_for", Text::fixed("Заместитель сотрудника", "Deputy of")),
    plain("deputy_reason", Text::fixed("Почему звонят заместителю", "Why a deputy is rung")),
];

/// The purposes of requests.
pub(crate) static PURPOSES: [(&str, Text); 6] = [
    ("contacts", Text::fixed("контакты", "contacts")),
    ("companies", Text::fixed("компании", "companies")),
    ("leads", Text::fixed("сделки", "leads")),
    ("users", Text::fixed("пользователи", "users")),
    ("account", Text::fixed("аккаунт", "account")),
    ("events", Text::fixed("события", "events")),
];

static SOURCES: [(&str, Text); 3] = [
    ("crm", Text::fixed("amoCRM", "amoCRM")),
    ("cache", Text::fixed("память АТС", "cache")),
    (LAST_TALK, Text::fixed("последний разговор", "last talk")),
];

static STATUSES: [(&str, Text); 3] = [
    ("at-work", Text::fixed("авторизован в amoCRM", "authorised in amoCRM")),
    ("absent", Text::fixed("сегодня не авторизован", "not authorised today")),
    ("unknown", Text::fixed("неизвестен", "unknown")),
];

/// What a status rests on, in words.
pub(crate) static EVIDENCE: [(&str, Text); 4] = [
    ("presence", Text::fixed("присутствие по данным АТС", "presence, as the PBX knows it")),
    ("never-seen", Text::fixed("в amoCRM его не видели", "never seen in amoCRM")),
    ("no-events", Text::fixed("сегодня событий в amoCRM не было", "no events in amoCRM today")),
    ("event", Text::fixed("событие в amoCRM", "event in amoCRM")),
];

const fn plain(key: &'static str, title: Text) -> FactDescription {
    coded(key, title, &[])
}

const fn coded(key: &'static str, title: Text, values: &'static [(&'static str, Text)]) -> FactDescription {
    FactDescription { key, title, values }
}
