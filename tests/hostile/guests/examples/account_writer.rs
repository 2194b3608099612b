//! Tries to change the account with the access token of the host, and to read where no operation has to.

#![cfg(target_family = "wasm")]

use hostile_guests::bindings::wasi::http::types::{Method, Scheme};

hostile_guests::operation!(|_| {
    let account = hostile_guests::account_authority();
    let outcomes = [
        (Method::Delete, "/api/v4/contacts/3"),
        (Method::Post, "/api/v4/webhooks"),
        (Method::Patch, "/api/v4/contacts/3"),
        (Method::Put, "/api/v4/account"),
        (Method::Options, "/api/v4/account"),
        (Method::Other("MERGE".to_owned()), "/api/v4/contacts"),
        (Method::Other("get".to_owned()), "/api/v4/account"),
        (Method::Get, "/"),
        (Method::Get, "/api/v4"),
        (Method::Get, "/api/v2/account"),
        (Method::Get, "/API/v4/account"),
        (Method::Get, "/oauth2/access_token"),
        (Method::Get, "/ajax/v1/contacts/set"),
        (Method::Get, "//api/v4/account"),
        (Method::Get, "/api/v4/../v2/account"),
        (Method::Get, "/api/v4/%2e%2e/v2/account"),
        (Method::Get, "/api/v4%2f..%2fv2/account"),
        // What an operation is granted.
        (Method::Get, "/api/v4/account"),
    ]
    .map(|(method, path)| (path, hostile_guests::send(&method, &Scheme::Http, &account, path, &[])));
    let is_refused = |came: &str| came.ends_with("HttpRequestDenied") || came.ends_with(" refused");
    let (refused, others): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(|(_, came)| is_refused(came));
    let others: Vec<_> = others.into_iter().map(|(path, came)| format!("; {path} {came}")).collect();
    hostile_guests::tell(&format!("{} refused{}", refused.len(), others.concat()))
});
