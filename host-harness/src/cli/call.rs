//! `host-harness call`: resolves one call and shows where it goes and why.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amocrm_simulator::FaultRule;
use anyhow::{Context, anyhow, ensure};
use clap::Args;
use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};

use super::integration::hash_callers;
use super::{
    LanguageChoice, Outcome, Stop, access, complain, component, language, local_zone, print_json, print_lines,
};
use crate::config::HarnessConfig;
use amocrm::integration::{Access, Integration, IntegrationSettings};
use call::document::OPERATION_FAILED;
use call::scenario::Exits;
use call::{CallDocument, IncomingCall, WholeNumber};
use node::{self, Noted, ReadyOperation};
use replay::demo::{self, Demo};
use replay::recording::{Numbers, Recording};
use runtime::bindings::exports::telephony::operation::operation::Description;
use runtime::bindings::telephony::operation::types::Setting;
use runtime::capabilities::clocks::Clock;
use runtime::engine::WAITING_TIME;
use runtime::settings::{missing_settings, read_settings};
use stores::{self, StoreLocation};

/// Resolve one call: print where it goes, and why
///
/// Without --config the call is resolved against a built-in demonstration account: a simulated amoCRM inside this process.
#[derive(Args)]
pub(super) struct Call {
    /// The caller's number in any notation; "" if the caller withheld it
    #[arg(allow_hyphen_values = true)]
    number: String,
    /// The number that was called
    #[arg(long, value_name = "DID")]
    to: Option<String>,
    /// The configuration file, host-harness.toml
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Which placed operation of the configuration, where there are several
    #[arg(long, value_name = "ID", requires = "config")]
    operation: Option<String>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// The language of the printed text [default: that of the environment]
    #[arg(long, value_name = "LANGUAGE")]
    lang: Option<LanguageChoice>,
    /// When the call arrives: 2026-11-22T09:00:00+03:00, a local 2026-11-22T09:00, or +6h from now
    #[arg(long, value_name = "TIME", value_parser = point_in_time, allow_hyphen_values = true)]
    at: Option<Timestamp>,
    /// How long the operation may wait for amoCRM, such as 500ms or 3s
    #[arg(long, value_name = "DURATION")]
    waiting_time: Option<String>,
    /// A setting of the operation, such as search_companies=true, instead of the configured one; may be repeated
    #[arg(long, value_name = "SETTING=VALUE", value_parser = super::replay::setting)]
    set: Vec<(String, String)>,
    /// The component [default: the built-in operation]
    #[arg(long, value_name = "FILE")]
    component: Option<PathBuf>,
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
        let component = self.component.as_deref().or(scene.component.as_deref());
        let location = self.state.clone().or_else(|| scene.store.clone()).unwrap_or_default();
        let (operation, description) = component::load_described(component, component::compilation(&location)).await?;
        let settings = self.settings(&description, &scene)?;
        self.warn_of_missing(&description, &scene);
        hash_callers(&mut scene.integration, &location).map_err(|error| in_file(&self.config, error))?;

        let (stores, warnings) = stores::open(&location);
        for warning in warnings {
            complain(format_args!("warning: {warning}"));
        }
        let (id, connect) = (scene.integration.id.clone(), scene.connect);
        if let Access::LongLived(access) = &scene.integration.access {
            access::warn_of_expiry(&id, access);
        }
        // The tokens age by the system's clock, whatever time the call is said to arrive at.
        let integration = Integration::new(scene.integration, stores).map_err(|error| in_file(&self.config, error))?;
        // Keys that another operation of the file reads are judged where that one is placed.
        if scene.is_only {
            integration.refuse_unread_keys([&description]).map_err(|error| in_file(&self.config, error))?;
        }
        let keeper = integration.keeper().cloned();
        if let Some(keeper) = &keeper {
            access::before_call(&id, keeper, &connect).await;
        }
        let placed = ReadyOperation::described(operation, &description, Arc::new(integration), scene.exits, settings)
            .map_err(|error| in_file(&self.config, error))?;
        let call = IncomingCall {
            id: call_id(clock.now()),
            caller: Some(WholeNumber::from(self.number)),
            called: self.to.unwrap_or(scene.called),
            ..IncomingCall::default()
        };
        let (resolved, noted) = match &self.record {
            None => (placed.resolve(call, &clock).await, None),
            Some(file) => {
                let (resolved, noted) = node::noted(&placed, call, &clock).await;
                (resolved, Some((file, noted)))
            }
        };

