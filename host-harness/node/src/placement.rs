//! A placement: an operation at one place of a scenario, whose component may be changed while calls come in.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};

use super::misfit::{Misfit, MisfitKind, Misfits};
use super::origin::Origin;
use super::shadow::Shadow;
use super::{ReadyOperation, Version};
use amocrm::integration::{Integration, Misconfigured};
use call::Localized;
use call::document::OPERATION_FAILED;
use call::host_reason::HostReason;
use call::scenario::{CLASSES, Exits, NOT_ANSWERED};
use runtime::bindings::exports::telephony::operation::operation::Description;
use runtime::configured::ConfiguredOperation;
use runtime::engine::Operation;
use runtime::settings::{judge_settings, missing_settings, read_settings};

/// One place in a scenario: its settings and exits stay, its component may change. A call that has begun ends with the version it
/// began with.
pub struct Placement {
    id: Arc<str>,
    integration_id: Arc<str>,
    integration: Arc<Integration>,
    origin: Origin,
    exits: Exits,
    /// As the configuration has them, since each version reads them by its own description.
    settings: BTreeMap<String, String>,
    /// The component that the configuration names; another one may have been put in force.
    configured: ArcSwap<Version>,
    active: ArcSwap<Version>,
    shadow: ArcSwapOption<Shadow>,
}

/// An operation that is to be placed.
pub struct ToPlace<'a> {
    /// The placed operation's identifier, unique in the node.
    pub id: &'a str,
    /// The identifier of its integration, which the node has already.
    pub integration: &'a str,
    /// Where its calls go.
    pub exits: Exits,
    /// Its settings, as text.
    pub settings: BTreeMap<String, String>,
    /// The component.
    pub operation: Operation,
}

/// What a component is judged by besides the placement itself.
pub struct Surroundings<'a> {
    /// The identifiers of operations that belong here.
    pub expected: &'a [String],
    /// The versions in force at the other placements of the integration, which read its configuration too.
    pub others: &'a [Arc<Version>],
    /// Whether only what cannot be placed at all is refused; settings and values that the component does not accept are then left out.
    pub insists: bool,
}

