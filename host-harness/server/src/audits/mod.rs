//! Audits of integrations over HTTP: what would keep calls from their managers, found while calls go on ([`amocrm::audit`]).
//!
//! An audit takes minutes in a large account, so it is begun with one request and looked at with others. Calls go first: a page of amoCRM's lists
//! is asked for only while no call waits for its turn and the greater part of the account's budget is free, at most three in a second. One runs for
//! an integration at a time, and it ends with the server.

mod job;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Json as Answer;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::Serialize;
use tokio::task::JoinSet;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::configuration::no_such_integration;
use crate::guarded::Guarded;
use crate::problem::Problem;
use crate::refusals::NotPermitted;
use crate::scope::Scope;
use amocrm::integration::Integration;
use call::Localized;
use job::{Audit, AuditState, Job};
use node::Node;

/// How many audits are kept for an integration.
const MOST: usize = 3;

/// The audits of a node's integrations.
struct Audits {
    node: Node,
    jobs: Mutex<Jobs>,
}

#[derive(Default)]
struct Jobs {
    /// By integration, the newest last.
    of_integrations: HashMap<String, VecDeque<Arc<Job>>>,
    /// Those that run; dropped with the server, they end.
    running: JoinSet<()>,
}

/// The kept audits of an integration, the newest first.
#[derive(Serialize, ToSchema)]
struct KeptAudits {
    audits: Vec<Audit>,
}

/// The routes over the integrations of this node.
pub(crate) fn routes(node: &Node) -> Guarded {
    let state = Arc::new(Audits { node: node.clone(), jobs: Mutex::default() });
    let seen = OpenApiRouter::new().routes(routes!(list)).routes(routes!(show)).with_state(Arc::clone(&state));
    let begun = OpenApiRouter::new().routes(routes!(begin)).with_state(state);
    Scope::Viewer.guard(seen).merge(Scope::Manager.guard(begun))
}

/// Begin an audit
///
/// Where one runs already, that is answered.
#[utoipa::path(post, path = "/v1/integrations/{id}/audits", tag = "configuration",
    params(("id" = String, Path, description = "The integration")),
    responses(
        (status = 202, description = "It runs", body = Audit),
        (status = 404, description = "There is no such integration", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The integration has no access to an account", body = Problem, content_type = "application/problem+json"),
        NotPermitted,
    ))]
async fn begin(
    State(audits): State<Arc<Audits>>,
    Path(id): Path<String>,
) -> Result<(StatusCode, Answer<Audit>), Problem> {
    let integration = audits.integration(&id)?;
    let has_access = integration.account().is_some() && integration.keeper().is_none_or(|keeper| keeper.is_on());
    if !has_access {
        let text = Localized::new(
            "проверять нечего: интеграция не подключена к amoCRM; подключите её",
            "there is nothing to audit: the integration is not connected to amoCRM; connect it",
        );
        return Err(Problem::localized(StatusCode::CONFLICT, text));
    }
    let job = audits.begin(&id, integration);
    let audit = job.audit().clone();
    Ok((StatusCode::ACCEPTED, Answer(audit)))
}

/// List the kept audits of an integration
#[utoipa::path(get, path = "/v1/integrations/{id}/audits", tag = "configuration",
    params(("id" = String, Path, description = "The integration")),
    responses(
        (status = 200, description = "The last three, the newest first", body = KeptAudits),
        (status = 404, description = "There is no such integration", body = Problem, content_type = "application/problem+json"),
        NotPermitted,
    ))]
async fn list(State(audits): State<Arc<Audits>>, Path(id): Path<String>) -> Result<Answer<KeptAudits>, Problem> {
    audits.integration(&id)?;
    let jobs = audits.of(&id);
    Ok(Answer(KeptAudits { audits: jobs.iter().rev().map(|job| job.audit().clone()).collect() }))
}

/// Show an audit: how far it has come, and what it found
#[utoipa::path(get, path = "/v1/integrations/{id}/audits/{number}", tag = "configuration",
    params(
        ("id" = String, Path, description = "The integration"),
        ("number" = u64, Path, description = "The audit"),
    ),
    responses(
        (status = 200, description = "The audit", body = Audit),
        (status = 404, description = "There is no such audit, or it is not kept any more", body = Problem, content_type = "application/problem+json"),
        NotPermitted,
    ))]
async fn show(
    State(audits): State<Arc<Audits>>,
    Path((id, number)): Path<(String, u64)>,
) -> Result<Answer<Audit>, Problem> {
    let jobs = audits.of(&id);
    let found = jobs.iter().map(|job| job.audit()).find(|audit| audit.id == number);
    found.map(|audit| Answer(audit.clone())).ok_or_else(|| {
        Problem::localized(
            StatusCode::NOT_FOUND,
            Localized::new(
                "такой проверки нет, или она уже не хранится",
                "there is no such audit, or it is not kept any more",
            ),
        )
    })
}

impl Audits {
    fn integration(&self, id: &str) -> Result<Arc<Integration>, Problem> {
        self.node.revision().integrations().get(id).map(Arc::clone).ok_or_else(no_such_integration)
    }

    fn of(&self, id: &str) -> Vec<Arc<Job>> {
        self.jobs().of_integrations.get(id).into_iter().flatten().cloned().collect()
    }

    /// Begins an audit, unless one runs.
    fn begin(&self, id: &str, integration: Arc<Integration>) -> Arc<Job> {
        let mut all = self.jobs();
        let Jobs { of_integrations, running } = &mut *all;
        // Those that have ended leave nothing behind.
        while running.try_join_next().is_some() {}
        let jobs = of_integrations.entry(id.to_owned()).or_default();
        let last = jobs.back().map(|job| (Arc::clone(job), job.audit().clone()));
        let number = match last {
            Some((job, audit)) if audit.state == AuditState::Running => return job,
            Some((_, audit)) => audit.id + 1,
            None => 1,
        };
        let job = Arc::new(Job::new(number, self.node.clock().now()));
        jobs.push_back(Arc::clone(&job));
        if jobs.len() > MOST {
            jobs.pop_front();
        }
        let (node, begun) = (self.node.clone(), Arc::clone(&job));
        running.spawn(async move { begun.run(node, integration).await });
        job
    }

    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        // Each change is one insertion or removal.
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
