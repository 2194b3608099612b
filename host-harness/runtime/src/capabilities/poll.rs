//! Waiting for several things at once: `wasi:io/poll`, noted in the call's journal.
//!
//! What was ready first is chance, and decides what a component does next. Where a call runs again by a [`Script`], it waits for what was ready
//! then, and is told of nothing else.

use wasmtime::Result;
use wasmtime::component::{HasData, Linker, Resource, ResourceTable};
use wasmtime_wasi::p2::DynPollable;
use wasmtime_wasi::p2::bindings::io::poll;

use super::journal::{Import, Journal, Script};

/// The table of a call's handles, its journal and its script.
pub(crate) struct PollView<'a> {
    pub(crate) table: &'a mut ResourceTable,
    pub(crate) journal: &'a Journal,
    pub(crate) script: &'a Script,
}

struct HasPoll;

impl HasData for HasPoll {
    type Data<'a> = PollView<'a>;
}

/// Links the interface; `view` finds what it needs in a store's data.
pub(crate) fn add_to_linker<T: Send + 'static>(linker: &mut Linker<T>, view: fn(&mut T) -> PollView<'_>) -> Result<()> {
    poll::add_to_linker::<T, HasPoll>(linker, view)
}

impl poll::Host for PollView<'_> {
    async fn poll(&mut self, pollables: Vec<Resource<DynPollable>>) -> Result<Vec<u32>> {
        let asked = pollables.len();
        let answer = match self.script.poll() {
            None => poll::Host::poll(self.table, pollables).await?,
            Some(ready) => {
                for place in &ready {
                    if let Some(pollable) = usize::try_from(*place).ok().and_then(|place| pollables.get(place)) {
                        let waited_for = Resource::new_borrow(pollable.rep());
                        poll::Host::poll(self.table, vec![waited_for]).await?;
                    }
                }
                ready
            }
        };
        self.journal.note(|| Import::Poll { pollables: asked, answer: answer.clone() });
        Ok(answer)
    }
}

impl poll::HostPollable for PollView<'_> {
    async fn block(&mut self, pollable: Resource<DynPollable>) -> Result<()> {
        poll::HostPollable::block(self.table, pollable).await?;
        self.journal.note(|| Import::Block {});
        Ok(())
    }

    async fn ready(&mut self, pollable: Resource<DynPollable>) -> Result<bool> {
        let answer = match self.script.ready() {
            None => poll::HostPollable::ready(self.table, pollable).await?,
            Some(answer) => {
                if answer {
                    poll::HostPollable::block(self.table, pollable).await?;
                }
                answer
            }
        };
        self.journal.note(|| Import::Ready { answer });
        Ok(answer)
    }

    fn drop(&mut self, pollable: Resource<DynPollable>) -> Result<()> {
        poll::HostPollable::drop(self.table, pollable)
    }
}
