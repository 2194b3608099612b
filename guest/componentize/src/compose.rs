//! Composing: several components made into one, each of which takes from those before it what it imports (as `wac plug` does).

use anyhow::{Context, Result};
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, NodeId};

/// Composes these components, each with a name. A later one takes every import that an earlier one exports under the same name, the nearest
/// first; what is left is imported by the whole. The whole exports what the last one exports.
pub fn compose(parts: &[(&str, &[u8])]) -> Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let mut placed: Vec<(NodeId, Vec<String>)> = Vec::with_capacity(parts.len());
    for (name, bytes) in parts {
        let package = Package::from_bytes(name, None, bytes.to_vec(), graph.types_mut())
            .with_context(|| format!("component `{name}` cannot be read"))?;
        let world = &graph.types()[package.ty()];
        let imports: Vec<String> = world.imports.keys().cloned().collect();
        let exports: Vec<String> = world.exports.keys().cloned().collect();
        let package = graph.register_package(package)?;
        let instance = graph.instantiate(package);
        for import in imports {
            let from = placed.iter().rev().find(|(_, exports)| exports.contains(&import));
            if let Some((from, _)) = from {
                let export = graph.alias_instance_export(*from, &import)?;
                graph
                    .set_instantiation_argument(instance, &import, export)
                    .with_context(|| format!("component `{name}` imports another `{import}` than is exported"))?;
            }
        }
        placed.push((instance, exports));
    }
    let (last, exports) = placed.pop().context("nothing to compose")?;
    for name in exports {
        let export = graph.alias_instance_export(last, &name)?;
        graph.export(export, name)?;
    }
    graph.encode(EncodeOptions::default()).context("the composed component cannot be encoded")
}
