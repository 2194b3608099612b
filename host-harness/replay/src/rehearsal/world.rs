//! One run of a history: a runtime whose time is its own, an amoCRM inside it, and the calls as they came.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context;
use call::{IncomingCall, WholeNumber};
use jiff::Timestamp;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::figures::{Figures, Gathering};
use super::history::PastCall;
use super::stage::{Stage, StagePlacement};
use super::variant::Variant;
use amocrm::access::LongLived;
use amocrm::integration::{Access, Integration, IntegrationSettings};
use node::{Node, ToPlace};
use runtime::capabilities::clocks::Clock;
use runtime::secret::Secret;
use runtime::store::Stores;

/// What the simulated account takes for an access token.
const TOKEN: &str = "rehearsal-token";

/// Runs a history; `told` hears how many calls have come in.
///
/// Fails where a setting is none of the component's, or the account does not hold together.
pub async fn run(stage: Stage, variant: Variant, told: impl Fn(u64) + Send + 'static) -> anyhow::Result<Figures> {
    tokio::task::spawn_blocking(move || {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build()?;
        runtime.block_on(play(&stage, &variant, told))
    })
    .await?
}

async fn play(stage: &Stage, variant: &Variant, told: impl Fn(u64)) -> anyhow::Result<Figures> {
    let calls = &stage.history.calls;
    let began = calls.first().map_or(Timestamp::UNIX_EPOCH, |call| call.at);
    let (clock, start) = (Clock::following(began), Instant::now());
    let (node, unknown) = node(stage, variant, &clock).await?;
    let first = node.revision().first().context("there is no placed operation")?;
    let mut gathering = Gathering::of(variant, stage, calls);
    let mut under_way = JoinSet::new();
    for (number, call) in calls.iter().enumerate() {
        let after = call.at.duration_since(began).try_into().unwrap_or_default();
        sleep_until(start + after).await;
        let (node, first, call) = (node.clone(), first.clone(), incoming(number, call));
        under_way.spawn(async move { (number, node.resolve(&first, call).await.resolved) });
        while let Some(Ok((number, resolved))) = under_way.try_join_next() {
            gathering.add(number, &resolved);
        }
        told(u64::try_from(number + 1).unwrap_or(u64::MAX));
    }
    while let Some(ended) = under_way.join_next().await {
        let (number, resolved) = ended?;
        gathering.add(number, &resolved);
    }
    Ok(gathering.end(unknown.iter().map(|unknown| unknown.load(Ordering::Relaxed)).sum()))
}

/// The node that resolves the calls, and the counts of the questions that no recording answers. Each integration has an amoCRM of its own, or
/// one would be in the way of the other's requests.
async fn node(stage: &Stage, variant: &Variant, clock: &Clock) -> anyhow::Result<(Node, Vec<Arc<AtomicU64>>)> {
    let mut node = Node::builder(clock.clone()).scenario_waiting_time(stage.scenario_waiting_time);
    let mut unknown = Vec::new();
    for settings in &stage.integrations {
        let amocrm = stage.amocrm.start(clock, TOKEN, &stage.faults)?;
        let settings = IntegrationSettings {
            access: Access::LongLived(LongLived {
                account: amocrm.address.parse()?,
                token: Secret::new(TOKEN.to_owned()),
                namespace: format!("rehearsal-{}", settings.id),
            }),
            ..settings.clone()
        };
        let id = settings.id.clone();
        let integration = Integration::in_process(settings, Stores::in_memory(), clock.clone(), &amocrm.dial)?;
        node = node.integration(id, Arc::new(integration));
        unknown.push(amocrm.unknown);
    }
    for StagePlacement { id, integration, exits, fixed } in &stage.placements {
        let varied = || (variant.operation.clone(), variant.settings.clone());
        let (operation, settings) = fixed.clone().unwrap_or_else(varied);
        let to_place = ToPlace { id, integration, exits: exits.clone(), settings, operation };
        node = node.place(to_place).await.with_context(|| format!("[[operation]] `{id}`"))?;
    }
    Ok((node.build()?, unknown))
}

fn incoming(number: usize, call: &PastCall) -> IncomingCall {
    IncomingCall {
        id: format!("rehearsed-{}", number + 1),
        caller: call.caller.as_deref().map(WholeNumber::new),
        called: call.called.clone(),
        ..IncomingCall::default()
    }
}
