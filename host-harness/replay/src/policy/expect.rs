//! `expect` in `call.toml`: what a call must come to, in a few words. What is not written is not compared.

use serde::Deserialize;
use serde_json::Value;

use call::CallDocument;
use call::details::FactValue;
use call::document::Route;
use call::one_line::one_line;

/// What a call must come to.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expectation {
    /// The employee who is rung.
    employee: Option<String>,
    /// The numbers that are rung, in order.
    numbers: Option<Vec<String>>,
    /// Why the call goes to the linked operation.
    reason: Option<String>,
    /// How many requests amoCRM gets.
    requests: Option<usize>,
    /// The codes of all notes of the call details, in order, such as `contact-ambiguous`.
    notes: Option<Vec<String>>,
    /// Facts of the call details by key, as `host-harness call --json` shows them, such as `manager_source = "cache"`.
    #[serde(default)]
    details: serde_json::Map<String, Value>,
}

impl Expectation {
    /// The code of the reason for which the call goes to the linked operation.
    pub(super) fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Whether it says nothing at all: a case of it could not fail.
    pub(super) fn is_empty(&self) -> bool {
        let Self { employee, numbers, reason, requests, notes, details } = self;
        let says_nothing = employee.is_none() && numbers.is_none() && reason.is_none() && requests.is_none();
        says_nothing && notes.is_none() && details.is_empty()
    }

    /// What is different, one text each.
    pub(super) fn differences(&self, call: usize, resolved: &CallDocument) -> Vec<String> {
        let mut found = Vec::new();
        let mut compare = |key: &str, expected: Option<Value>, actual: Value| {
            if let Some(expected) = expected.filter(|expected| *expected != actual) {
                found.push(format!(
                    "  call {call}, {}\n    expected {expected}\n    actual   {actual}\n",
                    one_line(key)
                ));
            }
        };
        let (employee, numbers, reason) = match &resolved.route {
            Route::Forward { employee, destinations, .. } => {
                let numbers: Vec<_> = destinations.iter().map(|destination| destination.number.clone()).collect();
                (Value::from(employee.id.clone()), Value::from(numbers), Value::Null)
            }
            Route::LinkedOperation { .. } => (Value::Null, Value::Array(Vec::new()), Value::from(resolved.outcome())),
        };
        compare("employee", self.employee.clone().map(Value::from), employee);
        compare("numbers", self.numbers.clone().map(Value::from), numbers);
        compare("reason", self.reason.clone().map(Value::from), reason);
        compare("requests", self.requests.map(Value::from), Value::from(resolved.details.requests.len()));
        let notes: Vec<_> = resolved.details.notes.iter().map(|note| note.code.clone()).collect();
        compare("notes", self.notes.clone().map(Value::from), Value::from(notes));
        for (key, expected) in &self.details {
            let actual = match resolved.details.facts.get(key) {
                None | Some(FactValue::Unknown) => Value::Null,
                Some(FactValue::Integer(number)) => Value::from(*number),
                Some(FactValue::Text(text)) => Value::from(text.clone()),
            };
            compare(&format!("details.{key}"), Some(expected.clone()), actual);
        }
        found
    }
}
