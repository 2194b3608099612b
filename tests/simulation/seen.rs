//! What is seen of a call from outside.

use call::details::FactValue;
use call::document::Route;
use call::{CallDocument, Language};

/// What matters of a call.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) outcome: String,
    pub(crate) employee: Option<String>,
    pub(crate) numbers: Option<usize>,
    pub(crate) manager: Option<u64>,
    pub(crate) deputy_for: Option<String>,
    pub(crate) source: String,
    pub(crate) asked_contacts: bool,
    /// Every request got the answer that it was sent for.
    pub(crate) all_answered: bool,
}

impl Seen {
    pub(crate) fn of(resolved: &CallDocument) -> Self {
        let fact = |key: &str| resolved.details.facts.get(key).cloned();
        let (employee, numbers) = match &resolved.route {
            Route::Forward { employee, destinations, .. } => (Some(employee.id.clone()), Some(destinations.len())),
            Route::LinkedOperation { .. } => (None, None),
        };
        let requests = &resolved.details.requests;
        Self {
            outcome: resolved.outcome().to_owned(),
            employee,
            numbers,
            manager: match fact("manager_user_id") {
                Some(FactValue::Integer(manager)) => Some(manager),
                _ => None,
            },
            deputy_for: resolved.details.facts.deputy_for().map(str::to_owned),
            source: match fact("manager_source") {
                Some(FactValue::Text(source)) => source,
                _ => String::new(),
            },
            asked_contacts: requests.iter().any(|request| request.purpose == "contacts"),
            all_answered: requests.iter().all(|request| request.outcome == "ok"),
        }
    }
}

/// Everything that a call shows to anybody, but for what it cost.
pub(crate) fn shown(resolved: &CallDocument) -> String {
    let mut document = serde_json::to_value(resolved).expect("JSON");
    document.as_object_mut().expect("an object").remove("run");
    let texts = [Language::Ru, Language::En].map(|language| {
        let text = resolved.text(language).to_string();
        // The last line is what it cost.
        text.lines().take(text.lines().count().saturating_sub(1)).collect::<Vec<_>>().join("\n")
    });
    format!("{document}\n{}", texts.concat())
}
