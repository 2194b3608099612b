//! Requests and their answers.

use std::future::Future;

use http::Request;
use tokio::time::Instant;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use crate::capabilities::http::{CallHttp, Responding};
use crate::journal::{Journal, Script};

/// Outbound HTTP of one call, noted in its journal, and answered from another call where the script says so.
#[derive(Debug)]
pub(crate) struct NotedHttp {
    http: CallHttp,
    began: Instant,
    journal: Journal,
    script: Script,
}

impl NotedHttp {
    /// Of a call that began then.
    pub(crate) fn new(http: CallHttp, began: Instant, journal: Journal, script: Script) -> Self {
        Self { http, began, journal, script }
    }

    /// The capability itself.
    pub(crate) fn http(&self) -> &CallHttp {
        &self.http
    }
}

impl WasiHttpHooks for NotedHttp {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        worker: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<Responding, Error>> + Send> {
        let (asking, request) = self.journal.asked(request);
        let answering = match self.script.replay() {
            None => self.http.send_request(request, options, worker),
            Some(replay) => replay.send_request(&mut self.http, self.began, request, options),
        };
        Box::new(async move {
            match Box::into_pin(answering).await {
                Ok((response, rest)) => Ok((asking.answered(response), rest)),
                Err(error) => {
                    asking.failed(&error);
                    Err(error)
                }
            }
        })
    }
}
