//! The recording of a call that `call --record` resolves.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::Context;

use crate::cli::complain;
use node::{Recorder, ResolvedStep};
use replay::recording::{Numbers, Recording};
use stores::StoreLocation;

/// The steps of the call, in their order.
#[derive(Default)]
pub(super) struct Steps(Mutex<Vec<ResolvedStep>>);

impl Steps {
    pub(super) fn take(&self) -> Vec<ResolvedStep> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Recorder for Steps {
    fn finished(&self, steps: Vec<ResolvedStep>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = steps;
    }
}

/// Makes the recording, and says what it holds.
pub(super) async fn record(
    file: &Path,
    steps: Vec<ResolvedStep>,
    whole: bool,
    location: &StoreLocation,
) -> anyhow::Result<()> {
    let numbers = if whole { None } else { Some(Numbers::kept_in(location.own_directory().as_deref())?) };
    let recording = Recording::of_steps(steps, numbers.as_ref()).await?;
    let recording = recording.context("no operation was asked, so there is nothing to record")?;
    let all = || recording.earlier.iter().chain([&recording]);
    let imports: usize = all().map(|step| step.imports.len()).sum();
    let departed = all().find_map(|step| step.departed.clone());
    recording.save(file).with_context(|| format!("the recording {} cannot be written", file.display()))?;
    let numbers = if whole { "whole" } else { "masked" };
    complain(format_args!("note: recorded in {}: {imports} imports, numbers {numbers}", file.display()));
    if let Some(departed) = departed {
        complain(format_args!("warning: the recording is not the course that the call took: {departed}"));
    }
    Ok(())
}
