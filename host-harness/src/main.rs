//! The command line of the host harness; see the library's `cli`.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    host_harness::cli::run().await
}
