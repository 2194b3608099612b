//! An answer's body on its way in: bounded in size and in time.
//!
//! An endless or huge body ends with `HTTP-response-body-size`; a body that stops before its end, with `HTTP-response-incomplete`; one
//! that comes too slowly, with a timeout (see [`timing`](super::timing)). Only the time in which the component waits counts, except
//! for the call's deadline, which ends every body.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};
use wasmtime_wasi_http::Error;

use super::errors;
use super::timing::Timing;

/// The body of an answer, as the component reads it.
#[derive(Debug)]
pub struct BoundedBody {
    incoming: Incoming,
    max_bytes: u64,
    received: u64,
    timing: Timing,
    /// Runs while the component waits for bytes.
    waiting: Option<(Pin<Box<Sleep>>, Error)>,
    failed: bool,
}

impl BoundedBody {
    pub(crate) fn new(incoming: Incoming, max_bytes: u64, timing: Timing) -> Self {
        Self { incoming, max_bytes, received: 0, timing, waiting: None, failed: false }
    }

    fn poll_bounded(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        // A declared length is believed when it is too large: nothing of such a body is read.
        let declared = self.received.saturating_add(self.incoming.size_hint().lower());
        if declared > self.max_bytes {
            return Poll::Ready(Some(Err(Error::HttpResponseBodySize(Some(declared)))));
        }
        if Instant::now() >= self.timing.deadline {
            return Poll::Ready(Some(Err(Error::HttpResponseTimeout)));
        }
        match Pin::new(&mut self.incoming).poll_frame(cx) {
            Poll::Ready(polled) => {
                self.waiting = None;
                Poll::Ready(polled.map(|frame| self.count(frame.map_err(errors::from_body)?)))
            }
            Poll::Pending => self.poll_waiting(cx).map(|error| Some(Err(error))),
        }
    }

    fn count(&mut self, frame: Frame<Bytes>) -> Result<Frame<Bytes>, Error> {
        let length = frame.data_ref().map_or(0, Buf::remaining);
        self.received = self.received.saturating_add(length as u64);
        if self.received > self.max_bytes {
            return Err(Error::HttpResponseBodySize(Some(self.received)));
        }
        Ok(frame)
    }

    fn poll_waiting(&mut self, cx: &mut Context<'_>) -> Poll<Error> {
        let (sleep, error) = self.waiting.get_or_insert_with(|| {
            let limit = self.timing.next_bytes();
            (Box::pin(sleep_until(limit.at)), limit.error)
        });
        sleep.as_mut().poll(cx).map(|()| std::mem::replace(error, Error::HttpResponseTimeout))
    }
}

impl Body for BoundedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if self.failed {
            return Poll::Ready(None);
        }
        let polled = self.poll_bounded(cx);
        self.failed = matches!(polled, Poll::Ready(Some(Err(_))));
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.failed || self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
