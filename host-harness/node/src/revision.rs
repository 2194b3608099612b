//! A revision: everything that a node serves at one moment. It never changes; what takes its place is another one.
//!
//! A call looks its placement up in the revision of that moment and goes all its way through that one ([`EntryPoint`]), so no call is resolved with
//! half a change.

mod builder;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use amocrm::integration::Integration;
use call::scenario::placement_of;

use super::Placement;

pub use builder::{NotPlaced, RevisionBuilder};

/// The integrations, the placements and the bounds that calls are resolved with.
pub struct Revision {
    integrations: BTreeMap<Arc<str>, Arc<Integration>>,
    placements: Vec<Arc<Placement>>,
    /// How long a call may wait in all its steps together, where that is bounded.
    scenario_waiting_time: Option<Duration>,
    extensions: http::Extensions,
}

/// Where a call begins: a placement, and the revision that all steps of the call are looked up in.
#[derive(Clone)]
pub struct EntryPoint {
    revision: Arc<Revision>,
    placement: Arc<Placement>,
}

impl Revision {
    /// One that has nothing yet.
    pub fn builder() -> RevisionBuilder {
        RevisionBuilder::new(None)
    }

    /// The one that is to follow this one. What does not change is taken over from it.
    pub fn next(self: &Arc<Self>) -> RevisionBuilder {
        RevisionBuilder::new(Some(Arc::clone(self)))
    }

    /// The integrations by their identifiers.
    pub const fn integrations(&self) -> &BTreeMap<Arc<str>, Arc<Integration>> {
        &self.integrations
    }

    /// The placed operations, in the order of the configuration.
    pub fn placements(&self) -> &[Arc<Placement>] {
        &self.placements
    }

    /// The placed operation of that identifier.
    pub fn placement(&self, id: &str) -> Option<&Arc<Placement>> {
        self.placements.iter().find(|placement| placement.id() == id)
    }

    /// The first placed operation, where calls begin that name none that is here.
    pub fn first(self: &Arc<Self>) -> Option<EntryPoint> {
        self.placements.first().map(|placement| self.entry(placement))
    }

    /// The placed operation that a face was asked for; where none is named, the only one.
    pub fn asked_for(self: &Arc<Self>, named: Option<&str>) -> Option<EntryPoint> {
        let placement = match (named, self.placements()) {
            (Some(id), _) => self.placement(id),
            (None, [only]) => Some(only),
            (None, _) => None,
        };
        placement.map(|placement| self.entry(placement))
    }

    fn entry(self: &Arc<Self>, placement: &Arc<Placement>) -> EntryPoint {
        EntryPoint { revision: Arc::clone(self), placement: Arc::clone(placement) }
    }

    /// How long a call may wait in all its steps together, where that is bounded.
    pub const fn scenario_waiting_time(&self) -> Option<Duration> {
        self.scenario_waiting_time
    }

    /// How long a call may wait at most that begins at this placement: on the longest way of steps that follow each other at once, or for as
    /// long as all steps together may take, where that is less.
    pub fn longest_wait(&self, placement: &Placement) -> Duration {
        let exits = placement.exits();
        let ways = exits.targets_of_reasons().filter_map(|target| self.placement(placement_of(target)?));
        let further = ways.map(|next| self.longest_wait(next)).max().unwrap_or_default();
        let longest = placement.active().placed.waiting_time() + further;
        self.scenario_waiting_time.map_or(longest, |most| longest.min(most))
    }

    /// The placement that is asked when a PBX comes back after the numbers of this one, if any is.
    pub fn after(&self, placement: &str) -> Option<&Arc<Placement>> {
        self.placement(placement_of(self.placement(placement)?.exits().not_answered())?)
    }

    /// What was kept with the revision under this type: what a face translates its calls' routes by.
    pub fn extension<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.extensions.get()
    }
}

impl EntryPoint {
    /// The placement.
    pub const fn placement(&self) -> &Arc<Placement> {
        &self.placement
    }

    /// The revision.
    pub const fn revision(&self) -> &Arc<Revision> {
        &self.revision
    }
}
