//! `host-harness access`: how each integration's access stands, refreshing it now, and keeping it fresh. Also what `call` says and does about
//! access before and after its call.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::Args;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{Outcome, Stop, complain, print};
use crate::access::keeper::Due;
use crate::access::{Keeper, LongLived, Standing};
use crate::capabilities::clocks::Clock;
use crate::config::HarnessConfig;
use crate::integration::{Access as IntegrationAccess, Integration, IntegrationSettings};
use crate::store::KeyValueStore;
use crate::stores::{self, StoreLocation, StoreWarning};

/// How long `call` stays after its answer to refresh a token that amoCRM refused.
const AFTER_CALL: Duration = Duration::from_secs(60);

/// Show how each integration's access to amoCRM stands
///
/// Of a long-lived token amoCRM is asked, with one request. Ends with 2 where a person has to do something.
#[derive(Args)]
pub(super) struct Access {
    /// The configuration file, host-harness.toml
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Only this integration
    #[arg(long, value_name = "ID")]
    integration: Option<String>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// Refresh the access tokens now, due or not
    #[arg(long)]
    refresh: bool,
    /// Stay and keep the access tokens fresh, until interrupted
    #[arg(long)]
    keep: bool,
    /// Where values are kept: a directory, or redis://… [default: the configured store, or the user's state directory]
    #[arg(long, value_name = "DIR")]
    state: Option<StoreLocation>,
}

impl Access {
    pub(super) async fn run(self) -> Result<Outcome, Stop> {
        let config = HarnessConfig::read(&self.config)?;
        let integrations = config
            .integrations(self.integration.as_deref())
            .map_err(|message| anyhow!("{}: {message}", self.config.display()))?;
        let store = durable(&self.state.clone().or(config.store.clone()).unwrap_or_default())?;
        let mut outcome = Outcome::Done;
        let mut standings = Vec::new();
        let mut keepers = Vec::new();
        for integration in integrations {
            let keeper = integration
                .keeper(Arc::clone(&store), Clock::system())
                .with_context(|| self.config.display().to_string())?;
            let standing = match (&integration.access, keeper) {
                (IntegrationAccess::LongLived(access), _) => {
                    let http = Integration::new(integration.clone(), Arc::clone(&store))
                        .with_context(|| self.config.display().to_string())?;
                    let now = Clock::system().now();
                    let expired = access.warning(now).is_some_and(|warning| warning.expired);
                    let said = if expired { None } else { Some(access.ask(http.http()).await) };
                    Standing::of_long_lived(&integration.id, access, now, said)
                }
                (IntegrationAccess::OAuth(_), None) => continue,
                (IntegrationAccess::OAuth(_), Some(keeper)) => {
                    if self.refresh && !refresh(&keeper, integration).await {
                        outcome = Outcome::UserNeeded;
                    }
                    let looked = keeper.look().await;
                    let standing = Standing::of_kept(
                        &integration.id,
                        &keeper,
                        looked,
                        &connect_command(&self.config, &config, integration, self.state.as_ref()),
                    );
                    keepers.push(Arc::new(keeper));
                    standing
                }
            };
            if standing.action.is_some() {
                outcome = Outcome::UserNeeded;
            }
            standings.push(standing);
        }
        if self.json {
            print(serde_json::to_string_pretty(&json!({ "version": 1, "integrations": standings }))?);
        } else {
            let text: Vec<_> = standings.iter().map(ToString::to_string).collect();
            print(text.concat().trim_end());
        }
        if self.keep {
            let mut keeping = JoinSet::new();
            for keeper in keepers {
                keeping.spawn(async move { keeper.keep().await });
            }
            complain("keeping the access tokens fresh until interrupted");
            tokio::signal::ctrl_c().await.context("cannot wait for an interrupt")?;
            // A refresh under way keeps its mark in the store; the next process takes it over.
            keeping.shutdown().await;
        }
        Ok(outcome)
    }
}

