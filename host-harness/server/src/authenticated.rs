//! Answers that go on for long, such as a stream of calls: they end once who asked for them may not ask any more, since the token was taken away or
//! has expired, or the session was closed.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use http::request;
use hyper::body::{Frame, SizeHint};

use crate::Shared;
use crate::identity::Identity;

/// The body of an answer, as long as the request would be answered again. Looked at before each frame; a stream sends one at least every
/// 15 seconds.
pub(crate) struct WhileAuthenticated {
    body: Body,
    head: request::Parts,
    identity: Identity,
    shared: Arc<Shared>,
}

impl WhileAuthenticated {
    pub(crate) const fn new(body: Body, head: request::Parts, identity: Identity, shared: Arc<Shared>) -> Self {
        Self { body, head, identity, shared }
    }
}

impl hyper::body::Body for WhileAuthenticated {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(Some(_)) if !self.shared.guard.still_knows(&self.head, &self.identity) => Poll::Ready(None),
            frame => frame,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
