//! Component files that are watched.

use std::sync::Arc;

use anyhow::ensure;

use super::print;
use crate::config::HarnessConfig;
use node::versions::Versions;
use node::watch::{self, Watch, Watched};

/// Watches the component files of a configuration, and prints a line for each change.
pub(super) fn watch(versions: &Arc<Versions>, config: &HarnessConfig) -> anyhow::Result<Watch> {
    let files = config
        .operations
        .iter()
        .filter_map(|operation| Some(Watched { placement: operation.id.clone(), file: operation.component.clone()? }));
    let files: Vec<_> = files.collect();
    ensure!(!files.is_empty(), "--watch: there is no file to watch; name one with `component` in an [[operation]]");
    Ok(watch::start(Arc::clone(versions), files, print))
}
