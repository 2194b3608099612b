//! Everything around a call that `call` resolves: from the configuration file, or the demonstration.

use std::collections::BTreeMap;
use std::mem;
use std::time::Duration;

use anyhow::Context;

use super::Call;
use crate::cli::config_file::demonstration;
use crate::cli::{access, say};
use crate::config::OperationEntry;
use crate::{registry, shared};
use amocrm::integration::IntegrationSettings;
use call::localized;
use call::scenario::placement_of;
use replay::demo::{self, Demo};
use runtime::capabilities::clocks::Clock;
use stores::StoreLocation;

pub(super) struct Scene {
    /// The operations that the call may come to, the one that it begins with first.
    pub(super) operations: Vec<OperationEntry>,
    /// Their integrations.
    pub(super) integrations: Vec<IntegrationSettings>,
    pub(super) called: String,
    pub(super) scenario_waiting_time: Option<Duration>,
    /// Where values are kept, if that is configured.
    pub(super) store: Option<StoreLocation>,
    /// For each integration the command that connects it, and whether other operations are placed on it.
    surroundings: Vec<(String, bool)>,
    /// Runs for as long as the call takes.
    _demo: Option<Demo>,
}

impl Scene {
    pub(super) async fn set(call: &Call, clock: &Clock) -> anyhow::Result<Self> {
        let Some(path) = call.config.file_with(&[("--operation", call.operation.is_some())])? else {
            say(&demonstration());
            return Self::demonstration(call, clock).await;
        };
        if !call.fault.is_empty() {
            return Err(localized!(
                "--fault относится к amoCRM демонстрации, а здесь есть файл настроек, {}: добавьте --demo",
                "--fault is of the demonstration's amoCRM, and there is a configuration, {}: add --demo",
                path.display()
            )
            .into());
        }
        let config = shared::read(&path, call.state.as_ref()).await?;
        let first = config.operation(call.operation.as_deref()).map_err(|message| message.at(path.display()))?;
        let mut operations = vec![first.clone()];
        let mut place = 0;
        while let Some(targets) = operations.get(place).map(OperationEntry::exits) {
            for id in targets.targets().filter_map(placement_of) {
                if !operations.iter().any(|known| known.id == id) {
                    operations.extend(config.operations.iter().find(|entry| entry.id == id).cloned());
                }
            }
            place += 1;
        }
        if let Some(first) = operations.first_mut() {
            first.component = call.component.clone().unwrap_or_else(|| mem::take(&mut first.component));
        }
        let location = call.state.clone().or_else(|| config.store.clone()).unwrap_or_default();
        for entry in &mut operations {
            registry::provide_component(entry, &location).await.map_err(|error| error.at(path.display()))?;
        }
        let mut scene = Self {
            operations,
            integrations: Vec::new(),
            called: String::new(),
            scenario_waiting_time: config.scenario_waiting_time,
            store: config.store.clone(),
            surroundings: Vec::new(),
            _demo: None,
        };
        for integration in &config.integrations {
            let all = config.operations_of(integration).count();
            let its = scene
                .operations
                .iter()
                .filter(|entry| config.integration_of(entry).is_some_and(|of| of.id == integration.id));
            let its = its.count();
            if its > 0 {
                let connect = access::connect_command(&path, &config, integration, call.state.as_ref());
                scene.integrations.push(integration.clone());
                scene.surroundings.push((connect, its < all));
            }
        }
        Ok(scene)
    }

    async fn demonstration(call: &Call, clock: &Clock) -> anyhow::Result<Self> {
        let demo = Demo::start(clock).await.context("the demonstration cannot be started")?;
        demo.simulator.set_faults(call.fault.clone());
        let operation = OperationEntry {
            id: "main".to_owned(),
            integration: None,
            component: call.component.clone().unwrap_or_default(),
            component_as_named: None,
            linked_operation: demo::LINKED_OPERATION.to_owned(),
            exits: BTreeMap::new(),
            settings: BTreeMap::new(),
        };
        Ok(Self {
            operations: vec![operation],
            integrations: vec![demo.integration.clone()],
            called: demo::CALLED.to_owned(),
            scenario_waiting_time: None,
            store: None,
            surroundings: vec![(String::new(), false)],
            _demo: Some(demo),
        })
    }

    /// The identifier of the operation's integration.
    pub(super) fn integration_of<'a>(&'a self, entry: &'a OperationEntry) -> Option<&'a str> {
        entry.integration.as_deref().or_else(|| Some(&self.integrations.first()?.id))
    }

    /// The integrations, each with the command that connects it, and whether the call may come to all operations that
    /// are placed on it.
    pub(super) fn integrations(&self) -> impl Iterator<Item = (&IntegrationSettings, &str, bool)> {
        let surroundings = self.surroundings.iter().map(|(connect, has_others)| (connect.as_str(), !has_others));
        self.integrations
            .iter()
            .zip(surroundings)
            .map(|(integration, (connect, has_all))| (integration, connect, has_all))
    }
}
