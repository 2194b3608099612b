//! `--log` and `--log-format`: what the program does, on standard error, as text or as JSON lines. Off unless asked for.
//!
//! Lines are written by a thread of their own. Where whoever reads them stands still, they are dropped; no call waits for them.

use clap::ValueEnum;
use tracing::{Level, Metadata};
use tracing_appender::non_blocking::WorkerGuard;
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

/// What a line is.
#[derive(Clone, Copy, Default, ValueEnum)]
pub(super) enum Format {
    /// For people.
    #[default]
    Text,
    /// An object a line, for programs.
    Json,
}

/// The lines that wait are written when this is dropped.
pub(super) struct Logging {
    _writer: WorkerGuard,
}

/// Begins to log.
pub(super) fn begin(filter: &Filter, format: Format) -> Logging {
    // Other people's crates may log headers and bodies below `info`, and with them tokens.
    let safe = |event: &Metadata<'_>| {
        let target = event.target().split("::").next().unwrap_or_default();
        *event.level() <= Level::INFO || OWN.contains(&target)
    };
    let chosen = EnvFilter::new(&filter.0).and(filter_fn(safe));
    let (writer, guard) = tracing_appender::non_blocking(std::io::stderr());
    let lines = fmt::layer().with_writer(writer).with_ansi(false);
    let lines = match format {
        Format::Text => lines.boxed(),
        Format::Json => lines.json().flatten_event(true).boxed(),
    };
    // Fails only where logging has begun already.
    let _ = tracing_subscriber::registry().with(lines.with_filter(chosen)).try_init();
    Logging { _writer: guard }
}
