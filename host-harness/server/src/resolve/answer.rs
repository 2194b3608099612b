//! How a resolved call is answered: as the call's JSON, which Kamailio reads as its routing document too, or as the dialplan's variables.

use axum::response::Response;
use call::CallDocument;
use call::caller_name::CallerName;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, request::Parts};
use serde::Serialize;
use url::form_urlencoded;
use utoipa::ToSchema;

use crate::pbx::rtjson::{Destination, Next, Routing};
use crate::pbx::{PbxSettings, dialplan};

/// The type of a form.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";
/// About how long an answer is.
const USUAL: usize = 2_048;

/// What the PBX wants to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AnswerKind {
    /// The call's JSON.
    Document,
    /// The dialplan's variables, as a form.
    Dialplan,
}

impl AnswerKind {
    /// What the request asks for: `?form=dialplan`, or `Accept` with the type of a form. Anything else is the JSON.
    pub(super) fn of(head: &Parts) -> Self {
        let query = head.uri.query().unwrap_or_default();
        let by_query =
            form_urlencoded::parse(query.as_bytes()).any(|(key, value)| key == "form" && value == "dialplan");
        let accept = head.headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        let by_header = accept.split(',').any(|kind| kind.split(';').next().unwrap_or_default().trim() == FORM);
        if by_query || by_header { Self::Dialplan } else { Self::Document }
    }
}

/// A resolved call. Where the configuration has `[kamailio]`, it is a routing document of Kamailio's module rtjson too.
#[derive(Serialize, ToSchema)]
pub(super) struct ResolvedCall<'a> {
    #[serde(flatten)]
    #[schema(inline = false)]
    document: &'a CallDocument,
    /// What the telephones may show of the caller beside the number, where the operation is to tell. It is kept nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    caller_name: Option<&'a str>,
    /// `serial`: the routes are tried one after another; `parallel`: all at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    routing: Option<&'static str>,
    /// What to come back with in `after` when the last route was not answered; left out where that ends the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'a str>,
    /// Where Kamailio goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    routes: Option<Vec<Destination>>,
    /// Where it goes after routes that are tried all at once: a routing document too.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Next>,
}

/// The answer, written once into the bytes that are sent.
/// `after` is what the PBX is to come back with when nobody answers, where it is to come back.
pub(super) fn answer(resolved: &CallDocument, after: Option<&str>, wanted: AnswerKind, pbx: &PbxSettings) -> Response {
    let caller_name = resolved.caller_name.as_ref().map(CallerName::as_str);
    match (wanted, &pbx.kamailio) {
        (AnswerKind::Dialplan, _) => {
            let variables = match &pbx.asterisk {
                Some(asterisk) => asterisk.variables(resolved, after),
                None => dialplan::unconfigured(),
            };
            response(dialplan::form(&variables).into_bytes(), FORM)
        }
        (AnswerKind::Document, None) => document(&ResolvedCall {
            document: resolved,
            caller_name,
            routing: None,
            after: None,
            routes: None,
            next: None,
        }),
        (AnswerKind::Document, Some(kamailio)) => {
            let Routing { routing, routes, next } = kamailio.routing(resolved);
            document(&ResolvedCall {
                document: resolved,
                caller_name,
                routing: Some(routing),
                after,
                routes: Some(routes),
                next,
            })
        }
    }
}

fn document(document: &ResolvedCall<'_>) -> Response {
    let mut body = Vec::with_capacity(USUAL);
    if let Err(error) = serde_json::to_writer(&mut body, document) {
        tracing::error!(%error, "a resolved call cannot be written");
    }
    response(body, "application/json")
}

fn response(body: Vec<u8>, kind: &'static str) -> Response {
    let mut response = Response::new(axum::body::Body::from(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
