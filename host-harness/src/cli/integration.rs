//! The one integration that a command is about: of the configuration file, or of the demonstration.

use std::fmt::Display;

use anyhow::Context;

use super::config_file::ConfigOrDemo;
use super::{access, warn};
use crate::cache_key;
use crate::shared;
use amocrm::integration::{Access, Integration, IntegrationSettings};
use call::{Localized, localized};
use replay::demo::Demo;
use runtime::capabilities::clocks::Clock;
use stores::{self, StoreLocation};

/// An integration, before it is set up.
pub(super) struct Chosen {
    pub(super) settings: IntegrationSettings,
    /// Where its values are kept.
    state: StoreLocation,
    /// The command that connects it.
    connect: String,
    /// Runs for as long as the command takes.
    _demo: Option<Demo>,
}

impl Chosen {
    /// The integration of this identifier, or the only one, its values kept there.
    pub(super) async fn of(
        config: &ConfigOrDemo,
        id: Option<&str>,
        state: Option<StoreLocation>,
    ) -> anyhow::Result<Self> {
        let Some(path) = config.file_with(&[("--integration", id.is_some())])? else {
            let demo = Demo::start(&Clock::system()).await.context("the demonstration cannot be started")?;
            let (mut settings, state) = (demo.integration.clone(), state.unwrap_or_default());
            hash_callers(&mut settings, &state)?;
            return Ok(Self { settings, state, connect: String::new(), _demo: Some(demo) });
        };
        let config = shared::read(&path, state.as_ref()).await?;
        let file = path.display();
        let chosen = config.integrations(id).map_err(|message| message.at(&file))?;
        let [settings] = chosen.as_slice() else {
            return Err(several_integrations(&file, &chosen).into());
        };
        let connect = access::connect_command(&path, &config, settings, state.as_ref());
        let state = state.or(config.store.clone()).unwrap_or_default();
        let mut settings = (*settings).clone();
        hash_callers(&mut settings, &state).map_err(|missing| Localized::from(missing).at(&file))?;
        Ok(Self { settings, state, connect, _demo: None })
    }

    /// Sets it up, its access ready for requests.
    pub(super) async fn open(&self) -> anyhow::Result<Integration> {
        let (stores, warnings) = stores::open(&self.state);
        for warning in warnings {
            warn(&warning.into());
        }
        let integration = Integration::new(self.settings.clone(), stores)?;
        match (&self.settings.access, integration.keeper()) {
            (Access::LongLived(token), _) => access::warn_of_expiry(&self.settings.id, token),
            (_, Some(keeper)) => access::before_call(&self.settings.id, keeper, &self.connect).await,
            (Access::OAuth(_) | Access::NoAccount, None) => {}
        }
        Ok(integration)
    }
}

/// The file has several integrations, and which one is meant was not said.
pub(super) fn several_integrations(file: &impl Display, several: &[&IntegrationSettings]) -> Localized {
    let known: Vec<_> = several.iter().map(|integration| format!("`{}`", integration.id)).collect();
    let known = known.join(", ");
    localized!(
        "{file}: интеграций несколько; укажите одну из {known} в --integration",
        "{file}: there are several integrations; name one of {known} with --integration"
    )
}

/// Gives an integration the secret by which callers' numbers are hashed in this store, and says where it cannot be kept.
pub(super) fn hash_callers(
    settings: &mut IntegrationSettings,
    location: &StoreLocation,
) -> Result<(), cache_key::Missing> {
    if let Some(not_kept) = cache_key::provide(settings, location)? {
        warn(&not_kept.into());
    }
    Ok(())
}
