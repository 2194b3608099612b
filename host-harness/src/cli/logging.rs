//! `--log` and `--log-format`: what the program does, on standard error, as text or as JSON lines. Unless asked, a server logs warnings and errors,
//! and other commands nothing: they say what is wrong themselves.
//!
//! Where lines are JSON, what the command line itself complains of is a line like the others.
//!
//! Lines are written by a thread of their own. Where whoever reads them stands still, they are dropped; no call waits for them.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use clap::ValueEnum;
use serde_json::json;
use tracing::{Level, Metadata};
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use call::one_line::{one_line, visible_json};
use runtime::capabilities::clocks::Clock;

/// What is logged where only a format was asked for.
const FILTER: &str = "info";
/// What a server logs where nothing was asked for: nobody is told in any other way that amoCRM refuses it.
pub(super) const OF_SERVERS: &str = "warn";
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

/// Begins to log, where a filter or a format was asked for, or the command logs something by itself.
pub(super) fn begin(filter: Option<Filter>, format: Option<Format>, usual: Option<&str>) -> Option<Logging> {
    let usual = format.map(|_| FILTER).or(usual);
    let filter = filter.map(|filter| filter.0).or_else(|| usual.map(str::to_owned))?;
    let format = format.unwrap_or_default();
    JSON.store(format == Format::Json, Ordering::Relaxed);
    // Other people's crates may log headers and bodies below `info`, and with them tokens.
    let safe = |event: &Metadata<'_>| {
        let target = event.target().split("::").next().unwrap_or_default();
        *event.level() <= Level::INFO || OWN.contains(&target)
    };
    let chosen = EnvFilter::new(&filter).and(filter_fn(safe));
    let (writer, guard) = tracing_appender::non_blocking(std::io::stderr());
    let lines = fmt::layer().with_writer(move || OneLine { writer: writer.clone(), format }).with_ansi(false);
    let lines = match format {
        Format::Text => lines.boxed(),
        Format::Json => lines.json().flatten_event(true).boxed(),
    };
    // Fails only where logging has begun already.
    let _ = tracing_subscriber::registry().with(lines.with_filter(chosen)).try_init();
    Some(Logging { _writer: guard })
}

/// Whether lines are JSON.
pub(super) fn is_json() -> bool {
    JSON.load(Ordering::Relaxed)
}

/// What the command line says beside its output, as a line of the log where lines are JSON. It is said whatever the filter.
pub(super) fn complaint(message: &str) -> String {
    if !is_json() {
        return message.to_owned();
    }
    let (level, message) = match message.split_once(": ") {
        Some(("warning", said)) => ("WARN", said),
        Some(("error", said)) => ("ERROR", said),
        _ => ("WARN", message),
    };
    let timestamp = Clock::system().now().to_string();
    let line = json!({"timestamp": timestamp, "level": level, "message": message, "target": "host_harness::cli"});
    visible_json(&line.to_string()).into_owned()
}

/// Writes each event on one line, whatever texts from outside are in it. An event comes as a whole, with the end of its line.
struct OneLine<W> {
    writer: W,
    format: Format,
}

impl<W: Write> Write for OneLine<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let line = match self.format {
            Format::Text => one_line(text),
            Format::Json => visible_json(text),
        };
        self.writer.write_all(format!("{line}\n").as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_a_line_whatever_is_in_it() {
        let mut lines = Vec::new();
        for format in [Format::Text, Format::Json] {
            let mut writer = OneLine { writer: &mut lines, format };
            let text = json!({"id": "x\u{9b}2J\n\u{202e}", "error": "a"});
            let event =
                if format == Format::Json { text.to_string() } else { "INFO id=x\u{9b}2J\n\u{202e}".to_owned() };
            writer.write_all((event + "\n").as_bytes()).unwrap();
        }
        assert_eq!(
            String::from_utf8(lines).unwrap(),
            "INFO id=x\\u{9b}2J\\n\\u{202e}\n{\"error\":\"a\",\"id\":\"x\\u009b2J\\n\\u202e\"}\n"
        );
    }
}
