//! A placed operation that many calls come to, one after another or all at once.

use call::{IncomingCall, WholeNumber};
use node::{self, ReadyOperation};
use runtime::capabilities::clocks::Clock;
use tokio::task::JoinHandle;

use crate::Outcome;
use crate::replayable::assert_replayable;

/// Such an operation.
#[derive(Clone)]
pub struct Line {
    placed: ReadyOperation,
    clock: Clock,
}

impl Line {
    pub(crate) fn new(placed: ReadyOperation, clock: Clock) -> Self {
        Self { placed, clock }
    }

    /// Resolves a call from this number; an empty one is withheld.
    pub async fn call(&self, caller: &str) -> Outcome {
        self.call_to(caller, "+74951234567").await
    }

    /// Resolves a call from this number to that one.
    pub async fn call_to(&self, caller: &str, called: &str) -> Outcome {
        let call = IncomingCall {
            id: "call-1".to_owned(),
            caller: Some(caller).filter(|caller| !caller.is_empty()).map(WholeNumber::new),
            called: called.to_owned(),
            ..IncomingCall::default()
        };
        let (resolved, noted) = node::noted(&self.placed, call, &self.clock).await;
        assert_replayable(&self.placed, &resolved, noted, caller).await;
        Outcome::new(resolved)
    }

    /// Resolves a call beside others.
    pub fn call_beside(&self, caller: &str) -> JoinHandle<Outcome> {
        let (line, caller) = (self.clone(), caller.to_owned());
        tokio::spawn(async move { line.call(&caller).await })
    }
}
