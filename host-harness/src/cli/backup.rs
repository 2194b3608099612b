//! `host-harness backup`: a copy of what a server keeps, beside the server.

use std::path::{Path, PathBuf};

use clap::Args;

use super::config_file::ConfigOrDemo;
use super::{LanguageChoice, Outcome, Stop, language, print};
use crate::{backup, private_files, shared};
use call::{Localized, localized};
use runtime::toml_file;
use stores::StoreLocation;

/// Copy what a server keeps into a new folder, while it runs
///
/// The state directory with its databases, uploaded components and recordings, and the configuration file. It holds secrets: the server's token, the
/// access to accounts, and what callers' numbers are hashed with. Nothing is overwritten.
#[derive(Args)]
pub(super) struct BackupCommand {
    /// The folder to make; the one that it is in has to be there
    #[arg(value_name = "FOLDER")]
    to: PathBuf,
    #[command(flatten)]
    config: ConfigOrDemo,
    /// The state directory [default: the configured store, or the user's state directory]
    #[arg(long, value_name = "DIR")]
    state: Option<StoreLocation>,
    /// The language of the printed text [default: that of the environment]
    #[arg(long, value_name = "LANGUAGE")]
    pub(super) lang: Option<LanguageChoice>,
}

impl BackupCommand {
    pub(super) fn run(self) -> Result<Outcome, Stop> {
        let file = self.config.file();
        let text = file.as_deref().map(toml_file::read_text).transpose()?;
        let named = file.as_deref().zip(text.as_deref());
        let location = match named {
            Some((file, text)) => shared::location(file, text, self.state.as_ref())?,
            None => self.state.clone().unwrap_or_default(),
        };
        let directory = location.own_directory().ok_or_else(|| {
            Localized::new(
                "сервер ничего не хранит в файлах (`memory`): копировать нечего",
                "the server keeps nothing in files (`memory`): there is nothing to copy",
            )
        })?;
        let extent = backup::make(&directory, file.as_deref(), &self.to)?;
        let (to, state) = (self.to.display(), directory.display());
        let kilobytes = extent.bytes.div_ceil(1_000);
        let mut said = vec![
            localized!(
                "{to}: файлов {}, {kilobytes} КБ, из {state}",
                "{to}: {} files, {kilobytes} kB, from {state}",
                extent.files
            ),
            Localized::new(
                "В копии секреты: доступ к аккаунтам, токен сервера, ключ хешей номеров. Храните её так, чтобы никто другой не прочитал.",
                "It holds secrets: access to accounts, the server's token, the key of the numbers' hashes. Keep it where nobody else can read it.",
            ),
        ];
        said.extend(named.and_then(|(file, text)| not_in_it(file, text)));
        if let StoreLocation::Redis(redis) = &location {
            said.push(localized!(
                "В копии нет того, что хранит {redis}: у него своё резервное копирование.",
                "What {redis} holds is not in it: back that up there."
            ));
        }
        for line in said {
            print(line.get(language()));
        }
        Ok(Outcome::Done)
    }
}

/// The files that the configuration names stay where they are.
fn not_in_it(file: &Path, text: &str) -> Option<Localized> {
    let configuration: toml::Value = text.parse::<toml::Table>().ok()?.into();
    let folder = file.parent().unwrap_or(Path::new(""));
    let files: Vec<_> =
        private_files::secrets_of(&configuration, folder).iter().map(|file| file.display().to_string()).collect();
    let files = (!files.is_empty()).then(|| files.join(", "))?;
    Some(localized!(
        "В копии нет файлов секретов, которые названы в настройках: {files}.",
        "Files of secrets that the configuration names are not in it: {files}."
    ))
}
