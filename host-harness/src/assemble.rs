//! What a node serves, from a configuration: its integrations set up, its components loaded, each once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Context;

use crate::component_source::{BuiltIn, ComponentSource};
use crate::config::HarnessConfig;
use amocrm::integration::Integration;
use call::document::OPERATION_FAILED;
use call::masking::unless_secret;
use call::one_line::one_line;
use call::{Bilingual, Localized, localized};
use node::{Origin, Placement, Revision, RevisionBuilder, ToPlace};
use replay::recording::SamplingSettings;
use runtime::capabilities::clocks::Clock;
use runtime::engine::{Engine, Operation};
use runtime::store::Stores;

/// A configuration in force, and the revision that it was put in force with.
pub struct InForce<'a> {
    /// The configuration.
    pub config: &'a HarnessConfig,
    /// The revision.
    pub revision: Arc<Revision>,
}

/// Sets up everything that the configuration names. What is in force already goes on, as far as the configuration leaves it as it is; a component's
/// file is read anew only where it is named anew. `made` says which operation each one is, for the versions that were activated. Each error names the integration or the placed operation at fault.
pub async fn assemble(
    config: &HarnessConfig,
    made: &BTreeMap<String, u64>,
    before: Option<InForce<'_>>,
    engine: &Engine,
    stores: &Stores,
    clock: Clock,
) -> anyhow::Result<RevisionBuilder> {
    let builder = before.as_ref().map_or_else(Revision::builder, |before| before.revision.next());
    let mut next = builder.scenario_waiting_time(config.scenario_waiting_time);
    let mut integrations = Vec::new();
    for settings in &config.integrations {
        let known = before.as_ref().and_then(|before| before.revision.integrations().get(settings.id.as_str()));
        let integration = match known {
            Some(known) => known.with_settings(settings.clone(), clock.clone()),
            None => Integration::with_clock(settings.clone(), stores.clone(), clock.clone()).map(Arc::new),
        };
        let integration = integration.with_context(|| format!("[[integration]] `{}`", settings.id))?;
        integrations.push((settings.id.as_str(), Arc::clone(&integration)));
        next = next.integration(settings.id.as_str(), integration);
    }
    let mut loaded = before.as_ref().map(InForce::components).unwrap_or_default();
    for entry in &config.operations {
        let place = || format!("[[operation]] `{}`", entry.id);
        let integration = config.integration_of(entry).with_context(place)?;
        let goes_on = before.as_ref().and_then(|before| before.component(&entry.id, &entry.component));
        let operation = match goes_on.or_else(|| loaded.get(&entry.component).cloned()) {
            Some(operation) => operation,
            None => load(engine, &entry.component).await.with_context(place)?,
        };
        loaded.insert(entry.component.clone(), operation.clone());
        let made = made.get(&entry.id).copied().unwrap_or_default();
        next = next.origin(&*entry.id, Origin::new(made, entry.component_as_named.clone()));
        let placed = next.place(ToPlace {
            id: &entry.id,
            integration: &integration.id,
            exits: entry.exits(),
            settings: entry.settings.clone(),
            operation,
        });
        next = placed.await.with_context(place)?;
    }
    for (id, integration) in integrations {
        let its = next.placements().iter().filter(|placement| placement.integration_id() == id);
        let placed: Vec<_> = its.map(|placement| placement.configured()).collect();
        integration.refuse_unread_keys(placed.iter().map(|version| &version.description))?;
    }
    Ok(next)
}

impl InForce<'_> {
    /// The components that were loaded, by where they came from.
    fn components(&self) -> BTreeMap<ComponentSource, Operation> {
        let entries = self.config.operations.iter();
        entries.filter_map(|entry| Some((entry.component.clone(), self.configured(&entry.id)?))).collect()
    }

    /// The component of an operation that was placed with this one.
    fn component(&self, id: &str, source: &ComponentSource) -> Option<Operation> {
        let mut entries = self.config.operations.iter();
        let entry = entries.find(|entry| entry.id == id && entry.component == *source)?;
        self.configured(&entry.id)
    }

    fn configured(&self, id: &str) -> Option<Operation> {
        Some(self.revision.placement(id)?.configured().placed.operation().clone())
    }
}

/// Fails for a reason that calls are to be recorded for and that no operation here has: a misspelt one would silently record nothing.
pub(crate) fn judge_reasons(settings: &SamplingSettings, placements: &[Arc<Placement>]) -> Result<(), Localized> {
    let mut known = BTreeSet::from([OPERATION_FAILED.to_owned()]);
    for placement in placements {
        known.extend(placement.active().description.reasons.iter().map(|reason| reason.code.clone()));
    }
    if let Some(reason) = settings.reasons.difference(&known).next() {
        let known = known.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let reason = unless_secret(reason);
        return Err(localized!(
            "[recordings]: `reasons`: ни у одной операции здесь нет причины `{reason}`; есть {known}",
            "[recordings]: `reasons`: no operation here has the reason `{reason}`; there are {known}"
        ));
    }
    Ok(())
}

/// Loads a component. Compiling takes its time, and callers may be waiting.
pub(crate) async fn load(engine: &Engine, source: &ComponentSource) -> anyhow::Result<Operation> {
    let (engine, source) = (engine.clone(), source.clone());
    Ok(tokio::task::spawn_blocking(move || load_here(&engine, &source)).await??)
}

fn load_here(engine: &Engine, source: &ComponentSource) -> Result<Operation, Localized> {
    source.load(engine)?.map_err(|fit| rejected(source, fit.rejections().map(Bilingual::text)))
}

/// That a component is rejected, and why: a line each.
pub(crate) fn rejected(source: &ComponentSource, why: impl Iterator<Item = Localized>) -> Localized {
    let said = match source {
        ComponentSource::File(file) => localized!("компонент отвергнут: {}", "component rejected: {}", file.display()),
        ComponentSource::BuiltIn(built_in) => localized!(
            "компонент отвергнут: встроенная операция {}",
            "component rejected: the built-in operation {}",
            BuiltIn::name(*built_in)
        ),
        ComponentSource::Registry(written) => {
            localized!("компонент отвергнут: {}", "component rejected: {}", unless_secret(written))
        }
    };
    let on_one_line = |why: Localized| Localized::new(one_line(&why.ru), one_line(&why.en));
    why.map(on_one_line).fold(said, |said, why| said.then("\n  ", &why))
}
