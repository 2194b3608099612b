//! Calls that come to several nodes with one store: the node where a call arrived keeps it, and is told what the others learn of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use call::leg::Leg;
use jiff::{SignedDuration, Timestamp};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::{CallDetails, CallKey, KeptCall, Unreported};
use crate::FinishedCall;
use crate::shared_calls::{AnsweredElsewhere, PassedOn, SharedCalls};

/// How often a node looks at what was passed on.
const LOOK: Duration = Duration::from_millis(500);
/// How long ago a call may have arrived that a PBX still reports of.
const REPORTED_FOR: SignedDuration = SignedDuration::from_hours(24);
/// How far the clocks of two nodes may be apart.
const APART: SignedDuration = SignedDuration::from_mins(1);

impl CallDetails {
    /// From now on other nodes with the same store are told of calls that they keep, and this one is.
    pub fn share(&self, shared: SharedCalls) {
        // There is one store.
        let _ = self.0.shared.set(shared);
    }

    /// Who answered whom is known to all nodes.
    pub(super) fn tell_of_talk(&self, call: &KeptCall) {
        let Some((shared, talk)) = self.0.shared.get().cloned().zip(call.talk()) else { return };
        let (reader, seq, keep_for) = (self.reader(), call.seq, self.0.keep_for);
        tokio::spawn(async move {
            // A call whose caller has no key is of nobody's who could be found again.
            if let Ok(Ok(Some(caller_key))) = tokio::task::spawn_blocking(move || reader.caller_key(seq)).await {
                shared.talked(&caller_key, &talk, keep_for).await;
            }
        });
    }

    /// Passes a report on of a call that is not kept here, and says what its PBX is told. Only what is named by its identifier alone is passed on: who
    /// reports otherwise may complete only some calls, and another node cannot tell which.
    pub(super) async fn pass_on_legs(&self, shared: &SharedCalls, call: &CallKey, legs: Vec<Leg>) -> Unreported {
        let CallKey::Id(id) = call else { return Unreported::Unknown };
        let now = self.0.clock.now();
        let since = now.saturating_sub(REPORTED_FOR).unwrap_or(Timestamp::MIN);
        let report = PassedOn::Legs { id: id.clone(), since, legs };
        match shared.pass_on(&report, now).await {
            Ok(()) => Unreported::PassedOn,
            Err(error) => Unreported::Unavailable(error.to_string()),
        }
    }

    /// Passes an answer on to the node that keeps the call. Where that cannot be done it is kept here, so that it is not lost.
    pub(super) fn pass_on_answer(&self, shared: SharedCalls, call: FinishedCall) {
        let details = self.clone();
        tokio::spawn(async move {
            if shared.pass_on(&shared.answer(&call), details.0.clock.now()).await.is_err() {
                details.0.writer.keep(call);
            }
        });
    }

    /// Takes what other nodes pass on of calls that are kept here, until it is told to end.
    pub async fn take_passed_on(self, end: CancellationToken) {
        let Some(shared) = self.0.shared.get() else { return };
        let mut looking = interval(LOOK);
        looking.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut others = BTreeSet::new();
        loop {
            tokio::select! {
                () = end.cancelled() => return,
                _ = looking.tick() => {}
            }
            let Ok(names) = shared.waiting().await else { continue };
            for name in names.iter().filter(|name| !others.contains(*name)).cloned().collect::<Vec<_>>() {
                match self.take(shared, &name).await {
                    Taken::Here => shared.taken(&name).await,
                    Taken::OfAnother => drop(others.insert(name)),
                    Taken::Later => {}
                }
            }
            let names: BTreeSet<_> = names.into_iter().collect();
            others.retain(|name| names.contains(name));
        }
    }

    async fn take(&self, shared: &SharedCalls, name: &str) -> Taken {
        match shared.passed_on(name).await {
            None => Taken::Later,
            Some(PassedOn::Legs { id, since, legs }) => {
                let until = self.0.clock.now().saturating_add(APART).unwrap_or(Timestamp::MAX);
                match self.complete_here(CallKey::ArrivedWithin(id, since, until), legs).await {
                    Ok(_) => Taken::Here,
                    Err(Unreported::Unknown) => Taken::OfAnother,
                    Err(_) => Taken::Later,
                }
            }
            Some(PassedOn::Answer(answer)) => self.take_answer(*answer).await,
        }
    }

    async fn take_answer(&self, answer: AnsweredElsewhere) -> Taken {
        let Some(document) = answer.document() else { return Taken::OfAnother };
        let (reader, key) = (self.reader(), CallKey::Arrived(document.call.id.clone(), document.call.at));
        match tokio::task::spawn_blocking(move || reader.find(&key)).await {
            Ok(Ok(Some(_))) => {}
            Ok(Ok(None)) => return Taken::OfAnother,
            Ok(Err(_)) | Err(_) => return Taken::Later,
        }
        self.0.writer.keep(FinishedCall {
            placement: answer.placement.into(),
            integration: answer.integration.into(),
            caller: None,
            caller_key: answer.caller_key.map(Arc::from),
            resolved: Arc::new(document),
            walked: Arc::new([]),
            asked_at: answer.answered,
            is_continued: true,
            kept_by: None,
        });
        Taken::Here
    }
}

/// What became of something that was passed on.
enum Taken {
    /// It is of a call that is kept here.
    Here,
    /// It is of none.
    OfAnother,
    /// That cannot be told now.
    Later,
}
