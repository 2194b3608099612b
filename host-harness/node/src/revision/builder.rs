//! Puts a revision together. What the one before has already, set up in the same way, is taken over as it is: with its connections, its version
//! in force, its shadow.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use amocrm::integration::Integration;
use call::Bilingual;
use call::scenario::{ScenarioFault, judge};

use super::Revision;
use crate::placement::ToPlace;
use crate::{Misfit, Origin, Placement};

/// Puts a [`Revision`] together.
#[must_use = "a revision is made by `build`"]
pub struct RevisionBuilder {
    before: Option<Arc<Revision>>,
    integrations: BTreeMap<Arc<str>, Arc<Integration>>,
    placements: Vec<Arc<Placement>>,
    origins: BTreeMap<String, Origin>,
    scenario_waiting_time: Option<Duration>,
    extensions: http::Extensions,
}

/// Why an operation was not placed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotPlaced {
    /// The node has no such integration.
    #[error("there is no integration `{0}`: add it before the operations that are placed with it")]
    NoIntegration(String),
    /// The placements are not a scenario.
    #[error(transparent)]
    Scenario(#[from] ScenarioFault),
    /// The component does not fit.
    #[error(transparent)]
    Misfit(Misfit),
}

impl Bilingual for NotPlaced {
    fn ru(&self) -> String {
        match self {
            Self::NoIntegration(id) => {
                format!("нет интеграции `{id}`: добавьте её раньше операций, которые к ней относятся")
            }
            Self::Scenario(fault) => fault.ru(),
            Self::Misfit(misfit) => misfit.ru(),
        }
    }
}

impl RevisionBuilder {
    pub(super) fn new(before: Option<Arc<Revision>>) -> Self {
        Self {
            before,
            integrations: BTreeMap::new(),
            placements: Vec::new(),
            origins: BTreeMap::new(),
            scenario_waiting_time: None,
            extensions: http::Extensions::new(),
        }
    }

    /// The revision that this one is to follow, if any.
    pub const fn before(&self) -> Option<&Arc<Revision>> {
        self.before.as_ref()
    }

    /// Adds an integration.
    pub fn integration(mut self, id: impl Into<Arc<str>>, integration: Arc<Integration>) -> Self {
        self.integrations.insert(id.into(), integration);
        self
    }

    /// Says which operation of a configuration the one of this identifier is that is to be placed, so that it goes on with the versions that were
    /// activated for that one and for no other.
    pub fn origin(mut self, id: impl Into<String>, origin: Origin) -> Self {
        self.origins.insert(id.into(), origin);
        self
    }

    /// Places an operation. The order is kept: the first is the one that a PBX asks for which names none, where there is no other. Where the
    /// revision before has it with the same component, settings and exits, and the very same integration, it goes on as it is.
    ///
    /// # Errors
    /// Where the integration is missing, or the component cannot describe itself or has no such setting.
    pub async fn place(mut self, to_place: ToPlace<'_>) -> Result<Self, NotPlaced> {
        let known = self.integrations.get_key_value(to_place.integration);
        let (name, integration) = known.ok_or_else(|| NotPlaced::NoIntegration(to_place.integration.to_owned()))?;
        let origin = self.origins.get(to_place.id).cloned().unwrap_or_default();
        let before = self.before.as_ref().and_then(|before| before.placement(to_place.id));
        if let Some(before) = before.filter(|before| before.is_placed_like(&to_place, integration, &origin)) {
            self.placements.push(Arc::clone(before));
            return Ok(self);
        }
        let belongs_to = (Arc::clone(name), Arc::clone(integration));
        let ToPlace { id, exits, settings, operation, .. } = to_place;
        let placement = Placement::new(id, belongs_to, exits, settings, operation).await;
        self.placements.push(Arc::new(placement.map_err(NotPlaced::Misfit)?.with_origin(origin)));
        Ok(self)
    }

    /// The operations that were placed, in their order.
    pub fn placements(&self) -> &[Arc<Placement>] {
        &self.placements
    }

    /// How long a call may wait in all steps together; none: as long as the steps may together.
    pub const fn scenario_waiting_time(mut self, most: Option<Duration>) -> Self {
        self.scenario_waiting_time = most;
        self
    }

    /// Keeps something with the revision, one of each type.
    pub fn extension(mut self, extension: impl Clone + Send + Sync + 'static) -> Self {
        self.extensions.insert(extension);
        self
    }

    /// The revision.
    ///
    /// # Errors
    /// Where an exit leads to no placement, or calls would go in a circle.
    pub fn build(self) -> Result<Revision, ScenarioFault> {
        let Self { integrations, placements, scenario_waiting_time, extensions, .. } = self;
        judge(placements.iter().map(|placement| (placement.id(), placement.exits())))?;
        Ok(Revision { integrations, placements, scenario_waiting_time, extensions })
    }
}
