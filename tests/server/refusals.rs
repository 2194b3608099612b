//! Whatever the console's routes refuse, an administrator can read why in Russian.

use std::collections::BTreeSet;

use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use server::scope::Scope;
use server::tokens::TokenHash;
use test_support::client::{Answer, Client, TOKEN};
use test_support::{ConnectedHome, OPERATIONS, russian};

const OF_PBX: &str = "the-token-of-a-pbx-0123456789";
/// No component has this digest.
const NO_DIGEST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A route that a person's browser may ask.
struct Route {
    method: Method,
    path: String,
}

impl Route {
    /// Every route of the description that a viewer or a manager reaches, or that opens, tells or ends a session.
    fn all(description: &Value) -> Vec<Self> {
        let mut routes = Vec::new();
        for (path, methods) in description["paths"].as_object().expect("paths") {
            for (method, route) in methods.as_object().expect("methods") {
                let needed = route["security"][0]["bearer"][0].as_str();
                if matches!(needed, Some("viewer" | "manager")) || path == "/v1/session" {
                    let method = method.to_uppercase().parse().expect("a method");
                    routes.push(Self { method, path: path.clone() });
                }
            }
        }
        routes
    }

    /// Its path, of things that there are or that there are not.
    fn to(&self, there: bool, component: &str) -> String {
        let [id, employee, digest] = if there { ["sales", "anna", component] } else { ["nobody", "nobody", NO_DIGEST] };
        let path = self.path.replace("{id}", id).replace("{employee}", employee).replace("{digest}", digest);
        path.replace("{number}", "99999").replace("{seq}", "99999")
    }

    async fn ask(
        &self,
        client: &Client,
        path: &str,
        token: Option<&str>,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Option<Answer> {
        let mut request = Request::builder().method(&self.method).uri(path);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        // A stream of calls is not a refusal, and has no end.
        if self.path == "/v1/calls/stream" && token == Some(TOKEN) && !path.contains('?') {
            return None;
        }
        Some(client.send(request, body.to_owned()).await)
    }
}

#[tokio::test]
async fn each_route_of_the_console_says_in_russian_why_it_refuses() {
    let hash = TokenHash::of(OF_PBX);
    let token = format!("[[server.tokens]]\nname = \"kamailio\"\nscope = \"{}\"\nhash = \"{hash}\"\n", Scope::Pbx);
    let home = ConnectedHome::new(OPERATIONS, &token).await;
    let process = home.serve(&[]);
    let client = &process.client;
    let description = client.get("/openapi.json").await.json();
    let component = client.get("/v1/operations/sales").await.json()["component"].as_str().expect("a digest").to_owned();
    let as_json = ("content-type", "application/json");
    let mut seen = BTreeSet::new();
    for route in Route::all(&description) {
        let (there, nowhere) = (route.to(true, &component), route.to(false, &component));
        let misspelt = format!("{there}?no-such-parameter=1");
        let no_number = route.path.replace("{number}", "x").replace("{seq}", "-");
        let other_component = json!({"digest": NO_DIGEST, "by": "page"}).to_string();
        for (path, token, headers, body) in [
            (&there, None, &[][..], ""),
            (&there, Some("no-token-of-this-server-0123456789"), &[], ""),
            (&there, Some(OF_PBX), &[], "{}"),
            (&nowhere, Some(TOKEN), &[as_json], "{}"),
            (&nowhere, Some(TOKEN), &[as_json, ("if-match", "\"0123\"")], "{}"),
            (&there, Some(TOKEN), &[as_json], other_component.as_str()),
            (&there, Some(TOKEN), &[as_json], "[not JSON"),
            (&there, Some(TOKEN), &[as_json, ("if-match", "no tag")], "{}"),
            (&there, Some(TOKEN), &[as_json, ("if-match", "\"0123\"")], "{\"no_such_field\": 1}"),
            (&misspelt, Some(TOKEN), &[], ""),
            (&no_number, Some(TOKEN), &[as_json, ("if-match", "\"0123\"")], "{}"),
        ] {
            let Some(answer) = route.ask(client, path, token, headers, body).await else { continue };
            if !answer.status.is_client_error() && !answer.status.is_server_error() {
                continue;
            }
            let asked = format!("{} {path} {headers:?} {body}", route.method);
            assert_eq!(answer.headers["content-type"], "application/problem+json", "{asked}: {answer:?}");
            let problem = answer.json();
            let ru = problem["detail_ru"].as_str().unwrap_or_else(|| panic!("{asked}: {problem}"));
            russian::assert_russian(ru);
            seen.insert(answer.status.as_u16());
        }
    }
    for status in [
        StatusCode::BAD_REQUEST,
        StatusCode::UNAUTHORIZED,
        StatusCode::FORBIDDEN,
        StatusCode::NOT_FOUND,
        StatusCode::CONFLICT,
        StatusCode::PRECONDITION_FAILED,
        StatusCode::UNPROCESSABLE_ENTITY,
        StatusCode::PRECONDITION_REQUIRED,
    ] {
        assert!(seen.contains(&status.as_u16()), "nothing was refused with {status}: {seen:?}");
    }
}

#[tokio::test]
async fn a_method_that_an_address_does_not_have_is_refused_with_the_list_of_what_there_is() {
    let home = ConnectedHome::new(OPERATIONS, "").await;
    let process = home.serve(&[]);
    for path in ["/v1/operations/sales", "/v1/session", "/v1/resolve-call"] {
        let request =
            Request::builder().method(Method::TRACE).uri(path).header("authorization", format!("Bearer {TOKEN}"));
        let answer = process.client.send(request, String::new()).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}: {answer:?}");
        assert_eq!(answer.headers["content-type"], "application/problem+json", "{path}: {answer:?}");
        let problem = answer.json();
        for key in ["detail", "detail_ru"] {
            let said = problem[key].as_str().expect("a text");
            assert!(said.contains("TRACE") && said.contains("/openapi.json"), "{path}: {said}");
        }
    }
}
