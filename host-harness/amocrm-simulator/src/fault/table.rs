//! A rule as a table of a file or an object of JSON: `kind`, what the kind needs, and when.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::spelling::{DEFAULT_CHUNK, DEFAULT_PAUSE, unknown_kind};
use super::{Fault, FaultRule};
use crate::Endpoint;
use crate::spelling::{duration, text_or_table};

/// Every key that a rule can have.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleTable {
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<Endpoint>,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<duration::SpelledDuration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chunk: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pause: Option<duration::SpelledDuration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chunked: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    query_contains: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skip: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    probability: Option<f64>,
}

impl TryFrom<RuleTable> for FaultRule {
    type Error = String;

    fn try_from(mut table: RuleTable) -> Result<Self, String> {
        let fault = table.take_fault()?;
        table.refuse_leftovers()?;
        let rule = FaultRule {
            endpoint: table.endpoint,
            query_contains: table.query_contains,
            skip: table.skip.unwrap_or(0),
            times: table.times,
            probability: table.probability.unwrap_or(1.0),
            fault,
        };
        rule.check()?;
        Ok(rule)
    }
}

impl RuleTable {
    /// Takes out of the table what its kind needs.
    fn take_fault(&mut self) -> Result<Fault, String> {
        let kind = self.kind.clone();
        let needs = |what: &str| format!("{kind} needs {what}");
        Ok(match kind.as_str() {
            "delay-headers" => Fault::DelayHeaders(self.duration.take().ok_or_else(|| needs("duration = \"2s\""))?.0),
            "slow-body" => Fault::SlowBody {
                chunk: self.chunk.take().unwrap_or(DEFAULT_CHUNK),
                pause: self.pause.take().map_or(DEFAULT_PAUSE, |pause| pause.0),
            },
            "close-mid-body" => Fault::CloseMidBody { chunked: self.chunked.take().unwrap_or(false) },
            "wrong-shape" => Fault::WrongShape(self.body.take()),
            "odd" => Fault::Odd(self.body.take().unwrap_or_default().parse()?),
            "too-many-requests-429" => match self.body.take().as_deref() {
                None | Some("html") => Fault::TooManyRequests429 { json: false },
                Some("json") => Fault::TooManyRequests429 { json: true },
                Some(other) => {
                    return Err(format!("body \"{other}\" does not fit {kind}; write \"html\" or \"json\""));
                }
            },
            "status" => Fault::Status(self.code.take().ok_or_else(|| needs("code = 503"))?),
            "redirect" => Fault::Redirect { status: self.code.take().unwrap_or(302), location: self.location.take() },
            // The kinds that need nothing are spelled by their name alone.
            name if !name.contains('=') => name.parse()?,
            name => return Err(unknown_kind(name)),
        })
    }

    fn refuse_leftovers(&self) -> Result<(), String> {
        let left = [
            ("duration", self.duration.is_some()),
            ("chunk", self.chunk.is_some()),
            ("pause", self.pause.is_some()),
            ("chunked", self.chunked.is_some()),
            ("body", self.body.is_some()),
            ("code", self.code.is_some()),
            ("location", self.location.is_some()),
        ];
        match left.iter().find(|(_, present)| *present) {
            Some((name, _)) => Err(format!("{} has no \"{name}\"; leave it out", self.kind)),
            None => Ok(()),
        }
    }
}

impl From<&FaultRule> for RuleTable {
    fn from(rule: &FaultRule) -> Self {
        let mut table = Self {
            endpoint: rule.endpoint,
            kind: rule.fault.kind().to_owned(),
            query_contains: rule.query_contains.clone(),
            skip: (rule.skip > 0).then_some(rule.skip),
            times: rule.times,
            probability: (rule.probability < 1.0).then_some(rule.probability),
            ..Self::default()
        };
        match &rule.fault {
            Fault::DelayHeaders(delay) => table.duration = Some(duration::SpelledDuration(*delay)),
            Fault::SlowBody { chunk, pause } => {
                table.chunk = Some(*chunk);
                table.pause = Some(duration::SpelledDuration(*pause));
            }
            Fault::CloseMidBody { chunked } => table.chunked = chunked.then_some(true),
            Fault::WrongShape(body) => table.body.clone_from(body),
            Fault::Odd(oddity) => table.body = Some(oddity.to_string()),
            Fault::TooManyRequests429 { json } => table.body = json.then(|| "json".to_owned()),
            Fault::Status(code) => table.code = Some(*code),
            Fault::Redirect { status, location } => {
                table.code = Some(*status);
                table.location.clone_from(location);
            }
            _ => {}
        }
        table
    }
}

impl Serialize for FaultRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RuleTable::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for FaultRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text_or_table::read::<FaultRule, RuleTable, D>(
            deserializer,
            "a fault such as \"contacts:hang\", or { endpoint = \"contacts\", kind = \"hang\" }",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_survives_json() {
        for fault in Fault::one_of_each() {
            let rule = FaultRule::new(fault).on(Endpoint::Users).probability(0.5).skip(3).times(1).query_contains("q");
            let json = serde_json::to_string(&rule).unwrap();
            assert_eq!(serde_json::from_str::<FaultRule>(&json).unwrap(), rule, "{json}");
        }
    }

    #[test]
    fn a_text_and_a_table_mean_the_same() {
        let table = "{\"endpoint\":\"contacts\",\"kind\":\"slow-body\",\"chunk\":8,\"pause\":\"50ms\"}";
        let text = "\"contacts:slow-body=8/50ms\"";
        let read = |json: &str| serde_json::from_str::<FaultRule>(json).unwrap();
        assert_eq!(read(table), read(text));
    }

    #[test]
    fn a_wrong_table_is_refused_with_the_fix() {
        for (json, part) in [
            ("{\"kind\":\"status\"}", "code = 503"),
            ("{\"kind\":\"status\",\"code\":200}", "400 to 599"),
            ("{\"kind\":\"hang\",\"code\":503}", "has no \"code\""),
            ("{\"kind\":\"explode\"}", "the kinds are"),
            ("{\"kind\":\"hang\",\"when\":1}", "when"),
            ("{\"kind\":\"hang\",\"probability\":7}", "from 0 to 1"),
            ("7", "contacts:hang"),
        ] {
            let message = serde_json::from_str::<FaultRule>(json).unwrap_err().to_string();
            assert!(message.contains(part), "{json}: {message}");
        }
    }
}
