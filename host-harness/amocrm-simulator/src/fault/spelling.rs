//! A fault and a rule as one line of text, for command lines and account files.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::{Fault, FaultRule};
use crate::Endpoint;
use crate::spelling::duration;

/// Every kind with what it takes, for messages and `--help`.
const KINDS: [&str; 21] = [
    "delay-headers=2s",
    "slow-body=16/200ms",
    "close-before-headers",
    "reset",
    "close-after-processing",
    "close-mid-body[=chunked]",
    "hang",
    "hang-mid-body",
    "endless-body",
    "bad-json",
    "wrong-shape[=JSON]",
    "odd=php-objects",
    "empty-200",
    "html-403",
    "forbidden-403",
    "ip-403",
    "too-many-requests-429[=json]",
    "unauthorized-401",
    "unpaid-402",
    "status=503",
    "redirect[=302[:LOCATION]]",
];

pub(super) const DEFAULT_CHUNK: usize = 16;
pub(super) const DEFAULT_PAUSE: Duration = Duration::from_millis(200);

impl Fault {
    /// Every kind as it is spelled, with what it takes: `delay-headers=2s`, `close-mid-body[=chunked]`, …
    pub fn kinds() -> &'static [&'static str] {
        &KINDS
    }

    /// The name of its kind, such as `delay-headers`.
    pub fn kind(&self) -> &'static str {
        match self {
            Fault::DelayHeaders(_) => "delay-headers",
            Fault::SlowBody { .. } => "slow-body",
            Fault::CloseBeforeHeaders => "close-before-headers",
            Fault::Reset => "reset",
            Fault::CloseAfterProcessing => "close-after-processing",
            Fault::CloseMidBody { .. } => "close-mid-body",
            Fault::Hang => "hang",
            Fault::HangMidBody => "hang-mid-body",
            Fault::EndlessBody => "endless-body",
            Fault::BadJson => "bad-json",
            Fault::WrongShape(_) => "wrong-shape",
            Fault::Odd(_) => "odd",
            Fault::Empty200 => "empty-200",
            Fault::Html403 => "html-403",
            Fault::Forbidden403 => "forbidden-403",
            Fault::Ip403 => "ip-403",
            Fault::TooManyRequests429 { .. } => "too-many-requests-429",
            Fault::Unauthorized401 => "unauthorized-401",
            Fault::Unpaid402 => "unpaid-402",
            Fault::Status(_) => "status",
            Fault::Redirect { .. } => "redirect",
        }
    }
}

pub(super) fn unknown_kind(kind: &str) -> String {
    format!("unknown fault \"{kind}\"; the kinds are {}", KINDS.join(", "))
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.kind())?;
        match self {
            Fault::DelayHeaders(delay) => write!(formatter, "={}", duration::spell(*delay)),
            Fault::SlowBody { chunk, pause } => write!(formatter, "={chunk}/{}", duration::spell(*pause)),
            Fault::CloseMidBody { chunked: true } => formatter.write_str("=chunked"),
            Fault::WrongShape(Some(body)) => write!(formatter, "={body}"),
            Fault::Odd(oddity) => write!(formatter, "={oddity}"),
            Fault::TooManyRequests429 { json: true } => formatter.write_str("=json"),
            Fault::Status(code) => write!(formatter, "={code}"),
            Fault::Redirect { status, location: None } => write!(formatter, "={status}"),
            Fault::Redirect { status, location: Some(location) } => write!(formatter, "={status}:{location}"),
            _ => Ok(()),
        }
    }
}

impl FromStr for Fault {
    type Err = String;

