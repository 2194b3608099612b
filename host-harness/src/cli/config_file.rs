//! Which configuration file a command uses: the one that it is told, else that of the environment, else the one in the working directory.

use std::path::{Path, PathBuf};
use std::{env, io};

use clap::Args;

use call::{Localized, localized};

/// The file in the working directory.
const FILE: &str = "host-harness.toml";
/// The variable of the environment that names another one.
const VARIABLE: &str = "HOST_HARNESS_CONFIG";

/// For commands that need a configuration.
#[derive(Args)]
pub(super) struct Config {
    /// The configuration file [default: that of HOST_HARNESS_CONFIG, else host-harness.toml here]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// For commands that have a demonstration.
#[derive(Args)]
pub(super) struct ConfigOrDemo {
    /// The configuration file [default: that of HOST_HARNESS_CONFIG, else host-harness.toml here, else the demonstration]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Use the built-in demonstration, although there is a configuration file
    #[arg(long, conflicts_with = "config")]
    demo: bool,
}

impl Config {
    pub(super) fn file(&self) -> Result<PathBuf, Localized> {
        self.config.clone().or_else(found).ok_or_else(|| {
            Localized::new(
                "здесь нет файла настроек: создайте host-harness.toml, укажите его в --config или задайте HOST_HARNESS_CONFIG",
                "there is no configuration file here: write host-harness.toml, name one with --config, or set HOST_HARNESS_CONFIG",
            )
        })
    }
}

impl ConfigOrDemo {
    /// The file; none for the demonstration.
    pub(super) fn file(&self) -> Option<PathBuf> {
        if self.demo { None } else { self.config.clone().or_else(found) }
    }

    /// The file that the environment names, where there is nothing in its place and nothing else is chosen: that of a first start. One that a person
    /// names may be misspelt.
    pub(super) fn awaited(&self) -> Option<PathBuf> {
        let file = named().filter(|_| self.config.is_none() && !self.demo)?;
        let is_missing = file.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
        is_missing.then_some(file)
    }

    /// The configuration file, where options name a part of it, each with whether it was given: there must be one then.
    pub(super) fn file_with(&self, named: &[(&str, bool)]) -> Result<Option<PathBuf>, Localized> {
        let file = self.file();
        match named.iter().find(|(_, is_given)| *is_given) {
            Some((option, _)) if file.is_none() => Err(localized!(
                "{option} называет часть файла настроек: создайте здесь host-harness.toml или укажите файл в --config",
                "{option} names a part of a configuration: write host-harness.toml here, or name a file with --config"
            )),
            _ => Ok(file),
        }
    }
}

/// Said where nobody's real calls are resolved.
pub(super) fn demonstration() -> Localized {
    Localized::new(
        "демонстрация: amoCRM и сотрудники вымышлены; чтобы принимать свои звонки, создайте здесь host-harness.toml или укажите его в --config",
        "demonstration: amoCRM and its people are simulated; for your own calls write host-harness.toml here, or name it with --config",
    )
}

fn found() -> Option<PathBuf> {
    named().or_else(|| Path::new(FILE).exists().then(|| PathBuf::from(FILE)))
}

/// That of the environment.
fn named() -> Option<PathBuf> {
    env::var_os(VARIABLE).filter(|named| !named.is_empty()).map(PathBuf::from)
}
