//! Sets an access token of its own for the account's server.

#![cfg(target_family = "wasm")]

hostile_guests::operation!(|_| {
    let outcome = hostile_guests::get(false, &hostile_guests::account_authority(), &[("authorization", "Bearer mine")]);
    hostile_guests::tell(&outcome)
});
