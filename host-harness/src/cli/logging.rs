//! `--log` and `--log-format`: what the program does, on standard error, as text or as JSON lines. Off unless asked for.
//!
//! Where lines are JSON, what the command line itself complains of is a line like the others.
//!
//! Lines are written by a thread of their own. Where whoever reads them stands still, they are dropped; no call waits for them.

use std::sync::atomic::{AtomicBool, Ordering};

use clap::ValueEnum;
use serde_json::json;
use tracing::{Level, Metadata};
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use runtime::capabilities::clocks::Clock;

/// What is logged where only a format was asked for.
const FILTER: &str = "info";
/// Whether lines are JSON.
static JSON: AtomicBool = AtomicBool::new(false);
/// The crates whose every event is known to hold no secret.
const OWN: [&str; 9] =
    ["host_harness", "amocrm", "amocrm_simulator", "call", "node", "replay", "runtime", "server", "stores"];

/// What is logged: a level (`debug`), or a filter (`amocrm::access=trace,info`).
#[derive(Clone, Debug)]
pub(super) struct Filter(String);

impl std::str::FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        EnvFilter::try_new(text).map_err(|_| {
            "write error, warn, info, debug or trace, or a filter such as amocrm::access=debug,warn".to_owned()
        })?;
        Ok(Self(text.to_owned()))
    }
}

/// What a line is.
#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
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

/// Begins to log, where a filter or a format was asked for.
pub(super) fn begin(filter: Option<Filter>, format: Option<Format>) -> Option<Logging> {
    if filter.is_none() && format.is_none() {
        return None;
    }
    let filter = filter.map_or_else(|| FILTER.to_owned(), |filter| filter.0);
    let format = format.unwrap_or_default();
    JSON.store(format == Format::Json, Ordering::Relaxed);
    // Other people's crates may log headers and bodies below `info`, and with them tokens.
    let safe = |event: &Metadata<'_>| {
        let target = event.target().split("::").next().unwrap_or_default();
        *event.level() <= Level::INFO || OWN.contains(&target)
    };
    let chosen = EnvFilter::new(&filter).and(filter_fn(safe));
    let (writer, guard) = tracing_appender::non_blocking(std::io::stderr());
    let lines = fmt::layer().with_writer(writer).with_ansi(false);
    let lines = match format {
        Format::Text => lines.boxed(),
        Format::Json => lines.json().flatten_event(true).boxed(),
    };
    // Fails only where logging has begun already.
    let _ = tracing_subscriber::registry().with(lines.with_filter(chosen)).try_init();
    Some(Logging { _writer: guard })
}

/// What the command line says beside its output, as a line of the log where lines are JSON. It is said whatever the filter.
pub(super) fn complaint(message: String) -> String {
    if !JSON.load(Ordering::Relaxed) {
        return message;
    }
    let (level, message) = match message.split_once(": ") {
        Some(("warning", said)) => ("WARN", said),
        Some(("error", said)) => ("ERROR", said),
        _ => ("WARN", &*message),
    };
    let timestamp = Clock::system().now().to_string();
    json!({"timestamp": timestamp, "level": level, "message": message, "target": "host_harness::cli"}).to_string()
}
