//! The variables that the dialplan of Asterisk reads, over FastAGI or as the answer to `CURL()`.
//!
//! | variable | meaning |
//! |---|---|
//! | `ROUTE_COUNT` | how many numbers to ring; 0 for the linked operation at once |
//! | `ROUTE_TOGETHER` | `yes` where they ring all at once; empty where they ring one after another |
//! | `ROUTE_DIAL_1`… | what to dial, made by a template of `[asterisk]` from digits alone |
//! | `ROUTE_RING_1`… | for how many seconds |
//! | `ROUTE_CALLEE` | whose numbers they are, `personal-manager` or `deputy`; empty where there are none |
//! | `ROUTE_NAME` | what the telephones may show of the caller; empty where nothing is to be shown |
//! | `ROUTE_LINKED` | the linked operation's extension in the dialplan; empty where there is `ROUTE_AFTER` |
//! | `ROUTE_AFTER` | what to come back with when the last number was not answered; empty where the call then goes to `ROUTE_LINKED` |
//! | `ROUTE_REASON` | why the call goes to the linked operation, when it does |
//! | `ROUTE_ACTION` | `forward` or `linked-operation`; last, so that a dialplan that finds it has all the others |
//!
//! No value holds any of the dialplan's own signs; `ROUTE_AFTER` has them written as in a form (`%2C`), and is sent back as it is.

use std::net::SocketAddr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Destinations, slug};
use call::CallDocument;
use call::caller_name::CallerName;
use call::document::Ring;

/// What stays as it is in a form.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// What Asterisk is told, and where it asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asterisk {
    /// Where numbers are dialled, and the extensions of linked operations.
    pub destinations: Destinations,
    /// Where FastAGI is listened for; none where it is not.
    pub fastagi: Option<SocketAddr>,
}

impl Asterisk {
    /// The variables for a resolved call, by name and value. `after` is what the dialplan is to come back with when nobody answers, where it is to
    /// come back.
    pub fn variables(&self, resolved: &CallDocument, after: Option<&str>) -> Vec<(String, String)> {
        let (callee, reason) = super::reasons(resolved);
        let (dials, ring) = super::dialled(resolved, &self.destinations);
        let action = if dials.is_empty() { "linked-operation" } else { "forward" };
        let mut variables = vec![("ROUTE_COUNT".to_owned(), dials.len().to_string())];
        let together = if ring == Ring::Together { "yes" } else { "" };
        variables.push(("ROUTE_TOGETHER".to_owned(), together.to_owned()));
        for (position, (dial, time)) in (1..).zip(dials) {
            variables.push((format!("ROUTE_DIAL_{position}"), dial));
            variables.push((format!("ROUTE_RING_{position}"), time.as_secs_f64().ceil().to_string()));
        }
        let name = resolved.target();
        let linked = match after {
            Some(_) => String::new(),
            None => self.destinations.linked_operation(name).map_or_else(|| slug(name), str::to_owned),
        };
        let after = after.map(|after| utf8_percent_encode(after, FORM).to_string()).unwrap_or_default();
        variables.push(("ROUTE_CALLEE".to_owned(), callee.unwrap_or_default().to_owned()));
        let name = resolved.caller_name.as_ref().map(CallerName::as_str).unwrap_or_default();
        variables.push(("ROUTE_NAME".to_owned(), name.to_owned()));
        variables.push(("ROUTE_LINKED".to_owned(), linked));
        variables.push(("ROUTE_AFTER".to_owned(), after));
        variables.push(("ROUTE_REASON".to_owned(), reason));
        variables.push(("ROUTE_ACTION".to_owned(), action.to_owned()));
        variables
    }
}

/// Variables as a form, which `CURL()` with `CURLOPT(hashcompat)=yes` turns into a `HASH` (`func_curl.c` of Asterisk).
pub fn form(variables: &[(String, String)]) -> String {
    let pair = |(name, value): &(String, String)| format!("{name}={}", utf8_percent_encode(value, FORM));
    variables.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// The variables where the configuration says nothing of Asterisk: nothing is rung, and the dialplan's own linked operation is meant.
pub fn unconfigured() -> Vec<(String, String)> {
    tracing::warn!("a dialplan asks, but the configuration has no [asterisk]: its calls go to its linked operation");
    [("ROUTE_COUNT", "0"), ("ROUTE_REASON", "asterisk-not-configured"), ("ROUTE_ACTION", "linked-operation")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}
