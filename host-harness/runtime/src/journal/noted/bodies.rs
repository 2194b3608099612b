//! A request and its answer are overheard: the request's body while it is sent, the answer's while it is read.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION, SET_COOKIE};
use http::{HeaderMap, HeaderName, Request, Response};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Instant;
use wasmtime_wasi_http::{Error, WasiBody};

use crate::capabilities::http::HttpError;
use crate::journal::{Blob, HttpAnswer, HttpAsk, HttpEnd, Import, Journal, Piece, PieceKind};

/// Headers that prove who somebody is.
const SECRET: [HeaderName; 4] = [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE, SET_COOKIE];

fn listed(headers: &HeaderMap) -> Vec<(String, Blob)> {
    headers
        .iter()
        .filter(|(name, _)| !SECRET.contains(name))
        .map(|(name, value)| (name.as_str().to_owned(), Blob::from(value.as_bytes())))
        .collect()
}

/// A question under way.
#[derive(Clone, Debug)]
pub(super) struct Asking {
    journal: Journal,
    index: Option<usize>,
    asked: Instant,
}

impl Journal {
    /// Notes a request, and overhears its body.
    pub(super) fn asked(&self, request: Request<WasiBody>) -> (Asking, Request<WasiBody>) {
        let index = self.note(|| {
            Import::Http(Box::new(HttpAsk {
                method: request.method().to_string(),
                uri: request.uri().to_string(),
                headers: listed(request.headers()),
                body: Blob::default(),
                answer: None,
            }))
        });
        let asking = Asking { journal: self.clone(), index, asked: Instant::now() };
        if index.is_none() || request.body().is_end_stream() {
            return (asking, request);
        }
        let overheard = asking.clone();
        (asking, request.map(|body| Sent { body, asking: overheard }.boxed_unsync()))
    }
}

impl Asking {
    /// Notes the answer, and overhears its body.
    pub(super) fn answered(self, response: Response<WasiBody>) -> Response<WasiBody> {
        if self.index.is_none() {
            return response;
        }
        self.ended(|| HttpEnd::Answered {
            status: response.status().as_u16(),
            headers: listed(response.headers()),
            body: Vec::new(),
        });
        response.map(|body| Read { body, asking: self, waited: false }.boxed_unsync())
    }

    /// Notes that there is none.
    pub(super) fn failed(self, error: &Error) {
        self.ended(|| HttpEnd::Failed(HttpError::from(error)));
    }

    fn ended(&self, end: impl FnOnce() -> HttpEnd) {
        let after = self.asked.elapsed();
        self.learn(0, |ask| ask.answer = Some(HttpAnswer { after, end: end() }));
    }

    fn learn(&self, bytes: usize, change: impl FnOnce(&mut HttpAsk)) {
        self.journal.learn(self.index, bytes, |import| {
            if let Import::Http(ask) = import {
                change(ask);
            }
        });
    }

    fn read(&self, waited: bool, kind: PieceKind) {
        let bytes = if let PieceKind::Bytes(bytes) = &kind { bytes.len() } else { 0 };
        let after = self.asked.elapsed();
        self.learn(bytes + size_of::<Piece>(), |ask| {
            if let Some(HttpAnswer { end: HttpEnd::Answered { body, .. }, .. }) = &mut ask.answer {
                body.push(Piece { after, waited, kind });
            }
        });
    }
}

/// A request's body on its way out.
struct Sent {
    body: WasiBody,
    asking: Asking,
}

impl Body for Sent {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(bytes) = frame.data_ref()
        {
            let more = bytes.len();
            self.asking.learn(more, |ask| ask.body = Blob::from([&ask.body.0[..], bytes].concat()));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body while the component reads it.
struct Read {
    body: WasiBody,
    asking: Asking,
    /// Whether the reader waits for the next piece.
    waited: bool,
}

impl Body for Read {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        let kind = match &polled {
            Poll::Pending => None,
            Poll::Ready(None) => Some(PieceKind::End(true)),
            Poll::Ready(Some(Err(error))) => Some(PieceKind::Failed(HttpError::from(error))),
            // Trailers are nothing that anybody here reads.
            Poll::Ready(Some(Ok(frame))) => frame.data_ref().map(|bytes| PieceKind::Bytes(Blob(bytes.clone()))),
        };
        if let Some(kind) = kind {
            self.asking.read(self.waited, kind);
        }
        self.waited = polled.is_pending();
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Read {
    fn drop(&mut self) {
        // Who knows the length does not ask for more.
        if self.body.is_end_stream() {
            self.asking.learn(0, |ask| {
                if let Some(HttpAnswer { end: HttpEnd::Answered { body, .. }, .. }) = &mut ask.answer
                    && !matches!(body.last(), Some(Piece { kind: PieceKind::End(_) | PieceKind::Failed(_), .. }))
                {
                    let after = body.last().map(|piece| piece.after).unwrap_or_default();
                    body.push(Piece { after, waited: false, kind: PieceKind::End(true) });
                }
            });
        }
    }
}
