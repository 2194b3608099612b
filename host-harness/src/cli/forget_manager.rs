//! `host-harness forget-manager`: the manager that is kept of a caller is forgotten, as the console does it for an opened call.

use std::sync::Arc;

use clap::Args;

use super::calls::{find, place};
use super::config_file::Config;
use super::integration::hash_callers;
use super::{LanguageChoice, Outcome, Stop, component, language, print, warn};
use crate::assemble::assemble;
use crate::config::HarnessConfig;
use crate::live::{self, History};
use crate::{registry, shared};
use call::{Localized, localized, masking, numbers};
use node::Node;
use node::call_details::Reader;
use node::versions::Versions;
use runtime::capabilities::clocks::Clock;
use runtime::engine::{Engine, EngineSettings};
use runtime::toml_file;
use server::calls::forgetting::{KeptThrough, forgotten_of_call};
use stores::StoreLocation;

/// Forget which manager is kept of a caller, so that the next call asks amoCRM
///
/// For a contact that has just got another manager in amoCRM: kept managers are used for six hours. Name a call of the caller, as `calls` lists
/// it; where there is none, name the number. Works beside a server that runs, in the store that it uses.
#[derive(Args)]
pub(super) struct ForgetManager {
    /// A call of the caller: the PBX's identifier of it, or its number in the list
    #[arg(value_name = "CALL", required_unless_present = "caller", conflicts_with_all = ["caller", "integration"])]
    call: Option<String>,
    /// The caller's whole number in any notation
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    caller: Option<String>,
    #[command(flatten)]
    config: Config,
    /// Only this integration [default: all]
    #[arg(long, value_name = "ID")]
    integration: Option<String>,
    /// Where the server keeps values [default: the configured store, or the user's state directory]
    #[arg(long, value_name = "DIR")]
    state: Option<StoreLocation>,
    /// The language of the printed text [default: that of the environment]
    #[arg(long, value_name = "LANGUAGE")]
    pub(super) lang: Option<LanguageChoice>,
}

/// Through what, in which integrations, and what is remembered of it.
struct Subject {
    kept_through: KeptThrough,
    integration: Option<String>,
    what: Localized,
}

impl ForgetManager {
    pub(super) async fn run(self) -> Result<Outcome, Stop> {
        let file = self.config.file()?;
        let text = toml_file::read_text(&file)?;
        let location = shared::location(&file, &text, self.state.as_ref())?;
        let found = shared::find(&file, &text, &location).await?;
        let mut config = match &found {
            None => HarnessConfig::parse(&file, &text)?,
            Some(found) => HarnessConfig::parse(&file, &found.whole).map_err(shared::without_line)?,
        };
        let in_file = |error: anyhow::Error| error.context(file.display().to_string());
        let history = History::of(Some(&text), found.as_ref().map(|found| &found.shared), &location).await;
        let subject = match (&self.call, &self.caller) {
            (Some(call), _) => of_call(&Reader::new(place(&location)), call)?,
            (None, Some(number)) => self.of_caller(number, &config).map_err(in_file)?,
            (None, None) => {
                let which = "укажите звонок или номер в --caller";
                return Err(Localized::new(which, "name a call, or a number with --caller").into());
            }
        };
        registry::provide(&mut config, &location).await.map_err(|error| in_file(error.into()))?;
        for integration in &mut config.integrations {
            hash_callers(integration, &location).map_err(|error| in_file(error.into()))?;
        }
        let (stores, warnings) = stores::open(&location);
        let records = Arc::clone(&stores.records);
        for warning in warnings {
            warn(&warning.into());
        }
        let clock = Clock::system();
        let engine = Engine::with_compilation(EngineSettings::default(), component::compilation(&location))?;
        let placed = assemble(&config, history.made(), None, &engine, &stores, clock.clone()).await.map_err(in_file)?;
        let node = Node::builder(clock.clone()).revision(placed).build().map_err(|error| in_file(error.into()))?;
        // Each version knows how itself has kept them.
        let (_versions, warnings) =
            Versions::open(node.clone(), engine, location.own_directory().as_deref(), None).await;
        warnings.iter().for_each(warn);
        let revision = node.revision();
        server::look_at_tokens(revision.integrations()).await;
        let placements = revision.placements().iter();
        let is_meant = |id: &str| subject.integration.as_deref().is_none_or(|only| only == id);
        let operations: Vec<_> = placements.filter(|placement| is_meant(placement.integration_id())).cloned().collect();
        if !subject.kept_through.forget(&operations, &clock).await {
            return Err(Localized::new(
                "операция не смогла забыть менеджера; причину покажет --log warn",
                "an operation could not forget the manager; --log warn says why",
            )
            .into());
        }
        if let Err(error) = live::note_by_command(&location, &records, subject.what, clock.now()).await {
            warn(&error);
        }
        print(language().say(
            "Менеджер забыт: при следующем звонке его спросят у amoCRM.",
            "Forgotten: the next call asks amoCRM for the manager.",
        ));
        Ok(Outcome::Done)
    }

    fn of_caller(&self, number: &str, config: &HarnessConfig) -> anyhow::Result<Subject> {
        let chosen = config.integrations(self.integration.as_deref())?;
        for integration in &chosen {
            let country = integration.default_country()?;
            if numbers::read(number, country).is_none() {
                return Err(Localized::new(
                    "в --caller не телефонный номер; напишите его целиком, например +79165550101",
                    "--caller is not a telephone number; write the whole number, for example +79165550101",
                )
                .into());
            }
        }
        let masked = masking::mask(number);
        Ok(Subject {
            kept_through: KeptThrough::of_caller(number),
            integration: self.integration.clone(),
            what: Localized::new(
                format!("забыт менеджер, сохранённый для номера {masked}"),
                format!("the manager that was kept of the number {masked} was forgotten"),
            ),
        })
    }
}

/// Through what a kept call found in amoCRM.
fn of_call(reader: &Reader, id: &str) -> anyhow::Result<Subject> {
    let call = find(reader, id)?;
    let document = call.document().ok_or_else(|| {
        localized!(
            "звонок {} сохранён, но его запись не читается",
            "call {} is kept, but its record cannot be read",
            call.seq
        )
    })?;
    let Some(kept_through) = KeptThrough::of_call(&document) else {
        return Err(localized!(
            "звонок {} не нашёл в amoCRM ни контакта, ни компании, ни сделки: менеджер через них не сохранён; укажите номер в --caller",
            "call {} found no contact, company or lead in amoCRM, so no manager is kept through one; name the number with --caller",
            call.seq
        )
        .into());
    };
    let what = forgotten_of_call(call.seq, &document);
    Ok(Subject { kept_through, integration: Some(call.integration), what })
}