/// Refreshes now, and says how it went.
async fn refresh(keeper: &Keeper, integration: &IntegrationSettings) -> bool {
    match keeper.refresh_now().await {
        Ok(refreshed) => {
            complain(format_args!("integration `{}`: {refreshed}", integration.id));
            true
        }
        Err(error) => {
            complain(format_args!("integration `{}`: {error}", integration.id));
            false
        }
    }
}

/// The durable store; access that is kept nowhere else would be lost.
pub(super) fn durable(location: &StoreLocation) -> anyhow::Result<Arc<dyn KeyValueStore>> {
    if *location == StoreLocation::Memory {
        return Err(anyhow!("--state memory keeps nothing; name a directory or a server, or leave it out"));
    }
    match stores::open(location) {
        (store, None) => Ok(store),
        (store, Some(warning @ StoreWarning::Losable { .. })) => {
            complain(format_args!("warning: {warning}"));
            Ok(store)
        }
        (_, Some(StoreWarning::Unusable(error) | StoreWarning::Away(error))) => Err(error.into()),
        (_, Some(StoreWarning::NoHome)) => {
            Err(anyhow!("this user has no home directory to keep state in; name a directory with --state"))
        }
    }
}

/// The command that connects an integration of this file, with the store of this command.
pub(super) fn connect_command(
    file: &Path,
    config: &HarnessConfig,
    integration: &IntegrationSettings,
    state: Option<&StoreLocation>,
) -> String {
    let only = config.integrations.len() == 1;
    let named = if only { String::new() } else { format!(" --integration {}", integration.id) };
    let kept = match state {
        Some(StoreLocation::Directory(directory)) => format!(" --state {}", directory.display()),
        Some(StoreLocation::Redis(location)) => format!(" --state '{location}'"),
        Some(StoreLocation::UserState | StoreLocation::Memory) | None => String::new(),
    };
    format!("host-harness connect --config {}{named}{kept}", file.display())
}

/// Says of a long-lived token what there is to say before a call.
pub(super) fn warn_of_expiry(integration: &str, access: &LongLived) {
    if let Some(warning) = access.warning(Clock::system().now()) {
        complain(format_args!("warning: integration `{integration}`: {warning}"));
    }
}

/// Before a call: the record is read, and a token that has expired is refreshed, so that no call meets a refusal that could be foreseen.
pub(super) async fn before_call(integration: &str, keeper: &Keeper, connect: &str) {
    let looked = keeper.look().await;
    if looked.is_ok() && keeper.is_expired() {
        complain(format_args!(
            "integration `{integration}`: the access token has expired; it is refreshed before the call"
        ));
        if let Err(error) = keeper.refresh_if_due().await {
            complain(format_args!("warning: integration `{integration}`: {error}"));
        }
    }
    let standing = Standing::of_kept(integration, keeper, looked, connect);
    if let Some(action) = &standing.action {
        complain(format_args!("warning: integration `{integration}`: {action}"));
    }
}

/// After a call was answered: a token that amoCRM refused is refreshed, once, before the process ends.
pub(super) async fn after_call(integration: &str, keeper: &Keeper, connect: &str) {
    let what = match keeper.due() {
        Some(Due::Refused) => "amoCRM refused the access token; it is refreshed for the next call",
        Some(Due::Misdirected) => "there is no account at this address; its new one is looked up",
        Some(Due::Age) | None => return,
    };
    complain(format_args!("integration `{integration}`: {what}"));
    match timeout(AFTER_CALL, keeper.refresh_if_due()).await {
        Ok(Ok(refreshed)) => complain(format_args!("integration `{integration}`: {refreshed}")),
        Ok(Err(error)) => {
            let standing = Standing::of_kept(integration, keeper, Ok(()), connect);
            let text = standing.action.unwrap_or_else(|| error.to_string());
            complain(format_args!("warning: integration `{integration}`: {text}"));
        }
        Err(_) => complain(format_args!(
            "warning: integration `{integration}`: the refresh did not end; the next one takes it over"
        )),
    }
}
