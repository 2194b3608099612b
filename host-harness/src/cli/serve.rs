//! `host-harness serve`: takes calls over HTTP.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::config_file::{self, ConfigOrDemo};
use super::integration::hash_callers;
use super::{LanguageChoice, Outcome, Stop, access, calls, component, fail, language, print, say, versions, warn};
use crate::assemble::{assemble, judge_reasons};
use crate::component_source::ComponentSource;
use crate::config::{HarnessConfig, OperationEntry};
use crate::live::{Hangups, History, LiveConfiguration, Running, Surroundings, Told, watched};
use crate::service_manager::{self, ServiceState};
use crate::shared::{self, Found};
use crate::{descriptors, first_start, private_files, registry, server_token, state_lock};
use call::scenario::placement_of;
use call::{Localized, localized};
use node::call_details::{CallDetails, CallDetailsSettings};
use node::observe::traces::Traces;
use node::{Node, Placement, Revision};
use replay::demo::{self, Demo};
use replay::recording::{Recorder, SamplingSettings};
use runtime::capabilities::clocks::Clock;
use runtime::engine::{Compilation, Engine, EngineSettings, half_of_memory};
use runtime::toml_file;
use server::{Server, ServerSettings};
use stores::{self, StoreLocation};

/// What writing down the last calls may take at the stop.
const STOP_MARGIN: Duration = Duration::from_secs(10);

/// Take calls over HTTP, until interrupted
///
/// Where there is no configuration file, calls are resolved against a built-in demonstration account; the file that HOST_HARNESS_CONFIG names is
/// written where it is missing, for an account that is connected later. A file that is edited while the server runs
/// is put in force between calls; SIGHUP reads it again with its secrets. GET /openapi.json describes the server. Clients authenticate with a
/// token; if none is configured, one is generated and kept in the state directory. An interrupt or SIGTERM lets the calls in progress end; a
/// second one ends the server at once.
#[derive(Args)]
pub(super) struct Serve {
    #[command(flatten)]
    config: ConfigOrDemo,
    /// Where to listen; port 0 lets the system choose [default: 127.0.0.1:8066, or that of the configuration]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Where values are kept: a directory, or `memory` for nowhere [default: the user's state directory]
    #[arg(long, value_name = "DIR")]
    state: Option<StoreLocation>,
    /// Reload a component of the configuration when its file changes; if the new version is rejected, the running one stays
    #[arg(long)]
    watch: bool,
    /// The language of what is printed and warned of; the log is English [default: that of the environment]
    #[arg(long, value_name = "LANGUAGE")]
    pub(super) lang: Option<LanguageChoice>,
}

