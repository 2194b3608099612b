//! `host-harness rehearse`: a history of calls through a component, before it is trusted with today's.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use amocrm_simulator::{Account, FaultRule};
use anyhow::{Context, anyhow};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

use super::calls::moment;
use super::config_file::ConfigOrDemo;
use super::replay::setting;
use super::{LanguageChoice, Outcome, Stop, component, language, local_zone, note, print_json, print_lines, warn};
use crate::component_source::ComponentSource;
use crate::config::HarnessConfig;
use crate::{registry, shared};
use amocrm::integration::IntegrationSettings;
use call::Localized;
use node::call_details::{Filter, Place, Reader, file_in};
use replay::demo;
use replay::rehearsal::{self, AGAINST, Amocrm, Changes, Figures, History, REHEARSED, Stage, StagePlacement, Variant};
use runtime::engine::Operation;
use stores;

/// Rehearse a history of calls in seconds: where they would go and what amoCRM would be asked
///
/// The history is a file of calls (CSV: at,caller,called), a folder of recordings or, by default, the kept call details. amoCRM is simulated, with
/// the account of --account or one rebuilt from what the kept calls found; recordings hold their own answers. With --against-component or --against
/// the calls are rehearsed a second time with another component or setting, and both results are shown side by side. Where exits of the configuration
/// lead to other operations, calls go all their way, and the figures tell what came of them at each step.
#[derive(Args)]
pub(super) struct Rehearse {
    /// A file of calls, or a folder of recordings [default: the kept call details]
    history: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigOrDemo,
    /// Which placed operation of the configuration, where there are several
    #[arg(long, value_name = "ID")]
    operation: Option<String>,
    /// The step of the scenario that the components and settings are for [default: the operation that calls come to]
    #[arg(long, value_name = "ID")]
    step: Option<String>,
    /// The simulated account, as for `amocrm` [default: that of the history, or the demonstration's]
    #[arg(long, value_name = "FILE")]
    account: Option<PathBuf>,
    /// A fault of the simulated amoCRM, such as contacts:delay-headers=2s; may be repeated
    #[arg(long, value_name = "FAULT")]
    fault: Vec<FaultRule>,
    /// The component: a file, or the name of one that is built in [default: that of the configuration, or forward-to-personal-manager]
    #[arg(long, value_name = "COMPONENT")]
    component: Option<ComponentSource>,
    /// A setting, such as waiting_time=1s; may be repeated
    #[arg(long, value_name = "SETTING=VALUE", value_parser = setting)]
    set: Vec<(String, String)>,
    /// The component of the second rehearsal
    #[arg(long, value_name = "COMPONENT")]
    against_component: Option<ComponentSource>,
    /// A setting of the second rehearsal; may be repeated
    #[arg(long, value_name = "SETTING=VALUE", value_parser = setting)]
    against: Vec<(String, String)>,
    /// Where the call details are kept [default: the user's state directory]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Only kept calls since then: a time, or how long ago, such as 24h
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Timestamp>,
    /// Only kept calls before then
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Timestamp>,
    /// How many of the calls are listed that would go elsewhere
    #[arg(long, value_name = "N", default_value_t = 20)]
    changes: usize,
    /// Draw the calls over time into a file: .svg or .html
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
    /// The language of the text and the picture [default: that of the environment]
    #[arg(long, value_name = "LANGUAGE")]
    pub(super) lang: Option<LanguageChoice>,
}

