//! The server as PBXs meet it: over real connections, in this process or as the binary, with a simulated amoCRM behind it.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests fail by panicking, helpers of tests too"
)]

mod audits;
mod bounds;
mod client_secret;
mod configuration;
mod configuration_file;
mod connecting;
mod description;
mod fastagi;
mod first_start;
mod hooks;
mod isolation;
mod logs;
mod odd_changes;
mod pbx;
mod preconditions;
mod process;
mod proof;
mod refusals;
mod resolving;
mod revisions;
mod scenarios;
mod scene;
mod scopes;
mod service_manager;
mod sessions;
mod stopping;
mod tls;
mod undoing;
mod who_calls;
mod widget;
mod widget_settings;
mod working_hours;
