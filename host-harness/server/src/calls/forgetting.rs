//! The manager that is kept of a caller is forgotten, before the six hours are over (rule O5): for an administrator who has just moved a contact to
//! another manager in amoCRM.
//!
//! `POST /v1/calls/{seq}/forget-manager` forgets through a call. Numbers are masked in call details, so the operation is told what its own webhook
//! would tell it (`notice`): which contact, company or lead changed. Every caller found through it is asked for anew. Who knows the number tells
//! that instead. Either is remembered beside the changes of the configuration.

use std::sync::Arc;

use axum::extract::{Path, State};
use bytes::Bytes;
use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::configuration::{Author, Configuration};
use crate::guarded::Guarded;
use crate::problem::Problem;
use crate::refusals::NotPermitted;
use crate::scope::Scope;
use crate::webhooks::notice;
use call::details::Details;
use call::{Bilingual, CallDocument, Localized};
use node::call_details::{CallDetails, CallKey};
use node::{Node, Placement};
use runtime::capabilities::clocks::Clock;

/// What managers are found through: the fact that names it, and what amoCRM's webhooks call it.
const FOUND_THROUGH: [(&str, &str); 3] =
    [("contact_id", "contacts"), ("company_id", "companies"), ("lead_id", "leads")];

/// What a manager is kept through: what amoCRM's webhook would say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptThrough(String);

impl KeptThrough {
    /// Through what a call found in amoCRM; none where it found nothing.
    pub fn of_call(document: &CallDocument) -> Option<Self> {
        let steps = document.steps.iter().map(|step| &step.details).chain([&document.details]);
        let fields: Vec<String> = steps.flat_map(named).collect();
        (!fields.is_empty()).then(|| Self(fields.join("&")))
    }

    /// Through a caller's whole number.
    pub fn of_caller(number: &str) -> Self {
        let number = utf8_percent_encode(number, NON_ALPHANUMERIC);
        Self(format!("contacts[update][0][custom_fields][0][values][0][value]={number}"))
    }

    /// Has these operations forget it; false where one did not.
    pub async fn forget(self, operations: &[Arc<Placement>], clock: &Clock) -> bool {
        notice::tell(operations, clock, &Bytes::from(self.0)).await
    }
}

/// The fields of a webhook that says that what these details name was changed.
fn named(details: &Details) -> impl Iterator<Item = String> {
    FOUND_THROUGH.into_iter().filter_map(|(fact, collection)| {
        let id = details.facts.get(fact)?.as_integer()?;
        Some(format!("{collection}[update][0][id]={id}"))
    })
}

/// What is remembered of it. The caller is masked.
pub fn forgotten_of_call(seq: i64, document: &CallDocument) -> Localized {
    let caller = document.call.caller.as_deref();
    let caller = caller.map(|caller| format!(" ({caller})")).unwrap_or_default();
    Localized::new(
        format!("забыт менеджер, сохранённый для звонящего из звонка {seq}{caller}"),
        format!("the manager that was kept of the caller of call {seq}{caller} was forgotten"),
    )
}

#[derive(Clone)]
struct Forgetting {
    details: CallDetails,
    node: Node,
    changes: Option<Arc<dyn Configuration>>,
}

/// The route over these call details, for the operations of this node.
pub(crate) fn routes(details: CallDetails, node: Node, changes: Option<Arc<dyn Configuration>>) -> Guarded {
    let state = Forgetting { details, node, changes };
    Scope::Manager.guard(OpenApiRouter::new().routes(routes!(forget)).with_state(state))
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
        (status = 404, description = "No such call is kept", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The call found nothing in amoCRM that a manager is kept through", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The call details cannot be read, or the operation's store fails", body = Problem, content_type = "application/problem+json"),
        NotPermitted,
    )
)]
async fn forget(State(state): State<Forgetting>, Path(seq): Path<i64>, author: Author) -> Result<StatusCode, Problem> {
    let unavailable = |why: Localized| Problem::localized(StatusCode::SERVICE_UNAVAILABLE, why);
    let unreadable = |en: &str| unavailable(Localized::new("детализация звонков не читается", en));
    let reader = state.details.reader();
    let found = tokio::task::spawn_blocking(move || reader.find(&CallKey::Seq(seq))).await;
    let found = found.map_err(|_| unreadable("the call details could not be read"))?;
    let call = found.map_err(|error| unavailable(error.text()))?;
    let call = call.ok_or_else(|| {
        let text = Localized::new("звонка с таким номером нет", "no call with this number is kept");
        Problem::localized(StatusCode::NOT_FOUND, text)
    })?;
    let document = call.document().ok_or_else(|| unreadable("the call cannot be read"))?;
    let kept_through = KeptThrough::of_call(&document).ok_or_else(|| {
        let detail = Localized::new(
            "звонок не нашёл в amoCRM ни контакта, ни компании, ни сделки: менеджер для него не сохранён",
            "the call found no contact, company or lead in amoCRM, so no manager is kept through one",
        );
        Problem::localized(StatusCode::CONFLICT, detail)
    })?;
    let revision = state.node.revision();
    let operations: Vec<_> = revision
        .placements()
        .iter()
        .filter(|placement| placement.integration_id() == call.integration)
        .cloned()
        .collect();
    if !kept_through.forget(&operations, state.node.clock()).await {
        return Err(unavailable(Localized::new(
            "менеджер не забыт; почему, сказано в журнале сервера",
            "an operation could not forget; the server's log says why",
        )));
    }
    if let Some(changes) = &state.changes {
        changes.note(forgotten_of_call(seq, &document), author).await;
    }
    Ok(StatusCode::NO_CONTENT)
}
