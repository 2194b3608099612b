//! `POST /v1/calls/{seq}/forget-manager`: the manager that is kept of a call's contact, company or lead is forgotten, before the six hours are
//! over (rule O5). For an administrator who has just moved a contact to another manager in amoCRM.
//!
//! Numbers are masked in call details, so the operation is told what its own webhook would tell it ([`notice`]): which contact, company or lead
//! changed. Every caller found through it is asked for anew.

use axum::extract::{Path, State};
use bytes::Bytes;
use call::details::Details;
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::guarded::Guarded;
use crate::problem::Problem;
use crate::scope::Scope;
use crate::webhooks::notice;
use node::Node;
use node::call_details::{CallDetails, CallKey};

/// What managers are found through: the fact that names it, and what amoCRM's webhooks call it.
const FOUND_THROUGH: [(&str, &str); 3] =
    [("contact_id", "contacts"), ("company_id", "companies"), ("lead_id", "leads")];

#[derive(Clone)]
struct Forgetting {
    details: CallDetails,
    node: Node,
}

/// The route over these call details, for the operations of this node.
pub(crate) fn routes(details: CallDetails, node: Node) -> Guarded {
    Scope::Manager.guard(OpenApiRouter::new().routes(routes!(forget)).with_state(Forgetting { details, node }))
}

/// Forget the manager that is kept of a call's caller
///
/// The next call of that contact, company or lead asks amoCRM.
#[utoipa::path(
    post,
    path = "/v1/calls/{seq}/forget-manager",
    tag = "calls",
    params(("seq" = i64, Path, description = "The number of the call among the kept ones")),
    responses(
        (status = 204, description = "Nothing is kept any more"),
        (status = 401, description = "The request is not authenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The scope does not reach", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such call is kept", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The call found nothing in amoCRM that a manager is kept through", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The call details cannot be read, or the operation's store fails", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn forget(State(state): State<Forgetting>, Path(seq): Path<i64>) -> Result<StatusCode, Problem> {
    let unavailable = |why: String| Problem::new(StatusCode::SERVICE_UNAVAILABLE, why);
    let reader = state.details.reader();
    let found = tokio::task::spawn_blocking(move || reader.find(&CallKey::Seq(seq))).await;
    let found = found.map_err(|_| unavailable("the call details could not be read".to_owned()))?;
    let call = found.map_err(|error| unavailable(error.to_string()))?;
    let call = call.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "no call with this number is kept"))?;
    let document = call.document().ok_or_else(|| unavailable("the call cannot be read".to_owned()))?;
    let steps = document.steps.iter().map(|step| &step.details).chain([&document.details]);
    let form: Vec<String> = steps.flat_map(named).collect();
    if form.is_empty() {
        let detail = "the call found no contact, company or lead in amoCRM, so no manager is kept through one";
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    let revision = state.node.revision();
    let operations: Vec<_> = revision
        .placements()
        .iter()
        .filter(|placement| placement.integration_id() == call.integration)
        .cloned()
        .collect();
    if !notice::tell(&operations, state.node.clock(), &Bytes::from(form.join("&"))).await {
        return Err(unavailable("an operation could not forget; the server's log says why".to_owned()));
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The fields of a webhook that says that what these details name was changed.
fn named(details: &Details) -> impl Iterator<Item = String> {
    FOUND_THROUGH.into_iter().filter_map(|(fact, collection)| {
        let id = details.facts.get(fact)?.as_integer()?;
        Some(format!("{collection}[update][0][id]={id}"))
    })
}
