//! What nodes with one store share of calls: those that may come back, who talked to whom last, and what is passed on to the node that keeps a call.
//!
//! The details of a call are kept by the node where it arrived. Another node, to which the PBX comes back or reports, passes on what it learnt; each
//! node looks at what was passed on more often than once a second, and takes what is of its calls. Nothing here holds a call up: what cannot be had in
//! the time of one operation of the store counts as unknown.
//!
//! No whole number is in the store: callers are masked there, or hashed with the integration's secret.

use std::sync::Arc;
use std::time::Duration;

use call::leg::Leg;
use call::{CallDocument, IncomingCall};
use jiff::Timestamp;
use runtime::store::{KeyValueStore, Shelf, StoreError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::FinishedCall;

/// The calls that may come back, by their identifiers.
const BACK: Shelf<'_> = Shelf { namespace: "/host-harness", bucket: "calls" };
/// Who answered a caller last, by the hash of the caller.
const TALKS: Shelf<'_> = Shelf { namespace: "/host-harness", bucket: "talks" };
/// What is passed on, by the time.
const PASSED_ON: Shelf<'_> = Shelf { namespace: "/host-harness", bucket: "passed-on" };
/// How long a call may come back, and how long is kept what is passed on: a node may be started again meanwhile.
const TWO_HOURS: Duration = Duration::from_secs(2 * 60 * 60);
/// How many names are read at once.
const PAGE: u32 = 256;

/// What nodes share of calls. Cheap to clone; a clone is the same one.
#[derive(Clone, Debug)]
pub struct SharedCalls {
    store: Arc<dyn KeyValueStore>,
    /// This process among those with the store.
    node: Arc<str>,
}

/// An answer of a call as another node gave it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AnsweredElsewhere {
    /// The node where the call arrived.
    pub(crate) node: String,
    /// The placement that it was asked for, and its integration.
    pub(crate) placement: String,
    pub(crate) integration: String,
    #[serde(default)]
    pub(crate) caller_key: Option<String>,
    /// When it arrived, in milliseconds since 1970: the document tells seconds.
    arrived: i64,
    /// When this answer was given.
    pub(crate) answered: Timestamp,
    document: Value,
}

/// What a node learnt of a call that another one keeps.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PassedOn {
    /// How legs of the call of this identifier ended that arrived since.
    Legs { id: String, since: Timestamp, legs: Vec<Leg> },
    /// The call was answered once more.
    Answer(Box<AnsweredElsewhere>),
}

/// Who answered a caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Talk {
    /// The employee's identifier.
    pub(crate) employee: String,
    /// When that call arrived.
    pub(crate) at: Timestamp,
}

impl AnsweredElsewhere {
    fn of(call: &FinishedCall, node: &str, answered: Timestamp) -> Self {
        Self {
            node: node.to_owned(),
            placement: call.placement.to_string(),
            integration: call.integration.to_string(),
            caller_key: call.caller_key.as_deref().map(str::to_owned),
            arrived: call.resolved.call.at.as_millisecond(),
            answered,
            document: serde_json::to_value(&*call.resolved).unwrap_or_default(),
        }
    }

    /// The answer; none where a version of the program wrote it that this one does not understand.
    pub(crate) fn document(&self) -> Option<CallDocument> {
        let mut document: CallDocument = serde_json::from_value(self.document.clone()).ok()?;
        document.call.at = Timestamp::from_millisecond(self.arrived).ok()?;
        Some(document)
    }
}

impl SharedCalls {
    /// Those of the nodes with this store.
    pub fn new(store: Arc<dyn KeyValueStore>) -> Self {
        // Only where the system has no chance to give are two nodes taken for one, which then pass nothing on.
        let node = getrandom::u64().map(|chance| format!("{chance:016x}")).unwrap_or_default();
        Self { store, node: node.into() }
    }

    /// Remembers an answer with which a call may come back, to whichever node.
    pub(crate) fn remember(&self, call: &FinishedCall, answered: Timestamp) {
        let node = call.kept_by.as_deref().unwrap_or(&self.node);
        let (id, answer) = (call.resolved.call.id.clone(), AnsweredElsewhere::of(call, node, answered));
        let shared = self.clone();
        tokio::spawn(async move {
            let kept = shared.store.cache_for(BACK.slot(&id), &written(&answer), TWO_HOURS).await;
            told("a call that may come back is known at this node alone", kept);
        });
    }

    /// The last answer of a call, whichever node gave it; whether that node keeps the call is told with it.
    pub(crate) async fn remembered(&self, call: &IncomingCall) -> Option<(AnsweredElsewhere, bool)> {
        let answer: AnsweredElsewhere = self.read(BACK, &call.id).await?;
        let is_own = *answer.node == *self.node;
        Some((answer, is_own))
    }

    /// Notes that an employee answered a caller, unless a later call is known; for as long as this node keeps calls.
    pub(crate) async fn talked(&self, caller_key: &str, talk: &Talk, keep_for: Duration) {
        if self.last_talk(caller_key).await.is_none_or(|known| known.at < talk.at) {
            let kept = self.store.cache_for(TALKS.slot(caller_key), &written(talk), keep_for).await;
            told("who talked to a caller last is known at this node alone", kept);
        }
    }

    /// Who answered this caller last, as far as any node was told.
    pub(crate) async fn last_talk(&self, caller_key: &str) -> Option<Talk> {
        self.read(TALKS, caller_key).await
    }

    /// Passes on what this node learnt of a call that another one keeps.
    pub(crate) async fn pass_on(&self, what: &PassedOn, now: Timestamp) -> Result<(), StoreError> {
        let chance = getrandom::u32().unwrap_or_default();
        // In the order in which it came.
        let key = format!("{:016}-{chance:08x}", now.as_millisecond());
        self.store.cache_for(PASSED_ON.slot(&key), &written(what), TWO_HOURS).await
    }

    /// The names of what was passed on and nobody has taken yet, the oldest first.
    pub(crate) async fn waiting(&self) -> Result<Vec<String>, StoreError> {
        let (mut names, mut position) = (Vec::new(), 0);
        loop {
            let page = self.store.list_keys(PASSED_ON, position, PAGE).await?;
            names.extend(page.keys);
            match page.next {
                Some(next) => position = next,
                None => return Ok(names),
            }
        }
    }

    /// What was passed on under this name; none where another node has taken it.
    pub(crate) async fn passed_on(&self, name: &str) -> Option<PassedOn> {
        self.read(PASSED_ON, name).await
    }

    /// Takes it away, since it is known where it belongs.
    pub(crate) async fn taken(&self, name: &str) {
        told("what was passed on is looked at again", self.store.delete(PASSED_ON.slot(name)).await);
    }

    /// The answer as it is passed on.
    pub(crate) fn answer(&self, call: &FinishedCall) -> PassedOn {
        PassedOn::Answer(Box::new(AnsweredElsewhere::of(
            call,
            call.kept_by.as_deref().unwrap_or_default(),
            call.asked_at,
        )))
    }

    async fn read<T: DeserializeOwned>(&self, shelf: Shelf<'_>, key: &str) -> Option<T> {
        serde_json::from_slice(&self.store.get(shelf.slot(key)).await.ok()??).ok()
    }
}

fn written(value: &impl Serialize) -> Vec<u8> {
    // Values of this program's do not fail to be written as JSON.
    serde_json::to_vec(value).unwrap_or_default()
}

fn told(what: &str, done: Result<(), StoreError>) {
    if let Err(error) = done {
        tracing::debug!(%error, "{what}");
    }
}
