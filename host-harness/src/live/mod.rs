//! The configuration while the server runs: noticed where its file is edited, changed over HTTP, judged whole, and put in force between calls.
//!
//! The file is the truth, or, where nodes share a store, the record there is ([`shared`](crate::shared)). A change is made in its text, by people or by
//! [`edit`], which keeps comments; it is judged as at the start, then written, then in force, then remembered ([`changes`]). What is refused changes
//! nothing. What the server cannot change while it runs is named ([`at_restart`]).

mod at_restart;
mod by_hand;
mod changes;
mod changing;
pub(crate) mod difference;
mod edit;
mod field;
mod file;
mod follow;
mod hangups;
mod history;
mod judged;
mod nodes;
mod served;
mod several;

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use jiff::Timestamp;

use crate::causes::text_of;
use crate::change::{Made, revision_of};
use crate::config::HarnessConfig;
use crate::shared::{self, Record, Seen, Shared};
use call::Localized;
use changes::Changes;
use file::ConfigurationFile;
use node::Node;
use node::versions::Versions;
use node::watch::Watch;
use replay::recording::SamplingSettings;
use runtime::capabilities::clocks::Clock;
use runtime::engine::Engine;
use runtime::store::{KeyValueStore, Stores};
use server::Guard;
use server::configuration::{Author, By, ConfigurationInForce, SharedConfiguration};
use server::tls::Tls;
use stores::StoreLocation;

pub(crate) use changes::kept as kept_changes;
pub(crate) use follow::Told;
pub(crate) use hangups::Hangups;
pub(crate) use history::History;
pub(crate) use judged::watched;

/// What a configuration is put in force with.
pub(crate) struct Surroundings {
    /// Compiles and runs the components.
    pub(crate) engine: Engine,
    /// Where values are kept.
    pub(crate) stores: Stores,
    /// Where that is.
    pub(crate) location: StoreLocation,
    /// The time.
    pub(crate) clock: Clock,
}

/// The configuration of a server that runs. Cheap to clone; a clone is the same one.
#[derive(Clone)]
pub(crate) struct LiveConfiguration(Arc<Inner>);

struct Inner {
    surroundings: Surroundings,
    /// None in a demonstration.
    file: Option<ConfigurationFile>,
    /// Where nodes share the configuration.
    shared: Option<Place>,
    /// How often the file was written here.
    writes: AtomicU64,
    /// The text that the server began with, and which calls it records by it.
    began_with: String,
    recordings: Option<SamplingSettings>,
    running: OnceLock<Running>,
    /// Held while anything is changed.
    state: tokio::sync::Mutex<State>,
    shown: Mutex<ConfigurationInForce>,
    changes: Arc<Mutex<Changes>>,
}

/// What the configuration is put in force in.
pub(crate) struct Running {
    /// Where calls are resolved.
    pub(crate) node: Node,
    /// The versions of its components.
    pub(crate) versions: Arc<Versions>,
    /// The component files that are watched, if any are.
    pub(crate) watch: Option<Watch>,
    /// Who may use the server.
    pub(crate) guard: Arc<Guard>,
    /// The certificate with which the server speaks TLS, where it does.
    pub(crate) tls: Option<Arc<Tls>>,
}

/// The record that nodes share, and this node's copy of it.
struct Place {
    record: Record,
    copy: Option<shared::LocalCopy>,
}

struct State {
    config: HarnessConfig,
    /// What changes are made in: the file's text in force, or that of the record.
    text: String,
    /// Which operations that has.
    made: Made,
    /// The file's text in force.
    own: String,
    /// The file as it was judged last.
    seen: String,
    /// The record as it was seen last, which may have been refused here.
    record: Option<Seen>,
}

/// Remembers what a command did beside the text of the configuration, where a server with this store keeps its changes.
///
/// # Errors
/// Where it cannot be written; it is done all the same.
pub(crate) async fn note_by_command(
    location: &StoreLocation,
    records: &Arc<dyn KeyValueStore>,
    what: Localized,
    at: Timestamp,
) -> Result<(), Localized> {
    let author = Author { name: None, by: By::Command };
    if matches!(location, StoreLocation::Redis(_)) {
        return Record::new(Arc::clone(records)).note(&what, &author, at).await;
    }
    let Some(directory) = location.own_directory() else { return Ok(()) };
    let (mut changes, _) = Changes::open(Some(&directory));
    changes.note(what, author, at)
}

