//! `/v1/session`: a browser logs in, asks who it is, and logs out.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, SET_COOKIE};
use http::{HeaderValue, StatusCode, request};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zeroize::Zeroizing;

use crate::Shared;
use crate::body::{self, Unread};
use crate::identity::Identity;
use crate::problem::Problem;
use crate::proof::LoggedIn;
use crate::scope::Scope;
use crate::sessions::{cookie, origin};
use call::{Localized, localized};

/// The most bytes of a login's body.
const LONGEST: usize = 4 * 1024;

/// What a person logs in with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Login {
    /// A token of the server with the scope `viewer` or `manager`.
    token: String,
}

/// Who is logged in.
#[derive(Serialize, ToSchema)]
struct CurrentSession {
    /// The name of the token.
    name: String,
    /// What the session may do.
    scope: Scope,
    /// When it ends at the latest; after 12 hours without a request it ends before.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl CurrentSession {
    fn of(identity: &Identity, expires_at: Timestamp) -> Self {
        Self { name: identity.name().to_owned(), scope: identity.scope(), expires_at }
    }
}

pub(crate) fn routes(shared: &Arc<Shared>) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(log_in, show, log_out)).with_state(Arc::clone(shared))
}

/// Log in: with the cookie of the answer a browser needs no token
///
/// A request that changes something then has to come from a page of this server (`Sec-Fetch-Site` or `Origin`) and to carry
/// `X-Requested-With: host-harness`.
#[utoipa::path(post, path = "/v1/session", tag = "access", security(()), request_body = Login, responses(
    (status = 200, description = "Logged in; the cookie is in `Set-Cookie`", body = CurrentSession),
    (status = 400, description = "The body is not a login", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "The token counts for nothing", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "The token is a PBX's, or a page of another site asks", body = Problem, content_type = "application/problem+json"),
    (status = 408, description = "The body did not come in time", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "The body is too long", body = Problem, content_type = "application/problem+json"),
    (status = 415, description = "The body is not JSON", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "No session can be made now", body = Problem, content_type = "application/problem+json"),
))]
async fn log_in(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let token = match read(&head, body, shared.settings.body_timeout).await {
        Ok(token) => token,
        Err(problem) => return problem.into_response(),
    };
    match shared.guard.log_in(&head, &token) {
        Ok(LoggedIn { id, identity, ends_at }) => {
            let cookie = cookie::given(&id, &head);
            with_cookie(Json(CurrentSession::of(&identity, ends_at)).into_response(), cookie)
        }
        Err(unproved) => unproved.into_response(),
    }
}

/// Show who is logged in
#[utoipa::path(get, path = "/v1/session", tag = "access", security(("session" = [])), responses(
    (status = 200, description = "Who is logged in", body = CurrentSession),
    (status = 401, description = "Nobody is logged in", body = Problem, content_type = "application/problem+json"),
))]
async fn show(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    match shared.guard.session(&head) {
        Ok((identity, ends_at)) => Json(CurrentSession::of(&identity, ends_at)).into_response(),
        Err(unproved) => unproved.into_response(),
    }
}

/// Log out
#[utoipa::path(delete, path = "/v1/session", tag = "access", security(("session" = [])), responses(
    (status = 204, description = "Logged out; the cookie is taken away"),
    (status = 401, description = "Nobody is logged in", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "It does not come from a page of this server", body = Problem, content_type = "application/problem+json"),
))]
async fn log_out(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    match shared.guard.log_out(&head) {
        Ok(()) => with_cookie(StatusCode::NO_CONTENT.into_response(), cookie::taken(&head)),
        Err(unproved) => unproved.into_response(),
    }
}

/// The token of a login. Types that a form of another site can send are refused, and so is a page of another site: it could log its reader in
/// as somebody else.
async fn read(
    head: &request::Parts,
    body: axum::body::Body,
    within: std::time::Duration,
) -> Result<Zeroizing<String>, Problem> {
    if origin::is_own_origin(head) == Some(false) {
        let text = Localized::new("войти можно только со страницы этого сервера", "log in from a page of this server");
        return Err(Problem::localized(StatusCode::FORBIDDEN, text));
    }
    let kind = head.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        let text = Localized::new("вход не понят: обновите страницу", "send {\"token\": \"…\"} as application/json");
        return Err(Problem::localized(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
    }
    let body = body::whole(body, LONGEST, within).await.map_err(|unread| match unread {
        Unread::TooLong => Problem::localized(
            StatusCode::PAYLOAD_TOO_LARGE,
            localized!("это слишком длинный текст для токена", "a login has at most {LONGEST} bytes"),
        ),
        Unread::TooSlow | Unread::Broken => Problem::localized(
            StatusCode::REQUEST_TIMEOUT,
            Localized::new("запрос пришёл не целиком: повторите", "the body did not come in time"),
        ),
    })?;
    // What the parser says of a wrong body may repeat a part of it.
    let login: Login = serde_json::from_slice(&body).map_err(|_| {
        let text = Localized::new("вход не понят: обновите страницу", "send {\"token\": \"…\"} and nothing else");
        Problem::localized(StatusCode::BAD_REQUEST, text)
    })?;
    Ok(Zeroizing::new(login.token))
}

fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}
