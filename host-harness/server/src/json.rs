//! JSON bodies: read, or refused with the place in them that is wrong.

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use super::problem::Problem;
use call::masking::unless_secret;
use call::{Localized, localized};

/// The most bytes of such a body.
pub(super) const MOST: usize = 256 * 1024;

/// What a request says in its body.
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            let text = localized!(
                "запрос пришёл не целиком или слишком велик: повторите",
                "the body did not arrive whole, or has more than {MOST} bytes"
            );
            Problem::localized(rejection.status(), text)
        })?;
        let mut written = serde_json::Deserializer::from_slice(&bytes);
        serde_path_to_error::deserialize(&mut written).map(Self).map_err(|error| {
            let field = pointer(error.path());
            let what = error.inner().to_string();
            // "unknown field `x`, expected … at line 1 column 7": where in the text is of no use to a form.
            let what = what.split(" at line ").next().unwrap_or_default();
            let what: Vec<_> = what.split(' ').map(unless_secret).collect();
            let text = Localized::new("запрос не понят", format!("the body is not understood: {}", what.join(" ")));
            Problem { field, ..Problem::localized(StatusCode::BAD_REQUEST, text) }
        })
    }
}

/// The place as a JSON pointer (RFC 6901); none where it is the whole.
fn pointer(path: &Path) -> Option<String> {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Map { key } => pointer.push_str(&format!("/{}", escaped(key))),
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Enum { .. } | Segment::Unknown => break,
        }
    }
    (!pointer.is_empty()).then_some(pointer)
}

/// A key as a part of a JSON pointer.
pub fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