        if self.json {
            print_json(&resolved)?;
        } else {
            print_lines(&resolved.text(language(self.lang)).lines());
        }
        if let Some((file, noted)) = noted {
            record(file, &placed, &resolved, noted, self.whole_numbers, &location).await?;
        }
        if let Some(keeper) = &keeper {
            access::after_call(&id, keeper, &connect).await;
        }
        Ok(match &resolved.reason {
            None => Outcome::Done,
            Some(reason) if reason.code == OPERATION_FAILED => Outcome::OperationFailed,
            Some(_) => Outcome::LinkedOperation,
        })
    }

    /// Says which settings the operation cannot work without and does not have.
    fn warn_of_missing(&self, description: &Description, scene: &Scene) {
        let mut written = scene.settings.clone();
        written.extend(self.set.iter().cloned());
        for setting in missing_settings(description, &written) {
            complain(format_args!(
                "warning: setting `{}` ({}) is missing, and the operation cannot work without it: write it into `settings` of the [[operation]], or \
                 give --set {}=VALUE",
                setting.key, setting.title.en, setting.key
            ));
        }
    }

    /// The configured settings, then those of the command line, judged by the operation's own description.
    fn settings(&self, description: &Description, scene: &Scene) -> anyhow::Result<Vec<Setting>> {
        let mut settings = read_settings(description, &scene.settings).map_err(|error| in_file(&self.config, error))?;
        let waiting_time = self.waiting_time.iter().map(|time| (WAITING_TIME.to_owned(), time.clone())).collect();
        for (option, written) in [("--set", self.set.iter().cloned().collect()), ("--waiting-time", waiting_time)] {
            let written: BTreeMap<_, _> = written;
            settings.retain(|setting| !written.contains_key(&setting.key));
            settings.extend(read_settings(description, &written).context(option)?);
        }
        Ok(settings)
    }
}

/// Makes the recording, and says what it holds.
async fn record(
    file: &Path,
    placed: &ReadyOperation,
    resolved: &CallDocument,
    noted: Noted,
    whole: bool,
    location: &StoreLocation,
) -> anyhow::Result<()> {
    let numbers = if whole { None } else { Some(Numbers::kept_in(location.own_directory().as_deref())?) };
    let recording = Recording::make(placed, resolved, noted, numbers.as_ref()).await?;
    recording.save(file).with_context(|| format!("the recording {} cannot be written", file.display()))?;
    let numbers = if whole { "whole" } else { "masked" };
    complain(format_args!(
        "note: recorded in {}: {} imports, numbers {numbers}",
        file.display(),
        recording.imports.len()
    ));
    if let Some(departed) = &recording.departed {
        complain(format_args!("warning: the recording is not the course that the call took: {departed}"));
    }
    Ok(())
}

/// Everything around the component: from the configuration file, or the demonstration.
struct Scene {
    integration: IntegrationSettings,
    exits: Exits,
    called: String,
    component: Option<PathBuf>,
    settings: BTreeMap<String, String>,
    /// Whether no other operation is placed on the integration.
    is_only: bool,
    /// Where values are kept, if that is configured.
    store: Option<StoreLocation>,
    /// The command that connects the integration.
    connect: String,
    /// Runs for as long as the call takes.
    _demo: Option<Demo>,
}

impl Scene {
    async fn set(call: &Call, clock: &Clock) -> anyhow::Result<Self> {
        let Some(path) = &call.config else {
            let demo = Demo::start(clock).await.context("the demonstration cannot be started")?;
            demo.simulator.set_faults(call.fault.clone());
            return Ok(Self {
                integration: demo.integration.clone(),
                exits: demo::LINKED_OPERATION.into(),
                called: demo::CALLED.to_owned(),
                component: None,
                settings: BTreeMap::new(),
                is_only: true,
                store: None,
                connect: String::new(),
                _demo: Some(demo),
            });
        };
        let config = HarnessConfig::read(path)?;
        let operation =
            config.operation(call.operation.as_deref()).map_err(|message| anyhow!("{}: {message}", path.display()))?;
        let integration = config.integration_of(operation).context("the placed operation has no integration")?;
        Ok(Self {
            integration: integration.clone(),
            exits: operation.exits(),
            called: String::new(),
            component: operation.component.clone(),
            settings: operation.settings.clone(),
            is_only: config.operations_of(integration).count() == 1,
            store: config.store.clone(),
            connect: access::connect_command(path, &config, integration, call.state.as_ref()),
            _demo: None,
        })
    }
}

/// An error that the configuration file is to blame for, if there is one.
fn in_file(config: &Option<PathBuf>, error: impl Into<anyhow::Error>) -> anyhow::Error {
    match config {
        Some(file) => error.into().context(file.display().to_string()),
        None => error.into(),
    }
}

/// An identifier that no other call of this machine has: its time, and this process.
fn call_id(at: Timestamp) -> String {
    format!("cli-{}-{}", at.as_millisecond(), std::process::id())
}

/// A point in time as people write it.
pub(super) fn point_in_time(text: &str) -> anyhow::Result<Timestamp> {
    if let Some(later) = text.strip_prefix('+') {
        let later = humantime::parse_duration(later).context("after + write a duration, such as +6h or +6h1s")?;
        return Ok(Clock::system().now().checked_add(SignedDuration::try_from(later)?)?);
    }
    let local = || -> anyhow::Result<Timestamp> {
        let local = text.parse::<DateTime>().map_err(|_| {
            anyhow!(
                "write a time such as 2026-11-22T09:00:00+03:00, a local one such as 2026-11-22T09:00, or +6h from now"
            )
        })?;
        Ok(local.to_zoned_datetime(local_zone()?)?.timestamp())
    };
    let at = text.parse::<Timestamp>().or_else(|_| local())?;
    ensure!(at >= Timestamp::UNIX_EPOCH, "a call cannot arrive before 1970");
    Ok(at)
}
