//! A window of starts that several nodes share: no window of its length sees more starts than it allows, whichever node they are on.
//!
//! One who wants to start [asks](SharedWindow::ask) under a name of its own. A permit counts as a start that is about to happen until the
//! start is [noted](SharedWindow::started), or the permit is [given back](SharedWindow::give_back).

use std::time::Duration;

use super::StoreError;

/// What a shared window allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowBounds {
    /// How many starts, at least one.
    pub most: u32,
    /// In any window of this length.
    pub length: Duration,
}

/// What came of asking for a permit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Whether the start may happen.
    pub permitted: bool,
    /// How the window stood before that.
    pub state: WindowState,
}

/// How a shared window stands, at the moment of the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WindowState {
    /// After how long each start of the window leaves it, the first first. Those about to happen count as happening now.
    pub leaving: Vec<Duration>,
    /// How many wait at each of the other nodes.
    pub waiting_elsewhere: Vec<usize>,
    /// How many nodes used the window lately, this one among them.
    pub nodes: usize,
}

/// A shared window of starts. Every operation ends within a bounded time.
#[async_trait::async_trait]
pub trait SharedWindow: Send + Sync + std::fmt::Debug {
    /// Asks for a permit, and tells the other nodes how many wait at this one.
    async fn ask(&self, permit: &str, waiting: usize) -> Result<Asked, StoreError>;

    /// The start happened, now. Counts whether or not there was a permit, so that what starts while the store is slow is counted too.
    async fn started(&self, permit: &str) -> Result<(), StoreError>;

    /// There will be no start.
    async fn give_back(&self, permit: &str) -> Result<(), StoreError>;

    /// A name for a permit that no other has.
    fn new_permit(&self) -> String;
}
