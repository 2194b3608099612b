//! What was ready first.
//!
//! That is chance, and decides what a component does next. Where a call runs again by a script, it waits for what was ready then, and is told of
//! nothing else.

use wasmtime::Result;
use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi::p2::DynPollable;
use wasmtime_wasi::p2::bindings::io::poll;

use super::Noted;
use crate::journal::Import;

impl poll::Host for Noted<'_, &mut ResourceTable> {
    async fn poll(&mut self, pollables: Vec<Resource<DynPollable>>) -> Result<Vec<u32>> {
        let asked = pollables.len();
        let answer = match self.script.poll() {
            None => poll::Host::poll(self.capability, pollables).await?,
            Some(ready) => {
                for place in &ready {
                    if let Some(pollable) = usize::try_from(*place).ok().and_then(|place| pollables.get(place)) {
                        let waited_for = Resource::new_borrow(pollable.rep());
                        poll::Host::poll(self.capability, vec![waited_for]).await?;
                    }
                }
                ready
            }
        };
        self.journal.note(|| Import::Poll { pollables: asked, answer: answer.clone() });
        Ok(answer)
    }
}

impl poll::HostPollable for Noted<'_, &mut ResourceTable> {
    async fn block(&mut self, pollable: Resource<DynPollable>) -> Result<()> {
        poll::HostPollable::block(self.capability, pollable).await?;
        self.journal.note(|| Import::Block {});
        Ok(())
    }

    async fn ready(&mut self, pollable: Resource<DynPollable>) -> Result<bool> {
        let answer = match self.script.ready() {
            None => poll::HostPollable::ready(self.capability, pollable).await?,
            Some(answer) => {
                if answer {
                    poll::HostPollable::block(self.capability, pollable).await?;
                }
                answer
            }
        };
        self.journal.note(|| Import::Ready { answer });
        Ok(answer)
    }

    fn drop(&mut self, pollable: Resource<DynPollable>) -> Result<()> {
        poll::HostPollable::drop(self.capability, pollable)
    }
}
