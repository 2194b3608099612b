//! Connecting an integration to its amoCRM account in the browser, and disconnecting it.
//!
//! | route | who may | what it does |
//! |---|---|---|
//! | `POST /v1/integrations/{id}/connection` | `manager` | asks for consent: gives the address of amoCRM's page |
//! | `GET /v1/oauth/callback` | anybody with a `state` that waits | takes amoCRM's answer, where `redirect_uri` leads here |
//! | `POST /v1/integrations/{id}/connection/answer` | `manager` | takes the answer from a person, where it leads elsewhere |
//! | `DELETE /v1/integrations/{id}/connection` | `manager` | forgets the access |
//!
//! amoCRM sends the browser back with a plain link from another site: it carries no token and no cookie of this server. So the answer proves itself
//! by the `state` alone, which is random, belongs to one question of one person and counts once ([`questions`]). The node's own keeper spends the
//! code, so the next call already has access. Neither the code nor a token is written anywhere by this server but in the store.

mod answer_page;
mod made;
mod questions;

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, Method, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tracing::warn;
use url::Url;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::configuration::{Author, Configuration};
use crate::guarded::Guarded;
use crate::json::Json;
use crate::problem::Problem;
use crate::rate_limited::RateLimited;
use crate::refusals::NotPermitted;
use crate::scope::Scope;
use amocrm::access::consent::{self, ConsentError};
use call::Localized;
use made::{NotMade, oauth_of};
use node::Node;
use questions::{FoundQuestion, Question, Questions, VALID};

/// Where amoCRM's answer comes to, when `redirect_uri` leads to this server.
const CALLBACK: &str = "/v1/oauth/callback";

/// What the routes share.
pub(crate) struct Connecting {
    node: Node,
    /// Who remembers what was done, if anybody.
    changes: Option<Arc<dyn Configuration>>,
    questions: Questions,
    refused: RateLimited,
}

/// How an integration is to be connected.
#[derive(Serialize, ToSchema)]
struct ConsentAsked {
    /// amoCRM's page, where an administrator of the account allows access.
    address: String,
    /// How the answer comes here.
    answer: AnswerComes,
    /// Until when it is waited for.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// How amoCRM's answer comes to this server.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum AnswerComes {
    /// By itself: `redirect_uri` leads here.
    Redirect,
    /// A person brings it: the address that the browser was sent to.
    Pasted,
}

/// amoCRM's answer, as a person brings it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PastedAnswer {
    /// The whole address that the browser was sent to, or the code in it.
    address: String,
}

/// An integration that is connected.
#[derive(Serialize, ToSchema)]
struct ConnectionMade {
    /// The account's address.
    account: String,
}

/// The routes, guarded and open ones.
pub(crate) fn routes(node: &Node, changes: Option<Arc<dyn Configuration>>) -> (Guarded, OpenApiRouter) {
    let (questions, refused) = (Questions::default(), RateLimited::new());
    let state = Arc::new(Connecting { node: node.clone(), changes, questions, refused });
    let guarded = OpenApiRouter::new().routes(routes!(ask, disconnect)).routes(routes!(answer));
    let open = OpenApiRouter::new().routes(routes!(redirected));
    (Scope::Manager.guard(guarded.with_state(Arc::clone(&state))), open.with_state(state))
}

/// Ask for consent: what the address leads to is amoCRM's own page
#[utoipa::path(post, path = "/v1/integrations/{id}/connection", tag = "configuration",
    params(("id" = String, Path, description = "The integration")),
    responses(
        (status = 200, description = "Open the address in a browser, as an administrator of the account", body = ConsentAsked),
        (status = 404, description = "There is no such integration", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The integration has no OAuth", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing can be asked safely now", body = Problem, content_type = "application/problem+json"),
        NotPermitted,
    ))]
async fn ask(
    State(state): State<Arc<Connecting>>,
    Path(id): Path<String>,
    author: Author,
) -> Result<Answer<ConsentAsked>, Problem> {
    let integration = state.integration(&id)?;
    let (oauth, _) = oauth_of(&integration)?;
    let asked_at = state.node.clock().now();
    let question = Question { integration: id, author, asked_at };
    let asked = state.questions.ask(question);
    let asked = asked.map_err(|error| Problem::localized(StatusCode::SERVICE_UNAVAILABLE, error.text()))?;
    let comes_here = Url::parse(&oauth.redirect_uri).is_ok_and(|url| url.path().ends_with(CALLBACK));
    Ok(Answer(ConsentAsked {
        address: consent::page(oauth, &asked),
        answer: if comes_here { AnswerComes::Redirect } else { AnswerComes::Pasted },
        expires_at: asked_at.saturating_add(VALID).unwrap_or(Timestamp::MAX),
    }))
}

/// Bring amoCRM's answer, where the browser was not sent here
#[utoipa::path(post, path = "/v1/integrations/{id}/connection/answer", tag = "configuration",
    params(("id" = String, Path, description = "The integration")),
    request_body = PastedAnswer,
    responses(
        (status = 200, description = "The integration is connected", body = ConnectionMade),
        (status = 400, description = "It is not an answer to a question that waits", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such integration", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The integration has no OAuth, or access was not given", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "amoCRM did not answer, or gave no access", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The access cannot be stored", body = Problem, content_type = "application/problem+json"),
        NotPermitted,
    ))]
