//! The command line as real processes: what it prints, how it ends, what it leaves behind.
//!
//! Every process of these tests has a home directory of its own and reaches nothing but the loopback.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests fail by panicking, helpers of tests too"
)]

mod access;
mod amocrm;
mod another_server;
mod audit;
mod backup;
mod components;
mod config_errors;
mod configuration_file;
mod connect;
mod damage;
mod diagnostics;
mod durability;
mod exit_codes;
mod help;
mod installation;
mod instructions;
mod local_time;
mod new_operation;
mod operating;
mod own_configuration;
mod policy;
mod presence;
mod proxy;

mod readme;
mod rehearse;
mod replay;
mod replay_steps;
mod scenarios;
mod secrets;
mod story;
mod token;
mod widget;
mod working_hours;