    /// Reads `KIND` or `KIND=VALUE`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, value) = match text.split_once('=') {
            Some((kind, value)) => (kind.trim(), Some(value.trim())),
            None => (text.trim(), None),
        };
        let number = |value: &str| {
            value.parse::<u16>().map_err(|_| format!("\"{value}\" is not a status; write a number such as {kind}=503"))
        };
        let fault = match (kind, value) {
            ("delay-headers", Some(delay)) => Fault::DelayHeaders(duration::parse(delay)?),
            ("delay-headers", None) => {
                return Err("delay-headers needs a duration; write it as delay-headers=2s".to_owned());
            }
            ("slow-body", None) => Fault::SlowBody { chunk: DEFAULT_CHUNK, pause: DEFAULT_PAUSE },
            ("slow-body", Some(value)) => {
                let wrong = || format!("\"{value}\" is not bytes/pause; write it as slow-body=16/200ms");
                let (chunk, pause) = value.split_once('/').ok_or_else(wrong)?;
                Fault::SlowBody { chunk: chunk.trim().parse().map_err(|_| wrong())?, pause: duration::parse(pause)? }
            }
            ("close-before-headers", None) => Fault::CloseBeforeHeaders,
            ("reset", None) => Fault::Reset,
            ("close-after-processing", None) => Fault::CloseAfterProcessing,
            ("close-mid-body", None) => Fault::CloseMidBody { chunked: false },
            ("close-mid-body", Some("chunked")) => Fault::CloseMidBody { chunked: true },
            ("hang", None) => Fault::Hang,
            ("hang-mid-body", None) => Fault::HangMidBody,
            ("endless-body", None) => Fault::EndlessBody,
            ("bad-json", None) => Fault::BadJson,
            ("wrong-shape", body) => Fault::WrongShape(body.map(str::to_owned)),
            ("odd", oddity) => Fault::Odd(oddity.unwrap_or_default().parse()?),
            ("empty-200", None) => Fault::Empty200,
            ("html-403", None) => Fault::Html403,
            ("forbidden-403", None) => Fault::Forbidden403,
            ("ip-403", None) => Fault::Ip403,
            ("too-many-requests-429", None | Some("html")) => Fault::TooManyRequests429 { json: false },
            ("too-many-requests-429", Some("json")) => Fault::TooManyRequests429 { json: true },
            ("unauthorized-401", None) => Fault::Unauthorized401,
            ("unpaid-402", None) => Fault::Unpaid402,
            ("status", Some(code)) => Fault::Status(number(code)?),
            ("status", None) => return Err("status needs a number; write it as status=503".to_owned()),
            ("redirect", None) => Fault::Redirect { status: 302, location: None },
            ("redirect", Some(value)) => match value.split_once(':') {
                None => Fault::Redirect { status: number(value)?, location: None },
                Some((status, location)) => {
                    Fault::Redirect { status: number(status)?, location: Some(location.to_owned()) }
                }
            },
            (kind, Some(value)) => match KINDS.iter().find(|known| known.split(['=', '[']).next() == Some(kind)) {
                Some(known) => return Err(format!("\"{value}\" does not fit {kind}; write it as {known}")),
                None => return Err(unknown_kind(kind)),
            },
            (kind, None) => return Err(unknown_kind(kind)),
        };
        Ok(fault)
    }
}

impl fmt::Display for FaultRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(endpoint) = self.endpoint {
            write!(formatter, "{endpoint}:")?;
        }
        write!(formatter, "{}", self.fault)?;
        if self.probability < 1.0 {
            write!(formatter, "@{}", self.probability)?;
        }
        if self.skip > 0 {
            write!(formatter, ",skip={}", self.skip)?;
        }
        if let Some(times) = self.times {
            write!(formatter, ",times={times}")?;
        }
        if let Some(query) = &self.query_contains {
            write!(formatter, ",query={query}")?;
        }
        Ok(())
    }
}

impl FromStr for FaultRule {
    type Err = String;

