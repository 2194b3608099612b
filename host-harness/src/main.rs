//! The command line of the host harness; see the library's `cli`.

use std::process::ExitCode;

use host_harness::cli;
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == cli::COMPILE) {
        // Before the runtime, whose threads the process needs as little as its limits have room for them.
        return runtime::engine::child::compile(arguments);
    }
    match Runtime::new() {
        Ok(runtime) => {
            let code = runtime.block_on(cli::run());
            // A hung name look-up or a stalled disk must not keep a finished command from ending.
            runtime.shutdown_background();
            code
        }
        Err(error) => cli::cannot_start(&error),
    }
}
