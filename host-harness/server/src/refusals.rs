//! What many routes refuse for the same reasons, described once for `GET /openapi.json`.

use std::collections::BTreeMap;

use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use crate::problem::Problem;

/// A route that somebody has to be authenticated for.
pub(crate) struct NotPermitted;

/// A route that changes the configuration.
pub(crate) struct NotChangedHere;

const NOT_PERMITTED: [(u16, &str); 2] = [(401, "The request is not authenticated"), (403, "The scope does not reach")];
const NOT_CHANGED: [(u16, &str); 5] = [
    (400, "The request is not understood"),
    (409, "The configuration cannot be changed so, or not here"),
    (412, "Somebody else has changed the configuration"),
    (422, "It would be no configuration that can be in force; `field` says what of the request is at fault"),
    (428, "`If-Match` is missing"),
];

impl IntoResponses for NotPermitted {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(NOT_PERMITTED)
    }
}

impl IntoResponses for NotChangedHere {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut all = NotPermitted::responses();
        all.extend(problems(NOT_CHANGED));
        all
    }
}

fn problems<const N: usize>(refusals: [(u16, &str); N]) -> BTreeMap<String, RefOr<Response>> {
    let problem = || ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name()))).build();
    let described = |description: &str| {
        let response = ResponseBuilder::new().description(description);
        response.content("application/problem+json", problem()).build().into()
    };
    refusals.into_iter().map(|(status, description)| (status.to_string(), described(description))).collect()
}
