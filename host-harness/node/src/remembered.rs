//! The calls that may come back: those that were given numbers to ring, with an operation to be asked when nobody answers (rule E2).
//!
//! A call is known by its identifier, its caller and the number that was called. It is remembered for as long as numbers may ring, and within
//! bounds of number and size; the oldest are forgotten first. What is forgotten may still come back, and is then a call of which no earlier
//! step is known.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use call::document::Route;
use call::scenario::placement_of;
use call::step::StepRecord;
use call::{CallDocument, IncomingCall, WholeNumber};
use jiff::{SignedDuration, Timestamp};

use super::shared_calls::AnsweredElsewhere;
use super::{FinishedCall, Walked};

/// How long a call is remembered: longer than all numbers of an employee may ring one after another.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(2);
/// How many calls are remembered.
const MOST: usize = 16_384;
/// How many bytes their documents have at most, written as JSON.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// The calls by their identifiers.
#[derive(Debug, Default)]
pub(super) struct RememberedCalls {
    remembered: Mutex<Remembered>,
    /// Whether there was ever one. Most scenarios have no operation to be asked when nobody answers, and their calls need not look here.
    is_used: AtomicBool,
}

#[derive(Debug, Default)]
struct Remembered {
    calls: HashMap<String, Entry>,
    /// In the order in which they were answered, each with the number of its answer.
    order: VecDeque<(String, u64)>,
    answers: u64,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    call: RememberedCall,
    answer: u64,
    bytes: usize,
}

/// A call as it was answered last.
#[derive(Clone, Debug)]
pub(super) struct RememberedCall {
    /// The placement that it was asked for, with its integration.
    pub(super) first: Walked,
    pub(super) caller: Option<WholeNumber>,
    caller_key: Option<Arc<str>>,
    pub(super) document: Arc<CallDocument>,
    /// The PBX has come back from the numbers of this answer: they ring no more.
    pub(super) is_leaving: bool,
    /// The node that keeps the call, where that is another one.
    pub(super) kept_by: Option<Arc<str>>,
    answered: Timestamp,
}

/// Whether the PBX may come back after an answer.
pub(super) fn may_come_back(finished: &FinishedCall) -> bool {
    finished.is_continued || finished.resolved.asked_again_after(&finished.placement).is_some()
}

impl RememberedCall {
    /// The placement that the answer is of.
    pub(super) fn placement(&self) -> &str {
        self.document.placement.as_deref().unwrap_or(&self.first.placement)
    }

    /// Where the call was to go on when nobody answers its numbers.
    pub(super) fn goes_on_at(&self) -> Option<&str> {
        match &self.document.route {
            Route::Forward { then, .. } => placement_of(then),
            Route::LinkedOperation { .. } => None,
        }
    }

    /// Whether this placement's numbers are ringing.
    pub(super) fn rings(&self, placement: &str) -> bool {
        matches!(self.document.route, Route::Forward { .. }) && self.placement() == placement
    }

    /// Whether this placement's numbers were rung in vain, and the operation after it has answered.
    pub(super) fn has_left(&self, placement: &str) -> bool {
        self.document.steps.iter().any(|step| step.is_unanswered() && step.placement == placement)
    }

    /// A call that another node answered last. Its caller is known if the PBX says it again: only a part of the number is in the store.
    pub(super) fn elsewhere(
        (answer, is_own): (AnsweredElsewhere, bool),
        call: &IncomingCall,
        now: Timestamp,
    ) -> Option<Self> {
        let document = answer.document()?;
        let (masked, called) = (call.presented().map(WholeNumber::masked), call.called_to_show());
        let is_the_call = document.call.id == call.id
            && (masked.is_none() || masked == document.call.caller)
            && (called.is_empty() || called == document.call.called);
        let is_remembered = now.duration_since(answer.answered) <= REMEMBERED;
        (is_the_call && is_remembered).then(|| Self {
            first: Walked { placement: answer.placement.into(), integration: answer.integration.into() },
            caller: call.presented().cloned(),
            caller_key: answer.caller_key.map(Arc::from),
            document: Arc::new(document),
            is_leaving: false,
            kept_by: (!is_own).then(|| answer.node.into()),
            answered: answer.answered,
        })
    }

