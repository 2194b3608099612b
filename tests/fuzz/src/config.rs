//! A configuration, of which no file of this machine is read.

use std::path::Path;

use host_harness::config::HarnessConfig;
use toml::{Table, Value};

const FILE: &str = "/nowhere/host-harness.toml";

/// Reads a configuration, or is told where it is wrong.
pub fn read(text: &str) {
    // Files of this machine are not the fuzzer's to read, however their names are spelled. Syntax errors come before any secret.
    if text.parse::<Table>().is_ok_and(|table| names_a_file(&Value::Table(table))) {
        return;
    }
    if let Err(error) = HarnessConfig::parse(Path::new(FILE), text) {
        let message = error.to_string();
        assert!(message.starts_with(FILE) && message.len() > FILE.len() + 2, "{message}");
    }
}

fn names_a_file(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("file:"),
        Value::Array(values) => values.iter().any(names_a_file),
        Value::Table(table) => table.values().any(names_a_file),
        _ => false,
    }
}