impl Serve {
    pub(super) async fn run(self) -> Result<Outcome, Stop> {
        let limit = descriptors::raised_limit();
        let clock = Clock::system();
        // From the beginning: it must never end the program.
        let hangups = Hangups::new()?;
        if let Some(file) = self.config.awaited() {
            say(&first_start::write(&file, &self.state.clone().unwrap_or_default(), language())?);
        }
        let file = self.config.file();
        let text = file.as_deref().map(toml_file::read_text).transpose()?;
        let found = match (&file, &text) {
            (Some(file), Some(text)) => {
                let location = shared::location(file, text, self.state.as_ref())?;
                let found = shared::find(file, text, &location).await?;
                found.map(|found| (found.differs(file, text, &location), found))
            }
            _ => None,
        };
        let (mut config, _demo) = match (&file, &text, &found) {
            (Some(file), _, Some((_, found))) => {
                (HarnessConfig::parse(file, &found.whole).map_err(shared::without_line)?, None)
            }
            (Some(file), Some(text), None) => (HarnessConfig::parse(file, text)?, None),
            _ => {
                let demo = Demo::start(&clock).await.context("the demonstration cannot be started")?;
                (demonstration(&demo), Some(demo))
            }
        };
        let in_file = |error: anyhow::Error| match &file {
            Some(file) => error.context(file.display().to_string()),
            None => error,
        };
        let location = self.state.clone().or_else(|| config.store.clone()).unwrap_or_default();
        config.warnings.extend(found.iter().filter_map(|(differs, _)| differs.clone()));
        config.warnings.iter().for_each(warn);
        found.iter().filter_map(|(_, found)| found.is_away()).for_each(|away| warn(&away));
        if let Some(directory) = location.own_directory() {
            private_files::examine_state(&directory)?.iter().for_each(warn);
        }
        let _alone = state_lock::take(&location)?;
        if let Some(directory) = location.own_directory() {
            private_files::remove_unfinished(&directory, file.as_deref(), &clock);
        }
        registry::provide(&mut config, &location).await.map_err(|error| in_file(error.into()))?;
        for integration in &mut config.integrations {
            hash_callers(integration, &location).map_err(|error| in_file(error.into()))?;
        }
        let mut settings = config.server.clone();
        settings.listen = self.listen.unwrap_or(settings.listen);
        if let Some(warning) = descriptors::share_out(limit, &mut settings) {
            warn(&warning);
        }
        let token = server_token::provide(&mut settings, &location)?;
        config.server.token.clone_from(&settings.token);
        warn_of_network(&settings);

        let (stores, warnings, shared) = match found {
            Some((_, Found { stores, warnings, shared, .. })) => (stores, warnings, Some(shared)),
            None => {
                let (stores, warnings) = stores::open(&location);
                (stores, warnings, None)
            }
        };
        for warning in warnings {
            warn(&warning.into());
        }
        let compilation = component::compilation(&location);
        let engine_settings = EngineSettings {
            guest_memory: Some(config.server.guest_memory.unwrap_or_else(half_of_memory)),
            ..EngineSettings::for_calls(config.server.max_calls)
        };
        let engine = Engine::with_compilation(engine_settings, compilation.clone())?;
        let history = History::of(text.as_deref(), shared.as_ref(), &location).await;
        let first = assemble(&config, history.made(), None, &engine, &stores, clock.clone()).await.map_err(in_file)?;
        let mut node = Node::builder(clock.clone()).revision(first);
        let recorder =
            config.recordings.as_ref().map(|settings| recorder(settings, &location, compilation, node.placements()));
        let recorder = recorder.transpose().map_err(in_file)?;
        if let Some(recorder) = &recorder {
            node = node.recorder(Arc::new(recorder.clone()));
        }
        let details = CallDetails::begin(calls::place(&location), config.call_details.clone(), clock.clone())?;
        if let Some(failing) = details.state().failing {
            let all_the_same = Localized::new(
                "звонки всё равно обрабатываются, а сохранить их программа пробует снова",
                "calls are resolved all the same, and keeping them is tried again",
            );
            warn(&failing.then("; ", &all_the_same));
        }
        warn_of_fastagi(&settings);
        let files = watched(&config);
        let traces = config.traces.clone();
        let surroundings =
            Surroundings { engine: engine.clone(), stores: stores.clone(), location: location.clone(), clock };
        let (live, warnings) =
            LiveConfiguration::begin(config, file.as_deref().zip(text), (shared, history), surroundings).await;
        warnings.iter().for_each(warn);
        let mut server = Server::builder(node, stores, settings)
            .log_calls()
            .metrics()
            .call_details(details)
            .versions(engine, location.own_directory())
            .configuration(Arc::new(live.clone()))
            .page();
        if let Some(settings) = &traces {
            server = server.traces(Traces::begin(settings).map_err(|error| in_file(error.into()))?);
        }
        if let Some(directory) = location.own_directory() {
            server = server.state_directory(directory);
        }
        if let Some(recorder) = recorder {
            let recording = recorder.clone();
            server = server
                .section("recordings", move || serde_json::to_value(recorder.state()).unwrap_or_default())
                .at_stop(async move { recording.end().await });
        }
        let server = server.bind().await.map_err(in_file)?;
        server.warnings().iter().for_each(warn);
        for (id, integration) in
            server.node().revision().integrations().iter().filter(|(_, integration)| integration.is_enabled())
        {
            access::warn_of_standing(id, integration);
        }
        let versions = Arc::clone(server.versions().context("the server keeps no versions")?);
        let watch = self.watch.then(|| versions::watch(&versions, files)).transpose().map_err(in_file)?;
        let (node, guard) = (server.node().clone(), Arc::clone(server.guard()));
        let tls = server.tls().cloned();
        live.serve(Running { node, versions, watch, guard, tls });
        service_manager::tell(ServiceState::Ready);
        let scheme = if server.tls().is_some() { "https" } else { "http" };
        let address = format!("{scheme}://{}", server.address()?);
        let mut first = localized!("сервер слушает {address}", "listening on {address}");
        if file.is_none() {
            first = first.then("; ", &config_file::demonstration());
        }
        print(first.then("; ", &token).get(language()));
        if let Some(longest) = longest_scenario(&server.node().revision()) {
            let longest = humantime::format_duration(longest);
            let said = localized!(
                "звонящий ждёт не больше {longest} все операции, которые следуют в сценарии одна за другой",
                "a caller waits at most {longest} for all operations that follow each other in a scenario"
            );
            print(said.get(language()));
        }
        if let Some(address) = server.fastagi_address() {
            let address = address?;
            print(localized!("сервер слушает agi://{address}", "listening on agi://{address}").get(language()));
        }
        // What it tells comes behind the lines above.
        let _following = live.follow(hangups, tell);
        run_until_interrupted(server).await?;
        Ok(Outcome::Done)
    }
}