    /// That of the two which knows more steps of the call.
    pub(super) fn later(own: Option<Self>, elsewhere: Option<Self>) -> Option<Self> {
        let steps = |known: &Self| known.document.steps.len();
        match (own, elsewhere) {
            (Some(own), Some(elsewhere)) => Some(if steps(&own) >= steps(&elsewhere) { own } else { elsewhere }),
            (own, elsewhere) => own.or(elsewhere),
        }
    }

    /// The same as a call that is answered once more.
    pub(super) fn into_finished(self) -> FinishedCall {
        let Walked { placement, integration } = self.first;
        FinishedCall {
            placement,
            integration,
            caller: self.caller,
            caller_key: self.caller_key,
            resolved: self.document,
            walked: Arc::new([]),
            asked_at: self.answered,
            is_continued: true,
            kept_by: self.kept_by,
        }
    }

    /// Whether any numbers were rung in vain.
    pub(super) fn has_come_back(&self) -> bool {
        self.is_leaving || self.document.steps.iter().any(StepRecord::is_unanswered)
    }

    /// A PBX that comes back may leave out what it said first.
    fn is(&self, call: &IncomingCall) -> bool {
        let caller = call.presented();
        let called = call.called_to_show();
        let may_leave_out = call.unanswered.is_some();
        (caller == self.caller.as_ref() || may_leave_out && caller.is_none())
            && (called == self.document.call.called || may_leave_out && called.is_empty())
    }
}

impl RememberedCalls {
    /// The call, if it is remembered.
    pub(super) fn get(&self, call: &IncomingCall, now: Timestamp) -> Option<RememberedCall> {
        let remembered = self.lock()?;
        let known = &remembered.calls.get(&call.id)?.call;
        (known.is(call) && now.duration_since(known.answered) <= REMEMBERED).then(|| known.clone())
    }

    /// From now on the numbers of the call's answer ring no more.
    pub(super) fn leave(&self, id: &str) {
        if let Some(entry) = self.lock().as_mut().and_then(|remembered| remembered.calls.get_mut(id)) {
            entry.call.is_leaving = true;
        }
    }

    /// None where nothing was ever remembered.
    fn lock(&self) -> Option<MutexGuard<'_, Remembered>> {
        let is_used = self.is_used.load(Ordering::Acquire);
        is_used.then(|| self.remembered.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes an answer in, unless its numbers were rung in vain meanwhile: then the call is given as it is.
    pub(super) fn settle(&self, finished: &FinishedCall, now: Timestamp) -> Option<RememberedCall> {
        let (id, document) = (&finished.resolved.call.id, &finished.resolved);
        let is_kept = may_come_back(finished);
        if is_kept {
            self.is_used.store(true, Ordering::Release);
        }
        let mut remembered = self.lock()?;
        let known = remembered.calls.get(id).map(|entry| &entry.call);
        let known =
            known.filter(|known| known.caller == finished.caller && known.document.call.called == document.call.called);
        let is_forward = matches!(document.route, Route::Forward { .. });
        let placement = document.placement.as_deref().unwrap_or(&finished.placement);
        if let Some(known) = known.filter(|known| {
            is_forward && (known.has_left(placement) || known.is_leaving && known.placement() == placement)
        }) {
            return Some(known.clone());
        }
        if is_kept {
            remembered.add(RememberedCall {
                first: Walked {
                    placement: Arc::clone(&finished.placement),
                    integration: Arc::clone(&finished.integration),
                },
                caller: finished.caller.clone(),
                caller_key: finished.caller_key.clone(),
                document: Arc::clone(document),
                is_leaving: false,
                kept_by: finished.kept_by.clone(),
                answered: now,
            });
        }
        None
    }
}

impl Remembered {
    fn add(&mut self, call: RememberedCall) {
        let id = call.document.call.id.clone();
        let bytes = id.len() + size(&call.document);
        self.answers += 1;
        let answer = self.answers;
        self.bytes += bytes;
        let before = self.calls.insert(id.clone(), Entry { call, answer, bytes });
        self.bytes -= before.map_or(0, |before| before.bytes);
        self.order.push_back((id, answer));
        while self.order.len() > MOST || self.bytes > MOST_BYTES {
            let Some((id, answer)) = self.order.pop_front() else { return };
            // It may have been answered again since.
            if self.calls.get(&id).is_some_and(|entry| entry.answer == answer)
                && let Some(entry) = self.calls.remove(&id)
            {
                self.bytes -= entry.bytes;
            }
        }
    }
}

/// How long a document is as JSON.
fn size(document: &CallDocument) -> usize {
    struct Count(usize);

    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let mut count = Count(0);
    // What cannot be written takes all the room: it is not remembered.
    serde_json::to_writer(&mut count, document).map_or(MOST_BYTES, |()| count.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(id: &str, note: usize) -> FinishedCall {
        let route =
            r#"{"kind": "forward", "employee": {"id": "a", "name": "a"}, "numbers": [], "then": "operation:b"}"#;
        let written = format!(
            r#"{{"version": 1, "call": {{"id": "{id}", "caller": null, "called": "{}", "at": "2026-11-22T09:00:00Z"}},
                "route": {route}, "reason": null, "details": {{"waiting_time_ms": 0, "waited_ms": 0}}, "run": {{}}}}"#,
            "1".repeat(note)
        );
        let resolved = Arc::new(serde_json::from_str(&written).unwrap());
        FinishedCall::of_one_step("a".into(), "main".into(), None, resolved)
    }

