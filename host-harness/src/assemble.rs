//! A node from a configuration: its integrations set up, its components loaded, each once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow};

use crate::OPERATION;
use crate::config::HarnessConfig;
use amocrm::integration::Integration;
use node::{Node, NodeBuilder, ToPlace};
use runtime::capabilities::clocks::Clock;
use runtime::engine::{Engine, Operation};
use runtime::store::Stores;

/// Sets up everything that the configuration names, without observers. Each error names the integration or the placed operation at fault.
pub async fn assemble(
    config: &HarnessConfig,
    engine: &Engine,
    stores: &Stores,
    clock: Clock,
) -> anyhow::Result<NodeBuilder> {
    let mut node = Node::builder(clock.clone()).scenario_waiting_time(config.scenario_waiting_time);
    let mut integrations = Vec::new();
    for settings in &config.integrations {
        let integration = Integration::with_clock(settings.clone(), stores.clone(), clock.clone())
            .with_context(|| format!("[[integration]] `{}`", settings.id))?;
        let integration = Arc::new(integration);
        integrations.push((settings.id.as_str(), Arc::clone(&integration)));
        node = node.integration(settings.id.as_str(), integration);
    }
    let mut loaded = BTreeMap::new();
    for entry in &config.operations {
        let place = || format!("[[operation]] `{}`", entry.id);
        let integration = config.integration_of(entry).with_context(place)?;
        let operation = load(engine, &mut loaded, entry.component.as_deref()).with_context(place)?;
        let placed = node.place(ToPlace {
            id: &entry.id,
            integration: &integration.id,
            exits: entry.exits(),
            settings: entry.settings.clone(),
            operation,
        });
        node = placed.await.with_context(place)?;
    }
    for (id, integration) in integrations {
        let its = node.placements().iter().filter(|placement| placement.integration_id() == id);
        let placed: Vec<_> = its.map(|placement| placement.active()).collect();
        integration.refuse_unread_keys(placed.iter().map(|version| &version.description))?;
    }
    Ok(node)
}

/// Loads a component's file, or the built-in operation, once.
fn load(
    engine: &Engine,
    loaded: &mut BTreeMap<Option<PathBuf>, Operation>,
    file: Option<&Path>,
) -> anyhow::Result<Operation> {
    if let Some(operation) = loaded.get(&file.map(Path::to_owned)) {
        return Ok(operation.clone());
    }
    let operation = match file {
        None => engine.load_trusted(OPERATION),
        Some(file) => engine.load(&runtime::engine::read_component(file)?),
    };
    let operation = operation.map_err(|fit| {
        let findings: Vec<_> = fit.rejections().map(|finding| format!("\n  {finding}")).collect();
        let name = file.map_or_else(|| "the built-in operation".to_owned(), |file| file.display().to_string());
        anyhow!("component rejected: {name}{}", findings.concat())
    })?;
    loaded.insert(file.map(Path::to_owned), operation.clone());
    Ok(operation)
}
