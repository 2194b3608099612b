//! The versions of a server's operations: what was uploaded and activated before, and component files that are watched.

use std::path::Path;
use std::sync::Arc;

use anyhow::ensure;

use super::{complain, print};
use crate::config::HarnessConfig;
use node::Node;
use node::versions::Versions;
use node::watch::{self, Watch, Watched};
use runtime::engine::Engine;

/// Puts in force what was in force before; warnings go to the standard error.
pub(super) async fn resume(node: &Node, engine: &Engine, state: Option<&Path>) -> Arc<Versions> {
    let (versions, warnings) = Versions::open(node.clone(), engine.clone(), state).await;
    for warning in warnings {
        complain(format_args!("warning: {warning}"));
    }
    Arc::new(versions)
}

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
