//! `host-harness config`: judges a configuration file, shows it with everything that it leaves out, and carries it to the nodes that share a store, or
//! from them.

mod shared;
mod shown;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use clap::{Args, Subcommand};

use super::config_file::Config;
use super::{LanguageChoice, Outcome, Stop, component, fail, language, print, print_lines, warn};
use crate::cache_key;
use crate::causes::text_of;
use crate::config::{HarnessConfig, OperationEntry};
use crate::registry;
use amocrm::integration::Integration;
use call::one_line::Lines;
use call::{Bilingual, Language, Localized};
use node::{Placement, Version};
use runtime::engine::{Engine, EngineSettings};
use runtime::store::Stores;
use runtime::toml_file::{self, ConfigError};
use stores::StoreLocation;

/// Judge the configuration file, show it with everything that it leaves out, or carry it to or from the nodes that share a store
#[derive(Args)]
pub(super) struct ConfigCommand {
    #[command(subcommand)]
    action: ConfigAction,
}

#[derive(Subcommand)]
enum ConfigAction {
    Check(ConfigCheck),
    Show(ConfigShow),
    Push(shared::Push),
    Pull(shared::Pull),
}

/// Tell everything that is wrong with the configuration, without starting anything
///
/// The file, the settings and exits of every operation, and the integrations' configuration are judged as by `serve`, with what nodes share in their
/// store. Nobody but that store is asked over the network, and nothing is kept. Ends with 2 where something is wrong.
#[derive(Args)]
struct ConfigCheck {
    #[command(flatten)]
    config: Config,
    /// The language of the printed text [default: that of the environment]
    #[arg(long, value_name = "LANGUAGE")]
    lang: Option<LanguageChoice>,
}

/// Print the configuration as it is in force: what the file leaves out is as it is then, secrets are only named
#[derive(Args)]
struct ConfigShow {
    #[command(flatten)]
    config: Config,
}

impl ConfigCommand {
    /// The language that is asked for.
    pub(super) const fn lang(&self) -> Option<LanguageChoice> {
        match &self.action {
            ConfigAction::Check(check) => check.lang,
            ConfigAction::Show(_) => None,
            ConfigAction::Push(push) => push.lang,
            ConfigAction::Pull(pull) => pull.lang,
        }
    }

    pub(super) async fn run(self) -> Result<Outcome, Stop> {
        match self.action {
            ConfigAction::Check(check) => check.run().await,
            ConfigAction::Show(show) => show.run().await,
            ConfigAction::Push(push) => push.run().await,
            ConfigAction::Pull(pull) => pull.run().await,
        }
    }
}

impl ConfigCheck {
    async fn run(self) -> Result<Outcome, Stop> {
        let file = self.config.file()?;
        let errors: Vec<Localized> = match judged(&file).await {
            Err(errors) => errors.into_iter().map(Localized::from).collect(),
            Ok(config) => {
                config.warnings.iter().for_each(warn);
                let errors = placed(&config).await?.errors;
                errors.into_iter().map(|error| error.at(file.display())).collect()
            }
        };
        errors.iter().for_each(fail);
        let file = file.display();
        print(match (language(), errors.len()) {
            (Language::En, 0) => format!("{file}: no errors"),
            (Language::Ru, 0) => format!("{file}: ошибок нет"),
            (Language::En, count) => format!("{file}: errors: {count}"),
            (Language::Ru, count) => format!("{file}: ошибок: {count}"),
        });
        Ok(if errors.is_empty() { Outcome::Done } else { Outcome::UserNeeded })
    }
}

/// The configuration of this file, with what nodes share in their store, and everything that is wrong with it.
async fn judged(file: &Path) -> Result<HarnessConfig, Vec<ConfigError>> {
    let one = |error: ConfigError| vec![error];
    let text = toml_file::read_text(file).map_err(one)?;
    let location = crate::shared::location(file, &text, None).map_err(one)?;
    let Some(found) = crate::shared::find(file, &text, &location).await.map_err(one)? else {
        return HarnessConfig::judge(file, &text);
    };
    let judged = HarnessConfig::judge(file, &found.whole);
    let mut config =
        judged.map_err(|errors| errors.into_iter().map(crate::shared::without_line).collect::<Vec<_>>())?;
    config.warnings.extend(found.is_away());
    config.warnings.extend(found.differs(file, &text, &location));
    Ok(config)
}

