//! What a live call asked of its host and was answered, for those who resolve it again: a shadow, a recording.

use jiff::Timestamp;

use super::ReadyOperation;
use call::{CallDocument, IncomingCall};
use runtime::capabilities::clocks::Clock;
use runtime::engine::World;
use runtime::journal::{Entry, Journal, TooMuch};

/// What a live call asked and was answered.
#[derive(Clone, Debug)]
pub struct Noted {
    /// The call.
    pub call: IncomingCall,
    /// When it arrived.
    pub at: Timestamp,
    /// What it asked and was answered, in order.
    pub imports: Result<Vec<Entry>, TooMuch>,
}

impl Noted {
    /// Whether the call was told more than a recording keeps.
    pub fn is_too_much(&self) -> bool {
        self.imports.is_err()
    }
}

/// Resolves a call and notes what it asks and is answered.
pub async fn noted(placed: &ReadyOperation, call: IncomingCall, clock: &Clock) -> (CallDocument, Noted) {
    noted_in(placed, placed.world(clock.clone()), call, clock.now()).await
}

/// The same in another world, for a call that arrived at `at`.
pub(super) async fn noted_in(
    placed: &ReadyOperation,
    world: World,
    call: IncomingCall,
    at: Timestamp,
) -> (CallDocument, Noted) {
    let journal = Journal::begin();
    let world = World { journal: journal.clone(), ..world };
    let resolved = placed.resolve_in(world, call.clone(), at).await;
    (resolved, Noted { call, at, imports: journal.entries() })
}
