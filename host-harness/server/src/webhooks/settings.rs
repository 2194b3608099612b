//! The widget's settings in amoCRM: what they show, and what an administrator of the account may change there.
//!
//! Who asks is proved by amoCRM's one-time token, and whether that is an administrator is what amoCRM says (`GET /api/v4/users/{id}`). Changes are off
//! unless the file grants them (`widget_changes = "granted"`). They are judged and recorded as those of the console are, each save as one change.

use std::collections::HashSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::presence::seen;
use super::{Hooked, LONGEST_NAME, Routed, named, no_such_hook, page};
use crate::body;
use crate::configuration::{
    Author, By, Configuration, Edit, EmployeeEdit, IntegrationPatch, NotChanged, NumberEdit, Refusal, Scalar, edit_of,
};
use crate::json::twice;
use crate::problem::Problem;
use crate::repeated::repeated;
use amocrm::access::users::{self, AccountUser};
use amocrm::integration::{CONSIDER_MANAGER_STATUS, IntegrationSettings, WidgetChanges};
use call::Localized;
use call::one_line::on_one_line;

/// The most bytes of a change.
const LARGEST: usize = 64 * 1024;
/// The most users in one: amoCRM's largest accounts have some hundreds.
const MOST_USERS: usize = 1_000;

/// What the settings show. Fields may be added, none is renamed.
#[derive(Serialize, ToSchema)]
struct WidgetState {
    /// `on`: calls are forwarded; `off`: the integration is switched off; `refused`: amoCRM does not accept its access.
    state: &'static str,
    /// Whether changes from amoCRM are granted, and the configuration can be changed at all.
    changes: bool,
    /// Whether who asks is an administrator of the account; null where amoCRM did not say.
    administrator: Option<bool>,
    /// Whether the manager's status is considered; for administrators.
    consider_manager_status: Option<bool>,
    /// The revision that a change is made for; for administrators.
    revision: Option<String>,
}

/// What an administrator saves.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WidgetChange {
    /// The revision that it was thought out for.
    revision: String,
    /// Whether the manager's status is considered; as it is, where it is left out.
    consider_manager_status: Option<bool>,
    /// Internal numbers. Users that are left out stay as they are.
    #[serde(default)]
    users: Vec<UserNumber>,
}

/// The internal number of a user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UserNumber {
    /// The amoCRM user.
    id: u64,
    /// What others call the user; for an employee who is new here.
    name: Option<String>,
    /// As the PBX dials it.
    number: String,
}

/// What was saved.
#[derive(Serialize, ToSchema)]
struct WidgetSaved {
    /// The revision now in force.
    revision: String,
}

pub(super) fn routes() -> OpenApiRouter<Routed> {
    OpenApiRouter::new().routes(routes!(show, change, may_ask))
}

/// Show the widget's settings in amoCRM
#[utoipa::path(get, path = "/v1/integrations/{id}/widget", tag = "hooks", security(()),
    params(("id" = String, Path, description = "The integration"), ("X-Auth-Token" = String, Header, description = "amoCRM's one-time token")),
    responses(
        (status = 200, description = "The settings", body = WidgetState),
        (status = 401, description = "The token counts for nothing; the text says why", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "A page of another site sent it", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such hook", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The token was used before", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store did not keep it", body = Problem, content_type = "application/problem+json"),
    ))]
async fn show(
    State(Routed { hooks, .. }): State<Routed>,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Json<WidgetState>, Problem> {
    let (hooked, sighting) = seen(&hooks, &named(path)?, &headers).await?;
    let integration = &hooked.integration;
    let state = match (integration.is_refused(hooks.clock().now()), integration.is_on()) {
        (true, _) => "refused",
        (false, true) => "on",
        (false, false) => "off",
    };
    let in_force = hooks.configuration().map(|configuration| configuration.in_force());
    let is_granted = integration.settings().widget_changes == WidgetChanges::Granted;
    let administrator = hooked.user(sighting.user).await.ok().map(|user| user.is_administrator);
    let for_administrators = administrator == Some(true);
    Ok(Json(WidgetState {
        state,
        changes: is_granted && in_force.as_ref().is_some_and(|in_force| in_force.writable),
        administrator,
        consider_manager_status: for_administrators.then(|| integration.settings().considers_manager_status()),
        revision: in_force.filter(|_| for_administrators).map(|in_force| in_force.revision),
    }))
}

/// Save the widget's settings in amoCRM
#[utoipa::path(post, path = "/v1/integrations/{id}/widget", tag = "hooks", security(()),
    params(("id" = String, Path, description = "The integration"), ("X-Auth-Token" = String, Header, description = "amoCRM's one-time token")),
    request_body = WidgetChange,
    responses(
        (status = 200, description = "They are in force", body = WidgetSaved),
        (status = 400, description = "The body is not understood", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token counts for nothing; the text says why", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Changes from amoCRM are not granted, who asks is not an administrator, or a page of another site sent it", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such hook", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The token was used before, or the configuration cannot be changed here", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "Somebody else has changed the configuration", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "It does not fit", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store did not keep it, or amoCRM does not say who asks", body = Problem, content_type = "application/problem+json"),
    ))]
