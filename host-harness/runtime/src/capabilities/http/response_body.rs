//! An answer's body, as one of those who wait for it reads it: at its own pace, bounded in time.
//!
//! Its size is bounded where it comes in (see `request_task`). Only the time in which the component waits counts, except for the
//! call's deadline, which ends every body.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};
use wasmtime_wasi_http::Error;

use super::single_flight::{BodyPiece, RequestHandle};
use super::timing::Timing;

/// The body of an answer, as the component reads it.
#[derive(Debug)]
pub(crate) struct SharedBody {
    handle: RequestHandle,
    /// How many pieces were read.
    read: usize,
    /// How many bytes are left, where that is known.
    left: Option<u64>,
    timing: Timing,
    /// Runs while the component waits for bytes.
    waiting: Option<(Pin<Box<Sleep>>, Error)>,
    failed: bool,
}

impl SharedBody {
    pub(crate) fn new(handle: RequestHandle, length: Option<u64>, timing: Timing) -> Self {
        Self { handle, read: 0, left: length, timing, waiting: None, failed: false }
    }

    fn poll_bounded(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let polled = self.handle.poll_piece(cx, self.read);
        // A body that is too large or broken is so at any time.
        if !matches!(polled, Poll::Ready(Some(Err(_)))) && Instant::now() >= self.timing.deadline {
            return Poll::Ready(Some(Err(Error::HttpResponseTimeout)));
        }
        match polled {
            Poll::Ready(polled) => {
                self.waiting = None;
                Poll::Ready(polled.map(|piece| piece.map(|piece| self.count(piece))))
            }
            Poll::Pending => self.poll_waiting(cx).map(|error| Some(Err(error))),
        }
    }

    fn count(&mut self, piece: BodyPiece) -> Frame<Bytes> {
        self.read += 1;
        match piece {
            BodyPiece::Data(bytes) => {
                self.left = self.left.map(|left| left.saturating_sub(bytes.len() as u64));
                Frame::data(bytes)
            }
            BodyPiece::Trailers(trailers) => Frame::trailers(trailers),
        }
    }

    fn poll_waiting(&mut self, cx: &mut Context<'_>) -> Poll<Error> {
        let (sleep, error) = self.waiting.get_or_insert_with(|| {
            let limit = self.timing.next_bytes();
            (Box::pin(sleep_until(limit.at)), limit.error)
        });
        sleep.as_mut().poll(cx).map(|()| std::mem::replace(error, Error::HttpResponseTimeout))
    }
}

impl Body for SharedBody {
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
        self.failed || self.handle.ends_before(self.read)
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
