//! The access token of an integration's requests: the one in force, and who is told when the server refuses it.
//!
//! A token changes while calls come and go (an OAuth access token lives a day), and so does the account's address (accounts are renamed), so
//! every request asks anew. Asking is answered from memory: a caller is waiting.

use std::fmt;

use http::header::HeaderValue;

use super::client::HttpSetupError;
use super::origin::Origin;
use crate::secret::Secret;

/// An access token, and the one origin that ever gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken {
    origin: Origin,
    /// Marked sensitive: it prints as `Sensitive`.
    header: HeaderValue,
}

impl AccessToken {
    /// This token for that origin. Fails where no header can carry the token.
    pub fn new(origin: Origin, token: &Secret) -> Result<Self, HttpSetupError> {
        Ok(Self { origin, header: bearer(token)? })
    }

    /// The only origin that gets it.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The value of the `authorization` header.
    pub(crate) fn header(&self) -> &HeaderValue {
        &self.header
    }
}

/// Gives the access token in force.
pub trait AccessTokens: Send + Sync + fmt::Debug {
    /// The token in force; `None` where there is none, and requests then go out without one.
    fn current(&self) -> Option<AccessToken>;

    /// The server answered 401 to a request that carried this token. Returns at once: what is done about it is done off the call's path.
    fn refused(&self, token: &AccessToken);

    /// The account's address answered 404, or with a redirect: the account may be somewhere else. Returns at once, like `refused`. Nothing
    /// is done about it unless somebody knows where to ask.
    fn misdirected(&self, _: &AccessToken) {}
}

/// A token that never changes. Nothing can be done where it is refused.
impl AccessTokens for AccessToken {
    fn current(&self) -> Option<AccessToken> {
        Some(self.clone())
    }

    fn refused(&self, _: &AccessToken) {}
}

/// `Bearer …`.
fn bearer(token: &Secret) -> Result<HeaderValue, HttpSetupError> {
    let text = format!("Bearer {}", token.expose());
    let mut value = HeaderValue::try_from(text).map_err(|_| HttpSetupError::Token)?;
    value.set_sensitive(true);
    Ok(value)
}
