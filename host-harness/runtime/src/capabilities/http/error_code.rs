//! `wasi:http` in a linker, with one function put right: `http-error-code`.
//!
//! A component that reads a body and gets `last-operation-failed` may ask with this function why. wasmtime-wasi-http 48.0.8 fails the
//! stream with its own [`Error`] and then looks for an [`ErrorCode`] in it, so its answer is always none: "too large", "cut off" and
//! "too slow" become one. Here the errors of [`SharedBody`](super::response_body::SharedBody) are told apart.

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, IoError};
use wasmtime_wasi_http::{Error, WasiHttpView};

/// The interface under the name by which wasmtime-wasi-http links it; components may import any 0.2 version.
const TYPES: &str = "wasi:http/types@0.2.12";
const FUNCTION: &str = "http-error-code";

/// Links `wasi:http/types` and `wasi:http/outgoing-handler`.
pub fn add_to_linker<T: WasiHttpView + 'static>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)?;
    linker.allow_shadowing(true);
    let linked = define(linker);
    linker.allow_shadowing(false);
    linked
}

fn define<T: WasiHttpView + 'static>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    linker.instance(TYPES)?.func_wrap(FUNCTION, |mut store: StoreContextMut<'_, T>, (error,): (Resource<IoError>,)| {
        Ok((code(store.data_mut().http().table.get(&error)?),))
    })
}

fn code(error: &IoError) -> Option<ErrorCode> {
    if let Some(code) = error.downcast_ref::<ErrorCode>() {
        return Some(code.clone());
    }
    Some(match error.downcast_ref::<Error>()? {
        Error::HttpResponseBodySize(size) => ErrorCode::HttpResponseBodySize(*size),
        Error::HttpResponseIncomplete => ErrorCode::HttpResponseIncomplete,
        Error::HttpResponseTimeout => ErrorCode::HttpResponseTimeout,
        Error::ConnectionReadTimeout => ErrorCode::ConnectionReadTimeout,
        Error::ConnectionTerminated => ErrorCode::ConnectionTerminated,
        Error::TlsProtocolError => ErrorCode::TlsProtocolError,
        _ => ErrorCode::HttpProtocolError,
    })
}

#[cfg(test)]
mod tests {
    use wasmtime::Engine;
    use wasmtime_wasi_http::WasiHttpCtxView;

    use super::*;

    struct State;

    impl WasiHttpView for State {
        fn http(&mut self) -> WasiHttpCtxView<'_> {
            unreachable!("nothing is called")
        }
    }

    #[test]
    fn the_function_that_is_replaced_is_the_one_that_wasmtime_links() {
        let mut linker = Linker::<State>::new(&Engine::default());
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker).unwrap();
        // Without shadowing a second definition is refused; had the interface another name, this would succeed.
        assert!(define(&mut linker).is_err());
        add_to_linker(&mut Linker::<State>::new(&Engine::default())).unwrap();
    }

    #[test]
    fn the_errors_of_a_body_are_told_apart() {
        for (error, expected) in [
            (Error::HttpResponseBodySize(Some(7)), "HttpResponseBodySize(Some(7))"),
            (Error::HttpResponseIncomplete, "HttpResponseIncomplete"),
            (Error::HttpResponseTimeout, "HttpResponseTimeout"),
            (Error::ConnectionReadTimeout, "ConnectionReadTimeout"),
            (Error::HttpProtocolError, "HttpProtocolError"),
        ] {
            let code = code(&wasmtime::Error::from(error)).unwrap();
            assert!(format!("{code:?}").contains(expected), "{code:?}");
        }
        assert!(code(&wasmtime::Error::msg("not of http")).is_none());
    }
}
