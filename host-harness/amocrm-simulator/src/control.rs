//! Control over HTTP, for a simulator in another process. Without authorisation: it is a tool for the loopback.
//!
//! | request | what it does |
//! |---|---|
//! | `GET /_simulator/requests` | `{"count", "connections", "requests": […]}`; the requests as [`crate::RequestRecord`] |
//! | `DELETE /_simulator/requests` | forgets them; 204 |
//! | `GET /_simulator/faults` | the rules in force, a JSON list |
//! | `PUT /_simulator/faults` | replaces them by a JSON list of rules, each a text or an object; answers with them |
//! | `DELETE /_simulator/faults` | removes them; 204 |
//! | `POST` or `PATCH /_simulator/contacts/{id}` | `{"responsible_user_id": N}` (or `null`) changes the manager, and the contact is updated now; 204 |
//! | `GET /_simulator/contacts/{id}/webhook`, `…/leads/{id}/webhook` | the body of the webhook that tells its manager, form-encoded |
//! | `GET /_simulator/{contacts,companies,leads}/{id}/deleted` | the body of the webhook that tells its deletion |
//! | `GET /_simulator/limits` | `{"blocked", "most_in_a_second"}` |
//! | `POST /_simulator/unblock` | lifts the block for abuse; 204 |
//! | `POST /_simulator/rename` | `{"base_url"}`: the account's new address; `{"domain": "firm.amocrm.ru"}` names it |
//! | `POST /_simulator/uninstall` | `{"query"}`: every token is revoked; the query of the hook that tells it |
//! | `POST /_simulator/disposable-token` | `{"user_id": N}` is answered with `{"token"}`, a one-time token of this user |
//! | `GET`, `PUT`, `DELETE /_simulator/widget` | what the page needs of the account and its widget; installs the archive in the body, 422 with `findings` where rules are broken; removes it |
//! | `PUT /_simulator/widget/settings` | what an administrator saved, a JSON object |
//! | `GET /_simulator/widget/files/{name}`, `GET /_simulator/page/{name}` | files of the widget, and of the page that loads it |
//!
//! What is wrong is said in a problem document: 400 for the body, 404 for the path or the contact, 405 for the method, 409
//! where the simulator runs without what is asked of it.

use std::sync::Arc;

use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use serde::{Deserialize, Deserializer};
use serde_json::json;

use crate::FaultRule;
use crate::answer::Answer;
use crate::script::Script;
use crate::state::State;
use crate::{oauth, page, problem, webhook, widget_routes};

/// What the paths of the control begin with.
pub(crate) const PREFIX: &str = "/_simulator/";
/// The largest body that is read, in bytes.
const BODY_MOST: usize = 1024 * 1024;

pub(crate) async fn serve(state: &Arc<State>, request: Request<Incoming>) -> Response<Script> {
    let (parts, body) = request.into_parts();
    let answer = match Limited::new(body, BODY_MOST).collect().await {
        Ok(body) => {
            let path = parts.uri.path().strip_prefix(PREFIX).unwrap_or("");
            answer(state, &parts.method, path, &body.to_bytes()).await
        }
        Err(error) => problem::problem(StatusCode::BAD_REQUEST, &format!("the body cannot be read: {error}")),
    };
    answer.whole()
}

