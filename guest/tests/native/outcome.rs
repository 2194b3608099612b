//! What became of a call, in words that tests compare.

use forward_to_personal_manager::contract::{FactValue, Resolution, Route};
use forward_to_personal_manager::description::describe;

/// What became of a call.
pub(crate) struct Outcome(pub(crate) Resolution);

impl Outcome {
    /// `forward to anna`, or the code of the reason.
    pub(crate) fn route(&self) -> String {
        match &self.0.route {
            Route::Forward(forwarding) => format!("forward to {}", forwarding.employee_id),
            Route::LinkedOperation(reason) => reason.code().to_owned(),
        }
    }

    /// The requests: purpose, status if there was one, outcome.
    pub(crate) fn requests(&self) -> Vec<String> {
        let status = |status: Option<u16>| status.map_or("-".to_owned(), |status| status.to_string());
        let requests = self.0.details.requests.iter();
        requests.map(|request| format!("{} {} {}", request.purpose, status(request.status), request.outcome)).collect()
    }

    /// The codes of the notes.
    pub(crate) fn notes(&self) -> Vec<&'static str> {
        self.0.details.notes.iter().map(|note| note.code).collect()
    }

    /// The English text of the only note.
    pub(crate) fn note(&self) -> &str {
        let [note] = self.0.details.notes.as_slice() else { panic!("one note, not {:?}", self.notes()) };
        &note.text.en
    }

    /// A fact as text; empty where it is not known.
    pub(crate) fn fact(&self, key: &str) -> String {
        let known = describe().facts.iter().position(|fact| fact.key == key).expect("every fact is described");
        match &self.0.details.facts[known] {
            None => String::new(),
            Some(FactValue::Integer(number)) => number.to_string(),
            Some(FactValue::Text(text)) => text.clone(),
        }
    }
}
