//! `expect` in `call.toml`: what a call must come to, in a few words. What is not written is not compared.

use serde::Deserialize;
use serde_json::Value;

use call::CallDocument;
use call::details::FactValue;
use call::document::{FORWARDED, Route};
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
    /// Where it goes at once, or after the last number.
    target: Option<String>,
    /// The operations that it goes through, in order, each with what it comes to there: `"manager: contact-not-found"`, `"sales: forwarded"`.
    steps: Option<Vec<String>>,
    /// How many requests amoCRM gets, in all steps together.
    requests: Option<usize>,
    /// The codes of all notes of the call details, in order, such as `contact-ambiguous`.
    notes: Option<Vec<String>>,
    /// Facts of the call details by key, as `host-harness call --json` shows them, such as `manager_source = "cache"`.
    #[serde(default)]
    details: serde_json::Map<String, Value>,
}

impl Expectation {
    /// The codes of the reasons for which the call leaves its steps.
    pub(super) fn reasons(&self) -> impl Iterator<Item = &str> {
        let steps = self.steps.iter().flatten().filter_map(|step| Some(step.rsplit_once(':')?.1.trim()));
        self.reason.as_deref().into_iter().chain(steps)
    }

    /// Whether it says nothing at all: a case of it could not fail.
    pub(super) fn is_empty(&self) -> bool {
        let Self { employee, numbers, reason, target, steps, requests, notes, details } = self;
        let says_nothing = employee.is_none() && numbers.is_none() && reason.is_none() && target.is_none();
        says_nothing && steps.is_none() && requests.is_none() && notes.is_none() && details.is_empty()
    }

    /// What is different, one text each. `first` is the operation that the call came to.
    pub(super) fn differences(&self, call: usize, first: &str, resolved: &CallDocument) -> Vec<String> {
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
        compare("target", self.target.clone().map(Value::from), Value::from(resolved.target()));
        let last = (resolved.placement.as_deref().unwrap_or(first), resolved.outcome());
        let steps = resolved
            .steps
            .iter()
            .map(|step| (step.placement.as_str(), step.reason.as_ref().map_or(FORWARDED, |reason| &reason.code)));
        let steps: Vec<_> = steps.chain([last]).map(|(placement, outcome)| format!("{placement}: {outcome}")).collect();
        compare("steps", self.steps.clone().map(Value::from), Value::from(steps));
        let requests = resolved.steps.iter().map(|step| &step.details).chain([&resolved.details]);
        let requests: usize = requests.map(|details| details.requests.len()).sum();
        compare("requests", self.requests.map(Value::from), Value::from(requests));
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
