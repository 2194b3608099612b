//! The access token of an integration's requests: the one in force, and who is told when amoCRM refuses it.
//!
//! A token changes while calls come and go (an OAuth access token lives a day), and so does the account's address (accounts are renamed), so
//! every request asks anew. Asking is answered from memory: a caller is waiting.

use std::fmt;

use bytes::Bytes;
use http::header::HeaderValue;
use zeroize::Zeroizing;

use super::client::HttpSetupError;
use super::origin::Origin;
use crate::secret::Secret;

/// An access token, and the one origin that ever gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken {
    origin: Origin,
    /// Marked sensitive: it prints as `Sensitive`. Its memory is zeroed after the last request that used it.
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

    /// amoCRM answered 401 to a request that carried this token. Returns at once: what is done about it is done off the call's path.
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

/// `Bearer …`, in memory that is zeroed after the last use.
fn bearer(token: &Secret) -> Result<HeaderValue, HttpSetupError> {
    struct Zeroed(Zeroizing<Vec<u8>>);
    impl AsRef<[u8]> for Zeroed {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }
    const SCHEME: &[u8] = b"Bearer ";
    // Room for all of it at once: growing would leave a copy behind.
    let mut text = Zeroizing::new(Vec::with_capacity(SCHEME.len() + token.expose().len()));
    text.extend_from_slice(SCHEME);
    text.extend_from_slice(token.expose().as_bytes());
    let mut value =
        HeaderValue::from_maybe_shared(Bytes::from_owner(Zeroed(text))).map_err(|_| HttpSetupError::Token)?;
    value.set_sensitive(true);
    Ok(value)
}
