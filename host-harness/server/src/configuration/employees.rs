//! The employees of an integration, shown and changed over HTTP.

use std::sync::Arc;
use std::time::Duration;

use axum::Json as Answer;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::refusal::no_such_integration;
use super::{Author, ConfigurationState, Edit, EmployeeEdit, NumberEdit, tagged};
use crate::Shared;
use crate::json::Json;
use crate::problem::Problem;
use crate::refusals::{NotChangedHere, NotPermitted};
use amocrm::integration::Integration;
use call::dialling::ring_time;
use call::document::Ring;
use runtime::capabilities::directory::{Destination, Employee};

/// An employee. Fields may be added, none is renamed.
#[derive(Serialize, ToSchema)]
struct ShownEmployee {
    /// The identifier.
    id: String,
    /// The name that people read.
    name: String,
    /// The amoCRM user who that is.
    amocrm_user: u64,
    /// Whether the employee is switched on.
    enabled: bool,
    /// The numbers that ring, in order.
    numbers: Vec<ShownNumber>,
    /// How they ring: one after another, or all at once.
    ring: Ring,
    /// The identifier of the employee who stands in for this one; null where nobody does.
    deputy: Option<String>,
}

/// A number of an employee.
#[derive(Serialize, ToSchema)]
struct ShownNumber {
    /// As the PBX dials it.
    number: String,
    /// How long it rings, such as `25s`.
    ring_time: String,
}

/// The employees of an integration.
#[derive(Serialize, ToSchema)]
struct Employees {
    employees: Vec<ShownEmployee>,
}

impl ShownEmployee {
    fn of((user, employee): &(u64, Employee), employees: &[(u64, Employee)]) -> Self {
        Self {
            id: employee.id.clone(),
            name: employee.name.clone(),
            amocrm_user: *user,
            enabled: employee.enabled,
            numbers: employee
                .destinations
                .iter()
                .map(|destination| ShownNumber {
                    number: destination.number.clone(),
                    ring_time: written(destination.ring_time),
                })
                .collect(),
            ring: employee.ring,
            deputy: deputy_of(employee, employees),
        }
    }
}

/// The identifier of the deputy, who is one of the same integration's employees.
fn deputy_of(employee: &Employee, employees: &[(u64, Employee)]) -> Option<String> {
    let deputy = employee.deputy_crm_user_id?;
    employees.iter().find(|(user, _)| *user == deputy).map(|(_, deputy)| deputy.id.clone())
}

/// A duration as the configuration has it.
fn written(time: Duration) -> String {
    if time.subsec_millis() == 0 { format!("{}s", time.as_secs()) } else { format!("{}ms", time.as_millis()) }
}

/// One of these employees as one that is to be written again: what is so unless set is left out.
pub(crate) fn edit_of((user, employee): &(u64, Employee), employees: &[(u64, Employee)]) -> EmployeeEdit {
    let number = |destination: &Destination| {
        let is_usual = ring_time(&destination.number, None).is_ok_and(|usual| usual == destination.ring_time);
        NumberEdit {
            number: destination.number.clone(),
            ring_time: (!is_usual).then(|| written(destination.ring_time)),
        }
    };
    EmployeeEdit {
        name: (employee.name != employee.id).then(|| employee.name.clone()),
        amocrm_user: *user,
        enabled: (!employee.enabled).then_some(false),
        numbers: employee.destinations.iter().map(number).collect(),
        ring: Ring::ALL
            .iter()
            .find(|(_, ring)| *ring == employee.ring && !ring.is_in_turn())
            .map(|(name, _)| (*name).to_owned()),
        deputy: deputy_of(employee, employees),
    }
}

/// The routes that show them.
pub(super) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new().routes(routes!(list))
}

/// The routes that change them.
pub(super) fn changing() -> OpenApiRouter<ConfigurationState> {
    OpenApiRouter::new().routes(routes!(put, remove))
}

fn integration(shared: &Shared, id: &str) -> Result<Arc<Integration>, Problem> {
    shared.node.revision().integrations().get(id).map(Arc::clone).ok_or_else(no_such_integration)
}

/// List the employees of an integration
#[utoipa::path(get, path = "/v1/integrations/{id}/employees", tag = "configuration",
    params(("id" = String, Path, description = "The integration")),
    responses(
        (status = 200, description = "Its employees", body = Employees),
        (status = 404, description = "There is no such integration", body = Problem, content_type = "application/problem+json"),
        NotPermitted,
    ))]
async fn list(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Result<Answer<Employees>, Problem> {
    let integration = integration(&shared, &id)?;
    let employees = &integration.settings().employees;
    Ok(Answer(Employees { employees: employees.iter().map(|one| ShownEmployee::of(one, employees)).collect() }))
}

/// Add or change an employee
#[utoipa::path(put, path = "/v1/integrations/{id}/employees/{employee}", tag = "configuration",
    params(
        ("id" = String, Path, description = "The integration"),
        ("employee" = String, Path, description = "The employee's identifier"),
        ("If-Match" = String, Header, description = "The revision that this is thought out for"),
    ),
    request_body = EmployeeEdit,
    responses(
        (status = 200, description = "The employee is changed", body = ShownEmployee),
        (status = 201, description = "The employee is added", body = ShownEmployee),
        (status = 404, description = "There is no such integration", body = Problem, content_type = "application/problem+json"),
        NotChangedHere,
    ))]
async fn put(
    State(state): State<ConfigurationState>,
    Path((id, employee)): Path<(String, String)>,
    headers: HeaderMap,
    author: Author,
    Json(edit): Json<EmployeeEdit>,
) -> Result<Response, Problem> {
    let is_it = |(_, known): &&(u64, Employee)| known.id == employee;
    let was_there = integration(&state.shared, &id)?.settings().employees.iter().any(|known| is_it(&known));
    let edit = Edit::PutEmployee(id.clone(), employee.clone(), edit);
    let in_force = state.change(edit, &headers, author).await?;
    let integration = integration(&state.shared, &id)?;
    let employees = &integration.settings().employees;
    let shown = employees.iter().find(is_it).map(|one| ShownEmployee::of(one, employees));
    let status = if was_there { StatusCode::OK } else { StatusCode::CREATED };
    Ok(tagged(&in_force.revision, (status, Answer(shown))))
}

/// Take an employee away
#[utoipa::path(delete, path = "/v1/integrations/{id}/employees/{employee}", tag = "configuration",
    params(
        ("id" = String, Path, description = "The integration"),
        ("employee" = String, Path, description = "The employee's identifier"),
        ("If-Match" = String, Header, description = "The revision that this is thought out for"),
    ),
    responses(
        (status = 204, description = "The employee is gone"),
        (status = 404, description = "There is no such integration or employee", body = Problem, content_type = "application/problem+json"),
        NotChangedHere,
    ))]
async fn remove(
    State(state): State<ConfigurationState>,
    Path((id, employee)): Path<(String, String)>,
    headers: HeaderMap,
    author: Author,
) -> Result<Response, Problem> {
    let in_force = state.change(Edit::RemoveEmployee(id, employee), &headers, author).await?;
    Ok(tagged(&in_force.revision, StatusCode::NO_CONTENT.into_response()))
}
