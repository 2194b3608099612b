//! The simulator over HTTP, as a client sees it. One binary: each module is one subject.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod behaviour {
    mod account_and_users;
    mod authorisation;
    mod client;
    mod companies_and_leads;
    mod contacts;
    mod control;
    mod events;
    mod faults;
    mod limits;
    mod oauth;
    mod recording;
    mod renaming;
    mod uninstalling;
    mod webhook;
    mod widget;
}