async fn answer(
    State(state): State<Arc<Connecting>>,
    Path(id): Path<String>,
    author: Author,
    Json(PastedAnswer { address }): Json<PastedAnswer>,
) -> Result<Answer<ConnectionMade>, Problem> {
    let integration = state.integration(&id)?;
    let (oauth, keeper) = oauth_of(&integration)?;
    let consented = consent::read_pasted(&address, oauth, keeper.hosts());
    // A whole address says which question it answers. What is not an answer at all leaves the question waiting for a better one.
    if let (Some(query), Ok(_) | Err(ConsentError::Denied)) = (consent::query_of(&address), &consented) {
        let now = state.node.clock().now();
        let asked = consent::state_in(query).filter(|asked| state.questions.wait(asked, &id, now));
        let asked = asked.ok_or(NotMade::Consent(ConsentError::State))?;
        state.questions.take(&asked, now);
    }
    let account = state.connect(&integration, consented.map_err(NotMade::Consent)?, author).await?;
    Ok(Answer(ConnectionMade { account }))
}

/// Where amoCRM sends the browser after consent
///
/// The answer proves itself by its `state`. A page says in words what came of it.
#[utoipa::path(get, path = "/v1/oauth/callback", tag = "configuration", security(()),
    params(
        ("state" = Option<String>, Query, description = "Which question it answers"),
        ("code" = Option<String>, Query, description = "For which amoCRM gives access"),
        ("referer" = Option<String>, Query, description = "The account"),
        ("error" = Option<String>, Query, description = "Why there is no code"),
    ),
    responses(
        (status = 200, description = "The integration is connected", body = String, content_type = "text/html"),
        (status = 400, description = "It is not an answer to a question that waits", body = String, content_type = "text/html"),
        (status = 405, description = "Anything but GET", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Access was not given", body = String, content_type = "text/html"),
        (status = 502, description = "amoCRM did not answer, or gave no access", body = String, content_type = "text/html"),
        (status = 503, description = "The access cannot be stored", body = String, content_type = "text/html"),
    ))]
async fn redirected(
    State(state): State<Arc<Connecting>>,
    method: Method,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    // Whatever looks a link over before it is opened must not use the answer up.
    if method != Method::GET {
        return Err(Problem::localized(
            StatusCode::METHOD_NOT_ALLOWED,
            Localized::new("этот адрес открывают запросом GET", "this address is opened with GET"),
        ));
    }
    Ok(match state.take_in(&query.unwrap_or_default()).await {
        Ok(account) => {
            let title = Localized::new("amoCRM подключена", "amoCRM is connected");
            let text = Localized::new(
                format!("Доступ к {account} получен, следующий звонок уже идёт с ним."),
                format!("There is access to {account}, and the next call uses it."),
            );
            answer_page::of(StatusCode::OK, &title, &text, &headers)
        }
        Err(not_made) => {
            let title = Localized::new("amoCRM не подключена", "amoCRM is not connected");
            answer_page::of(not_made.status(), &title, &sentence(not_made.text()), &headers)
        }
    })
}

/// Forget the access to amoCRM
///
/// The integration is off until it is connected again; the steps of the scenario stay, and their calls go to the linked operation.
#[utoipa::path(delete, path = "/v1/integrations/{id}/connection", tag = "configuration",
    params(("id" = String, Path, description = "The integration")),
    responses(
        (status = 204, description = "No access is kept any more"),
        (status = 404, description = "There is no such integration", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The integration has no OAuth", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store with the access fails", body = Problem, content_type = "application/problem+json"),
        NotPermitted,
    ))]
async fn disconnect(
    State(state): State<Arc<Connecting>>,
    Path(id): Path<String>,
    author: Author,
) -> Result<StatusCode, Problem> {
    let integration = state.integration(&id)?;
    state.disconnect(&integration, author).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Connecting {
    /// Takes amoCRM's answer in; gives the account's address.
    async fn take_in(self: &Arc<Self>, query: &str) -> Result<String, NotMade> {
        let now = self.node.clock().now();
        let found = consent::state_in(query).map_or(FoundQuestion::Unknown, |asked| self.questions.take(&asked, now));
        let question = match found {
            FoundQuestion::Question(question) => question,
            FoundQuestion::Expired => return Err(NotMade::Expired),
            FoundQuestion::Unknown => {
                if let Some(left_out) = self.refused.count(now) {
                    warn!(left_out, "an answer of amoCRM's page of consent belongs to no question that waits");
                }
                return Err(NotMade::Unasked);
            }
        };
        let made = async {
            let integration = self.integration(&question.integration).map_err(|_| NotMade::Gone)?;
            let (oauth, keeper) = oauth_of(&integration).map_err(|_| NotMade::Gone)?;
            let consented = consent::read(query, None, oauth, keeper.hosts()).map_err(NotMade::Consent)?;
            self.connect(&integration, consented, question.author.clone()).await
        };
        made.await.inspect_err(|not_made| {
            warn!(integration = question.integration, why = not_made.text().en, "the integration is not connected");
        })
    }
}

/// A text as a sentence of its own.
fn sentence(Localized { ru, en }: Localized) -> Localized {
    let upper = |text: String| {
        let mut letters = text.chars();
        letters.next().map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str())).unwrap_or_default()
    };
    // The name is spelt so.
    Localized::new(upper(ru).replacen("AmoCRM", "amoCRM", 1), upper(en).replacen("AmoCRM", "amoCRM", 1))
}
