//! `host-harness call`: resolves one call and shows where it goes and why.

mod recording;
mod scene;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use amocrm_simulator::FaultRule;
use anyhow::{Context, anyhow, ensure};
use clap::Args;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::config_file::ConfigOrDemo;
use super::integration::hash_callers;
use super::{LanguageChoice, Outcome, Stop, access, component, language, local_zone, print_json, print_lines, warn};
use crate::component_source::ComponentSource;
use crate::config::OperationEntry;
use amocrm::integration::{Access, Integration};
use call::document::OPERATION_FAILED;
use call::{IncomingCall, Localized, WholeNumber};
use node::call_details::{self, Place, Reader};
use node::{Node, ToPlace};
use recording::Steps;
use runtime::bindings::exports::telephony::operation::operation::Description;
use runtime::capabilities::clocks::Clock;
use runtime::engine::WAITING_TIME;
use runtime::settings::{missing_settings, read_settings};
use scene::Scene;
use stores::{self, StoreLocation};

/// Resolve one call: print where it goes, and why
///
/// Where there is no configuration file, the call is resolved against a built-in demonstration account: a simulated amoCRM inside this process.
#[derive(Args)]
pub(super) struct Call {
    /// The caller's number in any notation; "" if the caller withheld it
    #[arg(allow_hyphen_values = true)]
    number: String,
    /// The number that was called
    #[arg(long, value_name = "DID")]
    to: Option<String>,
    #[command(flatten)]
    config: ConfigOrDemo,
    /// Which placed operation of the configuration the call begins with, where there are several
    #[arg(long, value_name = "ID")]
    operation: Option<String>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// The language of the printed text [default: that of the environment]
    #[arg(long, value_name = "LANGUAGE")]
    pub(super) lang: Option<LanguageChoice>,
    /// When the call arrives: 2026-11-22T09:00:00+03:00, a local 2026-11-22T09:00, tomorrow (when the day begins), or +6h from now
    #[arg(long, value_name = "TIME", value_parser = point_in_time, allow_hyphen_values = true)]
    at: Option<Timestamp>,
    /// How long the operation may wait for amoCRM, such as 500ms or 3s
    #[arg(long, value_name = "DURATION")]
    waiting_time: Option<String>,
    /// A setting of the operation, such as search_companies=true, instead of the configured one; may be repeated
    #[arg(long, value_name = "SETTING=VALUE", value_parser = super::replay::setting)]
    set: Vec<(String, String)>,
    /// The component: a file, or the name of one that is built in [default: that of the configuration, or forward-to-personal-manager]
    #[arg(long, value_name = "COMPONENT")]
    component: Option<ComponentSource>,
    /// Where values are kept between calls: a directory, or `memory` for nowhere [default: the user's state directory]
    #[arg(long, value_name = "DIR")]
    state: Option<StoreLocation>,
    /// A fault of the demonstration's amoCRM, such as contacts:hang or contacts:delay-headers=2s; may be repeated
    #[arg(long, value_name = "FAULT", conflicts_with = "config")]
    fault: Vec<FaultRule>,
    /// Record what the call asked and what it was answered, telephone numbers masked; `replay FILE` resolves it again
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Do not mask telephone numbers in the recording
    #[arg(long, requires = "record")]
    whole_numbers: bool,
}

impl Call {
    pub(super) async fn run(self) -> Result<Outcome, Stop> {
        // The clock stands still while the call is resolved, at the whole second that is printed: a second call `--at` 6 h later to the
        // second then comes exactly 6 h later, however long either process took. Waiting times have a clock of their own.
        let arrival = self.at.unwrap_or_else(|| Clock::system().now());
        let clock = Clock::frozen_at(Timestamp::from_second(arrival.as_second())?);
        let mut scene = Scene::set(&self, &clock).await?;
        let location = self.state.clone().or_else(|| scene.store.clone()).unwrap_or_default();
        let mut loaded = Vec::new();
        for entry in &scene.operations {
            loaded.push(component::load_described(&entry.component, component::compilation(&location)).await?);
        }
        if let (Some(entry), Some((_, description))) = (scene.operations.first_mut(), loaded.first()) {
            self.judge_settings(description, entry)?;
            entry.settings.extend(self.written());
            warn_of_missing(description, entry);
        }
        for integration in &mut scene.integrations {
            hash_callers(integration, &location).map_err(|error| in_file(&self.config, error))?;
        }
        let (stores, warnings) = stores::open(&location);
        for warning in warnings {
            warn(&warning.into());
        }
        for integration in &scene.integrations {
            if let Access::LongLived(access) = &integration.access {
                access::warn_of_expiry(&integration.id, access);
            }
        }
        let recorder = Arc::new(Steps::default());
        let mut node = Node::builder(clock.clone()).scenario_waiting_time(scene.scenario_waiting_time);
        // Who talked to whom is what a server with this store was told.
        let kept = location.own_directory().map(|directory| call_details::file_in(&directory));
        if let Some(kept) = kept.filter(|file| file.exists()) {
            node = node.talks_of(Reader::new(Place::File(kept)));
        }
        let mut keeping = Vec::new();
        for (settings, connect, has_all) in scene.integrations() {
            // The tokens age by the system's clock, whatever time the call is said to arrive at.
            let integration =
                Integration::new(settings.clone(), stores.clone()).map_err(|error| in_file(&self.config, error))?;
            // Keys that another operation of the file reads are judged where that one is placed.
            if has_all {
                let is_its = |entry: &OperationEntry| scene.integration_of(entry) == Some(settings.id.as_str());
                let its = scene.operations.iter().zip(&loaded).filter(|(entry, _)| is_its(entry));
                integration
                    .refuse_unread_keys(its.map(|(_, (_, description))| description))
                    .map_err(|error| in_file(&self.config, error))?;
            }
            keeping
                .extend(integration.keeper().cloned().map(|keeper| (settings.id.clone(), keeper, connect.to_owned())));
            node = node.integration(settings.id.as_str(), Arc::new(integration));
        }
        for (id, keeper, connect) in &keeping {
            access::before_call(id, keeper, connect).await;
        }
        for (entry, (operation, _)) in scene.operations.iter().zip(loaded) {
            let integration = scene.integration_of(entry).context("the placed operation has no integration")?;
            let (exits, settings) = (entry.exits(), entry.settings.clone());
            let to_place = ToPlace { id: &entry.id, integration, exits, settings, operation };
            node = node.place(to_place).await.map_err(|error| in_file(&self.config, error))?;
        }
        if self.record.is_some() {
            node = node.recorder(recorder.clone());
        }
        let node = node.build().map_err(|error| in_file(&self.config, error))?;
        let first = node.revision().first().context("the call has no operation")?;
        let call = IncomingCall {
            id: call_id(clock.now()),
            caller: Some(WholeNumber::from(self.number)),
            called: self.to.unwrap_or(scene.called.clone()),
            ..IncomingCall::default()
        };
        let resolved = node.resolve(&first, call).await.resolved;

        if self.json {
            print_json(&*resolved)?;
        } else {
            // A wrong TZ loses no answer: the time is then in UTC.
            let zone = local_zone().unwrap_or(TimeZone::UTC);
            print_lines(&resolved.text(language()).in_zone(zone).lines());
        }
        if let Some(file) = &self.record {
            recording::record(file, recorder.take(), self.whole_numbers, &location).await?;
        }
        for (id, keeper, connect) in &keeping {
            access::after_call(id, keeper, connect).await;
        }
        Ok(match &resolved.reason {
            None => Outcome::Done,
            Some(reason) if reason.code == OPERATION_FAILED => Outcome::OperationFailed,
            Some(_) => Outcome::LinkedOperation,
        })
    }

