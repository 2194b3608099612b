//! The components that were uploaded to a node: checked against the contract, compiled, kept by their digests.
//!
//! Kept under the state directory, for this user alone: `components/DIGEST.wasm`, and `components/index.json` with what each says of itself,
//! so that a list needs nothing compiled. What is read back must have the digest that it is named by. Compiling happens on a blocking thread,
//! one component at a time, so that calls go on meanwhile.

mod shared_shelf;
mod shelf;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::OwnedMutexGuard;

use call::{Bilingual, Localized};
use runtime::bindings::exports::telephony::operation::operation::Description;
use runtime::capabilities::clocks::Clock;
pub use runtime::engine::LARGEST_COMPONENT;
use runtime::engine::{Engine, Fit, Operation, Undescribed, digest};
use runtime::report::description_json;
use runtime::store::KeyValueStore;

use super::requirements::Requirements;
pub(super) use shared_shelf::SharedShelf;
use shelf::Shelf;
pub(super) use shelf::is_digest;

/// How many components are kept; the oldest that is not in use makes room.
pub const MOST_COMPONENTS: usize = 32;
/// Of how many refused components it is remembered why.
const MOST_REFUSED: usize = 64;

/// What is known of a kept component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Component {
    /// Its SHA-256 in hexadecimal.
    pub digest: String,
    /// In bytes.
    pub size: usize,
    /// When it was first uploaded; none for one that the configuration names.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub uploaded_at: Option<Timestamp>,
    /// What is worth knowing of how it fits the contract, each with what to do about it.
    pub remarks: Vec<String>,
    /// What it asks for; none for one that an earlier version of this program took.
    #[serde(default)]
    pub requirements: Option<Requirements>,
    /// What it says of itself, as `describe --json` has it.
    #[schema(value_type = Object)]
    pub description: Value,
}

/// A component that is ready to be placed.
#[derive(Clone)]
pub(crate) struct Loaded {
    /// The compiled component.
    pub operation: Operation,
    /// What it says of itself.
    pub description: Description,
}

/// Why a component is not taken or cannot be had.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LibraryError {
    /// It is too large.
    #[error("a component has at most {LARGEST_COMPONENT} bytes, this one has {0}")]
    TooLarge(usize),
    /// It does not fit the contract.
    #[error("the component does not fit the contract")]
    Unfit(Arc<Fit>),
    /// It cannot describe itself.
    #[error(transparent)]
    Undescribed(Undescribed),
    /// There is none of this digest.
    #[error("there is no component {0}; upload it first, or list those that are kept")]
    Unknown(String),
    /// All places are taken by components in use.
    #[error("all {MOST_COMPONENTS} components that are kept are in use; stop a shadow, or activate fewer versions")]
    Full,
    /// The file is gone, damaged, or cannot be written.
    #[error("{0}")]
    File(Localized),
    /// The store that nodes share does not give it.
    #[error("the components that nodes share cannot be had now: {0}")]
    Away(Localized),
    /// The host failed while compiling.
    #[error("a fault of the host while the component was compiled; try again")]
    Host,
}

impl Bilingual for LibraryError {
    fn ru(&self) -> String {
        match self {
            Self::TooLarge(bytes) => {
                format!("в компоненте допустимо байтов: не больше {LARGEST_COMPONENT}, а в этом их {bytes}")
            }
            Self::Unfit(_) => "компонент не соответствует контракту".to_owned(),
            Self::Undescribed(undescribed) => undescribed.ru(),
            Self::Unknown(digest) => format!("компонента {digest} нет: загрузите его или выберите один из хранимых"),
            Self::Full => format!(
                "все хранимые компоненты ({MOST_COMPONENTS}) используются: закончите проверку в тени или верните прежнюю версию"
            ),
            Self::File(said) => said.ru.clone(),
            Self::Away(why) => format!("общие компоненты узлов сейчас недоступны: {}", why.ru),
            Self::Host => "ошибка программы при компиляции компонента: попробуйте ещё раз".to_owned(),
        }
    }
}

/// What the kept components are needed for.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    /// Those that a call, a restart, a shadow or a roll back needs.
    pub now: BTreeSet<String>,
    /// Those that are needed again once a change of the configuration is taken back. They make room last.
    pub before: BTreeSet<String>,
}

/// Whose turn it is.
type Turn = Arc<tokio::sync::Mutex<()>>;

/// The uploaded components of a node.
pub(crate) struct ComponentLibrary {
    engine: Engine,
    clock: Clock,
    shelf: Option<Shelf>,
    /// Where nodes share their components.
    shared: Option<SharedShelf>,
    /// One at a time compiles, is kept, or is thrown away. Whoever compiles holds it to the end, even where nobody waits any more.
    turn: Turn,
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    kept: BTreeMap<String, Component>,
    loaded: BTreeMap<String, Loaded>,
    refused: Vec<(String, LibraryError)>,
}

