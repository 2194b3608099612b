//! The configuration while the server runs: noticed where its file is edited, changed over HTTP, judged whole, and put in force between calls.
//!
//! The file is the truth. A change is made in its text, by people or by [`edit`], which keeps comments; it is judged as at the start, then written,
//! then in force, then remembered ([`changes`]). What is refused changes nothing. What the server cannot change while it runs is named
//! ([`at_restart`]).

mod at_restart;
mod by_hand;
mod changes;
mod difference;
mod edit;
mod field;
mod file;
mod follow;
mod hangups;
mod judged;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::causes::text_of;
use crate::config::HarnessConfig;
use call::Localized;
use changes::Changes;
use file::ConfigurationFile;
use node::Node;
use node::versions::Versions;
use node::watch::Watch;
use replay::recording::SamplingSettings;
use runtime::capabilities::clocks::Clock;
use runtime::engine::Engine;
use runtime::secret::Secret;
use runtime::store::Stores;
use server::Guard;
use server::configuration::{Author, By, Configuration, ConfigurationChange, ConfigurationInForce, Edit, NotChanged};
use server::tls::Tls;
use stores::StoreLocation;

pub(crate) use follow::Told;
pub(crate) use hangups::Hangups;
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
    /// The token that was made for the server, where the configuration named none.
    pub(crate) generated: Option<Secret>,
}

struct State {
    config: HarnessConfig,
    /// What is in force.
    text: String,
    /// The file as it was judged last.
    seen: String,
}

/// Remembers what a command did beside the text of the configuration, where a server with this store keeps its changes.
///
/// # Errors
/// Where it cannot be written; it is done all the same.
pub(crate) fn note_by_command(location: &StoreLocation, what: Localized, at: Timestamp) -> Result<(), Localized> {
    let Some(directory) = location.own_directory() else { return Ok(()) };
    let (mut changes, _) = Changes::open(Some(&directory));
    changes.note(what, Author { name: None, by: By::Command }, at)
}

/// What names a text.
fn revision_of(text: &str) -> String {
    let digest = base16ct::lower::encode_string(&Sha256::digest(text));
    digest.get(..32).unwrap_or(&digest).to_owned()
}

