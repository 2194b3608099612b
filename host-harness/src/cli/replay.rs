//! `host-harness replay`: resolves a recorded call again, or shows what another component or setting would have made of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::{
    LanguageChoice, Outcome, Stop, component, language, local_zone, note, note_lines, print, print_json, print_lines,
};
use crate::component_source::{BuiltIn, ComponentSource};
use call::CallDocument;
use call::one_line::Lines;
use replay::policy;
use replay::recording::{Components, Recording, ReplayedChain, ReplayedStep, With, side_by_side};
use runtime::bindings::exports::telephony::operation::operation::Description;
use runtime::engine::{Operation, digest};

/// Resolve a recorded call again, without network or store
///
/// The recorded components must do exactly the same, instruction for instruction; if one does not, the command shows the first import that differs
/// and ends with exit code 6. With another --component or --set it shows what would have happened.
#[derive(Args)]
pub(super) struct Replay {
    /// The recording, made by `call --record` or by the server
    file: PathBuf,
    /// A component for the steps of its operation: a file, or the name of one that is built in; may be repeated [default: those that are built in]
    #[arg(long, value_name = "COMPONENT")]
    component: Vec<ComponentSource>,
    /// A setting of the first component in place of the recorded one, such as waiting_time=1s; may be repeated
    #[arg(long, value_name = "SETTING=VALUE", value_parser = setting)]
    set: Vec<(String, String)>,
    /// Turn the recording into a policy test: a folder of this name, which `test` runs
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["component", "set"])]
    golden: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// The language of the printed text [default: that of the environment]
    #[arg(long, value_name = "LANGUAGE")]
    pub(super) lang: Option<LanguageChoice>,
}

pub(super) fn setting(text: &str) -> anyhow::Result<(String, String)> {
    let (key, value) = text.split_once('=').context("write a setting and its value, such as waiting_time=1s")?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

/// A component that a replay has at hand.
struct Loaded {
    operation: Operation,
    description: Description,
    /// What stands in place of its recorded settings.
    settings: BTreeMap<String, String>,
}

impl Loaded {
    async fn of(source: &ComponentSource, settings: BTreeMap<String, String>) -> Result<Self, Stop> {
        let (operation, description) = component::load_described(source, component::usual_compilation()).await?;
        Ok(Self { operation, description, settings })
    }

    fn with(&self) -> With<'_> {
        With { operation: self.operation.clone(), description: &self.description, settings: &self.settings }
    }
}

impl Replay {
    pub(super) async fn run(self) -> Result<Outcome, Stop> {
        let name = self.file.display();
        let recording = Recording::load(&self.file).map_err(|error| anyhow!("{name} {error}"))?;
        let (tried, built_in) = self.components(&recording).await?;
        let tried: Vec<_> = tried.iter().map(Loaded::with).collect();
        let built_in: Vec<_> = built_in.iter().map(Loaded::with).collect();
        let components = Components { tried: &tried, recorded: &built_in };
        self.judge(&recording, &components)?;
        let chain = recording.replay_steps(&components).await.map_err(|error| anyhow!("{name}: {error}"))?;
        let exactly = chain.steps.iter().all(ReplayedStep::is_exact);
        if self.json {
            print_json(&json!({
                "exactly": exactly,
                "recorded": without_cost(&recording.document()?)?,
                "replayed": without_cost(&chain.document()?)?,
                "departure": chain.departed().and_then(departure),
                "departed_in": chain.departed().map(|step| &step.recording.placement),
                "not_in_the_recording": chain.unknown().collect::<Vec<_>>(),
                "would_go_on_to": chain.left_for,
                "steps": chain.steps.iter().map(step_json).collect::<Vec<_>>(),
            }))?;
        } else if exactly {
            // A wrong TZ loses no answer: the time is then in UTC.
            let zone = local_zone().unwrap_or(TimeZone::UTC);
            print_lines(&chain.document()?.text(language()).in_zone(zone).lines());
        } else {
            print_lines(&side_by_side(&recording, &chain));
        }
        if exactly { self.told(&recording, &chain) } else { Ok(Outcome::Done) }
    }

    /// The components that are tried, and the built-in ones that take part only as they were recorded. Settings without a component are those of
    /// the first built-in one.
    async fn components(&self, recording: &Recording) -> Result<(Vec<Loaded>, Vec<Loaded>), Stop> {
        let mut settings: BTreeMap<_, _> = self.set.iter().cloned().collect();
        let mut tried = Vec::new();
        for source in &self.component {
            tried.push(Loaded::of(source, std::mem::take(&mut settings)).await?);
        }
        let mut recorded = Vec::new();
        for built_in in BuiltIn::ALL {
            let source = ComponentSource::BuiltIn(built_in);
            let digest = digest(built_in.component());
            if source == ComponentSource::default() && self.component.is_empty() && !self.set.is_empty() {
                tried.push(Loaded::of(&source, std::mem::take(&mut settings)).await?);
            } else if source == ComponentSource::default() || recording.steps().any(|step| step.component == digest) {
                recorded.push(Loaded::of(&source, BTreeMap::new()).await?);
            }
        }
        Ok((tried, recorded))
    }

