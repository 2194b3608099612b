//! Which calls are asked for.

use call::ended::ChosenEnd;
use jiff::Timestamp;
use rusqlite::types::Value;

/// Which calls are asked for; what is none does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only calls with a greater number.
    pub after: Option<i64>,
    /// Only calls with a lesser number.
    pub before: Option<i64>,
    /// Only calls that arrived then or later.
    pub since: Option<Timestamp>,
    /// Only calls that arrived before.
    pub until: Option<Timestamp>,
    /// Only calls with this answer: `forwarded`, or a reason's code.
    pub reason: Option<String>,
    /// Only calls that ended so, as the PBX reported it.
    pub ended: Option<ChosenEnd>,
    /// Only calls forwarded to this employee; where missed ones are asked for, those that this employee missed.
    pub employee: Option<String>,
    /// Only calls whose caller's number ends so: up to four digits.
    pub digits: Option<String>,
    /// Only calls of this placed operation.
    pub operation: Option<String>,
    /// Only calls of this integration.
    pub integration: Option<String>,
}

impl Filter {
    /// The condition, and the values in it.
    pub(super) fn sql(&self) -> (String, Vec<Value>) {
        let mut conditions = vec!["1".to_owned()];
        let mut values = Vec::new();
        let mut add = |condition: &str, value: Option<Value>| {
            if let Some(value) = value {
                values.push(value);
                conditions.push(condition.replace('?', &format!("?{}", values.len())));
            }
        };
        let text = |text: &Option<String>| text.clone().map(Value::Text);
        let time = |time: Option<Timestamp>| time.map(|time| Value::Integer(time.as_millisecond()));
        add("seq > ?", self.after.map(Value::Integer));
        add("seq < ?", self.before.map(Value::Integer));
        add("at >= ?", time(self.since));
        add("at < ?", time(self.until));
        add("outcome = ?", text(&self.reason));
        match self.ended {
            Some(ChosenEnd::Ended(ended)) => add("ended = ?", Some(Value::Text(ended.name().to_owned()))),
            Some(ChosenEnd::Missed) => add("(missed IS NOT NULL) = ?", Some(Value::Integer(1))),
            None => {}
        }
        let employee = match self.ended {
            Some(ChosenEnd::Missed) => "EXISTS (SELECT 1 FROM json_each(missed) WHERE value = ?)",
            Some(ChosenEnd::Ended(_)) | None => "employee = ?",
        };
        add(employee, text(&self.employee));
        add("substr(digits, -length(?)) = ?", text(&self.digits));
        add("operation = ?", text(&self.operation));
        add("integration = ?", text(&self.integration));
        (conditions.join(" AND "), values)
    }

    /// How calls ended, by a name of [`ChosenEnd`].
    pub fn ended(name: &str) -> Result<ChosenEnd, String> {
        ChosenEnd::named(name).ok_or_else(|| format!("write one of {}", ChosenEnd::names()))
    }

    /// The last digits of a caller's number as a filter: up to four, nothing else.
    pub fn digits(text: &str) -> Result<String, &'static str> {
        if (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(text.to_owned())
        } else {
            Err("write one to four digits, the last ones of the caller's number, for example 4567")
        }
    }
}
