//! Component files that are watched.

use std::sync::Arc;

use anyhow::ensure;

use super::print;
use node::versions::Versions;
use node::watch::{self, Watch, Watched};

/// Watches these component files of a configuration, and prints a line for each change.
pub(super) fn watch(versions: &Arc<Versions>, files: Vec<Watched>) -> anyhow::Result<Watch> {
    ensure!(!files.is_empty(), "--watch: there is no file to watch; name one with `component` in an [[operation]]");
    Ok(watch::start(Arc::clone(versions), files, print))
}
