//! A call on its way in, and the caller's whole number, which only those see who ask for it.

use std::fmt;
use std::sync::Arc;

use crate::call_request::CallRequest;
use crate::caller::Presented;
use crate::masking::called_without;
use crate::one_line::one_line;
use crate::scenario::{EarlierStep, Unanswered};

/// An incoming call, as a PBX sent it. Its `Debug` shows the caller masked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncomingCall {
    /// The host's identifier, unique within the host.
    pub id: String,
    /// The caller's number as the network gave it; `None`, or what networks write for it, when withheld.
    pub caller: Option<WholeNumber>,
    /// The number that was called.
    pub called: String,
    /// The steps of the scenario that it has been through.
    pub earlier_steps: Vec<EarlierStep>,
    /// Whose numbers rang in vain, where the PBX asks for the second time or later.
    pub unanswered: Option<Unanswered>,
}

impl IncomingCall {
    /// The call that was asked for, with an identifier of the host's where the PBX gave none. A caller chooses the Call-ID and what is
    /// dialled, so their hidden characters are written out ([`one_line`]).
    pub fn new(request: CallRequest, id: impl FnOnce() -> String) -> Self {
        Self {
            id: request.id.map_or_else(id, |id| one_line(&id).into_owned()),
            caller: request.caller.map(WholeNumber::from),
            called: request.called.map(|called| one_line(&called).into_owned()).unwrap_or_default(),
            earlier_steps: Vec::new(),
            unanswered: request.after.map(|placement| Unanswered { placement, endings: request.legs }),
        }
    }

    /// The number that was called, without the caller's own.
    pub fn called_to_show(&self) -> String {
        self.presented().map_or_else(|| self.called.clone(), |caller| called_without(&self.called, caller.whole()))
    }

    /// The caller's number, where one was presented.
    pub fn presented(&self) -> Option<&WholeNumber> {
        self.caller.as_ref().filter(|caller| !Presented::is_withheld(caller.whole()))
    }
}

/// A caller's whole number. It is not printed by mistake: `Debug` shows it masked, and there is no `Display`. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct WholeNumber(Arc<str>);

impl WholeNumber {
    /// Takes a number as the network gave it.
    pub fn new(number: &str) -> Self {
        Self(number.into())
    }

    /// The number itself, for those who were asked for it.
    pub fn whole(&self) -> &str {
        &self.0
    }

    /// The number as it may be shown (rule D10).
    pub fn masked(&self) -> String {
        crate::masking::mask(&self.0)
    }
}

impl From<&str> for WholeNumber {
    fn from(number: &str) -> Self {
        Self::new(number)
    }
}

impl From<String> for WholeNumber {
    fn from(number: String) -> Self {
        Self(number.into())
    }
}

impl fmt::Debug for WholeNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_without_an_identifier_is_given_one() {
        let call = |id: Option<&str>| {
            let request = CallRequest { id: id.map(str::to_owned), ..CallRequest::default() };
            IncomingCall::new(request, || "made".to_owned()).id
        };
        assert_eq!((call(Some("7")).as_str(), call(None).as_str()), ("7", "made"));
    }

    #[test]
    fn what_a_caller_puts_into_an_identifier_or_a_number_is_text_alone() {
        let request = CallRequest {
            id: Some("x\u{1b}]0;PWNED\u{7}\n2026-11-22 INFO".to_owned()),
            called: Some("+7495\u{202e}\r".to_owned()),
            ..CallRequest::default()
        };
        let call = IncomingCall::new(request, String::new);
        assert_eq!(call.id, "x\\u{1b}]0;PWNED\\u{7}\\n2026-11-22 INFO");
        assert_eq!(call.called, "+7495\\u{202e}\\r");
    }

    #[test]
    fn d10_an_incoming_call_is_printed_with_its_caller_masked() {
        let call = IncomingCall { caller: Some("+79165550101".into()), ..IncomingCall::default() };
        let printed = format!("{call:?}");
        assert!(printed.contains("+7916•••0101") && !printed.contains("9165550101"), "{printed}");
    }
}
