//! Recordings: what one call asked of its host and was answered, in a file, so that the call can be resolved again anywhere.
//!
//! A component is a function of its imports. [`Recording::make`] takes what a call asked and was answered, hides the telephone numbers, and
//! resolves the call again from that, in a time of its own, without network or store. What that run asked and came to is the recording: it holds
//! on any machine, instruction for instruction, because it is made by the same means by which it is [replayed](Recording::replay). Whether it
//! is also the course that the live call took is compared once, while both are at hand ([`Recording::departed`]).
//!
//! Never in a recording: the access token, any other header that proves who somebody is, and the secret by which stored keys are hashed, in whose
//! place another stands. Numbers are hidden, and what the operation did not read of its answers is blanked (`unread`), unless whole numbers are
//! wanted. What it did read is there; so the file is for its owner alone.

mod chain;
mod compare;
mod file;
mod masking;
mod run;
mod sampling;
mod settings;
mod side;
mod unread;

use std::collections::BTreeMap;

use anyhow::anyhow;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use call::numbers::CountryCode;
use call::scenario::{EarlierStep, Exits};
use call::{CallDocument, IncomingCall, WholeNumber};
use node::{Noted, ReadyOperation, ResolvedStep};
use runtime::bindings::exports::telephony::operation::operation::Description;
use runtime::bindings::telephony::operation::types::Setting;
use runtime::configured::ConfiguredOperation;
use runtime::engine::Operation;
use runtime::journal::{Entry, TooMuch};
use runtime::presented::Locale;
use runtime::settings::{SettingError, read_settings};

pub use chain::{Components, ReplayedChain, ReplayedStep};
pub use compare::Departure;
pub use file::Unreadable;
pub use masking::Numbers;
pub use sampling::{Recorder, SamplingSettings, SamplingState};
pub use side::side_by_side;

use run::{Again, ReplayMode};
use settings::RecordedSetting;

/// The version of the format.
const VERSION: u32 = 1;

/// One call, recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// The version of the format.
    recording: u32,
    /// The placement of this step; empty where the call was recorded without a scenario.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub placement: String,
    /// The operation's own identifier, the same in all its versions.
    #[serde(default)]
    pub operation: String,
    /// The SHA-256 of the component, in hexadecimal.
    pub component: String,
    /// What became of telephone numbers.
    pub numbers: WrittenNumbers,
    /// What became of that part of the answers which the operation did not read.
    #[serde(default)]
    pub unread: WrittenUnread,
    /// The call.
    pub call: RecordedCall,
    /// The settings that differ from the defaults.
    settings: Vec<RecordedSetting>,
    /// Where the call goes that is not forwarded.
    linked_operation: String,
    /// Where it goes for other reasons, or after the last number.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    exits: BTreeMap<String, String>,
    /// Whose calls these are.
    #[serde(default)]
    locale: RecordedLocale,
    /// The steps of the scenario before this one, each a recording of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Self>,
    /// What was asked and answered, in order.
    pub imports: Vec<Entry>,
    /// The call's JSON, as `call --json` prints it, without the cost of the run.
    pub resolved: Value,
    /// Instructions executed, where they were counted.
    pub instructions: Option<u64>,
    /// How the live call took another course; absent where it took the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub departed: Option<String>,
}

/// What became of telephone numbers in a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WrittenNumbers {
    /// Their last seven digits are others; equal numbers are still equal.
    Masked,
    /// They are whole.
    Whole,
}

/// What became of that part of the answers which the operation did not read, such as names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WrittenUnread {
    /// It is blanked: `x` for each character, `1` for each digit of a number.
    Blanked,
    /// It is as it was.
    #[default]
    Whole,
}

/// The call of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedCall {
    /// The host's identifier.
    pub id: String,
    /// The caller's number; none when withheld.
    pub caller: Option<String>,
    /// The number that was called. It is the PBX's own, and whole.
    pub called: String,
    /// The steps of the scenario that it had been through.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_steps: Vec<EarlierStep>,
    /// When it arrived.
    pub at: Timestamp,
}

