//! A placement: an operation at one place of a scenario, whose component may be changed while calls come in.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};

use super::misfit::{Misfit, Misfits};
use super::shadow::Shadow;
use super::{ReadyOperation, Version};
use amocrm::integration::Integration;
use runtime::bindings::exports::telephony::operation::operation::Description;
use runtime::engine::Operation;
use runtime::settings::{judge_settings, missing_settings, read_settings};

/// One place in a scenario: its settings and linked operation stay, its component may change. A call that has begun ends with the version it
/// began with.
pub struct Placement {
    id: Arc<str>,
    integration_id: Arc<str>,
    integration: Arc<Integration>,
    linked_operation: String,
    /// As the configuration has them, since each version reads them by its own description.
    settings: BTreeMap<String, String>,
    active: ArcSwap<Version>,
    shadow: ArcSwapOption<Shadow>,
}

impl Placement {
    /// Places a component.
    pub async fn new(
        id: impl Into<Arc<str>>,
        (integration_id, integration): (Arc<str>, Arc<Integration>),
        linked_operation: String,
        settings: BTreeMap<String, String>,
        operation: Operation,
    ) -> Result<Self, Misfit> {
        let version = place(&operation, &integration, &linked_operation, &settings).await?;
        let active = ArcSwap::from_pointee(version);
        Ok(Self {
            id: id.into(),
            integration_id,
            integration,
            linked_operation,
            settings,
            active,
            shadow: ArcSwapOption::empty(),
        })
    }

    /// The placed operation's identifier.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn id_shared(&self) -> Arc<str> {
        Arc::clone(&self.id)
    }

    /// The integration's identifier.
    pub fn integration_id(&self) -> &str {
        &self.integration_id
    }

    pub(super) fn integration_id_shared(&self) -> Arc<str> {
        Arc::clone(&self.integration_id)
    }

    /// The integration that it belongs to.
    pub fn integration(&self) -> &Arc<Integration> {
        &self.integration
    }

    /// Where its calls go that are not forwarded.
    pub fn linked_operation(&self) -> &str {
        &self.linked_operation
    }

    /// Its settings, as configured.
    pub fn settings(&self) -> &BTreeMap<String, String> {
        &self.settings
    }

    /// The version that the next call is resolved with.
    pub fn active(&self) -> Arc<Version> {
        self.active.load_full()
    }

    /// Sees whether another component can take the placement over, with its settings, and says everything that keeps it from that. `expected`
    /// are the identifiers of operations that belong here. With `insists` only what cannot be placed at all is refused; settings that the
    /// component does not accept are left out. Nothing changes yet.
    pub async fn fit(&self, operation: &Operation, expected: &[String], insists: bool) -> Result<Version, Misfits> {
        let description =
            operation.describe().await.map_err(|undescribed| Misfits(vec![Misfit::Undescribed(undescribed)]))?;
        let mut misfits = Vec::new();
        if let Some(first) = expected.first().filter(|_| !expected.contains(&description.id)) {
            misfits.push(Misfit::OtherOperation { is: description.id.clone(), expected: first.clone() });
        }
        let (settings, errors) = judge_settings(&description, &self.settings);
        misfits.extend(errors.into_iter().map(Misfit::Setting));
        misfits.extend(missing(&description, &self.settings));
        let placed = ReadyOperation::described(
            operation.clone(),
            &description,
            Arc::clone(&self.integration),
            self.linked_operation.clone(),
            settings,
        );
        match placed {
            Ok(placed) if insists || misfits.is_empty() => Ok(Version { placed, description }),
            Ok(_) => Err(Misfits(misfits)),
            Err(misconfigured) => {
                misfits.push(Misfit::Configuration(misconfigured));
                Err(Misfits(misfits))
            }
        }
    }

    /// What the version in force cannot work without and the placement does not have.
    pub fn missing(&self) -> Vec<Misfit> {
        missing(&self.active().description, &self.settings).collect()
    }

    /// From now on calls are resolved with this version. Gives the version before it.
    pub fn activate(&self, version: impl Into<Arc<Version>>) -> Arc<Version> {
        self.active.swap(version.into())
    }

    /// The version that resolves the same calls without acting, if there is one.
    pub fn shadow(&self) -> Option<Arc<Shadow>> {
        self.shadow.load_full()
    }

    pub(super) fn set_shadow(&self, shadow: Option<Arc<Shadow>>) {
        self.shadow.store(shadow);
    }
}

fn missing<'a>(
    description: &'a Description,
    settings: &BTreeMap<String, String>,
) -> impl Iterator<Item = Misfit> + use<'a> {
    let missing: Vec<_> = missing_settings(description, settings).collect();
    missing
        .into_iter()
        .map(|setting| Misfit::MissingSetting { key: setting.key.clone(), title: setting.title.en.clone() })
}

async fn place(
    operation: &Operation,
    integration: &Arc<Integration>,
    linked_operation: &str,
    settings: &BTreeMap<String, String>,
) -> Result<Version, Misfit> {
    let description = operation.describe().await.map_err(Misfit::Undescribed)?;
    let settings = read_settings(&description, settings)?;
    let placed = ReadyOperation::described(
        operation.clone(),
        &description,
        Arc::clone(integration),
        linked_operation.to_owned(),
        settings,
    )?;
    Ok(Version { placed, description })
}