async fn change(
    State(Routed { hooks, body_timeout }): State<Routed>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Json<WidgetSaved>, Problem> {
    let id = named(path)?;
    let (head, body) = request.into_parts();
    let (hooked, sighting) = seen(&hooks, &id, &head.headers).await?;
    let configuration = granted(&hooked, hooks.configuration()).map_err(|problem| hooks.refused(&id, problem))?;
    let user = administrator(&hooked, sighting.user).await.map_err(|problem| hooks.refused(&id, problem))?;
    let body = body::whole(body, LARGEST, body_timeout)
        .await
        .map_err(|_| not_understood(&format!("the body did not come whole, or has more than {LARGEST} bytes")))?;
    if let Some(field) = repeated(&body) {
        return Err(twice(field));
    }
    let change: WidgetChange =
        serde_json::from_slice(&body).map_err(|_| not_understood("the body is not a change of a widget's settings"))?;
    let (edits, fields): (Vec<_>, Vec<_>) = edits(&id, hooked.integration.settings(), &change)?.into_iter().unzip();
    if edits.is_empty() {
        return Ok(Json(WidgetSaved { revision: configuration.in_force().revision }));
    }
    let in_force = configuration.change(Edit::Several(edits), &change.revision, author(&user)).await;
    let in_force = in_force.map_err(|refusal| at_field(refusal, &fields))?;
    Ok(Json(WidgetSaved { revision: in_force.revision }))
}

/// A browser's question whether the widget may show and change settings.
#[utoipa::path(options, path = "/v1/integrations/{id}/widget", tag = "hooks", security(()),
    params(("id" = String, Path, description = "The integration")),
    responses(
        (status = 204, description = "Pages of the account may"),
        (status = 403, description = "This page may not", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such hook", body = Problem, content_type = "application/problem+json"),
    ))]
async fn may_ask(
    State(Routed { hooks, .. }): State<Routed>,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let id = named(path)?;
    hooks.of(&id).and_then(|hooked| hooked.presence()).ok_or_else(no_such_hook)?;
    Ok(page::may_ask("GET, POST"))
}

fn granted(hooked: &Hooked, configuration: Option<&Arc<dyn Configuration>>) -> Result<Arc<dyn Configuration>, Problem> {
    let is_granted = hooked.integration.settings().widget_changes == WidgetChanges::Granted;
    configuration.filter(|_| is_granted).cloned().ok_or_else(|| {
        let text = Localized::new(
            "изменения из amoCRM в АТС не разрешены: администратор АТС разрешает их в файле настроек (widget_changes = \"granted\")",
            "changes from amoCRM are not granted: write widget_changes = \"granted\" to the [[integration]] in the configuration file",
        );
        Problem::localized(StatusCode::FORBIDDEN, text)
    })
}

async fn administrator(hooked: &Hooked, id: u64) -> Result<AccountUser, Problem> {
    let user = hooked.user(id).await.map_err(|why| {
        let text = Localized::new(
            format!("amoCRM не сказала АТС, администратор ли вы ({why}): повторите позже"),
            format!("amoCRM did not say whether you are an administrator ({why}): try again later"),
        );
        Problem::localized(StatusCode::SERVICE_UNAVAILABLE, text)
    })?;
    if user.is_administrator {
        return Ok(user);
    }
    let text = Localized::new(
        "настройки меняет администратор аккаунта amoCRM, а вы не администратор",
        "only an administrator of the amoCRM account changes settings, and you are not one",
    );
    Err(Problem::localized(StatusCode::FORBIDDEN, text))
}

