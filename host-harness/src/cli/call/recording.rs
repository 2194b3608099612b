//! The recording of a call that `call --record` resolves.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::causes::text_of;
use crate::cli::{say, warn};
use call::{Localized, localized};
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
    let recording = recording.ok_or_else(|| {
        Localized::new(
            "ни одна операция не вызывалась, записывать нечего",
            "no operation was asked, so there is nothing to record",
        )
    })?;
    let all = || recording.earlier.iter().chain([&recording]);
    let imports: usize = all().map(|step| step.imports.len()).sum();
    let departed = all().find_map(|step| step.departed.clone());
    recording.save(file).map_err(|error| {
        let file = file.display();
        let said = localized!("запись {file} не сохранена", "the recording {file} cannot be written");
        said.then(": ", &text_of(&error))
    })?;
    let (ru, en) = if whole { ("целиком", "whole") } else { ("скрыты", "masked") };
    let file = file.display();
    say(&Localized::new(
        format!("примечание: записано в {file}: обращений наружу {imports}, номера {ru}"),
        format!("note: recorded in {file}: {imports} imports, numbers {en}"),
    ));
    if let Some(departed) = departed {
        warn(&localized!(
            "запись не совпадает с тем, как шёл звонок ({departed})",
            "the recording is not the course that the call took: {departed}"
        ));
    }
    Ok(())
}