/// What has become of the configuration file.
fn tell(told: Told) {
    match told {
        Told::InForce(lines) => lines.iter().for_each(|line| print(line.get(language()))),
        Told::Refused(why) => {
            let stays = Localized::new("действуют прежние настройки", "the former configuration stays in force");
            fail(&why.then("; ", &stays));
        }
        Told::Nothing(why) | Told::Away(why) => warn(&why),
    }
}

/// How long a call may wait at most, where it may come to several operations.
fn longest_scenario(revision: &Revision) -> Option<Duration> {
    let has_chain =
        |placement: &Arc<Placement>| placement.exits().targets().any(|target| placement_of(target).is_some());
    let placements = revision.placements();
    let longest = placements.iter().map(|placement| revision.longest_wait(placement)).max();
    longest.filter(|_| placements.iter().any(has_chain))
}

/// FastAGI has no proof of who asks.
fn warn_of_fastagi(settings: &ServerSettings) {
    let address = settings.asterisk.as_ref().and_then(|asterisk| asterisk.fastagi);
    if let Some(address) = address.filter(|address| !address.ip().is_loopback()) {
        warn(&localized!(
            "к {address} могут подключиться другие машины, а FastAGI не проверяет, кто обращается: слушайте в собственной сети АТС",
            "{address} can be reached from other machines, and FastAGI has no proof of who asks: listen in a network of the PBX's own"
        ));
    }
}

/// Who records some of the calls.
fn recorder(
    settings: &SamplingSettings,
    location: &StoreLocation,
    compilation: Compilation,
    placements: &[Arc<Placement>],
) -> anyhow::Result<Recorder> {
    judge_reasons(settings, placements)?;
    let directory = location.own_directory().ok_or_else(|| {
        Localized::new(
            "[recordings]: записи негде хранить; укажите каталог состояния в --state или уберите этот раздел",
            "[recordings]: there is nowhere to keep recordings; name a state directory with --state, or leave the section out",
        )
    })?;
    Recorder::begin(settings.clone(), &directory, compilation).context("[recordings]")
}

/// Runs until the first interrupt, and on until the calls in flight have ended, or the second interrupt.
async fn run_until_interrupted(server: Server) -> anyhow::Result<()> {
    let (stop, second) = (CancellationToken::new(), Arc::new(Notify::new()));
    // Calls are waited for, then a refresh of tokens that has begun.
    let longest = server.longest_stop() * 2 + STOP_MARGIN;
    let mut interrupts = Interrupts::new()?;
    let watching = tokio::spawn({
        let (stop, second) = (stop.clone(), Arc::clone(&second));
        async move {
            interrupts.next().await;
            service_manager::tell(ServiceState::Stopping(longest));
            stop.cancel();
            interrupts.next().await;
            second.notify_one();
        }
    });
    tokio::select! {
        () = server.run(stop.cancelled()) => {}
        () = second.notified() => say(&Localized::new(
            "остановлено сразу; идущие звонки не дождались ответа",
            "stopped at once; calls in flight were not waited for",
        )),
    }
    watching.abort();
    Ok(())
}

/// Ctrl-C, and SIGTERM where there is such a thing.
struct Interrupts {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Interrupts {
    #[cfg(unix)]
    fn new() -> anyhow::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let wait = |kind| signal(kind).context("cannot wait for an interrupt");
        Ok(Self { interrupt: wait(SignalKind::interrupt())?, terminate: wait(SignalKind::terminate())? })
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
    fn new() -> anyhow::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// What is said on other addresses than loopback can be read by the network.
fn warn_of_network(settings: &ServerSettings) {
    let listen = settings.listen;
    if !listen.ip().is_loopback() && settings.tls.is_none() {
        warn(&localized!(
            "к {listen} могут подключиться другие машины, а то, что там передаётся, не зашифровано: задайте `tls_certificate` и `tls_key` в \
             [server] или поставьте перед сервером прокси с TLS",
            "{listen} can be reached from other machines, and what is said there is not encrypted: set `tls_certificate` and `tls_key` in \
             [server], or put a TLS proxy in front of it"
        ));
    }
}

/// One operation of a simulated account.
fn demonstration(demo: &Demo) -> HarnessConfig {
    let operation = OperationEntry {
        id: "main".to_owned(),
        integration: None,
        component: ComponentSource::default(),
        component_as_named: None,
        linked_operation: demo::LINKED_OPERATION.to_owned(),
        exits: BTreeMap::new(),
        settings: BTreeMap::new(),
    };
    HarnessConfig {
        integrations: vec![demo.integration.clone()],
        operations: vec![operation],
        scenario_waiting_time: None,
        store: None,
        call_details: CallDetailsSettings::default(),
        recordings: None,
        traces: None,
        server: ServerSettings::default(),
        warnings: Vec::new(),
    }
}
