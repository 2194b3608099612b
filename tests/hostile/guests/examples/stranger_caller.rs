//! Asks servers that nobody granted, in spellings that may fool a naive list.

#![cfg(target_family = "wasm")]

hostile_guests::operation!(|_| {
    let account = hostile_guests::account_authority();
    let port = account.rsplit(':').next().unwrap_or("80").to_owned();
    let outcomes: Vec<_> = [
        "example.org".to_owned(),
        format!("{account}@example.org"),
        format!("example.org@{account}"),
        format!("localhost:{port}"),
        "127.0.0.1:1".to_owned(),
        "[::1]:80".to_owned(),
        "169.254.169.254".to_owned(),
    ]
    .iter()
    .map(|authority| format!("{authority} {}", hostile_guests::get(false, authority, &[])))
    .collect();
    hostile_guests::tell(&outcomes.join("; "))
});
