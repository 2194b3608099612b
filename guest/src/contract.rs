//! The contract's values as plain Rust types: what `wit/types.wit` and `wit/operation.wit` say, without generated bindings.
//!
//! Shapes, units and meanings are documented there; the names here are the same.

use std::time::Duration;

use crate::time::Timestamp;

pub use crate::reason::ReasonClass;
pub use crate::text::Text;

/// An incoming call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The host's identifier.
    pub id: String,
    /// The caller's number as the network gave it; `None` when withheld.
    pub caller: Option<String>,
    /// The number that was called.
    pub called: String,
}

/// The value of a placed operation's setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingValue {
    /// On or off.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// A length of time.
    Duration(Duration),
    /// One of the described options.
    Choice(String),
    /// Free text.
    Text(String),
    /// Several values, of which this operation describes no setting.
    List,
}

/// One setting of a placed operation.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: SettingValue,
}

/// A number to ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// As the PBX dials it.
    pub number: String,
    /// How long it rings.
    pub ring_time: Duration,
}

/// The PBX's record of a person.
#[derive(Clone, Debug)]
pub struct Employee {
    /// The host's identifier.
    pub id: String,
    /// The person's name.
    pub name: String,
    /// Whether the employee is switched on.
    pub enabled: bool,
    /// The numbers to ring, in order.
    pub destinations: Vec<Destination>,
    /// Presence in the CRM, as the host was told it.
    pub presence: Presence,
    /// The CRM user of the employee who stands in for this one.
    pub deputy_crm_user_id: Option<u64>,
}

/// Who was the last to answer the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastTalk {
    /// The employee's CRM user.
    pub user_id: u64,
    /// When that call arrived.
    pub at: Timestamp,
}

/// Presence in the CRM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Nobody reports it.
    NotFed,
    /// Reported, and this person was never seen.
    NeverSeen,
    /// Last seen at this time.
    LastSeen(Timestamp),
}

/// The answer to one call.
#[derive(Clone, Debug)]
pub struct Resolution {
    /// Where the call goes.
    pub route: Route,
    /// How that came about.
    pub details: CallDetails,
}

/// Where a call goes.
#[derive(Clone, Debug)]
pub enum Route {
    /// To these numbers.
    Forward(Forwarding),
    /// To the linked operation, for this reason.
    LinkedOperation(crate::reason::Reason),
}

/// The destinations of a forwarded call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forwarding {
    /// The employee's identifier.
    pub employee_id: String,
    /// The employee's name.
    pub employee_name: String,
    /// The numbers, in order; at least one.
    pub destinations: Vec<Destination>,
    /// The contact's name for the telephone, where the placement shows it.
    pub caller_name: Option<String>,
}

/// How many facts the operation gives of each call.
pub(crate) const FACTS: usize = 12;

/// What the PBX keeps about this step of the call.
#[derive(Clone, Debug, Default)]
pub struct CallDetails {
    /// The waiting time in force; zero when it could not be read.
    pub waiting_time: Duration,
    /// From the first instruction to the answer.
    pub waited: Duration,
    /// The requests to amoCRM, in order.
    pub requests: Vec<RequestRecord>,
    /// The values of what was found out, in the order in which the description names them; none where it is not known.
    pub facts: [Option<FactValue>; FACTS],
    /// Remarks, in order.
    pub notes: Vec<Note>,
}

/// One request to amoCRM.
#[derive(Clone, Debug)]
pub struct RequestRecord {
    /// What was asked for.
    pub purpose: &'static str,
    /// When it was sent, from the start of the call.
    pub at: Duration,
    /// How long it took.
    pub took: Duration,
    /// The HTTP status, where one arrived.
    pub status: Option<u16>,
    /// `ok`, or the code of what went wrong.
    pub outcome: &'static str,
}

/// The value of a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactValue {
    /// A whole number.
    Integer(u64),
    /// A word or a short text.
    Text(String),
}

/// A remark in the call details.
#[derive(Clone, Debug)]
pub struct Note {
    /// Its stable code.
    pub code: &'static str,
    /// What it says.
    pub text: Text,
}

/// The operation's self-description.
#[derive(Clone, Debug)]
pub struct Description {
    /// The stable identifier.
    pub id: &'static str,
    /// The operation's version.
    pub version: &'static str,
    /// Its name in the scenario editor.
    pub title: Text,
    /// What it does.
    pub summary: Text,
    /// The settings of a placed operation.
    pub settings: &'static [SettingDescription],
    /// The configuration keys of the integration.
    pub configuration: &'static [SettingDescription],
    /// The facts it gives for every call.
    pub facts: &'static [FactDescription],
    /// The purposes of its requests, in words.
    pub purposes: &'static [(&'static str, Text)],
    /// The reasons it can give.
    pub reasons: &'static [crate::reason::Reason],
}

/// One fact of the call details.
#[derive(Clone, Debug)]
pub struct FactDescription {
    /// Its key.
    pub key: &'static str,
    /// Its name for people.
    pub title: Text,
    /// Its values that are codes, in words.
    pub values: &'static [(&'static str, Text)],
}

/// One setting or configuration key.
#[derive(Clone, Debug)]
pub struct SettingDescription {
    /// Its key.
    pub key: &'static str,
    /// Its name.
    pub title: Text,
    /// What it changes.
    pub help: Text,
    /// Whether it must be given.
    pub required: bool,
    /// What it accepts.
    pub kind: SettingKind,
}

/// What a setting accepts.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each is documented in wit/operation.wit")]
pub enum SettingKind {
    Flag { default: bool },
    Integer { default: i64, minimum: i64, maximum: i64 },
    Duration { default: Duration, minimum: Duration, maximum: Duration },
    Choice { default: &'static str, options: &'static [(&'static str, Text)] },
    Text { default: Option<&'static str>, maximum_length: u32, secret: bool },
}
