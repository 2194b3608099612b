//! Query parameters: read, or refused with the name of the one that is wrong.

use axum::extract::FromRequestParts;
use axum::extract::Query as AsWritten;
use http::StatusCode;
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::problem::Problem;
use call::Localized;
use node::call_details::CallKey;

/// What a request asks for after the `?`. A parameter that is not known is refused where its type refuses it: a filter that was mistyped must
/// not find everything.
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(head: &mut Parts, _: &S) -> Result<Self, Problem> {
        let AsWritten(asked) = AsWritten::try_from_uri(&head.uri).map_err(|rejection| {
            let text = rejection.body_text();
            // "Failed to deserialize query string: limit: invalid digit found in string"
            let what = text.split_once(": ").map_or(&*text, |(_, what)| what);
            let fix = "/openapi.json says what can be asked";
            match what.split_once(": ") {
                Some((key, what)) => wrong(key, Localized::new(NOT_UNDERSTOOD, format!("{what}; {fix}"))),
                None => Problem::localized(
                    StatusCode::BAD_REQUEST,
                    Localized::new(NOT_UNDERSTOOD, format!("{what}; {fix}")),
                ),
            }
        })?;
        Ok(Self(asked))
    }
}

/// What people are told of an address that they changed by hand; the English text is for authors of programs.
const NOT_UNDERSTOOD: &str = "адрес страницы не понят: снимите фильтры";

/// The problem with one parameter.
pub(super) fn wrong(key: &str, fix: Localized) -> Problem {
    Problem::localized(StatusCode::BAD_REQUEST, fix.at(format_args!("`{key}`")))
}

/// The call that a path names. A PBX may count its calls too, so a number is a `seq` only where the request says so.
pub(super) fn call_key(id: &str, by: Option<&str>) -> Result<CallKey, Problem> {
    match by {
        None | Some("" | "id") => Ok(CallKey::id(id)),
        Some("seq") => id
            .parse()
            .map(CallKey::Seq)
            .map_err(|_| wrong("by", Localized::new("`seq` — целое число", "a `seq` is a whole number"))),
        Some(_) => {
            let fix = Localized::new(
                "напишите `seq` или уберите его, если это номер звонка у АТС",
                "write `seq`, or leave it out for the PBX's identifier",
            );
            Err(wrong("by", fix))
        }
    }
}