/// Remembers that a command has written the file, where a server of this configuration keeps its changes. A server that notices the file finds that
/// this is known.
///
/// # Errors
/// Where it cannot be written; it is done all the same.
pub(crate) fn record_by_command(
    location: &StoreLocation,
    (former, text): (&str, &str),
    at: Timestamp,
) -> Result<(), Localized> {
    let directory = location.own_directory().filter(|_| !matches!(location, StoreLocation::Redis(_)));
    let directory = directory.filter(|directory| directory.is_dir());
    let Some(directory) = directory else { return Ok(()) };
    let (mut changes, _) = Changes::open(Some(&directory));
    changes.record(former, Author { name: None, by: By::File }, at)?;
    changes.record(text, Author { name: None, by: By::Command }, at)
}

impl LiveConfiguration {
    /// The configuration that a server begins with, the file and text that it was read from (none in a demonstration), and, where nodes share it, the
    /// record, with what was before. The second value says what is wrong with the record of changes.
    pub(crate) async fn begin(
        config: HarnessConfig,
        read: Option<(&Path, String)>,
        (shared, history): (Option<Shared>, History),
        surroundings: Surroundings,
    ) -> (Self, Vec<Localized>) {
        let (file, own) = read.map(|(path, text)| (ConfigurationFile::new(path), text)).unzip();
        let own: String = own.unwrap_or_default();
        let History { mut changes, text, made, mut warnings } = history;
        if file.is_some() && shared.is_none() {
            let author = Author { name: None, by: By::File };
            // What was changed while the server was stopped is a change too.
            warnings.extend(changes.record_made(&text, (made.clone(), None), author, surroundings.clock.now()).err());
        }
        let standing = shared.as_ref().map(|found| SharedConfiguration {
            store: found.record.location(),
            away: found.away.as_ref().map(|why| shared::is_away(&found.record, why)),
        });
        if let Some(Shared { copy: Some(copy), seen: Some(seen), away: None, .. }) = &shared {
            warnings.extend(copy.write(seen).err());
        }
        let (seen, shared) = match shared {
            Some(Shared { record, copy, seen, .. }) => (seen, Some(Place { record, copy })),
            None => (None, None),
        };
        let shown = ConfigurationInForce {
            revision: revision_of(&text),
            file: file.as_ref().map(ConfigurationFile::name),
            text: text.clone(),
            warnings: config.warnings.clone(),
            shared: standing,
            ..ConfigurationInForce::default()
        };
        let state = State { config, own: own.clone(), seen: own.clone(), text, made, record: seen };
        let inner = Inner {
            surroundings,
            file,
            shared,
            writes: AtomicU64::new(0),
            began_with: own,
            recordings: state.config.recordings.clone(),
            running: OnceLock::new(),
            state: tokio::sync::Mutex::new(state),
            shown: Mutex::new(shown),
            changes: Arc::new(Mutex::new(changes)),
        };
        inner.show_writable().await;
        (Self(Arc::new(inner)), warnings)
    }

    /// From now on changes are put in force here.
    pub(crate) fn serve(&self, running: Running) {
        // There is one server.
        let _ = self.0.running.set(running);
    }
}

impl Inner {
    /// Looks at the file, and puts it in force where it has changed, or where it is to be read `again` with its secrets.
    async fn reload(&self, again: bool) -> Option<Told> {
        // A certificate that was renewed is taken up at once by who is told of it, and within a minute otherwise.
        if let Some(tls) = self.running.get().and_then(|running| running.tls.as_ref()).filter(|_| again) {
            tls.look().await;
        }
        let Some(file) = &self.file else {
            return Some(Told::Nothing(Localized::new(
                "файла настроек нет, перечитывать нечего: это демонстрация",
                "there is no configuration file to read again: this is the demonstration",
            )));
        };
        let (mut state, next) = loop {
            let (mut state, read) = self.locked_with(file).await;
            let own = match read {
                Ok(own) => own,
                Err(error) => {
                    // Once it can be read again it is judged again, though it may be the same.
                    state.seen.clear();
                    return self.refuse(error);
                }
            };
            if own == state.seen && !again {
                drop(state);
                // Somebody may have let it be written meanwhile, which the page waits for.
                let locked = !self.shown().writable;
                if locked {
                    self.show_writable().await;
                }
                return None;
            }
            let text = match (&self.shared, &state.record) {
                (None, _) => own.clone(),
                (Some(_), Some(record)) => record.said.shared_text().to_owned(),
                (Some(_), None) => match shared::shared(&own, self.uploaded().as_deref()) {
                    Ok(text) => text,
                    Err(error) => {
                        state.seen = own;
                        return self.refuse(error);
                    }
                },
            };
            let (former, record) = (state.own.clone(), state.record.clone());
            drop(state);
            let next = self.read(text, own.clone()).await;
            let mut state = self.state.lock().await;
            // What was changed here meanwhile is in force already, and may be in the file.
            if (&state.own, &state.record) == (&former, &record) {
                state.seen = own;
                break (state, next);
            }
        };
        let judged = match next {
            Ok(next) => self.judge(&state, next).await,
            Err(error) => Err(error),
        };
        let next = match judged {
            Ok(next) => next,
            Err(error) => return self.refuse(text_of(&error)),
        };
        let (former, made) = (state.own.clone(), next.made());
        let mut told = self.put_in_force(&mut state, next);
        let author = Author { name: None, by: By::File };
        match &self.shared {
            None => told.extend(self.remember(state.text.clone(), made, author).await),
            Some(place) => {
                if let Some(key) = by_hand::changed(&former, &state.own, None) {
                    // Who may use a node is worth remembering on all.
                    let what = Localized::new(
                        format!("в файле одного из узлов вручную изменён `{key}`"),
                        format!("`{key}` was changed by hand in the file of one of the nodes"),
                    );
                    told.extend(place.record.note(&what, &author, self.surroundings.clock.now()).await.err());
                }
            }
        }
        self.show_writable().await;
        Some(Told::InForce(told))
    }