async fn answer(state: &Arc<State>, method: &Method, path: &str, body: &[u8]) -> Answer {
    match (path, method) {
        ("requests", &Method::GET) => {
            let (count, records) = {
                let log = state.log();
                (log.count(), log.records())
            };
            document(&json!({"count": count, "connections": state.listeners.connections(), "requests": records}))
        }
        ("requests", &Method::DELETE) => {
            state.clear_requests();
            Answer::nothing()
        }
        ("requests", _) => problem::method_not_allowed("GET, DELETE"),
        ("faults", &Method::GET) => document(&json!(state.faults().rules())),
        ("faults", &Method::PUT) => match read::<Vec<FaultRule>>(body) {
            Ok(rules) => {
                state.faults().set(rules.clone());
                document(&json!(rules))
            }
            Err(refusal) => *refusal,
        },
        ("faults", &Method::DELETE) => {
            state.faults().set(Vec::new());
            Answer::nothing()
        }
        ("faults", _) => problem::method_not_allowed("GET, PUT, DELETE"),
        ("limits", &Method::GET) => {
            let gate = state.gate();
            document(&json!({"blocked": gate.blocked(), "most_in_a_second": gate.most_in_a_second()}))
        }
        ("limits", _) => problem::method_not_allowed("GET"),
        ("unblock", &Method::POST) => {
            state.gate().unblock();
            Answer::nothing()
        }
        ("rename", &Method::POST) => rename(state, body).await,
        ("uninstall", &Method::POST) => match oauth::uninstall(state) {
            Ok(query) => document(&json!({"query": query})),
            Err(error) => problem::problem(StatusCode::CONFLICT, &error.to_string()),
        },
        ("disposable-token", &Method::POST) => disposable_token(state, body),
        ("unblock" | "rename" | "uninstall" | "disposable-token", _) => problem::method_not_allowed("POST"),
        ("widget", _) => widget_routes::answer(state, method, path, body),
        _ if path.starts_with("widget/") => widget_routes::answer(state, method, path, body),
        _ if path.starts_with(page::FILES) => match *method {
            Method::GET => page::file(path.strip_prefix(page::FILES).unwrap_or_default()),
            _ => problem::method_not_allowed("GET"),
        },
        _ => of_entity(state, method, path, body),
    }
}

fn of_entity(state: &State, method: &Method, path: &str, body: &[u8]) -> Answer {
    let mut parts = path.splitn(3, '/');
    let (collection, id, rest) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""), parts.next());
    let Ok(id) = id.parse() else {
        return problem::not_found();
    };
    let webhook = match (collection, rest) {
        ("contacts", None) => {
            return match method {
                &Method::POST | &Method::PATCH => change_contact(state, id, body),
                _ => problem::method_not_allowed("POST, PATCH"),
            };
        }
        ("contacts", Some("webhook")) => webhook::responsible_changed(state, id),
        ("leads", Some("webhook")) => webhook::lead_responsible_changed(state, id),
        ("contacts" | "companies" | "leads", Some("deleted")) => Ok(webhook::deleted(state, collection, id)),
        _ => return problem::not_found(),
    };
    if method != Method::GET {
        return problem::method_not_allowed("GET");
    }
    match webhook {
        Ok(body) => Answer::new(StatusCode::OK, "application/x-www-form-urlencoded", body),
        Err(error) => problem::problem(StatusCode::NOT_FOUND, &error.to_string()),
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewName {
    domain: Option<String>,
}

async fn rename(state: &Arc<State>, body: &[u8]) -> Answer {
    let read = if body.is_empty() { Ok(NewName::default()) } else { read::<NewName>(body) };
    let name = match read {
        Ok(name) => name,
        Err(refusal) => return *refusal,
    };
    match state.rename(name.domain.as_deref()).await {
        Ok(base) => document(&json!({"base_url": base})),
        Err(error) => problem::problem(StatusCode::CONFLICT, &format!("{error:#}")),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Widget {
    user_id: u64,
}

fn disposable_token(state: &State, body: &[u8]) -> Answer {
    match read::<Widget>(body).map(|widget| oauth::disposable_token(state, widget.user_id)) {
        Ok(Ok(token)) => document(&json!({"token": token})),
        Ok(Err(error)) => problem::problem(StatusCode::CONFLICT, &error.to_string()),
        Err(refusal) => *refusal,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    /// The key must be there; its value may be `null`.
    #[serde(deserialize_with = "present")]
    responsible_user_id: Option<u64>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Option::deserialize(deserializer)
}

fn change_contact(state: &State, id: u64, body: &[u8]) -> Answer {
    let change = match read::<Change>(body) {
        Ok(change) => change,
        Err(refusal) => return *refusal,
    };
    let now = state.now();
    state.change(|account| match account.contact_mut(id) {
        Some(contact) => {
            contact.responsible_user_id = change.responsible_user_id;
            contact.updated_at = Some(now);
            Answer::nothing()
        }
        None => problem::problem(StatusCode::NOT_FOUND, &format!("there is no contact {id}")),
    })
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Box<Answer>> {
    serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(body)).map_err(|error| {
        Box::new(problem::problem(StatusCode::BAD_REQUEST, &format!("{}: {}", error.path(), error.inner())))
    })
}

fn document(value: &serde_json::Value) -> Answer {
    Answer::new(StatusCode::OK, "application/json", value.to_string())
}