impl ComponentLibrary {
    /// The library under a state directory; without one, components are forgotten when the process ends. What is wrong with the files is said
    /// in the second value, and the library goes on without them. Blocks for as long as the disk takes.
    pub(crate) fn open(engine: Engine, state: Option<&Path>, clock: Clock) -> (Self, Vec<Localized>) {
        let mut warnings = Vec::new();
        let shelf = state.map(Shelf::new);
        let kept = shelf.as_ref().map(|shelf| shelf.index(&mut warnings)).unwrap_or_default();
        let kept = kept.into_iter().map(|component| (component.digest.clone(), component)).collect();
        let books = Mutex::new(Books { kept, ..Books::default() });
        (Self { engine, clock, shelf, shared: None, turn: Turn::default(), books }, warnings)
    }

    /// The same, which takes what it lacks from there.
    pub(crate) fn with_shared(self, shared: Option<SharedShelf>) -> Self {
        Self { shared, ..self }
    }

    /// What is kept, the newest first.
    pub(crate) fn list(&self) -> Vec<Component> {
        let mut list: Vec<_> = self.books().kept.values().cloned().collect();
        list.sort_by(|a, b| b.uploaded_at.cmp(&a.uploaded_at).then_with(|| a.digest.cmp(&b.digest)));
        list
    }

    /// What is known of one component.
    pub(crate) fn find(&self, digest: &str) -> Option<Component> {
        self.books().kept.get(digest).cloned()
    }

    /// Checks, compiles and keeps a component, and says whether it is new. Where too many are kept, the oldest goes that is not in
    /// use. Bytes that were refused once are refused again for the same reasons, without being compiled.
    pub(crate) async fn upload(
        &self,
        bytes: impl Into<Arc<[u8]>>,
        uses: &Uses,
    ) -> Result<(Component, bool), LibraryError> {
        let bytes = bytes.into();
        if bytes.len() > LARGEST_COMPONENT {
            return Err(LibraryError::TooLarge(bytes.len()));
        }
        let digest = digest(&bytes);
        let turn = Arc::clone(&self.turn).lock_owned().await;
        if let Some(known) = self.find(&digest) {
            // The upload mends a file that was lost or damaged meanwhile.
            if let Some(shelf) = &self.shelf {
                shelf.keep(&digest, Arc::clone(&bytes)).await?;
            }
            return Ok((known, false));
        }
        if let Some((_, refusal)) = self.books().refused.iter().find(|(refused, _)| *refused == digest) {
            return Err(refusal.clone());
        }
        let (loaded, _turn) = load(&self.engine, Arc::clone(&bytes), turn).await?;
        let loaded = match loaded {
            Ok(loaded) => loaded,
            Err(refusal) => {
                // Whatever else went wrong may go well another time.
                if matches!(&refusal, LibraryError::Unfit(fit) if !fit.is_undecided()) {
                    let refused = &mut self.books().refused;
                    if refused.len() >= MOST_REFUSED {
                        refused.remove(0);
                    }
                    refused.push((digest, refusal.clone()));
                }
                return Err(refusal);
            }
        };
        let component = Component { uploaded_at: Some(self.clock.now()), ..loaded.component() };
        let (mut kept, oldest) = {
            let books = self.books();
            let unused = books.kept.values().filter(|kept| !uses.now.contains(&kept.digest));
            let oldest = unused.min_by_key(|kept| (uses.before.contains(&kept.digest), kept.uploaded_at));
            let oldest = oldest.map(|kept| kept.digest.clone());
            (books.kept.clone(), oldest.filter(|_| books.kept.len() >= MOST_COMPONENTS))
        };
        if oldest.is_none() && kept.len() >= MOST_COMPONENTS {
            return Err(LibraryError::Full);
        }
        kept.retain(|digest, _| oldest.as_ref() != Some(digest));
        kept.insert(digest.clone(), component.clone());
        if let Some(shelf) = &self.shelf {
            shelf.keep(&digest, bytes).await?;
            shelf.write_index(kept.values().cloned().collect()).await?;
            if let Some(oldest) = &oldest {
                shelf.remove(oldest).await;
            }
        }
        let mut books = self.books();
        if let Some(oldest) = &oldest {
            books.loaded.remove(oldest);
        }
        books.kept = kept;
        books.loaded.insert(digest, loaded);
        Ok((component, true))
    }

