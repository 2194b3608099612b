//! The Debian package, as an administrator meets it: built by `host-harness/packaging/build` with the profile of these tests, looked over by
//! lintian, and installed, upgraded and removed in a tree of Debian's, where the server runs as its unit says.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests fail by panicking, helpers of tests too"
)]

mod built;
mod cargo_install;
mod contents;
mod installed;
mod life;
mod machine;
mod operating;
mod system_calls;
mod unit;