    /// What the command line sets.
    fn written(&self) -> BTreeMap<String, String> {
        let waiting_time = self.waiting_time.iter().map(|time| (WAITING_TIME.to_owned(), time.clone()));
        self.set.iter().cloned().chain(waiting_time).collect()
    }

    /// Judges the configured settings, then those of the command line, by the operation's own description.
    fn judge_settings(&self, description: &Description, entry: &OperationEntry) -> anyhow::Result<()> {
        read_settings(description, &entry.settings).map_err(|error| in_file(&self.config, error))?;
        read_settings(description, &self.set.iter().cloned().collect()).context("--set")?;
        let waiting_time = self.waiting_time.iter().map(|time| (WAITING_TIME.to_owned(), time.clone())).collect();
        read_settings(description, &waiting_time).context("--waiting-time")?;
        Ok(())
    }
}

/// Says which settings the operation cannot work without and does not have.
fn warn_of_missing(description: &Description, entry: &OperationEntry) {
    for setting in missing_settings(description, &entry.settings) {
        let (key, title) = (&setting.key, &setting.title);
        warn(&Localized::new(
            format!(
                "настройка `{key}` ({}) не задана, а без неё операция не работает: напишите её в `settings` этой [[operation]] или укажите \
                 --set {key}=ЗНАЧЕНИЕ",
                title.ru
            ),
            format!(
                "setting `{key}` ({}) is missing, and the operation cannot work without it: write it into `settings` of the [[operation]], or \
                 give --set {key}=VALUE",
                title.en
            ),
        ));
    }
}

/// An error that the configuration file is to blame for, if there is one.
fn in_file(config: &ConfigOrDemo, error: impl Into<anyhow::Error>) -> anyhow::Error {
    match config.file() {
        Some(file) => error.into().context(file.display().to_string()),
        None => error.into(),
    }
}

/// An identifier that no other call of this machine has: its time, and this process.
fn call_id(at: Timestamp) -> String {
    format!("cli-{}-{}", at.as_millisecond(), std::process::id())
}

/// When a call arrives or somebody is seen, as people write it: a time, or how much later than now.
pub(super) fn point_in_time(text: &str) -> anyhow::Result<Timestamp> {
    let now = Clock::system().now();
    if let Some(later) = text.strip_prefix('+') {
        let later = humantime::parse_duration(later).context("after + write a duration, such as +6h or +6h1s")?;
        return Ok(now.checked_add(SignedDuration::try_from(later)?)?);
    }
    if text == "tomorrow" {
        return Ok(now.to_zoned_datetime(local_zone()?).tomorrow()?.start_of_day()?.timestamp());
    }
    time(text, "tomorrow, or +6h from now")
}

/// A time with its offset, or a local one. `or` is what can be written besides.
pub(super) fn time(text: &str, or: &str) -> anyhow::Result<Timestamp> {
    let local = || -> anyhow::Result<Timestamp> {
        let local = text.parse::<DateTime>().map_err(|_| {
            anyhow!("write a time such as 2026-11-22T09:00:00+03:00, a local one such as 2026-11-22T09:00, {or}")
        })?;
        Ok(local.to_zoned_datetime(local_zone()?)?.timestamp())
    };
    let at = text.parse::<Timestamp>().or_else(|_| local())?;
    ensure!(at >= Timestamp::UNIX_EPOCH, "calls have no times before 1970");
    Ok(at)
}
