//! From what the HTTP and TLS libraries report to the errors that `wasi:http` knows.
//!
//! The component must be able to tell "no such host" from "refused" from "not trusted"; none of these errors carries text that came from
//! the network or from the request, so none can carry the token.

use std::error::Error as StdError;
use std::io;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use wasmtime_wasi_http::Error;

use super::connection::History;
use super::proxy::ProxyFailed;
use super::resolver::ResolveError;

/// A failed request, with what matters for trying again.
#[derive(Debug)]
pub(crate) struct RequestFailure {
    pub(crate) error: Error,
    /// The connection was reset or closed before any byte of an answer came.
    pub(crate) broke_unanswered: bool,
    /// The name leads only to addresses that are refused, this one among them.
    pub(crate) prohibited: Option<IpAddr>,
}

/// The failure of a request before its answer.
pub(crate) fn from_client(error: &hyper_util::client::legacy::Error) -> RequestFailure {
    let mut extensions = http::Extensions::new();
    if let Some(connection) = error.connect_info() {
        connection.get_extras(&mut extensions);
    }
    let failed = from_chain(error, error.is_connect());
    // One that broke while it was being opened, in the handshake of TLS, has no history.
    let unanswered = extensions.get::<History>().map_or_else(|| error.is_connect(), History::is_unanswered);
    let broke = matches!(failed, Error::ConnectionTerminated | Error::HttpResponseIncomplete);
    let prohibited = match find::<ResolveError>(error) {
        Some(ResolveError::Prohibited { address, .. }) => Some(*address),
        _ => None,
    };
    RequestFailure { error: failed, broke_unanswered: broke && unanswered, prohibited }
}

/// The failure of an answer's body.
pub(crate) fn from_body(error: hyper::Error) -> Error {
    match from_chain(&error, false) {
        // The answer has begun, so its connection cannot end without cutting it off.
        Error::ConnectionTerminated => Error::HttpResponseIncomplete,
        other => other,
    }
}

/// The errors that arise here, as values that can be compared and written down. (wasmtime's type cannot even be cloned.)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the names and fields are those of `error-code` in wasi:http")]
pub enum HttpError {
    DnsError {
        rcode: Option<String>,
        info_code: Option<u16>,
    },
    TlsAlertReceived {
        alert_id: Option<u8>,
        alert_message: Option<String>,
    },
    HttpResponseHeaderSectionSize(Option<u32>),
    HttpResponseBodySize(Option<u64>),
    DestinationIpProhibited,
    DestinationIpUnroutable,
    DestinationUnavailable,
    ConnectionRefused,
    ConnectionTerminated,
    ConnectionTimeout,
    ConnectionReadTimeout,
    ConnectionLimitReached,
    TlsCertificateError,
    TlsProtocolError,
    HttpRequestDenied,
    HttpRequestUriInvalid,
    HttpResponseIncomplete,
    HttpResponseTimeout,
    /// Any other.
    HttpProtocolError,
}

impl From<&Error> for HttpError {
    fn from(error: &Error) -> Self {
        match error {
            Error::DnsError { rcode, info_code } => Self::DnsError { rcode: rcode.clone(), info_code: *info_code },
            Error::TlsAlertReceived { alert_id, alert_message } => {
                Self::TlsAlertReceived { alert_id: *alert_id, alert_message: alert_message.clone() }
            }
            Error::HttpResponseHeaderSectionSize(size) => Self::HttpResponseHeaderSectionSize(*size),
            Error::HttpResponseBodySize(size) => Self::HttpResponseBodySize(*size),
            Error::DestinationIpProhibited => Self::DestinationIpProhibited,
            Error::DestinationIpUnroutable => Self::DestinationIpUnroutable,
            Error::DestinationUnavailable => Self::DestinationUnavailable,
            Error::ConnectionRefused => Self::ConnectionRefused,
            Error::ConnectionTerminated => Self::ConnectionTerminated,
            Error::ConnectionTimeout => Self::ConnectionTimeout,
            Error::ConnectionReadTimeout => Self::ConnectionReadTimeout,
            Error::ConnectionLimitReached => Self::ConnectionLimitReached,
            Error::TlsCertificateError => Self::TlsCertificateError,
            Error::TlsProtocolError => Self::TlsProtocolError,
            Error::HttpRequestDenied => Self::HttpRequestDenied,
            Error::HttpRequestUriInvalid => Self::HttpRequestUriInvalid,
            Error::HttpResponseIncomplete => Self::HttpResponseIncomplete,
            Error::HttpResponseTimeout => Self::HttpResponseTimeout,
            _ => Self::HttpProtocolError,
        }
    }
}

