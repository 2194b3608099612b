//! `--log`: what the program does, on standard error. Off unless asked for.

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

/// The crates whose every event is known to hold no secret.
const OWN: [&str; 2] = ["host_harness", "amocrm_simulator"];

/// What is logged: a level (`debug`), or a filter (`host_harness::access=trace,info`).
#[derive(Clone, Debug)]
pub(super) struct Filter(String);

impl std::str::FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        EnvFilter::try_new(text).map_err(|_| {
            "write error, warn, info, debug or trace, or a filter such as host_harness::access=debug,warn".to_owned()
        })?;
        Ok(Self(text.to_owned()))
    }
}

/// Begins to log.
pub(super) fn begin(filter: &Filter) {
    // Other people's crates may log headers and bodies below `info`, and with them tokens.
    let safe = |event: &Metadata<'_>| {
        let target = event.target().split("::").next().unwrap_or_default();
        *event.level() <= Level::INFO || OWN.contains(&target)
    };
    let chosen = EnvFilter::new(&filter.0).and(filter_fn(safe));
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(false).with_filter(chosen);
    // Fails only where logging has begun already.
    let _ = tracing_subscriber::registry().with(lines).try_init();
}