    /// A kept component, ready to be placed: compiled now, unless it was since the start.
    pub(crate) async fn load(&self, digest: &str) -> Result<Loaded, LibraryError> {
        let unknown = || LibraryError::Unknown(digest.to_owned());
        if let Some(loaded) = self.loaded(digest) {
            return Ok(loaded);
        }
        let turn = Arc::clone(&self.turn).lock_owned().await;
        if let Some(loaded) = self.loaded(digest) {
            return Ok(loaded);
        }
        let bytes = match (self.kept_bytes(digest).await, &self.shared) {
            (Some(Ok(bytes)), _) => bytes,
            (_, Some(shared)) => shared.get(digest).await?.1,
            (kept, None) => kept.ok_or_else(unknown)??,
        };
        let (loaded, _turn) = load(&self.engine, bytes, turn).await?;
        let loaded = loaded?;
        self.books().loaded.insert(digest.to_owned(), loaded.clone());
        Ok(loaded)
    }

    /// The bytes of a component that is kept here. Only what the index names becomes part of a path.
    pub(crate) async fn kept_bytes(&self, digest: &str) -> Option<Result<Arc<[u8]>, LibraryError>> {
        let shelf = self.shelf.as_ref().filter(|_| self.find(digest).is_some())?;
        Some(shelf.read(digest).await)
    }

    /// Keeps a component here too that another node took; false where it is kept already. It is compiled when it is needed.
    pub(crate) async fn adopt(&self, digest: &str) -> Result<bool, LibraryError> {
        let Some(shared) = self.shared.as_ref().filter(|_| self.find(digest).is_none()) else { return Ok(false) };
        let (component, bytes) = shared.get(digest).await?;
        let _turn = self.turn.lock().await;
        let mut kept = self.books().kept.clone();
        kept.insert(digest.to_owned(), component);
        if let Some(shelf) = &self.shelf {
            shelf.keep(digest, bytes).await?;
            shelf.write_index(kept.values().cloned().collect()).await?;
        }
        self.books().kept = kept;
        Ok(true)
    }

    /// Forgets the components that are not among these.
    pub(crate) async fn keep_only(&self, needed: &BTreeSet<String>) -> Result<(), LibraryError> {
        let _turn = self.turn.lock().await;
        let (kept, gone): (BTreeMap<_, _>, BTreeMap<_, _>) =
            self.books().kept.clone().into_iter().partition(|(digest, _)| needed.contains(digest));
        if gone.is_empty() {
            return Ok(());
        }
        if let Some(shelf) = &self.shelf {
            shelf.write_index(kept.values().cloned().collect()).await?;
            for digest in gone.keys() {
                shelf.remove(digest).await;
            }
        }
        let mut books = self.books();
        books.loaded.retain(|digest, _| !gone.contains_key(digest));
        books.kept = kept;
        Ok(())
    }

    fn loaded(&self, digest: &str) -> Option<Loaded> {
        self.books().loaded.get(digest).cloned()
    }

    /// Compiles a component that is not kept here: one of a file.
    pub(super) async fn compile(&self, bytes: Arc<[u8]>) -> Result<Loaded, LibraryError> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        load(&self.engine, bytes, turn).await?.0
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        // Each change is one step, so a panic elsewhere leaves the books whole.
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts a component of the store that nodes share into this state directory, unless it is there.
pub(super) async fn take_component(
    store: &Arc<dyn KeyValueStore>,
    state: &Path,
    digest: &str,
) -> Result<(), LibraryError> {
    let shelf = Shelf::new(state);
    if shelf.read(digest).await.is_ok() {
        return Ok(());
    }
    let (_, bytes) = SharedShelf::new(Arc::clone(store)).get(digest).await?;
    shelf.keep(digest, bytes).await
}

impl Loaded {
    /// What is known of it, as if it had never been uploaded.
    pub(super) fn component(&self) -> Component {
        let Self { operation, description } = self;
        Component {
            digest: operation.digest().to_string(),
            size: operation.size(),
            uploaded_at: None,
            requirements: Some(Requirements::of(operation, description)),
            remarks: operation.fit().findings.iter().map(ToString::to_string).collect(),
            description: description_json(operation, description),
        }
    }
}

/// Compiles off the threads that calls are resolved on. The turn goes along with the work and comes back with the component, so that whoever
/// gives up waiting does not let the next one begin beside it.
async fn load(
    engine: &Engine,
    bytes: Arc<[u8]>,
    turn: OwnedMutexGuard<()>,
) -> Result<(Result<Loaded, LibraryError>, OwnedMutexGuard<()>), LibraryError> {
    let engine = engine.clone();
    let compiling = tokio::task::spawn_blocking(move || (engine.load(&bytes), turn));
    let (compiled, turn) = compiling.await.map_err(|_| LibraryError::Host)?;
    let described = async {
        let operation = compiled.map_err(|fit| LibraryError::Unfit(Arc::new(fit)))?;
        let description = operation.describe().await.map_err(LibraryError::Undescribed)?;
        Ok(Loaded { operation, description })
    };
    Ok((described.await, turn))
}
