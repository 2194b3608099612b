//! `/_simulator/widget`: the account's widget is installed, loaded and set up.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use widget::{Finding, Platform as WidgetPlatform};

use crate::answer::{Answer, PROBLEM_JSON};
use crate::installed::Installed;
use crate::state::State;
use crate::{Platform, problem};

/// Answers what is asked below this path.
pub(crate) fn answer(state: &State, method: &Method, path: &str, body: &[u8]) -> Answer {
    match (path, method) {
        ("widget", &Method::GET) => document(&page(state)),
        ("widget", &Method::PUT) => install(state, body),
        ("widget", &Method::DELETE) => {
            *state.widget() = None;
            Answer::nothing()
        }
        ("widget", _) => problem::method_not_allowed("GET, PUT, DELETE"),
        ("widget/settings", &Method::PUT) => save(state, body),
        ("widget/settings", _) => problem::method_not_allowed("PUT"),
        (path, &Method::GET) => file(state, path.strip_prefix("widget/files/").unwrap_or_default()),
        _ => problem::method_not_allowed("GET"),
    }
}

/// What the page needs of the account and its widget.
fn page(state: &State) -> Value {
    let installed = state.widget().as_ref().map(Installed::as_json);
    let account = state.account();
    let users: Vec<_> = account
        .users
        .iter()
        .map(|user| {
            json!({"id": user.id, "name": user.name, "lang": user.lang, "is_admin": user.is_admin, "is_active": user.is_active})
        })
        .collect();
    json!({
        "id": account.account.id,
        "subdomain": account.account.subdomain,
        "users": users,
        "one_time_tokens": state.oauth.is_some(),
        "installed": installed,
    })
}

fn install(state: &State, body: &[u8]) -> Answer {
    let platform = match state.account().behaviour.platform {
        Platform::Amocrm => WidgetPlatform::Amocrm,
        Platform::Kommo => WidgetPlatform::Kommo,
    };
    let mut widget = state.widget();
    match Installed::of(body, platform) {
        Ok(installed) => {
            *widget = Some(installed.after(widget.take()));
            Answer::nothing()
        }
        Err(findings) => {
            let findings: Vec<_> = findings.iter().map(Finding::text).collect();
            let detail = "the archive breaks rules of amoCRM's";
            let refused =
                json!({"title": "Unprocessable Content", "status": 422, "detail": detail, "findings": findings});
            Answer::new(StatusCode::UNPROCESSABLE_ENTITY, PROBLEM_JSON, refused.to_string())
        }
    }
}

fn save(state: &State, body: &[u8]) -> Answer {
    match (serde_json::from_slice(body), state.widget().as_mut()) {
        (Ok(settings @ Value::Object(_)), Some(installed)) => {
            installed.save(settings);
            Answer::nothing()
        }
        (_, Some(_)) => problem::problem(StatusCode::BAD_REQUEST, "the settings are no JSON object"),
        (_, None) => problem::problem(StatusCode::CONFLICT, "no widget is installed"),
    }
}

fn file(state: &State, name: &str) -> Answer {
    let kind = match name.rsplit_once('.').map(|(_, kind)| kind) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("css") => "text/css; charset=utf-8",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    };
    let widget = state.widget();
    match widget.as_ref().and_then(|installed| installed.file(name)) {
        Some(content) => Answer::new(StatusCode::OK, kind, content.to_vec()),
        None => problem::not_found(),
    }
}

fn document(value: &Value) -> Answer {
    Answer::new(StatusCode::OK, "application/json", value.to_string())
}