/// The country of numbers that are written without one, and the time zone, as the operation was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct RecordedLocale {
    country_code: u16,
    time_zone: Option<String>,
}

impl Default for RecordedLocale {
    fn default() -> Self {
        Self::from(&Locale::default())
    }
}

impl From<&Locale> for RecordedLocale {
    fn from(locale: &Locale) -> Self {
        Self { country_code: locale.country.code(), time_zone: locale.time_zone.clone() }
    }
}

impl From<&RecordedLocale> for Locale {
    fn from(locale: &RecordedLocale) -> Self {
        let country = CountryCode::new(locale.country_code).unwrap_or(CountryCode::DEFAULT);
        Self { country, time_zone: locale.time_zone.clone() }
    }
}

/// How a recording went when it was resolved again.
pub struct Replayed {
    /// Whether it was to do exactly the same.
    pub exactly: bool,
    /// The call's record of this run.
    pub resolved: CallDocument,
    /// Its JSON, without the cost of the run.
    pub json: Value,
    /// How it departed from the recording; none where it did not.
    pub departure: Option<Departure>,
    /// What it asked that the recording does not hold, and so got no answer to.
    pub unknown: Vec<String>,
}

/// What a recording is replayed with.
pub struct With<'a> {
    /// The component.
    pub operation: Operation,
    /// Its description.
    pub description: &'a Description,
    /// Settings in place of the recorded ones, as text.
    pub settings: &'a BTreeMap<String, String>,
}

impl Recording {
    /// Makes the recording of a live call. Without `numbers` they stay whole, and so does what the operation did not read.
    ///
    /// Fails where the call was told more than is kept, or this machine cannot run it again.
    pub async fn make(
        placed: &ReadyOperation,
        resolved: &CallDocument,
        noted: Noted,
        numbers: Option<&Numbers>,
    ) -> anyhow::Result<Self> {
        let (Noted { call, at, imports }, placement) = (noted, placed.configured());
        let imports = imports.map_err(|TooMuch| anyhow!("the call was told more than a recording keeps"))?;
        let whole = |caller: WholeNumber| caller.whole().to_owned();
        let (mut hidden, mut answers) = (call.clone(), imports.clone());
        answers.iter_mut().for_each(|entry| masking::hide_secrets(&mut entry.import, placed.configuration().secrets()));
        if let Some(numbers) = numbers {
            hidden.caller = call.caller.as_ref().map(|caller| numbers.number(caller.whole()).into());
            numbers.earlier_steps(&mut hidden.earlier_steps);
            for entry in &mut answers {
                numbers.answer(&mut entry.import, call.caller.as_ref().map(WholeNumber::whole));
            }
            unread::blank_names(&mut answers);
        }
        let run = async |answers: &[Entry]| {
            run::again_unlogged(placement.clone(), hidden.clone(), at, answers.to_vec()).await
        };
        let mut again = run(&answers).await?;
        if numbers.is_some() {
            let course = (again.imports.clone(), compare::document(&again.resolved)?);
            let mut to_try = vec![unread::groups(unread::fields(&mut answers))];
            while let Some(groups) = to_try.pop() {
                let mut blanked = answers.clone();
                unread::blank(&mut blanked, &groups.iter().flatten().cloned().collect());
                let tried = run(&blanked).await?;
                if compare::departure(
                    (&course.0, &course.1),
                    (&tried.imports, &compare::document(&tried.resolved)?),
                    (None, None),
                )
                .is_none()
                {
                    (answers, again) = (blanked, tried);
                } else if let (left, right @ [_, ..]) = groups.split_at(groups.len() / 2)
                    && !left.is_empty()
                {
                    to_try.extend([right.to_vec(), left.to_vec()]);
                }
            }
        }
        let departed = compare::courses(&imports, resolved, &again.imports, &again.resolved);
        let mut imports = again.imports;
        if departed.is_none() {
            for (entry, live) in imports.iter_mut().zip(answers) {
                entry.with_times_of(live);
            }
        }
        Ok(Self {
            recording: VERSION,
            placement: String::new(),
            operation: placement.id().to_owned(),
            component: resolved.component().to_owned(),
            numbers: if numbers.is_some() { WrittenNumbers::Masked } else { WrittenNumbers::Whole },
            unread: if numbers.is_some() { WrittenUnread::Blanked } else { WrittenUnread::Whole },
            call: RecordedCall {
                id: hidden.id,
                caller: hidden.caller.map(whole),
                called: hidden.called,
                earlier_steps: hidden.earlier_steps,
                at,
            },
            settings: placement.settings().iter().map(RecordedSetting::from).collect(),
            linked_operation: placement.exits().linked_operation().to_owned(),
            exits: placement.exits().others().clone(),
            locale: placement.locale().into(),
            earlier: Vec::new(),
            instructions: again.resolved.run.instructions,
            resolved: compare::document(&again.resolved)?,
            imports,
            departed,
        })
    }

