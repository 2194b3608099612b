//! A user of the account, as amoCRM tells of one: who it is, and whether it is an administrator (amoCRM facts §3).

use std::time::Duration;

use bytes::Bytes;
use http::header::ACCEPT;
use http::{Request, StatusCode};
use serde_json::Value;

use runtime::capabilities::http::{Ask, BaseUrl, OutboundHttp};

/// How long amoCRM has for its answer: a person looks at a window.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the request waits for its turn, its answer included.
const LONGEST_TURN: Duration = Duration::from_secs(8);
/// The most characters of a name.
const LONGEST_NAME: usize = 100;

/// A user of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountUser {
    /// The user's number.
    pub id: u64,
    /// What others call the user; may be empty.
    pub name: String,
    /// Whether the user is an administrator who is switched on.
    pub is_administrator: bool,
}

/// Asks for a user, with the integration's token and when no call is kept waiting by it; the text says why nothing is known.
pub async fn user(id: u64, address: &BaseUrl, http: &OutboundHttp) -> Result<AccountUser, String> {
    let request = Request::get(format!("{address}/api/v4/users/{id}")).header(ACCEPT, "application/json");
    let request = request.body(Bytes::new()).map_err(|error| error.to_string())?;
    let asked = tokio::time::timeout(LONGEST_TURN, http.ask(request, PATIENCE, Ask::AfterCalls)).await;
    let answer = asked.map_err(|_| "calls come first now".to_owned())?.map_err(|error| error.to_string())?;
    understood(id, answer.status(), answer.body())
}

fn understood(id: u64, status: StatusCode, body: &[u8]) -> Result<AccountUser, String> {
    if status != StatusCode::OK {
        return Err(format!("amoCRM answered {}", status.as_u16()));
    }
    let user: Value = serde_json::from_slice(body).map_err(|_| "amoCRM's answer is not understood".to_owned())?;
    if user["id"].as_u64() != Some(id) {
        return Err("amoCRM told of another user".to_owned());
    }
    let name = user["name"].as_str().unwrap_or_default().chars().filter(|letter| !letter.is_control());
    let rights = &user["rights"];
    // What is not said is not granted.
    let is_administrator = rights["is_admin"] == true && rights["is_active"] != false;
    Ok(AccountUser { id, name: name.take(LONGEST_NAME).collect::<String>().trim().to_owned(), is_administrator })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_is_called_an_administrator_and_switched_on_is_one() {
        for (rights, is_administrator) in [
            (r#"{"is_admin": true, "is_active": true}"#, true),
            (r#"{"is_admin": true}"#, true),
            (r#"{"is_admin": true, "is_active": false}"#, false),
            (r#"{"is_admin": false, "is_active": true}"#, false),
            (r#"{"is_admin": "true"}"#, false),
            (r#"{"is_admin": 1}"#, false),
            ("{}", false),
            ("null", false),
        ] {
            let body = format!(r#"{{"id": 7, "name": " Анна\u001b[2J ", "rights": {rights}}}"#);
            let user = understood(7, StatusCode::OK, body.as_bytes()).unwrap();
            assert_eq!(user, AccountUser { id: 7, name: "Анна[2J".to_owned(), is_administrator }, "{rights}");
        }
        for (status, body) in [
            (StatusCode::OK, r#"{"id": 8}"#),
            (StatusCode::OK, "<html>"),
            (StatusCode::NO_CONTENT, ""),
            (StatusCode::FORBIDDEN, "{}"),
        ] {
            assert!(understood(7, status, body.as_bytes()).is_err(), "{status} {body}");
        }
    }
}