    /// The former configuration stays in force. Said once, however often it is looked at.
    fn refuse(&self, why: Localized) -> Option<Told> {
        let mut shown = self.shown();
        if shown.refused.as_ref() == Some(&why) {
            return None;
        }
        shown.refused = Some(why.clone());
        Some(Told::Refused(why))
    }

    /// The state, for whoever changes it, with the text of the file as it is then. A file is never waited for while others wait for the state.
    async fn locked_with(
        &self,
        file: &ConfigurationFile,
    ) -> (tokio::sync::MutexGuard<'_, State>, Result<String, Localized>) {
        loop {
            let writes = self.writes.load(Ordering::Acquire);
            let read = read(file).await;
            let state = self.state.lock().await;
            // What was written here meanwhile is in force already.
            if self.writes.load(Ordering::Acquire) == writes {
                return (state, read);
            }
        }
    }

    /// Whether the configuration can be changed here, and why not.
    async fn show_writable(&self) {
        let away = self.shown().shared.as_ref().map(|shared| shared.away.clone());
        let why = match (away, self.file.clone()) {
            (Some(away), _) => away,
            (None, Some(file)) => blocking(move || file.unwritable()).await.unwrap_or_else(Some),
            (None, None) => Some(demonstration()),
        };
        let mut shown = self.shown();
        (shown.writable, shown.not_writable) = (why.is_none(), why);
    }

    fn uploaded(&self) -> Option<std::path::PathBuf> {
        shared::uploaded(self.surroundings.location.own_directory().as_deref())
    }

    /// Remembers what was done beside the text.
    async fn note(&self, what: Localized, author: Author) {
        let (changes, now) = (Arc::clone(&self.changes), self.surroundings.clock.now());
        tracing::info!(by = ?author.by, author = author.name.as_deref().unwrap_or_default(), "{}", what.en);
        if let Some(place) = &self.shared {
            match place.record.note(&what, &author, now).await {
                Ok(()) => drop(self.look_at_record().await),
                Err(error) => tracing::warn!("{error}"),
            }
            return;
        }
        let note = move || lock(&changes).note(what, author, now);
        if let Err(error) = blocking(note).await.and_then(|noted| noted) {
            tracing::warn!("{error}");
        }
    }

    /// What cannot be remembered is in force all the same, and is said.
    async fn remember(&self, text: String, made: (Made, Option<u64>), author: Author) -> Option<Localized> {
        let (changes, now) = (Arc::clone(&self.changes), self.surroundings.clock.now());
        let record = move || lock(&changes).record_made(&text, made, author, now);
        blocking(record).await.and_then(|recorded| recorded).err()
    }

    fn shown(&self) -> MutexGuard<'_, ConfigurationInForce> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn demonstration() -> Localized {
    Localized::new(
        "это демонстрация: у неё нет файла настроек, и менять в ней нечего",
        "this is the demonstration: it has no configuration file, so nothing can be changed",
    )
}

async fn read(file: &ConfigurationFile) -> Result<String, Localized> {
    let file = file.clone();
    blocking(move || file.read()).await.and_then(|read| read)
}

/// Work that waits for a disk, off the threads of calls.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Localized> {
    tokio::task::spawn_blocking(work).await.map_err(|_| program_fault())
}

fn lock(changes: &Mutex<Changes>) -> MutexGuard<'_, Changes> {
    changes.lock().unwrap_or_else(PoisonError::into_inner)
}

fn program_fault() -> Localized {
    Localized::new("ошибка программы; подробности в её журнале", "a fault of the program; its log says more")
}