impl ConfigShow {
    async fn run(self) -> Result<Outcome, Stop> {
        let file = self.config.file()?;
        let written = toml_file::read_text(&file)?;
        let location = crate::shared::location(&file, &written, None)?;
        let found = crate::shared::find(&file, &written, &location).await?;
        let text = found.map_or(written, |found| found.whole);
        let config = HarnessConfig::parse(&file, &text)?;
        let placed = placed(&config).await?;
        if let Some(error) = placed.errors.first() {
            return Err(error.clone().at(file.display()).into());
        }
        print_lines(&Lines::split(&shown::filled(&text, &config, &placed.versions)?));
        Ok(Outcome::Done)
    }
}

/// What came of placing the operations of a configuration.
struct Placed {
    versions: Vec<Arc<Version>>,
    errors: Vec<Localized>,
}

/// Places every operation on its integration, and goes on past what is wrong.
async fn placed(config: &HarnessConfig) -> Result<Placed, Stop> {
    let engine = Engine::with_compilation(EngineSettings::default(), component::usual_compilation())?;
    let (mut versions, mut errors, mut integrations) = (Vec::new(), Vec::new(), BTreeMap::new());
    for settings in &config.integrations {
        let mut settings = settings.clone();
        // Elsewhere this host makes the secret itself.
        if let Some(location @ StoreLocation::Redis(_)) = &config.store
            && let Err(missing) = cache_key::provide(&mut settings, location)
        {
            errors.push(missing.into());
            continue;
        }
        match Integration::new(settings.clone(), Stores::in_memory()) {
            Ok(integration) => drop(integrations.insert(settings.id.clone(), (Arc::new(integration), Vec::new()))),
            Err(error) => {
                errors.push(Localized::from(error).at(format_args!("[[integration]] `{}`", settings.id)));
            }
        }
    }
    for entry in &config.operations {
        let Some(id) = config.integration_of(entry).map(|settings| settings.id.as_str()) else { continue };
        let Some((integration, its)) = integrations.get_mut(id) else { continue };
        let mut entry = entry.clone();
        if let Err(missing) = registry::provide_component(&mut entry, &config.store.clone().unwrap_or_default()).await {
            errors.push(missing);
            continue;
        }
        match place(&engine, &entry, (id, integration)).await {
            Ok(version) => {
                its.push(Arc::clone(&version));
                versions.push(version);
            }
            Err(wrong) => {
                let place = format!("[[operation]] `{}`", entry.id);
                errors.extend(wrong.into_iter().map(|wrong| wrong.at(&place)));
            }
        }
    }
    // A key that only an operation reads which is wrong itself is not judged.
    if errors.is_empty() {
        for (integration, its) in integrations.values() {
            let unread = integration.unread_keys(its.iter().map(|version| &version.description));
            errors.extend(unread.into_iter().map(Localized::from));
        }
    }
    Ok(Placed { versions, errors })
}

/// The operation in its place, or everything that keeps it from there.
async fn place(
    engine: &Engine,
    entry: &OperationEntry,
    (id, integration): (&str, &Arc<Integration>),
) -> Result<Arc<Version>, Vec<Localized>> {
    let operation = crate::assemble::load(engine, &entry.component).await;
    let operation = operation.map_err(|error| vec![text_of(&error)])?;
    let belongs_to = (id.into(), Arc::clone(integration));
    let placed = Placement::new(&*entry.id, belongs_to, entry.exits(), entry.settings.clone(), operation.clone()).await;
    match placed {
        Ok(placement) => Ok(placement.configured()),
        Err(_) => {
            let misfits = node::misfits(&operation, integration, &entry.exits(), &entry.settings).await;
            Err(misfits.iter().map(Bilingual::text).collect())
        }
    }
}
