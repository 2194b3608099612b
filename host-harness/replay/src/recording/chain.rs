//! The steps of a recorded call, resolved again one after another (rule E2).
//!
//! Each step is a recording of its own. Another component or setting is tried at the steps of its operation. Where it leaves a step by another
//! exit, the call goes on from there, as far as the recording knows the way.

use serde_json::Value;

use super::{Recording, ReplayError, Replayed, With, compare};
use call::CallDocument;
use call::scenario::{EarlierStep, StepExit, placement_of};

/// What the steps of a recording are resolved with.
pub struct Components<'a> {
    /// Those that take part at every step of their operation, whatever was recorded.
    pub tried: &'a [With<'a>],
    /// Those that take part only where they were recorded.
    pub recorded: &'a [With<'a>],
}

/// A recorded call, resolved again.
pub struct ReplayedChain<'a> {
    /// The steps that it went through this time, in their order, at least one.
    pub steps: Vec<ReplayedStep<'a>>,
    /// The placement that it would have gone on to, where the recording does not hold it.
    pub left_for: Option<String>,
}

/// One step of it.
pub struct ReplayedStep<'a> {
    /// As it was recorded.
    pub recording: &'a Recording,
    /// How it went; none where no component at hand is of its operation: it is then taken as it was recorded.
    pub replayed: Option<Replayed>,
}

impl Recording {
    /// The steps of the call in their order, this one the last.
    pub fn steps(&self) -> impl Iterator<Item = &Self> + Clone {
        self.earlier.iter().chain([self])
    }

    /// Whether a component is of the operation that was recorded. Of a call without a scenario any component may be tried.
    pub fn is_of_operation(&self, with: &With<'_>) -> bool {
        self.placement.is_empty() || self.operation == with.description.id
    }

    /// The whole call as it was recorded: the document of its last step, with those before it.
    pub fn document(&self) -> anyhow::Result<CallDocument> {
        joined(self.steps().map(|step| Ok((step.placement.as_str(), compare::read_document(&step.resolved)?))))
    }

    /// Resolves all its steps again, in their order.
    ///
    /// Fails where a setting is none of the component's, or this machine cannot run it.
    pub async fn replay_steps(&self, components: &Components<'_>) -> Result<ReplayedChain<'_>, ReplayError> {
        let mut earlier_steps = self.steps().next().unwrap_or(self).call.earlier_steps.clone();
        let mut to_come: Vec<&Self> = self.steps().collect();
        let mut steps = Vec::with_capacity(to_come.len());
        loop {
            let recording = if to_come.is_empty() { self } else { to_come.remove(0) };
            let replayed = match components.of(recording) {
                Some(with) => Some(recording.replay_after(with, earlier_steps.clone()).await?),
                None => None,
            };
            let step = ReplayedStep { recording, replayed };
            let departed = step.replayed.as_ref().is_some_and(|replayed| replayed.departure.is_some());
            let (next, reason) = step.exit();
            steps.push(step);
            let (Some(next), Some(reason), false) = (next, reason, departed) else {
                return Ok(ReplayedChain { steps, left_for: None });
            };
            let Some(place) = to_come.iter().position(|step| step.placement == next) else {
                return Ok(ReplayedChain { steps, left_for: Some(next) });
            };
            to_come.drain(..place);
            earlier_steps.push(EarlierStep {
                placement: recording.placement.clone(),
                operation: recording.operation.clone(),
                exit: StepExit::Reason(reason),
            });
        }
    }
}

impl<'a> Components<'a> {
    /// The one for a step.
    fn of(&self, step: &Recording) -> Option<&With<'a>> {
        let tried = self.tried.iter();
        let recorded = |with: &&With<'_>| step.is_of(with);
        let same_operation = |with: &&With<'_>| step.is_of_operation(with);
        tried
            .clone()
            .find(recorded)
            .or_else(|| tried.clone().find(same_operation))
            .or_else(|| self.recorded.iter().find(recorded))
    }
}

impl ReplayedStep<'_> {
    /// What came of it, as JSON without the cost of the run.
    pub fn json(&self) -> &Value {
        self.replayed.as_ref().map_or(&self.recording.resolved, |replayed| &replayed.json)
    }

    /// Whether it was to do exactly what was recorded, and did not leave the recording's way before.
    pub fn is_exact(&self) -> bool {
        self.replayed.as_ref().is_some_and(|replayed| replayed.exactly)
    }

    /// The placement that it leads to at once, and the reason for which it was left.
    fn exit(&self) -> (Option<String>, Option<String>) {
        let text = |pointer| self.json().pointer(pointer).and_then(Value::as_str);
        let is_left = text("/route/kind") == Some("linked-operation");
        let next = text("/route/target").filter(|_| is_left).and_then(placement_of);
        (next.map(str::to_owned), text("/reason/code").map(str::to_owned))
    }

    fn document(&self) -> anyhow::Result<CallDocument> {
        match &self.replayed {
            Some(replayed) => Ok(replayed.resolved.clone()),
            None => compare::read_document(&self.recording.resolved),
        }
    }
}

impl ReplayedChain<'_> {
    /// The whole call as it went this time: the document of the last step, with those before it.
    pub fn document(&self) -> anyhow::Result<CallDocument> {
        joined(self.steps.iter().map(|step| Ok((step.recording.placement.as_str(), step.document()?))))
    }

    /// The first step in which it departed from the recording.
    pub fn departed(&self) -> Option<&ReplayedStep<'_>> {
        self.steps.iter().find(|step| step.replayed.as_ref().is_some_and(|replayed| replayed.departure.is_some()))
    }

    /// What it asked that the recording does not hold, in all steps.
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        let replayed = self.steps.iter().filter_map(|step| step.replayed.as_ref());
        replayed.flat_map(|replayed| replayed.unknown.iter().map(String::as_str))
    }
}

/// One document of several steps.
fn joined<'a>(steps: impl Iterator<Item = anyhow::Result<(&'a str, CallDocument)>>) -> anyhow::Result<CallDocument> {
    let mut steps = steps.collect::<anyhow::Result<Vec<_>>>()?;
    let (placement, last) = steps.pop().ok_or_else(|| anyhow::anyhow!("a recording has at least one step"))?;
    let placement = (!steps.is_empty()).then(|| placement.to_owned());
    let earlier = steps.into_iter().map(|(placement, step)| step.into_step(placement, &[]));
    Ok(CallDocument { steps: earlier.collect(), placement, ..last })
}
