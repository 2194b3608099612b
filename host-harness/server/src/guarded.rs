//! Routes with the scope that each needs. A server takes routes that somebody has to be authenticated for in this form alone, and it is made by
//! [`Scope::guard`]: there is no route without a scope. The scope stands in the server's description too, so a reader of it sees what is enforced.

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{OpenApi, SecurityRequirement};
use utoipa_axum::router::OpenApiRouter;

use call::Localized;

use crate::identity::Identity;
use crate::problem::Problem;
use crate::scope::Scope;

impl Scope {
    /// These routes, for those who have this scope.
    pub fn guard(self, routes: OpenApiRouter) -> Guarded {
        let mut routes = routes.route_layer(from_fn_with_state(self, permit));
        self.describe(routes.get_openapi_mut());
        Guarded(routes)
    }

    /// Writes into the description that its routes need this scope.
    pub(crate) fn describe(self, description: &mut OpenApi) {
        let ways = ["bearer", "session"];
        let needed: Vec<_> = ways.map(|way| SecurityRequirement::new(way, [self.name()])).into();
        for operation in description.paths.paths.values_mut().flat_map(operations) {
            operation.security = Some(needed.clone());
        }
    }
}

/// Routes that need a scope each.
#[derive(Clone)]
pub struct Guarded(OpenApiRouter);

impl Guarded {
    /// These routes and those.
    #[must_use]
    pub fn merge(self, others: Self) -> Self {
        Self(self.0.merge(others.0))
    }

    /// The routes for a router of one's own. What stands before them has to say who asks, with an [`Identity`] among the request's extensions.
    pub fn into_routes(self) -> OpenApiRouter {
        self.0
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, options, head, patch, trace, .. } = item;
    [get, put, post, delete, options, head, patch, trace].into_iter().filter_map(Option::as_mut)
}

/// Lets through whose scope is enough. Who it is, the guard before it has found out.
async fn permit(State(needed): State<Scope>, request: Request, next: Next) -> Response {
    match request.extensions().get::<Identity>().map(|identity| identity.permit(needed)) {
        Some(Ok(())) => next.run(request).await,
        Some(Err(problem)) => problem.into_response(),
        None => {
            let detail = Localized::new(
                "ошибка сервера: не выяснено, чей это запрос",
                "nobody looked at who sent this request; this is a fault of the server",
            );
            Problem::localized(StatusCode::INTERNAL_SERVER_ERROR, detail).into_response()
        }
    }
}
