//! By what one kept call is looked up.

use call::one_line::one_line;
use jiff::Timestamp;

/// By what one kept call is looked up. A PBX may count its calls too, so an identifier is never taken for a `seq`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallKey {
    /// The PBX's identifier: the last call that had it.
    Id(String),
    /// The PBX's identifier, and when the call arrived.
    Arrived(String, Timestamp),
    /// The PBX's identifier: the last call that had it of those that arrived within this time, which begins with the first and ends before the second.
    ArrivedWithin(String, Timestamp, Timestamp),
    /// Its number among the kept calls.
    Seq(i64),
}

impl CallKey {
    /// By the PBX's identifier, as a call that comes in has it ([`call::IncomingCall::new`]).
    pub fn id(id: &str) -> Self {
        Self::Id(one_line(id).into_owned())
    }
}
