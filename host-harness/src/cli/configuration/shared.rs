//! `host-harness config push` and `pull`: what nodes share of a configuration, written from this node's file, or into it.

use std::path::PathBuf;

use clap::Args;

use super::{HarnessConfig, placed};
use crate::change::{Change, made_by, revision_of};
use crate::cli::config_file::Config;
use crate::cli::{LanguageChoice, Outcome, Stop, fail, language, print, print_lines, say};
use crate::live::difference::difference;
use crate::shared::{self, Record, Seen};
use crate::text_file;
use call::one_line::Lines;
use call::{Localized, localized, system_error_ru};
use runtime::capabilities::clocks::Clock;
use runtime::toml_file;
use server::configuration::{Author, By};
use stores::StoreLocation;

/// Put what this file says in force on every node that shares the store
///
/// What can be changed over HTTP is written: operations, and of integrations whether they are on, their employees and plain values; the rest of a file
/// is its node's own. What would change is shown first, with the command that changes it.
#[derive(Args)]
pub(super) struct Push {
    #[command(flatten)]
    config: Config,
    /// The revision that is replaced, as the command shows it
    #[arg(long, value_name = "REVISION")]
    if_match: Option<String>,
    #[command(flatten)]
    store: StoreChoice,
    /// The language of the printed text [default: that of the environment]
    #[arg(long, value_name = "LANGUAGE")]
    pub(super) lang: Option<LanguageChoice>,
}

/// Write what the nodes share into this file; what is the node's own stays
#[derive(Args)]
pub(super) struct Pull {
    #[command(flatten)]
    config: Config,
    #[command(flatten)]
    store: StoreChoice,
    /// The language of the printed text [default: that of the environment]
    #[arg(long, value_name = "LANGUAGE")]
    pub(super) lang: Option<LanguageChoice>,
}

#[derive(Args)]
struct StoreChoice {
    /// The store that the nodes share [default: that of the configuration]
    #[arg(long, value_name = "ADDRESS")]
    state: Option<StoreLocation>,
}

/// A file, and the record that its node shares with others.
struct Opened {
    file: PathBuf,
    text: String,
    /// The folder of components that were uploaded to this node.
    uploaded: Option<PathBuf>,
    record: Record,
    seen: Option<Seen>,
}

impl Opened {
    async fn of(config: &Config, choice: &StoreChoice) -> Result<Self, Stop> {
        let file = config.file()?;
        let text = toml_file::read_text(&file)?;
        let location = shared::location(&file, &text, choice.state.as_ref())?;
        let Some(found) = shared::find(&file, &text, &location).await? else {
            return Err(localized!(
                "{}: хранилище не общее, и настройки берутся из самого файла: сервер заметит его изменение сам",
                "{}: the store is not one that nodes share, so the file itself counts: a server notices that it was edited",
                file.display()
            )
            .into());
        };
        if let Some(away) = found.shared.away {
            return Err(away.into());
        }
        let uploaded = shared::uploaded(location.own_directory().as_deref());
        Ok(Self { file, text, uploaded, record: found.shared.record, seen: found.shared.seen })
    }
}

impl Push {
    pub(super) async fn run(self) -> Result<Outcome, Stop> {
        let Opened { file, text, uploaded, record, seen } = Opened::of(&self.config, &self.store).await?;
        let config = HarnessConfig::parse(&file, &text)?;
        let errors = placed(&config).await?.errors;
        if !errors.is_empty() {
            errors.into_iter().for_each(|error| fail(&error.at(file.display())));
            return Ok(Outcome::UserNeeded);
        }
        let (next, store) = (shared::shared(&text, uploaded.as_deref())?, record.location());
        let (at, author) = (Clock::system().now(), Author { name: None, by: By::Command });
        let next = match &seen {
            None => Seen::of(Change::of_text(0, at, author, next)),
            Some(seen) if seen.said.shared_text() == next => {
                print(localized!("{store}: ничего не отличается", "{store}: nothing differs").get(language()));
                return Ok(Outcome::Done);
            }
            Some(seen) => {
                let revision = revision_of(seen.said.shared_text());
                if self.if_match.as_deref() != Some(revision.as_str()) {
                    print_lines(&Lines::split(&difference(seen.said.shared_text(), &next)));
                    say(&localized!(
                        "ничего не изменено: чтобы это изменение начало действовать на всех узлах, повторите команду с --if-match {revision}",
                        "nothing is changed: to put this in force on every node, run the command again with --if-match {revision}"
                    ));
                    return Ok(Outcome::UserNeeded);
                }
                let were = seen.said.made.clone().unwrap_or_default();
                let made = made_by(seen.said.number + 1, (seen.said.shared_text(), &were), &next, None);
                Seen::of(seen.said.next(next, made, None, author, at))
            }
        };
        if !record.swap(seen.as_ref(), &next).await.map_err(Localized::from)? {
            return Err(Localized::new(
                "общие настройки тем временем изменились: посмотрите, что изменилось, и повторите",
                "the shared configuration was changed meanwhile: look at what has changed, and try again",
            )
            .into());
        }
        print(
            localized!(
                "{store}: записано; работающие узлы применят это в течение секунды",
                "{store}: written; the nodes that run put it in force within a second"
            )
            .get(language()),
        );
        Ok(Outcome::Done)
    }
}

impl Pull {
    pub(super) async fn run(self) -> Result<Outcome, Stop> {
        let Opened { file, text, uploaded, record, seen } = Opened::of(&self.config, &self.store).await?;
        let (shown, store) = (file.display(), record.location());
        let Some(seen) = seen else {
            return Err(localized!(
                "{store}: общих настроек ещё нет; их запишет первый сервер или `host-harness config push`",
                "{store}: there is no shared configuration yet; the first server writes it, or `host-harness config push`"
            )
            .into());
        };
        let whole = text_file::spelt_as(&text, shared::whole(seen.said.shared_text(), &text, uploaded.as_deref())?);
        HarnessConfig::parse(&file, &whole).map_err(shared::without_line)?;
        let is_written = text_file::replace(&file, &text, &whole).map_err(|error| {
            Localized::new(
                format!("{shown} не записывается: {}", system_error_ru(&error)),
                format!("{shown} cannot be written: {error}"),
            )
        })?;
        if !is_written {
            return Err(localized!(
                "{shown} тем временем изменили, он остался как есть: повторите",
                "{shown} was changed meanwhile, and stays as it is: try again"
            )
            .into());
        }
        print(
            localized!("{shown}: общие настройки записаны", "{shown}: the shared configuration is written")
                .get(language()),
        );
        Ok(Outcome::Done)
    }
}