impl From<HttpError> for Error {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::DnsError { rcode, info_code } => Self::DnsError { rcode, info_code },
            HttpError::TlsAlertReceived { alert_id, alert_message } => {
                Self::TlsAlertReceived { alert_id, alert_message }
            }
            HttpError::HttpResponseHeaderSectionSize(size) => Self::HttpResponseHeaderSectionSize(size),
            HttpError::HttpResponseBodySize(size) => Self::HttpResponseBodySize(size),
            HttpError::DestinationIpProhibited => Self::DestinationIpProhibited,
            HttpError::DestinationIpUnroutable => Self::DestinationIpUnroutable,
            HttpError::DestinationUnavailable => Self::DestinationUnavailable,
            HttpError::ConnectionRefused => Self::ConnectionRefused,
            HttpError::ConnectionTerminated => Self::ConnectionTerminated,
            HttpError::ConnectionTimeout => Self::ConnectionTimeout,
            HttpError::ConnectionReadTimeout => Self::ConnectionReadTimeout,
            HttpError::ConnectionLimitReached => Self::ConnectionLimitReached,
            HttpError::TlsCertificateError => Self::TlsCertificateError,
            HttpError::TlsProtocolError => Self::TlsProtocolError,
            HttpError::HttpRequestDenied => Self::HttpRequestDenied,
            HttpError::HttpRequestUriInvalid => Self::HttpRequestUriInvalid,
            HttpError::HttpResponseIncomplete => Self::HttpResponseIncomplete,
            HttpError::HttpResponseTimeout => Self::HttpResponseTimeout,
            HttpError::HttpProtocolError => Self::HttpProtocolError,
        }
    }
}

/// The same error again, for another one who waits for the same answer.
pub(crate) fn copy(error: &Error) -> Error {
    HttpError::from(error).into()
}

fn from_chain(error: &(dyn StdError + 'static), connecting: bool) -> Error {
    if let Some(failed) = find::<ProxyFailed>(error) {
        // What it is about is the proxy, and not the server whose name the component knows.
        return match find::<io::Error>(failed) {
            Some(cause) if cause.kind() == io::ErrorKind::TimedOut => Error::ConnectionTimeout,
            _ => Error::DestinationUnavailable,
        };
    }
    if let Some(refused) = find::<ResolveError>(error) {
        return match refused {
            ResolveError::Prohibited { .. } => Error::DestinationIpProhibited,
            ResolveError::LookupFailed { .. } => dns("lookup failed"),
            ResolveError::NoAddresses(_) => dns("no addresses"),
        };
    }
    if let Some(tls) = find::<rustls::Error>(error) {
        return from_tls(tls);
    }
    if find::<rustls::pki_types::InvalidDnsNameError>(error).is_some() {
        return Error::HttpRequestUriInvalid;
    }
    if let Some(hyper) = find::<hyper::Error>(error) {
        if hyper.is_incomplete_message() {
            return Error::HttpResponseIncomplete;
        }
        if hyper.is_parse_too_large() {
            return Error::HttpResponseHeaderSectionSize(None);
        }
        if hyper.is_parse() || hyper.is_user() {
            return Error::HttpProtocolError;
        }
        if hyper.is_canceled() || hyper.is_closed() {
            return Error::ConnectionTerminated;
        }
    }
    match find::<io::Error>(error) {
        Some(cause) => from_io(cause, connecting),
        None if connecting => Error::DestinationUnavailable,
        None => Error::HttpProtocolError,
    }
}

fn dns(what: &str) -> Error {
    Error::DnsError { rcode: Some(what.to_owned()), info_code: None }
}

fn from_tls(error: &rustls::Error) -> Error {
    match error {
        rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => Error::TlsCertificateError,
        rustls::Error::AlertReceived(alert) => {
            Error::TlsAlertReceived { alert_id: Some(u8::from(*alert)), alert_message: Some(format!("{alert:?}")) }
        }
        _ => Error::TlsProtocolError,
    }
}

fn from_io(error: &io::Error, connecting: bool) -> Error {
    use io::ErrorKind::{
        AddrNotAvailable, BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset, HostUnreachable,
        InvalidData, InvalidInput, NetworkUnreachable, NotConnected, TimedOut, UnexpectedEof,
    };
    match error.kind() {
        ConnectionRefused => Error::ConnectionRefused,
        TimedOut if connecting => Error::ConnectionTimeout,
        TimedOut => Error::ConnectionReadTimeout,
        HostUnreachable | NetworkUnreachable => Error::DestinationIpUnroutable,
        // No local port is left.
        AddrNotAvailable => Error::ConnectionLimitReached,
        UnexpectedEof if !connecting => Error::HttpResponseIncomplete,
        ConnectionReset | ConnectionAborted | BrokenPipe | NotConnected | UnexpectedEof => Error::ConnectionTerminated,
        InvalidData | InvalidInput => Error::HttpProtocolError,
        _ if connecting => Error::DestinationUnavailable,
        _ => Error::ConnectionTerminated,
    }
}

/// The first error of this kind in a chain of causes. `io::Error::source` skips the error that it wraps, so that one is opened.
fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            // An error of the operating system that wraps another one is only a wrapper.
            let wrapper = error.downcast_ref::<io::Error>().is_some_and(|error| error.get_ref().is_some_and(is_io));
            if !wrapper {
                return Some(found);
            }
        }
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

fn is_io(error: &(dyn StdError + Send + Sync + 'static)) -> bool {
    error.is::<io::Error>()
}