    fn asks(id: &str, note: usize) -> IncomingCall {
        IncomingCall { id: id.to_owned(), called: "1".repeat(note), ..IncomingCall::default() }
    }

    #[test]
    fn e2_a_flood_of_calls_takes_no_more_memory_and_the_oldest_are_forgotten() {
        let (calls, now) = (RememberedCalls::default(), Timestamp::UNIX_EPOCH);
        for number in 0..MOST + 10 {
            assert!(calls.settle(&answered(&number.to_string(), 1), now).is_none());
        }
        assert!(calls.get(&asks("9", 1), now).is_none() && calls.get(&asks("10", 1), now).is_some());
        // The same call again and again.
        for _ in 0..MOST {
            calls.settle(&answered("x", 1), now);
        }
        let remembered = calls.remembered.lock().unwrap();
        assert_eq!((remembered.calls.len(), remembered.order.len()), (1, MOST));
        drop(remembered);
        for number in 0..40 {
            calls.settle(&answered(&number.to_string(), 1024 * 1024), now);
        }
        let remembered = calls.remembered.lock().unwrap();
        assert!(remembered.bytes <= MOST_BYTES && (30..40).contains(&remembered.calls.len()));
        assert_eq!(remembered.bytes, remembered.calls.values().map(|entry| entry.bytes).sum::<usize>());
    }

    #[test]
    fn e2_a_call_is_remembered_for_as_long_as_numbers_may_ring_and_is_no_other_of_its_identifier() {
        let (calls, now) = (RememberedCalls::default(), Timestamp::UNIX_EPOCH);
        calls.settle(&answered("x", 3), now);
        assert!(calls.get(&asks("x", 3), now + REMEMBERED).is_some());
        assert!(calls.get(&asks("x", 3), now + REMEMBERED + SignedDuration::from_secs(1)).is_none());
        assert!(calls.get(&asks("x", 4), now).is_none(), "another number was called");
        let other = IncomingCall { caller: Some("+79165550101".into()), ..asks("x", 3) };
        assert!(calls.get(&other, now).is_none(), "somebody else calls");
        let back = IncomingCall { unanswered: Some(call::scenario::Unanswered::default()), ..asks("x", 0) };
        assert!(calls.get(&back, now).is_some(), "a PBX that comes back need not say it all again");
    }

    #[test]
    fn e2_an_answer_that_comes_late_gives_no_numbers_that_were_left() {
        let (calls, now) = (RememberedCalls::default(), Timestamp::UNIX_EPOCH);
        calls.settle(&answered("x", 1), now);
        calls.leave("x");
        assert!(calls.settle(&answered("x", 1), now).is_some_and(|known| known.is_leaving));
    }
}
