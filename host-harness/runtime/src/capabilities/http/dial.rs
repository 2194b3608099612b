//! How connections are opened: over the network, or to a server that is in this process.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::DuplexStream;
use tower_service::Service;

use super::connection::BoxError;
use super::proxy::Tcp;

/// Opens connections to servers that are in this process, without a socket: so calls are resolved in a time of their own, which only goes on when
/// nothing is left to do. There are no names to look up and no addresses to judge, and no TLS.
pub trait Dial: Send + Sync + fmt::Debug {
    /// A connection to the server of this authority, or none where there is no such server.
    fn dial(&self, authority: &str) -> Option<DuplexStream>;
}

type Network = HttpsConnector<Tcp>;

/// The connector of a pool.
#[derive(Clone)]
pub(crate) enum Dialler {
    Network(Network),
    InProcess(Arc<dyn Dial>),
}

/// A connection of either kind.
pub(crate) enum Stream {
    Network(Box<<Network as Service<Uri>>::Response>),
    InProcess(TokioIo<DuplexStream>),
}

impl Service<Uri> for Dialler {
    type Response = Stream;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        match self {
            Self::Network(network) => network.poll_ready(cx),
            Self::InProcess(_) => Poll::Ready(Ok(())),
        }
    }

    fn call(&mut self, destination: Uri) -> Self::Future {
        match self {
            Self::Network(network) => {
                let opening = network.call(destination);
                Box::pin(async move { opening.await.map(|stream| Stream::Network(Box::new(stream))) })
            }
            Self::InProcess(dial) => {
                let stream = destination.authority().and_then(|authority| dial.dial(authority.as_str()));
                let refused = || io::Error::from(io::ErrorKind::ConnectionRefused).into();
                let opened = stream.map(|stream| Stream::InProcess(TokioIo::new(stream))).ok_or_else(refused);
                Box::pin(std::future::ready(opened))
            }
        }
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        match self {
            Self::Network(stream) => stream.connected(),
            Self::InProcess(_) => Connected::new(),
        }
    }
}

impl Read for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Network(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::InProcess(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl Write for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Network(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::InProcess(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Network(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::InProcess(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Network(stream) => stream.is_write_vectored(),
            Self::InProcess(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Network(stream) => Pin::new(stream).poll_flush(cx),
            Self::InProcess(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Network(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::InProcess(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