impl Rehearse {
    pub(super) async fn run(self) -> Result<Outcome, Stop> {
        if let Some(file) = &self.picture {
            kind_of_picture(file)?;
        }
        let named = [("--operation", self.operation.is_some()), ("--step", self.step.is_some())];
        let config = match self.config.file_with(&named)? {
            Some(file) => {
                let mut config = shared::read(&file, None).await?;
                let location = config.store.clone().unwrap_or_default();
                registry::provide(&mut config, &location).await.map_err(|error| error.at(file.display()))?;
                Some(config)
            }
            None => None,
        };
        if config.is_none() && self.history.is_none() {
            let defaults = Localized::new(
                "примечание: звонки проверяются с настройками операции по умолчанию; чтобы взять настройки сервера, укажите его файл в --config",
                "note: the calls are rehearsed with the settings that the operation has unless set; name the server's file with --config to take its own",
            );
            note(defaults.get(language()));
        }
        let history = Arc::new(self.history()?);
        let scene = self.place(config.as_ref(), &history).await?;
        let (settings, configured) = (scene.settings, scene.component);
        let amocrm = match (&self.account, &history.amocrm) {
            (Some(file), _) => Amocrm::Simulated(Box::new(Account::load(file)?)),
            (None, Some(amocrm)) => amocrm.clone(),
            (None, None) => Amocrm::Simulated(Box::new(Account::demo())),
        };
        let stage = Stage {
            history: Arc::clone(&history),
            amocrm,
            integrations: scene.integrations,
            placements: scene.placements,
            scenario_waiting_time: scene.scenario_waiting_time,
            faults: self.fault.clone(),
        };

        let component = self.component.clone().unwrap_or(configured);
        let mut variants = vec![variant(REHEARSED, &component, &settings, &self.set).await?];
        if self.against_component.is_some() || !self.against.is_empty() {
            let other = self.against_component.clone().unwrap_or(component);
            let set = [&self.set[..], &self.against].concat();
            variants.push(variant(AGAINST, &other, &settings, &set).await?);
        }
        let bar = progress_bar(history.calls.len() * variants.len());
        let mut figures: Vec<Figures> = Vec::new();
        for variant in variants {
            bar.set_message(variant.name.clone());
            let (told, before) = (bar.clone(), history.calls.len() * figures.len());
            let before = u64::try_from(before).unwrap_or(0);
            figures.push(rehearsal::run(stage.clone(), variant, move |calls| told.set_position(before + calls)).await?);
        }
        bar.finish_and_clear();
        self.show(&figures)?;
        Ok(Outcome::Done)
    }

    fn history(&self) -> anyhow::Result<History> {
        match &self.history {
            Some(folder) if folder.is_dir() => History::from_recordings(folder),
            Some(file) => History::from_csv(file),
            None => {
                let directory = self.state.clone().or_else(stores::user_state_directory);
                let directory =
                    directory.ok_or_else(|| anyhow!("this user has no state directory; name one with --state"))?;
                let reader = Reader::new(Place::File(file_in(&directory)));
                let (since, until, operation) = (self.since, self.until, self.operation.clone());
                History::from_kept(&reader, &Filter { since, until, operation, ..Filter::default() })
            }
        }
    }

    /// What the calls come to: the operation that was asked for, and those that its exits lead to.
    async fn place(&self, config: Option<&HarnessConfig>, history: &History) -> Result<ConfiguredSteps, Stop> {
        let Some(config) = config else {
            let employees = if history.employees.is_empty() { demo::employees() } else { history.employees.clone() };
            let integration = demo::integration("http://demo.amocrm.test".parse()?, employees);
            let placement = StagePlacement {
                id: "main".to_owned(),
                integration: integration.id.clone(),
                exits: demo::LINKED_OPERATION.into(),
                fixed: None,
            };
            return Ok(ConfiguredSteps {
                integrations: vec![integration],
                placements: vec![placement],
                ..ConfiguredSteps::default()
            });
        };
        let first = config.operation(self.operation.as_deref()).map_err(|message| anyhow!("{message}"))?;
        let steps = config.steps_from(first);
        let varied = self.step.as_ref().unwrap_or(&first.id);
        let varied = steps.iter().find(|step| step.id == *varied).with_context(|| {
            let known: Vec<_> = steps.iter().map(|step| format!("`{}`", step.id)).collect();
            format!("--step {varied}: calls to `{}` never come to it; they come to {}", first.id, known.join(", "))
        })?;
        let mut scene = ConfiguredSteps {
            scenario_waiting_time: config.scenario_waiting_time,
            settings: varied.settings.clone(),
            component: varied.component.clone(),
            ..ConfiguredSteps::default()
        };
        let mut loaded = BTreeMap::<&ComponentSource, Operation>::new();
        for step in &steps {
            let integration = config.integration_of(step).context("the placed operation has no integration")?;
            if !scene.integrations.iter().any(|known| known.id == integration.id) {
                scene.integrations.push(integration.clone());
            }
            let fixed = if step.id == varied.id {
                None
            } else {
                let operation = match loaded.entry(&step.component) {
                    Entry::Occupied(known) => known.get().clone(),
                    Entry::Vacant(place) => {
                        let (operation, _) =
                            component::load_described(&step.component, component::usual_compilation()).await?;
                        place.insert(operation).clone()
                    }
                };
                Some((operation, step.settings.clone()))
            };
            let (id, integration) = (step.id.clone(), integration.id.clone());
            scene.placements.push(StagePlacement { id, integration, exits: step.exits(), fixed });
        }
        Ok(scene)
    }