impl Placement {
    /// Places a component.
    pub async fn new(
        id: impl Into<Arc<str>>,
        (integration_id, integration): (Arc<str>, Arc<Integration>),
        exits: Exits,
        settings: BTreeMap<String, String>,
        operation: Operation,
    ) -> Result<Self, Misfit> {
        let version = Arc::new(place(&operation, &integration, &exits, &settings).await?);
        let (configured, active) = (ArcSwap::new(Arc::clone(&version)), ArcSwap::new(version));
        let (shadow, origin) = (ArcSwapOption::empty(), Origin::default());
        Ok(Self { id: id.into(), integration_id, integration, origin, exits, settings, configured, active, shadow })
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

    /// The same, as this operation of the configuration.
    pub(super) fn with_origin(self, origin: Origin) -> Self {
        Self { origin, ..self }
    }

    /// Which operation of the configuration it is.
    pub(super) const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Where its calls go.
    pub const fn exits(&self) -> &Exits {
        &self.exits
    }

    /// Its settings, as configured.
    pub fn settings(&self) -> &BTreeMap<String, String> {
        &self.settings
    }

    /// Whether it is what would be placed with this integration.
    pub(super) fn is_placed_like(
        &self,
        to_place: &ToPlace<'_>,
        integration: &Arc<Integration>,
        origin: &Origin,
    ) -> bool {
        let ToPlace { id, integration: _, exits, settings, operation } = to_place;
        *self.id == **id
            && Arc::ptr_eq(&self.integration, integration)
            && self.origin == *origin
            && self.exits == *exits
            && self.settings == *settings
            && self.configured().placed.operation().digest() == operation.digest()
    }

    /// The version that the configuration names.
    pub fn configured(&self) -> Arc<Version> {
        self.configured.load_full()
    }

    /// The configuration names this version from now on, and it is in force.
    pub(super) fn configure(&self, version: Version) {
        let version = Arc::new(version);
        self.configured.store(Arc::clone(&version));
        self.active.store(version);
    }

    /// The version that the next call is resolved with.
    pub fn active(&self) -> Arc<Version> {
        self.active.load_full()
    }

    /// Sees whether another component can take the placement over, with its settings and the integration's configuration, and says everything
    /// that keeps it from that. Nothing changes yet.
    pub async fn fit(&self, operation: &Operation, surroundings: Surroundings<'_>) -> Result<Version, Misfits> {
        let Surroundings { expected, others, insists } = surroundings;
        let description =
            operation.describe().await.map_err(|undescribed| Misfits(vec![Misfit::Undescribed(undescribed)]))?;
        let mut misfits = Vec::new();
        if let Some(first) = expected.first().filter(|_| !expected.contains(&description.id)) {
            misfits.push(Misfit::OtherOperation { is: description.id.clone(), expected: first.clone() });
        }
        let (settings, errors) = judge_settings(&description, &self.settings);
        misfits.extend(errors.into_iter().map(Misfit::Setting));
        misfits.extend(missing(&description, &self.settings));
        misfits.extend(unknown_exits(&description, &self.exits));
        let (configuration, errors) = self.integration.judge_configuration(&description);
        misfits.extend(errors.into_iter().map(Misfit::Configuration));
        let unread = |version: &Description| {
            let others = others.iter().map(|other| &other.description);
            self.integration.unread_keys(others.chain([version]))
        };
        let unread_before = unread(&self.active().description);
        let is_new =
            |unread: &Misconfigured| unread_before.iter().all(|before| before.error.key() != unread.error.key());
        misfits.extend(unread(&description).into_iter().filter(is_new).map(Misfit::Configuration));
        if !insists && !misfits.is_empty() {
            return Err(Misfits(misfits));
        }
        let configured = ConfiguredOperation::new(operation.clone(), &description, self.exits.clone(), settings);
        let placed = ReadyOperation::new_with(configured, Arc::clone(&self.integration), configuration);
        Ok(Version { placed, description })
    }

    /// What the version in force cannot work without, of the placement's settings and the integration's configuration.
    pub fn missing(&self) -> Vec<Misfit> {
        let active = self.active();
        let (_, errors) = self.integration.judge_configuration(&active.description);
        let configuration = errors.into_iter().map(Misfit::Configuration);
        let configuration = configuration.filter(|misfit| misfit.kind() == MisfitKind::MissingConfiguration);
        missing(&active.description, &self.settings).chain(configuration).collect()
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
    missing.into_iter().map(|setting| Misfit::MissingSetting {
        key: setting.key.clone(),
        title: Localized::new(&setting.title.ru, &setting.title.en),
    })
}

/// Exits for what the operation never gives.
fn unknown_exits<'a>(description: &'a Description, exits: &'a Exits) -> impl Iterator<Item = Misfit> + use<'a> {
    let of_host = HostReason::CODES.into_iter().chain([OPERATION_FAILED]);
    let known: Vec<&str> = [NOT_ANSWERED]
        .into_iter()
        .chain(CLASSES)
        .chain(description.reasons.iter().map(|reason| reason.code.as_str()))
        .chain(of_host)
        .collect();
    let unknown = exits.others().keys().filter(move |exit| !known.contains(&exit.as_str()));
    unknown.map(|exit| {
        let codes = description.reasons.iter().map(|reason| format!("`{}`", reason.code)).collect::<Vec<_>>();
        Misfit::UnknownExit { exit: exit.clone(), codes: codes.join(", ") }
    })
}

/// Everything that keeps a component from being placed with these exits and settings, and this integration.
pub async fn misfits(
    operation: &Operation,
    integration: &Integration,
    exits: &Exits,
    settings: &BTreeMap<String, String>,
) -> Vec<Misfit> {
    let description = match operation.describe().await {
        Ok(description) => description,
        Err(undescribed) => return vec![Misfit::Undescribed(undescribed)],
    };
    let (_, errors) = judge_settings(&description, settings);
    let mut misfits: Vec<_> = errors.into_iter().map(Misfit::Setting).collect();
    misfits.extend(unknown_exits(&description, exits));
    let (_, errors) = integration.judge_configuration(&description);
    misfits.extend(errors.into_iter().map(Misfit::Configuration));
    misfits
}

async fn place(
    operation: &Operation,
    integration: &Arc<Integration>,
    exits: &Exits,
    settings: &BTreeMap<String, String>,
) -> Result<Version, Misfit> {
    let description = operation.describe().await.map_err(Misfit::Undescribed)?;
    let settings = read_settings(&description, settings)?;
    if let Some(unknown) = unknown_exits(&description, exits).next() {
        return Err(unknown);
    }
    let placed =
        ReadyOperation::described(operation.clone(), &description, Arc::clone(integration), exits.clone(), settings)?;
    Ok(Version { placed, description })
}