impl LiveConfiguration {
    /// The configuration that a server begins with, and the file and text that it was read from; none in a demonstration. The second value says
    /// what is wrong with the record of changes.
    pub(crate) fn begin(
        config: HarnessConfig,
        read: Option<(&Path, String)>,
        surroundings: Surroundings,
    ) -> (Self, Vec<Localized>) {
        let (file, text) = read.map(|(path, text)| (ConfigurationFile::new(path), text)).unzip();
        let text: String = text.unwrap_or_default();
        let directory = file.as_ref().and_then(|_| surroundings.location.own_directory());
        let (mut changes, mut warnings) = Changes::open(directory.as_deref());
        if file.is_some() {
            let author = Author { name: None, by: By::File };
            // What was changed while the server was stopped is a change too.
            warnings.extend(changes.record(&text, author, surroundings.clock.now()).err());
        }
        let shown = ConfigurationInForce {
            revision: revision_of(&text),
            writable: file.as_ref().is_some_and(ConfigurationFile::is_writable),
            file: file.as_ref().map(ConfigurationFile::name),
            text: text.clone(),
            warnings: config.warnings.clone(),
            ..ConfigurationInForce::default()
        };
        let inner = Inner {
            surroundings,
            file,
            began_with: text.clone(),
            recordings: config.recordings.clone(),
            running: OnceLock::new(),
            state: tokio::sync::Mutex::new(State { config, seen: text.clone(), text }),
            shown: Mutex::new(shown),
            changes: Arc::new(Mutex::new(changes)),
        };
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
        let mut state = self.state.lock().await;
        let text = match read(file).await {
            Ok(text) => text,
            Err(error) => {
                // Once it can be read again it is judged again, though it may be the same.
                state.seen.clear();
                return self.refuse(error);
            }
        };
        if text == state.seen && !again {
            return None;
        }
        state.seen.clone_from(&text);
        let judged = match self.judge(&state, &text).await {
            Ok(judged) => judged,
            Err(error) => return self.refuse(text_of(&error)),
        };
        let mut told = self.put_in_force(&mut state, judged, text.clone());
        told.extend(self.remember(text, Author { name: None, by: By::File }).await);
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

    async fn change(&self, edit: Edit, expected: &str, author: Author) -> Result<ConfigurationInForce, NotChanged> {
        let mut state = self.state.lock().await;
        let (file, text) = self.expected(&state, expected).await?;
        let edited = edit::edited(&text, &edit, self.surroundings.location.own_directory().as_deref())?;
        self.write(&mut state, file, edited, author, Some(&edit)).await
    }

    async fn undo(&self, number: u64, expected: &str, author: Author) -> Result<ConfigurationInForce, NotChanged> {
        let mut state = self.state.lock().await;
        let (file, text) = self.expected(&state, expected).await?;
        let (changes, now) = (Arc::clone(&self.changes), text.clone());
        let without = ended(tokio::task::spawn_blocking(move || lock(&changes).without(number, &now)).await)?;
        let uploaded = edit::uploaded(self.surroundings.location.own_directory().as_deref());
        by_hand::judge(&text, &without, uploaded.as_deref())?;
        self.write(&mut state, file, without, author, None).await
    }

    /// The file and its text, where it is the one that is in force and that the change was thought out for.
    async fn expected(&self, state: &State, expected: &str) -> Result<(&ConfigurationFile, String), NotChanged> {
        let file = self.file.as_ref().ok_or_else(|| {
            NotChanged::Conflict(Localized::new(
                "это демонстрация: у неё нет файла настроек, и менять в ней нечего",
                "this is the demonstration: it has no configuration file, so nothing can be changed",
            ))
        })?;
        let text = read(file).await.map_err(NotChanged::Conflict)?;
        if revision_of(&state.text) != expected {
            return Err(NotChanged::Outdated(Localized::new(
                "настройки тем временем изменил кто-то другой: посмотрите, что изменилось, и повторите",
                "somebody else has changed the configuration: look at what has changed, and send the change again",
            )));
        }
        if text != state.text {
            return Err(edited_by_hand());
        }
        Ok((file, text))
    }

    /// Judges a text, writes it, puts it in force and remembers it.
    async fn write(
        &self,
        state: &mut State,
        file: &ConfigurationFile,
        text: String,
        author: Author,
        edit: Option<&Edit>,
    ) -> Result<ConfigurationInForce, NotChanged> {
        if text == state.text {
            return Ok(self.shown().clone());
        }
        let former = state.text.clone();
        let judged = self.judge(state, &text).await.map_err(|error| field::refusal(&error, edit))?;
        let (to, written) = (file.clone(), text.clone());
        let written = blocking(move || to.write(&former, &written)).await.and_then(|written| written);
        let is_written = written.map_err(|error| {
            let said = Localized::new(
                "файл настроек не записан, ничего не изменилось",
                "the configuration file is not written, and nothing was changed",
            );
            NotChanged::Conflict(said.then(": ", &error))
        })?;
        if !is_written {
            return Err(edited_by_hand());
        }
        state.seen.clone_from(&text);
        let told = self.put_in_force(state, judged, text.clone());
        let told = told.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        tracing::info!(by = ?author.by, author = author.name.as_deref().unwrap_or_default(), "{told}");
        if let Some(warning) = self.remember(text, author).await {
            tracing::warn!("{warning}");
        }
        Ok(self.shown().clone())
    }

    /// Remembers what was done beside the text.
    async fn note(&self, what: Localized, author: Author) {
        let (changes, now) = (Arc::clone(&self.changes), self.surroundings.clock.now());
        tracing::info!(by = ?author.by, author = author.name.as_deref().unwrap_or_default(), "{}", what.en);
        let note = move || lock(&changes).note(what, author, now);
        if let Err(error) = blocking(note).await.and_then(|noted| noted) {
            tracing::warn!("{error}");
        }
    }

    /// What cannot be remembered is in force all the same, and is said.
    async fn remember(&self, text: String, author: Author) -> Option<Localized> {
        let (changes, now) = (Arc::clone(&self.changes), self.surroundings.clock.now());
        let record = move || lock(&changes).record(&text, author, now);
        blocking(record).await.and_then(|recorded| recorded).err()
    }

    fn shown(&self) -> MutexGuard<'_, ConfigurationInForce> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn edited_by_hand() -> NotChanged {
    NotChanged::Outdated(Localized::new(
        "файл настроек изменён вручную, и изменение ещё не действует или не принято: посмотрите состояние и повторите",
        "the configuration file was edited by hand, and is not in force yet or was refused: look at the state, and send the change again",
    ))
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

#[async_trait]
impl Configuration for LiveConfiguration {
    fn in_force(&self) -> ConfigurationInForce {
        self.0.shown().clone()
    }

    async fn change(&self, edit: Edit, expected: &str, by: Author) -> Result<ConfigurationInForce, NotChanged> {
        let (inner, expected) = (Arc::clone(&self.0), expected.to_owned());
        // A client that goes away leaves no change half made.
        ended(tokio::spawn(async move { inner.change(edit, &expected, by).await }).await)
    }

    async fn changes(&self, before: Option<u64>, limit: usize) -> (Vec<ConfigurationChange>, Option<u64>) {
        let changes = Arc::clone(&self.0.changes);
        blocking(move || lock(&changes).page(before, limit)).await.unwrap_or_default()
    }

    async fn note(&self, what: Localized, by: Author) {
        let inner = Arc::clone(&self.0);
        // Only a fault of the program keeps it from ending.
        let _ = tokio::spawn(async move { inner.note(what, by).await }).await;
    }

    async fn undo(&self, number: u64, expected: &str, by: Author) -> Result<ConfigurationInForce, NotChanged> {
        let (inner, expected) = (Arc::clone(&self.0), expected.to_owned());
        ended(tokio::spawn(async move { inner.undo(number, &expected, by).await }).await)
    }
}

fn ended<T>(ended: Result<Result<T, NotChanged>, tokio::task::JoinError>) -> Result<T, NotChanged> {
    ended.unwrap_or_else(|_| Err(NotChanged::Conflict(program_fault())))
}

fn program_fault() -> Localized {
    Localized::new("ошибка программы; подробности в её журнале", "a fault of the program; its log says more")
}