    /// Makes the recording of a live call from its steps; none where there is no step.
    ///
    /// Fails as [`Self::make`] does.
    pub async fn of_steps(steps: Vec<ResolvedStep>, numbers: Option<&Numbers>) -> anyhow::Result<Option<Self>> {
        let mut recordings = Vec::with_capacity(steps.len());
        for ResolvedStep { placed, resolved, noted } in steps {
            let recording = Self::make(&placed, &resolved, noted, numbers).await?;
            recordings.push(Self { placement: resolved.placement.unwrap_or_default(), ..recording });
        }
        Ok(recordings.pop().map(|last| Self { earlier: recordings, ..last }))
    }

    /// Whether the same component with the same settings would be replayed.
    pub fn is_of(&self, with: &With<'_>) -> bool {
        with.settings.is_empty() && **with.operation.digest() == *self.component
    }

    /// Resolves the call again. The same component with the same settings must do exactly the same; another takes its own course through the
    /// recorded answers.
    ///
    /// Fails where a setting is none of the component's, or this machine cannot run it.
    pub async fn replay(&self, with: &With<'_>) -> Result<Replayed, ReplayError> {
        self.replay_after(with, self.call.earlier_steps.clone()).await
    }

    /// The same after these steps, which may be others than the recorded ones.
    async fn replay_after(&self, with: &With<'_>, earlier: Vec<EarlierStep>) -> Result<Replayed, ReplayError> {
        let exactly = self.is_of(with) && earlier == self.call.earlier_steps;
        let mut settings: Vec<Setting> = self.settings.iter().map(Setting::from).collect();
        settings.retain(|setting| !with.settings.contains_key(&setting.key));
        settings.extend(read_settings(with.description, with.settings).map_err(ReplayError::Setting)?);
        let operation = with.operation.clone();
        let exits = Exits::new(self.linked_operation.clone(), self.exits.clone());
        let placement = ConfiguredOperation::new(operation, with.description, exits, settings)
            .with_locale(Locale::from(&self.locale));
        let RecordedCall { id, caller, called, at, .. } = self.call.clone();
        let caller = caller.map(WholeNumber::from);
        let call = IncomingCall { id, caller, called, earlier_steps: earlier, unanswered: None };
        let mode = if exactly { ReplayMode::Exactly } else { ReplayMode::WhatIf };
        let again = run::again(placement, call, at, self.imports.clone(), mode).await.map_err(ReplayError::Host)?;
        let Again { resolved, imports, unknown } = again;
        let json = compare::document(&resolved).map_err(ReplayError::Host)?;
        let instructions = (self.instructions, resolved.run.instructions);
        let departure = compare::departure((&self.imports, &self.resolved), (&imports, &json), instructions);
        Ok(Replayed { exactly, resolved, json, departure: departure.filter(|_| exactly), unknown })
    }
}

/// Why a recording was not replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A setting is none of the component's.
    #[error("{0}")]
    Setting(SettingError),
    /// This machine cannot run it.
    #[error("{0:#}")]
    Host(anyhow::Error),
}
