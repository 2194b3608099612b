//! A recorded call, resolved again: without a network, without a store, in a time of its own in which waiting takes none.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::runtime::Builder;
use tracing::Dispatch;

use amocrm::integration::BUCKET;
use call::{CallDocument, IncomingCall, Localized};
use runtime::capabilities::clocks::Clock;
use runtime::capabilities::config::Configuration;
use runtime::capabilities::directory::{CallDirectory, Directory, Employee, Unavailable};
use runtime::capabilities::key_value::KeyValue;
use runtime::configured::ConfiguredOperation;
use runtime::engine::World;
use runtime::journal::{Entry, Import, Journal, NotedTalks, Outcome, Overlay, Replay, Script};
use runtime::store::MemoryStore;

/// How a call is resolved again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReplayMode {
    /// Every answer in its place, and chance as it fell: the same component does the same, instruction for instruction.
    Exactly,
    /// The answers to the same questions after as long a wait, so that another component or setting can take another course.
    WhatIf,
}

/// A call that was resolved again.
pub(super) struct Again {
    pub(super) resolved: CallDocument,
    pub(super) imports: Vec<Entry>,
    /// What it asked that the recorded call did not ask.
    pub(super) unknown: Vec<String>,
}

/// Resolves a call from what another one was answered. Takes a thread for as long as it computes.
pub(super) async fn again(
    placement: ConfiguredOperation,
    call: IncomingCall,
    at: Timestamp,
    imports: Vec<Entry>,
    mode: ReplayMode,
) -> anyhow::Result<Again> {
    tokio::task::spawn_blocking(move || here(&placement, call, at, &imports, mode)).await?
}

/// The same exactly, without a word in the log, which has the live call already.
pub(super) async fn again_unlogged(
    placement: ConfiguredOperation,
    call: IncomingCall,
    at: Timestamp,
    imports: Vec<Entry>,
) -> anyhow::Result<Again> {
    tokio::task::spawn_blocking(move || {
        tracing::dispatcher::with_default(&Dispatch::none(), || {
            here(&placement, call, at, &imports, ReplayMode::Exactly)
        })
    })
    .await?
}

fn here(
    placement: &ConfiguredOperation,
    call: IncomingCall,
    at: Timestamp,
    imports: &[Entry],
    mode: ReplayMode,
) -> anyhow::Result<Again> {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build()?;
    Ok(runtime.block_on(resolve(placement, call, at, imports, mode)))
}

async fn resolve(
    placement: &ConfiguredOperation,
    call: IncomingCall,
    at: Timestamp,
    imports: &[Entry],
    mode: ReplayMode,
) -> Again {
    let (replay, script) = match mode {
        ReplayMode::Exactly => (Replay::exactly(imports), Script::of(imports)),
        ReplayMode::WhatIf => (Replay::by_question(imports), Script::default()),
    };
    let overlay = Overlay::new(Arc::new(MemoryStore::new()), imports);
    let unknown_keys = overlay.unknown();
    let journal = Journal::begin();
    let clock = Clock::following(began(imports).unwrap_or(at));
    let world = World {
        http: placement.operation().no_http(),
        key_value: KeyValue::new(Arc::new(overlay), "", BUCKET),
        configuration: configuration(imports),
        directory: CallDirectory::new(Arc::new(RecordedDirectory::of(imports)), clock.clone())
            .with_talks(Arc::new(NotedTalks::of(imports))),
        clock,
        journal: journal.clone(),
        script: script.with_replay(&replay),
    };
    let resolved = placement.resolve_in(world, call, at).await;
    let imports_again = journal.entries().unwrap_or_default();
    let mut unknown = replay.left_unanswered();
    unknown.extend(taken(&unknown_keys).into_iter().map(|key| format!("key-value {key}")));
    unknown.extend(not_looked_up(imports, &imports_again));
    Again { resolved, imports: imports_again, unknown }
}

fn taken(list: &Mutex<Vec<String>>) -> Vec<String> {
    std::mem::take(&mut *list.lock().unwrap_or_else(PoisonError::into_inner))
}

/// What the wall clock showed first.
fn began(imports: &[Entry]) -> Option<Timestamp> {
    imports.iter().find_map(|entry| match &entry.import {
        Import::WallClock { answer } => Some(*answer),
        _ => None,
    })
}

fn configuration(imports: &[Entry]) -> Configuration {
    let mut values = Vec::new();
    for entry in imports {
        match &entry.import {
            Import::Configuration { key, answer: Some(value) } => values.push((key.clone(), value.clone())),
            Import::WholeConfiguration { answer } => values.extend(answer.clone()),
            _ => {}
        }
    }
    values.into_iter().collect()
}

/// What the directory answered then, by question.
struct RecordedDirectory(BTreeMap<u64, Result<Option<Employee>, Unavailable>>);

impl RecordedDirectory {
    fn of(imports: &[Entry]) -> Self {
        let answers = imports.iter().filter_map(|entry| match &entry.import {
            Import::Directory { crm_user_id, answer: Outcome::Done(found) } => Some((*crm_user_id, Ok(found.clone()))),
            Import::Directory { crm_user_id, answer: Outcome::Failed(why) } => {
                Some((*crm_user_id, Err(Unavailable(why.clone()))))
            }
            _ => None,
        });
        Self(answers.collect())
    }
}

#[async_trait]
impl Directory for RecordedDirectory {
    async fn find(
        &self,
        crm_user_id: u64,
        _: Timestamp,
        _: &mut Vec<Localized>,
    ) -> Result<Option<Employee>, Unavailable> {
        self.0.get(&crm_user_id).cloned().unwrap_or(Ok(None))
    }
}

/// Configuration, employees and talks that were not asked for then count as not there.
fn not_looked_up(then: &[Entry], now: &[Entry]) -> Vec<String> {
    let asked = |import: &Import| match import {
        Import::Configuration { .. } | Import::Directory { .. } | Import::LastTalk { .. } => Some(import.question()),
        _ => None,
    };
    let known: Vec<_> = then.iter().filter_map(|entry| asked(&entry.import)).collect();
    now.iter().filter_map(|entry| asked(&entry.import)).filter(|question| !known.contains(question)).collect()
}