fn author(user: &AccountUser) -> Author {
    let name = on_one_line(&user.name, LONGEST_NAME);
    let name =
        if name.is_empty() { format!("amoCRM user {}", user.id) } else { format!("amoCRM user {name} ({})", user.id) };
    Author { name: Some(name), by: By::Amocrm }
}

fn not_understood(detail: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, detail).in_russian("запрос не понят")
}

/// What a save changes, each with the field that wants it; nothing where everything is so already.
fn edits(id: &str, settings: &IntegrationSettings, change: &WidgetChange) -> Result<Vec<(Edit, String)>, Problem> {
    if change.users.len() > MOST_USERS {
        return Err(not_understood(&format!("there are more than {MOST_USERS} users")));
    }
    let considered = change.consider_manager_status.filter(|wanted| *wanted != settings.considers_manager_status());
    let mut edits: Vec<_> = considered
        .map(|wanted| {
            let configuration = [(CONSIDER_MANAGER_STATUS.to_owned(), Some(Scalar::Flag(wanted)))].into();
            let patch = IntegrationPatch { configuration, ..IntegrationPatch::default() };
            (Edit::ChangeIntegration(id.to_owned(), patch), "/consider_manager_status".to_owned())
        })
        .into_iter()
        .collect();
    let mut ids: HashSet<String> = settings.employees.iter().map(|(_, employee)| employee.id.clone()).collect();
    let mut users = HashSet::new();
    for (place, user) in change.users.iter().enumerate().filter(|(_, user)| !user.number.trim().is_empty()) {
        if !users.insert(user.id) {
            return Err(not_understood("a user is named twice"));
        }
        let known = settings.employees.iter().find(|(of, _)| *of == user.id);
        let number = user.number.trim();
        let (employee, edit) = match known {
            Some((_, employee)) if employee.destinations.iter().any(|destination| destination.number == number) => {
                continue;
            }
            Some(known) => (known.1.id.clone(), with_number(edit_of(known, &settings.employees), number)),
            None => {
                let new = free_id(user.id, &ids);
                ids.insert(new.clone());
                (new, new_employee(user, number))
            }
        };
        edits.push((Edit::PutEmployee(id.to_owned(), employee, edit), format!("/users/{place}/number")));
    }
    Ok(edits)
}

/// The refusal of several edits as one of the save that they were made of: each of them is wanted by one of these fields.
fn at_field(refusal: NotChanged, fields: &[String]) -> NotChanged {
    let NotChanged::Refused(refusal) = refusal else { return refusal };
    let place = |field: &str| field.strip_prefix('/')?.split('/').next()?.parse::<usize>().ok();
    let field = refusal.field.as_deref().and_then(place).and_then(|place| fields.get(place).cloned());
    NotChanged::Refused(Refusal { field, ..refusal })
}

/// An employee whose first number is this one; the others stay, and so does the time that the first one rings.
fn with_number(mut edit: EmployeeEdit, number: &str) -> EmployeeEdit {
    match edit.numbers.first_mut() {
        Some(first) => number.clone_into(&mut first.number),
        None => edit.numbers.push(NumberEdit { number: number.to_owned(), ring_time: None }),
    }
    edit
}

fn new_employee(user: &UserNumber, number: &str) -> EmployeeEdit {
    EmployeeEdit {
        name: user.name.as_deref().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned),
        amocrm_user: user.id,
        enabled: None,
        numbers: vec![NumberEdit { number: number.to_owned(), ring_time: None }],
        ring: None,
        deputy: None,
    }
}

/// An identifier that no employee has.
fn free_id(user: u64, ids: &HashSet<String>) -> String {
    let named = format!("amocrm-{user}");
    let mut numbered = (2..).map(|number: u32| format!("{named}-{number}"));
    if ids.contains(&named) { numbered.find(|id| !ids.contains(id)).unwrap_or(named) } else { named }
}

impl Hooked {
    /// A user of the account, as amoCRM tells of one; the text says why nothing is known.
    async fn user(&self, id: u64) -> Result<AccountUser, String> {
        let account = self.integration.account().ok_or("the integration is not connected")?;
        users::user(id, &account, self.integration.http()).await
    }
}
