//! Who sent a request, and what they may do.

use std::sync::Arc;

use call::Localized;
use http::StatusCode;

use crate::problem::Problem;
use crate::scope::Scope;

/// Who sent a request. Handlers find it among the request's extensions.
#[derive(Clone, Debug)]
pub struct Identity {
    name: Arc<str>,
    scope: Scope,
}

impl Identity {
    /// Somebody of this name.
    pub fn new(name: impl Into<Arc<str>>, scope: Scope) -> Self {
        Self { name: name.into(), scope }
    }

    /// The name of the token.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What they may do.
    pub const fn scope(&self) -> Scope {
        self.scope
    }

    /// Whether they may do what needs this scope; the refusal names it.
    pub(crate) fn permit(&self, needed: Scope) -> Result<(), Problem> {
        let Self { name, scope } = self;
        if scope.reaches(needed) {
            return Ok(());
        }
        let text = Localized::new(
            format!("для этого нужны права `{needed}`, а у токена «{name}» права `{scope}`"),
            format!("this needs the scope `{needed}`, and the token `{name}` has the scope `{scope}`"),
        );
        Err(Problem::localized(StatusCode::FORBIDDEN, text))
    }
}
