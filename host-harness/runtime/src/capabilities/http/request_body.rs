//! A request's body on its way out, which never closes on the component that is still writing it.
//!
//! A body can be given up before its end: the request is refused, the connection fails, or the method takes no body. If the body were
//! just dropped, the component's next write would fail with `closed`, and it would report that instead of the reason. So what is given
//! up is read to its end and thrown away, until the call's deadline.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, timeout_at};
use wasmtime_wasi_http::{Error, WasiBody};

/// A body that is drained when it is given up.
#[derive(Debug)]
pub(crate) struct RequestBody {
    /// None once it has ended.
    body: Option<WasiBody>,
    deadline: Instant,
}

impl RequestBody {
    pub(crate) fn new(body: WasiBody, deadline: Instant) -> Self {
        Self { body: Some(body), deadline }
    }

    /// A body without bytes.
    pub(crate) fn empty(deadline: Instant) -> Self {
        Self { body: None, deadline }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let Some(body) = self.body.as_mut() else {
            return Poll::Ready(None);
        };
        let polled = Pin::new(body).poll_frame(cx);
        if let Poll::Ready(None | Some(Err(_))) = polled {
            self.body = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        let Some(mut body) = self.body.take().filter(|body| !body.is_end_stream()) else {
            return;
        };
        // Outside a runtime there is no component that could be writing.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let drained = async move { while let Some(Ok(_)) = body.frame().await {} };
            let deadline = self.deadline;
            runtime.spawn(async move {
                let _ = timeout_at(deadline, drained).await;
            });
        }
    }
}
