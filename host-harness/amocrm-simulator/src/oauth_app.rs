//! The integration that the account knows.

use std::fmt;

/// The integration that the account knows: what its «Ключи» tab shows. Its switches are in [`crate::Behaviour`].
#[derive(Clone, PartialEq, Eq)]
pub struct OAuthApp {
    /// The integration's id.
    pub client_id: String,
    /// Its secret key; it signs every token that the simulator issues.
    pub client_secret: String,
    /// Where consent leads back to; requests must name it letter by letter.
    pub redirect_uri: String,
}

impl OAuthApp {
    /// The client id of [`OAuthApp::demo`].
    pub const DEMO_CLIENT_ID: &str = "5a2f9c04-7d31-4e8b-9b6e-3c1d8f70a2e4";
    /// The client secret of [`OAuthApp::demo`]; it opens nothing but a simulator.
    pub const DEMO_CLIENT_SECRET: &str = "demonstration-client-secret";
    /// The redirect URI of [`OAuthApp::demo`].
    pub const DEMO_REDIRECT_URI: &str = "http://127.0.0.1:8765/";

    /// The demonstration's integration, with fixed keys.
    pub fn demo() -> Self {
        Self {
            client_id: Self::DEMO_CLIENT_ID.to_owned(),
            client_secret: Self::DEMO_CLIENT_SECRET.to_owned(),
            redirect_uri: Self::DEMO_REDIRECT_URI.to_owned(),
        }
    }
}

impl fmt::Debug for OAuthApp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The secret is never printed (rule D10).
        formatter
            .debug_struct("OAuthApp")
            .field("client_id", &self.client_id)
            .field("redirect_uri", &self.redirect_uri)
            .finish_non_exhaustive()
    }
}
