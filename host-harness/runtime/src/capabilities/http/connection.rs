//! One connection of the pool, watched: how many requests it has carried, when one is written to it, and whether the last one was answered
//! yet.
//!
//! The pool retries by itself while a request has not been written to a kept connection. What it does not know is whether any byte of an answer
//! came before a connection broke; that is told here, since only a request that got none is sent once more.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper::rt::{Read, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tower_service::Service;

use super::budget::SendPermit;

/// No connection is worth waiting longer for. This bounds those that are left behind: when an idle connection becomes free first, the
/// pool finishes opening the other one in the background, where no caller's deadline reaches.
const OPENING_CEILING: Duration = Duration::from_secs(30);

pub(super) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What is known of a connection; its clones are the same record.
#[derive(Clone, Debug)]
pub(crate) struct History(Arc<Record>);

#[derive(Debug)]
struct Record {
    requests: AtomicU64,
    /// A byte has come since the last request was begun.
    answered: AtomicBool,
    /// Who wants to know when the next request is begun.
    waiting_to_write: Mutex<Option<SendPermit>>,
}

impl History {
    fn new() -> Self {
        Self(Arc::new(Record {
            requests: AtomicU64::new(0),
            answered: AtomicBool::new(true),
            waiting_to_write: Mutex::default(),
        }))
    }

    /// The last request that was given to the connection got not a single byte of an answer.
    pub(crate) fn is_unanswered(&self) -> bool {
        self.0.requests.load(Ordering::Acquire) == 0 || !self.0.answered.load(Ordering::Acquire)
    }

    /// This connection has been given to a request, which is or will be written to it.
    pub(crate) fn carries(&self, permit: &SendPermit) {
        let mut waiting_to_write = self.waiting_to_write();
        if self.0.answered.load(Ordering::Acquire) {
            *waiting_to_write = Some(permit.clone());
        } else {
            // It was quicker than this.
            permit.spend();
        }
    }

    fn wrote(&self) {
        if self.0.answered.load(Ordering::Acquire) {
            let mut waiting_to_write = self.waiting_to_write();
            self.0.answered.store(false, Ordering::Release);
            self.0.requests.fetch_add(1, Ordering::AcqRel);
            if let Some(permit) = waiting_to_write.take() {
                permit.spend();
            }
        }
    }

    fn waiting_to_write(&self) -> MutexGuard<'_, Option<SendPermit>> {
        self.0.waiting_to_write.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) {
        self.0.answered.store(true, Ordering::Release);
    }
}

/// How many connections a pool has, and has had. Its clones are the same count.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connections(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    open: AtomicUsize,
    opened: AtomicU64,
}

impl Connections {
    /// How many are open now.
    pub(crate) fn open(&self) -> usize {
        self.0.open.load(Ordering::Relaxed)
    }

    /// How many were ever opened.
    pub(crate) fn opened(&self) -> u64 {
        self.0.opened.load(Ordering::Relaxed)
    }

    fn opens(&self) -> Counted {
        self.0.open.fetch_add(1, Ordering::Relaxed);
        self.0.opened.fetch_add(1, Ordering::Relaxed);
        Counted(self.clone())
    }
}

/// One open connection, for as long as it lives.
#[derive(Debug)]
struct Counted(Connections);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A connector whose connections are counted and [`Watched`] and whose attempts end.
#[derive(Clone, Debug)]
pub(crate) struct Watching<C> {
    pub(crate) connector: C,
    pub(crate) connections: Connections,
}

impl<C> Service<Uri> for Watching<C>
where
    C: Service<Uri, Error = BoxError>,
    C::Future: Send + 'static,
{
    type Response = TokioIo<Watched<C::Response>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(cx)
    }

    fn call(&mut self, destination: Uri) -> Self::Future {
        let opening = self.connector.call(destination);
        let connections = self.connections.clone();
        Box::pin(async move {
            let stream = tokio::time::timeout(OPENING_CEILING, opening)
                .await
                .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
            Ok(TokioIo::new(Watched {
                stream: TokioIo::new(stream),
                history: History::new(),
                _counted: connections.opens(),
            }))
        })
    }
}

/// A stream that keeps its [`History`]. In tokio's terms, since hyper's do not tell how much was read.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    stream: TokioIo<S>,
    history: History,
    _counted: Counted,
}

impl<S: Connection> Connection for Watched<S> {
    fn connected(&self) -> Connected {
        self.stream.connected().extra(self.history.clone())
    }
}

impl<S: Read + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.history.read();
        }
        outcome
    }
}

impl<S: Write + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.history.wrote();
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.history.wrote();
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
