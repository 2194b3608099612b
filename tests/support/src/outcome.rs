//! What a call came to, as tests ask about it: through the JSON that programs read.

use call::{CallDocument, Language};
use serde_json::Value;

/// A resolved call and its JSON.
pub struct Outcome {
    /// The call's document, as programs read it.
    pub json: Value,
    /// The call's document.
    pub resolved: CallDocument,
}

impl Outcome {
    /// Of a resolved call.
    pub fn new(resolved: CallDocument) -> Self {
        Self { json: serde_json::to_value(&resolved).expect("a resolved call is JSON"), resolved }
    }

    /// The reason code, or `forward`.
    pub fn code(&self) -> &str {
        self.json["reason"]["code"].as_str().unwrap_or("forward")
    }

    /// The reason's class.
    pub fn class(&self) -> &str {
        self.json["reason"]["class"].as_str().unwrap_or_default()
    }

    /// The employee whose numbers are rung, if any.
    pub fn employee(&self) -> Option<&str> {
        self.json["route"]["employee"]["id"].as_str()
    }

    /// A value of the details.
    pub fn detail(&self, key: &str) -> &Value {
        &self.json["details"][key]
    }

    /// `crm`, `cache`, or nothing.
    pub fn source(&self) -> Option<&str> {
        self.detail("manager_source").as_str()
    }

    /// The purposes and outcomes of the requests, such as `contacts:ok`.
    pub fn requests(&self) -> Vec<String> {
        let requests = self.detail("requests").as_array().expect("a list of requests");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        requests.iter().map(|request| format!("{}:{}", text(&request["purpose"]), text(&request["outcome"]))).collect()
    }

    /// What the host saw of the requests.
    pub fn exchanges(&self) -> &[Value] {
        self.detail("exchanges").as_array().expect("a list of exchanges")
    }

    /// Whether the details hold a note of this code.
    pub fn has_note(&self, code: &str) -> bool {
        self.resolved.details.notes.iter().any(|note| note.code == code)
    }

    /// Everything that this call shows to anybody, in one text.
    pub fn everything_shown(&self) -> String {
        format!(
            "{}\n{}\n{}\n{:?}",
            self.json,
            self.resolved.text(Language::Ru),
            self.resolved.text(Language::En),
            self.resolved
        )
    }
}
