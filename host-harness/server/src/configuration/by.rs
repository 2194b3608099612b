//! Who changes the configuration, and from where.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::header::AUTHORIZATION;
use http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::identity::Identity;

/// The header by which the server's own page is told from other clients, and what it says.
const PAGE: (&str, &str) = ("x-requested-with", "host-harness");

/// From where a change came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// The file was edited.
    File,
    /// A client of the server.
    Api,
    /// The server's page.
    Page,
    /// A command of this program.
    Command,
    /// Another change was taken back.
    Undo,
    /// An administrator of the amoCRM account, in the widget's settings there.
    Amocrm,
}

/// Who makes a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// Whose token it was, where there was one with a name.
    pub name: Option<String>,
    /// From where.
    pub by: By,
}

impl Author {
    /// From where a version is asked for, as its history names it.
    pub(crate) const fn place(&self) -> &'static str {
        if matches!(self.by, By::Page) { "page" } else { "http" }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Author {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let (header, value) = PAGE;
        // A program that sends a token of its own is none, whatever else it says.
        let has_session = !parts.headers.contains_key(AUTHORIZATION);
        let is_page = has_session && parts.headers.get(header).is_some_and(|written| written == value);
        let name = parts.extensions.get::<Identity>().map(|identity| identity.name().to_owned());
        Ok(Self { name, by: if is_page { By::Page } else { By::Api } })
    }
}
