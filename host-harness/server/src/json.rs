//! JSON bodies: read, or refused with the place in them that is wrong.

use std::time::Duration;

use axum::extract::{FromRequest, Request};
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use super::body::{Unread, whole};
use super::pointer::escaped;
use super::problem::Problem;
use super::repeated::repeated;
use call::masking::{mask_numbers, unless_secret};
use call::{Localized, localized};

/// The most bytes of such a body.
pub(super) const MOST: usize = 256 * 1024;
/// How long such a body may take, where the server's own settings do not end it before.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What a request says in its body.
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let bytes = whole(request.into_body(), MOST, LONGEST_WAIT).await.map_err(unread)?;
        // Else a list of the fields' values, in their order, would be taken for an object.
        if bytes.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|first| *first != b'{') {
            let text = "the body is not an object: write {…} with the names of the fields";
            return Err(Problem::new(StatusCode::BAD_REQUEST, text).in_russian("тело запроса — не объект {…}"));
        }
        if let Some(field) = repeated(&bytes) {
            return Err(twice(field));
        }
        let mut written = serde_json::Deserializer::from_slice(&bytes);
        let read = serde_path_to_error::deserialize(&mut written);
        if let (Ok(_), Err(_)) = (&read, written.end()) {
            let text = "something follows the object in the body: leave it out";
            return Err(
                Problem::new(StatusCode::BAD_REQUEST, text).in_russian("после объекта {…} в запросе есть лишнее")
            );
        }
        read.map(Self).map_err(|error| {
            let field = pointer(error.path());
            let what = error.inner().to_string();
            // "unknown field `x`, expected … at line 1 column 7": where in the text is of no use to a form.
            let what = what.split(" at line ").next().unwrap_or_default();
            let what: Vec<_> = what.split(' ').map(unless_secret).collect();
            let text = Localized::new(
                "запрос не понят",
                format!("the body is not understood: {}", mask_numbers(&what.join(" "))),
            );
            Problem { field, ..Problem::localized(StatusCode::BAD_REQUEST, text) }
        })
    }
}

/// A member that comes twice.
pub(super) fn twice(field: String) -> Problem {
    let name = field.rsplit('/').next().unwrap_or_default();
    let name = mask_numbers(unless_secret(name));
    let text = localized!(
        "`{name}` стоит в запросе дважды: оставьте что-то одно",
        "`{name}` comes twice in the body: keep one of the two"
    );
    Problem { field: Some(field), ..Problem::localized(StatusCode::BAD_REQUEST, text) }
}

/// A body that was not read.
fn unread(why: Unread) -> Problem {
    let (status, en, ru) = match why {
        Unread::TooLong => (
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body has more than {MOST} bytes: send less"),
            format!("в запросе больше {MOST} байт"),
        ),
        Unread::TooSlow => (
            StatusCode::REQUEST_TIMEOUT,
            "the body did not come in time: send it again".to_owned(),
            "запрос не дошёл вовремя: повторите".to_owned(),
        ),
        Unread::Broken => (
            StatusCode::BAD_REQUEST,
            "the body did not arrive whole: send it again".to_owned(),
            "запрос дошёл не целиком: повторите".to_owned(),
        ),
    };
    Problem::new(status, en).in_russian(ru)
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

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;
    use crate::configuration::{EmployeeEdit, IntegrationPatch};

    async fn read<T: DeserializeOwned>(body: String) -> Result<T, Problem> {
        let request = Request::new(Body::from(body));
        Json::from_request(request, &()).await.map(|Json(read)| read)
    }

    #[tokio::test]
    async fn a_body_is_one_object_of_at_most_256_kib() {
        let patch: IntegrationPatch = read(" {\"enabled\": false}\n".to_owned()).await.unwrap();
        assert_eq!(patch.enabled, Some(Some(false)));
        let long = format!("{{\"time_zone\": \"{}\"}}", "x".repeat(MOST));
        for (body, status, part) in [
            ("[false, {}, null]".to_owned(), 400, "not an object"),
            ("{\"enabled\": false} {\"enabled\": true}".to_owned(), 400, "something follows"),
            (long, 413, "more than 262144 bytes"),
        ] {
            let refused = read::<IntegrationPatch>(body).await.unwrap_err();
            assert_eq!(refused.status, status, "{refused:?}");
            assert!(refused.detail.contains(part) && refused.detail_ru.is_some(), "{refused:?}");
        }
    }

    #[tokio::test]
    async fn a_member_that_comes_twice_is_refused_with_its_place() {
        let body = "{\"configuration\": {\"consider_manager_status\": true, \"consider_manager_status\": false}}";
        let refused = read::<IntegrationPatch>(body.to_owned()).await.unwrap_err();
        assert_eq!(refused.field.as_deref(), Some("/configuration/consider_manager_status"));
        assert!(refused.detail.contains("`consider_manager_status` comes twice"), "{refused:?}");
        let refused = read::<EmployeeEdit>("{\"amocrm_user\": 1, \"amocrm_user\": 2}".to_owned()).await.unwrap_err();
        assert_eq!((refused.field.as_deref(), refused.detail_ru.is_some()), (Some("/amocrm_user"), true));
    }

    #[tokio::test]
    async fn d10_no_refusal_repeats_a_whole_number() {
        let refused = read::<EmployeeEdit>("{\"amocrm_user\": \"+79165550101\"}".to_owned()).await.unwrap_err();
        assert_eq!(refused.field.as_deref(), Some("/amocrm_user"));
        assert!(refused.detail.contains("+7916") && !refused.detail.contains("79165550101"), "{refused:?}");
    }
}
