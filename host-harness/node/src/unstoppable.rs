//! Work that comes to its end although nobody waits for it any more.
//!
//! It runs where it is waited for, which costs nothing: a task of its own for every call, handed from thread to thread, was measured to
//! cost as much as a third of a cached call. Only where it is given up before its end it becomes such a task.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

/// A future that goes on as a task when it is dropped unfinished inside a tokio runtime.
pub(super) struct Unstoppable<F: Future + Send + 'static>
where
    F::Output: Send,
{
    work: Option<Pin<Box<F>>>,
}

impl<F: Future + Send + 'static> Unstoppable<F>
where
    F::Output: Send,
{
    pub(super) fn new(work: F) -> Self {
        Self { work: Some(Box::pin(work)) }
    }
}

impl<F: Future + Send + 'static> Future for Unstoppable<F>
where
    F::Output: Send,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Some(work) = &mut self.work else { return Poll::Pending };
        let polled = work.as_mut().poll(context);
        if polled.is_ready() {
            self.work = None;
        }
        polled
    }
}

impl<F: Future + Send + 'static> Drop for Unstoppable<F>
where
    F::Output: Send,
{
    fn drop(&mut self) {
        if let (Some(work), Ok(runtime)) = (self.work.take(), Handle::try_current()) {
            runtime.spawn(work);
        }
    }
}