    /// Reads `[ENDPOINT:]KIND[=VALUE][@PROBABILITY][,skip=N][,times=N][,query=TEXT]`. A `query` text runs to the end.
    fn from_str(text: &str) -> Result<Self, String> {
        let (endpoint, rest) = match text.split_once(':') {
            Some((endpoint, rest)) if !endpoint.contains(['=', '@', ',']) => (endpoint.trim(), rest),
            _ => ("*", text),
        };
        let endpoint = if endpoint == "*" { None } else { Some(endpoint.parse::<Endpoint>()?) };
        let (rest, query_contains) = match rest.split_once(",query=") {
            Some((rest, query)) => (rest, Some(query.to_owned())),
            None => (rest, None),
        };
        let (rest, times) = option(rest, ",times=")?;
        let (rest, skip) = option(&rest, ",skip=")?;
        let (fault, probability) = match rest.rsplit_once('@') {
            // A location may hold an @ of its own; a probability has no letters, slashes or further dots.
            Some((fault, probability)) if probability.trim().parse::<f64>().is_ok() => {
                (fault, probability.trim().parse().unwrap_or(1.0))
            }
            Some((fault, probability)) if !fault.contains("redirect=") && !fault.contains("wrong-shape=") => {
                return Err(format!("\"{probability}\" is not a probability; write it as {fault}@0.3"));
            }
            _ => (rest.as_str(), 1.0),
        };
        let rule =
            Self { endpoint, query_contains, skip: skip.unwrap_or(0), times, probability, fault: fault.parse()? };
        rule.check()?;
        Ok(rule)
    }
}

/// Takes `,name=N` off the text; it may be followed by other options.
fn option(text: &str, name: &str) -> Result<(String, Option<u64>), String> {
    let Some((before, after)) = text.split_once(name) else {
        return Ok((text.to_owned(), None));
    };
    let (number, others) = after.split_at(after.find(',').unwrap_or(after.len()));
    let count = number.trim().parse().map_err(|_| format!("\"{number}\" is not a count; write it as {name}2"))?;
    Ok((format!("{before}{others}"), Some(count)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_back_as_it_was_written() {
        for fault in Fault::one_of_each() {
            assert_eq!(fault.to_string().parse::<Fault>().unwrap(), fault);
            let rule =
                FaultRule::new(fault).on(Endpoint::Events).probability(0.25).skip(1).times(2).query_contains("a,b");
            assert_eq!(rule.to_string().parse::<FaultRule>().unwrap(), rule, "{rule}");
        }
    }

    #[test]
    fn one_of_each_has_every_kind_that_is_spelled() {
        for spelled in Fault::kinds() {
            let kind = spelled.split(['=', '[']).next().unwrap();
            assert!(Fault::one_of_each().iter().any(|fault| fault.kind() == kind), "{kind}");
        }
    }

    #[test]
    fn a_rule_is_one_line() {
        let rule = |text: &str| text.parse::<FaultRule>().unwrap();
        assert_eq!(rule("contacts:hang"), FaultRule::new(Fault::Hang).on(Endpoint::Contacts));
        assert_eq!(rule("*:hang"), FaultRule::new(Fault::Hang));
        assert_eq!(
            rule("events:delay-headers=2s"),
            FaultRule::new(Fault::DelayHeaders(Duration::from_secs(2))).on(Endpoint::Events)
        );
        assert_eq!(
            rule("account:status=503@0.3"),
            FaultRule::new(Fault::Status(503)).on(Endpoint::Account).probability(0.3)
        );
        assert_eq!(rule("hang,times=2,skip=1"), FaultRule::new(Fault::Hang).skip(1).times(2));
        assert_eq!(
            rule("redirect=307:https://user@other.example/a"),
            FaultRule::new(Fault::Redirect { status: 307, location: Some("https://user@other.example/a".to_owned()) })
        );
    }

    #[test]
    fn a_wrong_rule_is_refused_with_the_fix() {
        for (text, part) in [
            ("contacts:explode", "slow-body=16/200ms"),
            ("", "the kinds are"),
            ("deals:hang", "contacts, companies, leads, users, events, account, consent, token"),
            ("hang@often", "@0.3"),
            ("hang@2", "from 0 to 1"),
            ("status=200", "400 to 599"),
            ("status=many", "=503"),
            ("delay-headers", "delay-headers=2s"),
            ("delay-headers=2", "such as 2s"),
            ("slow-body=0/1s", "1 byte or more"),
            ("slow-body=fast", "slow-body=16/200ms"),
            ("redirect=200", "301"),
            ("odd", "lone-surrogate"),
            ("odd=socks", "lone-surrogate"),
            ("hang=2s", "write it as hang"),
            ("hang,times=x", ",times=2"),
        ] {
            let message = text.parse::<FaultRule>().unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