    /// Says which component is missing, and which one is of no step.
    fn judge(&self, recording: &Recording, components: &Components<'_>) -> Result<(), Stop> {
        let name = self.file.display();
        let at = |step: &Recording| match step.placement.as_str() {
            "" => String::new(),
            placement => format!(" at the step `{placement}`"),
        };
        if components.tried.is_empty() {
            let missing = |step: &&Recording| !components.recorded.iter().any(|with| step.is_of(with));
            return recording.steps().find(missing).map_or(Ok(()), |step| {
                let built_in = components.recorded.iter().map(|with| short(with.operation.digest())).take(1);
                Err(Stop::Usage(anyhow!(
                    "{name} was recorded with the component {}{}, and this is {}: give that one with --component FILE; with another one \
                     `replay` shows what would have happened",
                    short(&step.component),
                    at(step),
                    built_in.collect::<Vec<_>>().concat()
                )))
            });
        }
        let is_of_none = |with: &&With<'_>| !recording.steps().any(|step| step.is_of_operation(with));
        match components.tried.iter().find(is_of_none) {
            None => Ok(()),
            Some(with) => {
                let steps = recording.steps().map(|step| format!("`{}`{}", step.operation, at(step)));
                Err(Stop::Usage(anyhow!(
                    "{name} has no step of the operation `{}`; it has {}: give a component of one of these with --component FILE",
                    with.description.id,
                    steps.collect::<Vec<_>>().join(", ")
                )))
            }
        }
    }

    /// Says how the same components did, and makes the policy test.
    fn told(&self, recording: &Recording, chain: &ReplayedChain<'_>) -> Result<Outcome, Stop> {
        let name = self.file.display();
        if let Some(step) = chain.departed() {
            let place = if recording.earlier.is_empty() {
                String::new()
            } else {
                format!(" in the step `{}`", step.recording.placement)
            };
            let departure = step.replayed.as_ref().and_then(|replayed| replayed.departure.as_ref());
            // It begins with the import, or else with a list of what differs.
            let between = if departure.is_some_and(|departure| departure.import.is_some()) { ", " } else { ":\n" };
            let departure = departure.map(ToString::to_string).unwrap_or_default();
            note_lines(&Lines::split(&format!("departed from {name}{place}{between}{departure}")));
            return Ok(Outcome::Departed);
        }
        let instructions: Option<u64> = recording.steps().map(|step| step.instructions).sum();
        let instructions =
            instructions.map_or_else(String::new, |instructions| format!(", the same {instructions} instructions"));
        let imports: usize = recording.steps().map(|step| step.imports.len()).sum();
        let steps = match recording.steps().count() {
            1 => String::new(),
            steps => format!(" in {steps} steps"),
        };
        if !self.json {
            print("");
            print(format_args!("As recorded: the same resolution{steps}, the same {imports} imports{instructions}"));
        }
        if let Some(folder) = &self.golden {
            golden(folder, recording)?;
            note(format_args!(
                "note: {} is a policy test now; `host-harness test {}` runs it",
                folder.display(),
                parent(folder)
            ));
        }
        Ok(Outcome::Done)
    }
}

fn departure(step: &ReplayedStep<'_>) -> Option<String> {
    step.replayed.as_ref()?.departure.as_ref().map(ToString::to_string)
}

/// One step, for programs.
fn step_json(step: &ReplayedStep<'_>) -> Value {
    json!({
        "placement": step.recording.placement,
        "operation": step.recording.operation,
        "exactly": step.is_exact(),
        "recorded": step.recording.resolved,
        "replayed": step.replayed.as_ref().map(|replayed| &replayed.json),
        "departure": departure(step),
    })
}

/// A document without what its runs cost, which differs from machine to machine.
fn without_cost(document: &CallDocument) -> anyhow::Result<Value> {
    let mut document = serde_json::to_value(document)?;
    let steps = document.get_mut("steps").and_then(Value::as_array_mut).into_iter().flatten();
    for step in steps {
        step.as_object_mut().and_then(|fields| fields.remove("run"));
    }
    document.as_object_mut().and_then(|fields| fields.remove("run"));
    Ok(document)
}

fn golden(folder: &Path, recording: &Recording) -> anyhow::Result<()> {
    let cannot = || format!("the folder {} cannot be made a policy test", folder.display());
    std::fs::create_dir_all(folder).with_context(cannot)?;
    recording.save(&folder.join(policy::RECORDING)).with_context(cannot)?;
    policy::expect(folder, recording).map_err(|error| anyhow!("{}", error.trim())).with_context(cannot)
}

fn parent(folder: &Path) -> String {
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new(".")).display().to_string()
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}