    fn show(&self, figures: &[Figures]) -> anyhow::Result<()> {
        let zone = local_zone().unwrap_or_else(|error| {
            warn(&error.then("; ", &Localized::new("время показано по UTC", "times are shown in UTC")));
            TimeZone::UTC
        });
        let reader = rehearsal::Reader { language: language(), zone };
        let changes = match figures {
            [first, then] => Some(Changes::between(first, then, self.changes)),
            _ => None,
        };
        if self.json {
            let document = json!({"version": 1, "rehearsals": figures, "changes": changes});
            print_json(&document)?;
        } else {
            print_lines(&rehearsal::side_by_side(figures, changes.as_ref(), &reader));
        }
        if let Some(file) = &self.picture {
            let svg = rehearsal::picture(figures, &reader);
            let text = match kind_of_picture(file)? {
                Picture::Svg => svg,
                Picture::Html => {
                    let (language, title) =
                        (reader.language.say("ru", "en"), reader.language.say("Прогон звонков", "Rehearsal"));
                    format!(
                        "<!doctype html>\n<html lang=\"{language}\">\n<meta charset=\"utf-8\">\n<title>{title}</title>\n{svg}"
                    )
                }
            };
            std::fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))?;
            note(format_args!("note: drawn in {}", file.display()));
        }
        Ok(())
    }
}

/// What the calls come to.
#[derive(Default)]
struct ConfiguredSteps {
    integrations: Vec<IntegrationSettings>,
    placements: Vec<StagePlacement>,
    scenario_waiting_time: Option<Duration>,
    /// The configured settings of the step that is varied.
    settings: BTreeMap<String, String>,
    /// Its configured component.
    component: ComponentSource,
}

enum Picture {
    Svg,
    Html,
}

fn kind_of_picture(file: &Path) -> anyhow::Result<Picture> {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("svg") => Ok(Picture::Svg),
        Some("html") => Ok(Picture::Html),
        _ => Err(anyhow!("--picture {}: let its name end with .svg or .html", file.display())),
    }
}

async fn variant(
    name: &str,
    component: &ComponentSource,
    settings: &BTreeMap<String, String>,
    set: &[(String, String)],
) -> Result<Variant, Stop> {
    let (operation, description) = component::load_described(component, component::usual_compilation()).await?;
    let mut settings = settings.clone();
    settings.extend(set.iter().cloned());
    let option = if name == AGAINST { "--against: " } else { "" };
    let variant = Variant { name: name.to_owned(), operation, description, settings };
    // Before anything is run: the second rehearsal comes after the first.
    variant.check().map_err(|error| anyhow!("{option}{error}"))?;
    Ok(variant)
}

/// On a terminal only.
fn progress_bar(calls: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(u64::try_from(calls).unwrap_or(u64::MAX));
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len} calls, {eta}") {
        bar.set_style(style);
    }
    bar
}
