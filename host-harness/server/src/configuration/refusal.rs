//! Why the configuration was not changed, and how a client is told.

use http::StatusCode;

use crate::problem::{Problem, Unfit};
use call::Localized;

/// Why nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotChanged {
    /// Somebody else has changed the configuration since, or the file.
    Outdated(Localized),
    /// It cannot be changed here, or the file cannot be written, or a change cannot be taken back any more.
    Conflict(Localized),
    /// There is no such thing in it.
    Unknown(Localized),
    /// It would be no configuration that could be put in force.
    Refused(Refusal),
}

/// What is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// As at the start of the program.
    pub text: Localized,
    /// The field of the request that is at fault, as a JSON pointer, where it is known.
    pub field: Option<String>,
    /// What of a component does not fit.
    pub findings: Vec<Unfit>,
}

impl From<NotChanged> for Problem {
    fn from(refusal: NotChanged) -> Self {
        let (status, text) = match refusal {
            NotChanged::Outdated(text) => (StatusCode::PRECONDITION_FAILED, text),
            NotChanged::Conflict(text) => (StatusCode::CONFLICT, text),
            NotChanged::Unknown(text) => (StatusCode::NOT_FOUND, text),
            NotChanged::Refused(Refusal { text, field, findings }) => {
                let problem = Self::localized(StatusCode::UNPROCESSABLE_ENTITY, text);
                return Self { field, ..problem.with_findings(findings) };
            }
        };
        Self::localized(status, text)
    }
}

pub(crate) fn no_such_integration() -> Problem {
    let text = Localized::new("такой интеграции нет", "there is no such integration; GET /v1/integrations lists them");
    Problem::localized(StatusCode::NOT_FOUND, text)
}
