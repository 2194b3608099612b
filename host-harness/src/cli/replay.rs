//! `host-harness replay`: resolves a recorded call again, or shows what another component or setting would have made of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;
use serde_json::json;

use super::{
    LanguageChoice, Outcome, Stop, complain, complain_lines, component, language, print, print_json, print_lines,
};
use call::one_line::Lines;
use replay::policy;
use replay::recording::{Recording, Replayed, With, side_by_side};

/// Resolve a recorded call again, without network or store
///
/// The recorded component must do exactly the same, instruction for instruction; if it does not, the command shows the first import that differs and
/// ends with exit code 6. With --component or --set it shows what would have happened.
#[derive(Args)]
pub(super) struct Replay {
    /// The recording, made by `call --record` or by the server
    file: PathBuf,
    /// The component [default: the built-in operation]
    #[arg(long, value_name = "FILE")]
    component: Option<PathBuf>,
    /// A setting in place of the recorded one, such as waiting_time=1s; may be repeated
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
    lang: Option<LanguageChoice>,
}

pub(super) fn setting(text: &str) -> anyhow::Result<(String, String)> {
    let (key, value) = text.split_once('=').context("write a setting and its value, such as waiting_time=1s")?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

impl Replay {
    pub(super) async fn run(self) -> Result<Outcome, Stop> {
        let name = self.file.display();
        let recording = Recording::load(&self.file).map_err(|error| anyhow!("{name} {error}"))?;
        let (operation, description) =
            component::load_described(self.component.as_deref(), component::unkept()).await?;
        let settings: BTreeMap<_, _> = self.set.iter().cloned().collect();
        let with = With { operation, description: &description, settings: &settings };
        let exactly = recording.is_of(&with);
        if !exactly && self.component.is_none() && self.set.is_empty() {
            return Err(Stop::Usage(anyhow!(
                "{name} was recorded with the component {}, and this is {}: give that one with --component FILE; with another one \
                 `replay` shows what would have happened",
                short(&recording.component),
                short(with.operation.digest())
            )));
        }
        let replayed = recording.replay(&with).await.map_err(|error| anyhow!("{name}: {error}"))?;
        if self.json {
            let departure = replayed.departure.as_ref().map(ToString::to_string);
            print_json(&json!({
                "exactly": exactly,
                "recorded": recording.resolved,
                "replayed": replayed.json,
                "departure": departure,
                "not_in_the_recording": replayed.unknown,
            }))?;
        } else if exactly {
            print_lines(&replayed.resolved.text(language(self.lang)).lines());
        } else {
            print_lines(&side_by_side(&recording, &replayed));
        }
        if exactly { self.told(&recording, &replayed) } else { Ok(Outcome::Done) }
    }

    /// Says how the same component did, and makes the policy test.
    fn told(&self, recording: &Recording, replayed: &Replayed) -> Result<Outcome, Stop> {
        let name = self.file.display();
        if let Some(departure) = &replayed.departure {
            complain_lines(&Lines::split(&format!("departed from {name}, {departure}")));
            return Ok(Outcome::Departed);
        }
        let instructions = match recording.instructions {
            Some(instructions) => format!(", the same {instructions} instructions"),
            None => String::new(),
        };
        let imports = recording.imports.len();
        if !self.json {
            print("");
            print(format_args!("As recorded: the same resolution, the same {imports} imports{instructions}"));
        }
        if let Some(folder) = &self.golden {
            golden(folder, recording)?;
            complain(format_args!(
                "note: {} is a policy test now; `host-harness test {}` runs it",
                folder.display(),
                parent(folder)
            ));
        }
        Ok(Outcome::Done)
    }
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
