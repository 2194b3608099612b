//! The command line of the host harness; see the library's `cli`.

use std::process::ExitCode;

use tokio::runtime::Runtime;

fn main() -> ExitCode {
    match Runtime::new() {
        Ok(runtime) => {
            let code = runtime.block_on(host_harness::cli::run());
            // A hung name look-up or a stalled disk must not keep a finished command from ending.
            runtime.shutdown_background();
            code
        }
        Err(error) => host_harness::cli::cannot_start(&error),
    }
}
