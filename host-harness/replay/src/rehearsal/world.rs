//! One run of a history: a runtime whose time is its own, an amoCRM inside it, and the calls as they came.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use amocrm_simulator::FaultRule;
use call::{IncomingCall, WholeNumber};
use jiff::Timestamp;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::account::Amocrm;
use super::figures::{Figures, Gathering};
use super::history::{History, PastCall};
use super::variant::Variant;
use amocrm::access::LongLived;
use amocrm::integration::{Access, Integration, IntegrationSettings};
use node::ReadyOperation;
use runtime::capabilities::clocks::Clock;
use runtime::secret::Secret;
use runtime::settings::read_settings;
use runtime::store::Stores;

/// What the simulated account takes for an access token.
const TOKEN: &str = "rehearsal-token";

/// What the calls come into.
#[derive(Clone)]
pub struct Stage {
    /// The calls.
    pub history: Arc<History>,
    /// The amoCRM.
    pub amocrm: Amocrm,
    /// The integration, with another account and token than its own.
    pub integration: IntegrationSettings,
    /// Where calls go that are not forwarded.
    pub linked_operation: String,
    /// How a simulated amoCRM misbehaves.
    pub faults: Vec<FaultRule>,
}

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
    let amocrm = stage.amocrm.start(&clock, TOKEN, &stage.faults)?;
    let settings = IntegrationSettings {
        access: Access::LongLived(LongLived {
            account: amocrm.address.parse()?,
            token: Secret::new(TOKEN.to_owned()),
            namespace: "rehearsal".to_owned(),
        }),
        ..stage.integration.clone()
    };
    let mut gathering = Gathering::of(variant, &settings, calls);
    let integration = Integration::in_process(settings, Stores::in_memory(), clock.clone(), &amocrm.dial)?;
    let placed = ReadyOperation::described(
        variant.operation.clone(),
        &variant.description,
        Arc::new(integration),
        stage.linked_operation.clone(),
        read_settings(&variant.description, &variant.settings)?,
    )?;
    let mut under_way = JoinSet::new();
    for (number, call) in calls.iter().enumerate() {
        let after = call.at.duration_since(began).try_into().unwrap_or_default();
        sleep_until(start + after).await;
        let (placed, clock, call) = (placed.clone(), clock.clone(), incoming(number, call));
        under_way.spawn(async move { (number, placed.resolve(call, &clock).await) });
        while let Some(Ok((number, resolved))) = under_way.try_join_next() {
            gathering.add(number, &resolved);
        }
        told(u64::try_from(number + 1).unwrap_or(u64::MAX));
    }
    while let Some(ended) = under_way.join_next().await {
        let (number, resolved) = ended?;
        gathering.add(number, &resolved);
    }
    Ok(gathering.end(amocrm.unknown.load(Ordering::Relaxed)))
}

fn incoming(number: usize, call: &PastCall) -> IncomingCall {
    IncomingCall {
        id: format!("rehearsed-{}", number + 1),
        caller: call.caller.as_deref().map(WholeNumber::new),
        called: call.called.clone(),
        ..IncomingCall::default()
    }
}
