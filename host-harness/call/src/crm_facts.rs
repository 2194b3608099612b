//! The facts by which this host counts cache hits and rebuilds an account from past calls, wherever an operation gives them.
//!
//! The contract lets an operation describe its facts by keys and titles, and does not say what they mean. A host that wants to know where a manager
//! was found therefore has to know the keys. They stand here alone; calls of an operation without such facts are counted without them.

use crate::details::{FactValue, Facts};
use crate::language::Localized;
use crate::titles::Title;

/// A manager source that costs no request.
const CACHE: &str = "cache";
/// The code of a value that is an event; behind a colon stands its kind.
const EVENT: &str = "event";

/// What kinds of events of the CRM are called that a manager's work shows in (amoCRM facts §7.9).
const EVENTS: [(&str, &str, &str); 13] = [
    ("lead_status_changed", "смена этапа сделки", "a lead changed its stage"),
    ("lead_added", "новая сделка", "a new lead"),
    ("contact_added", "новый контакт", "a new contact"),
    ("company_added", "новая компания", "a new company"),
    ("task_added", "новая задача", "a new task"),
    ("task_completed", "задача выполнена", "a task was completed"),
    ("common_note_added", "примечание", "a note"),
    ("entity_responsible_changed", "смена ответственного", "another responsible user"),
    ("outgoing_chat_message", "сообщение в чате", "a chat message"),
    ("sale_field_changed", "изменение бюджета", "a change of budget"),
    ("name_field_changed", "изменение названия", "a change of name"),
    ("entity_tag_added", "новый тег", "a new tag"),
    ("entity_linked", "прикрепление", "a link"),
];

impl Title {
    /// The same, with the kinds of events in words where an event is among the values.
    #[must_use]
    pub fn with_kinds_of_events(mut self) -> Self {
        if let Some(event) = self.values.get(EVENT).cloned() {
            let kinds = EVENTS
                .map(|(kind, ru, en)| (format!("{EVENT}:{kind}"), event.clone().then(": ", &Localized::new(ru, en))));
            self.values.extend(kinds);
        }
        self
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::details::Fact;
    use crate::{Language, titles::Titles};
    use jiff::tz::TimeZone;

    #[test]
    fn o4_what_the_manager_did_in_the_crm_is_told_in_words() {
        let event = (EVENT.to_owned(), Localized::new("событие", "event"));
        let title = Title { name: Localized::new("Основание", "Evidence"), values: [event].into() };
        let titles: Titles = [("status_evidence".to_owned(), title.with_kinds_of_events())].into_iter().collect();
        let words = |value: &str, language| {
            let fact = Fact { key: "status_evidence".to_owned(), value: FactValue::Text(value.to_owned()) };
            titles.value(&fact, language, &TimeZone::UTC).into_owned()
        };
        assert_eq!(words("event:lead_added", Language::Ru), "событие: новая сделка");
        assert_eq!(words("event:lead_added", Language::En), "event: a new lead");
        assert_eq!(words("event:custom_field_1_value_changed", Language::Ru), "событие: custom_field_1_value_changed");
        // What has no events is left as it is.
        let plain = Title::from(Localized::new("Сделка", "Lead"));
        assert_eq!(plain.clone().with_kinds_of_events(), plain);
    }
}
