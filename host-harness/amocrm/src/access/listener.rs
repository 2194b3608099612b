//! Receives the redirect after consent on this machine: one answer, on the loopback address of `redirect_uri`.
//!
//! Whatever else comes (a browser's request for an icon, an answer to an older question) is answered and waited past.

use std::convert::Infallible;
use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, REFERRER_POLICY};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tracing::debug;

use super::consent::{self, ConsentError, ConsentState, Consented};
use super::hosts::Hosts;
use super::oauth::OAuthSettings;

/// The largest request that is read: a code has about a thousand characters.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Waits for amoCRM's answer to one question.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    path: String,
}

type Answer = Result<Consented, ConsentError>;

impl Listener {
    /// Listens where `redirect_uri` leads, if that is this machine.
    pub async fn bind(redirect_uri: &str) -> anyhow::Result<Option<Self>> {
        let Some((host, port, path)) = consent::loopback(redirect_uri) else {
            return Ok(None);
        };
        let socket = TcpListener::bind((host.as_str(), port)).await.with_context(|| {
            format!("cannot listen on `redirect_uri` = `{redirect_uri}`: end the program that uses that port, or choose another in amoCRM and here")
        })?;
        Ok(Some(Self { socket, path }))
    }

    /// The answer: a consent, or why there is none.
    pub async fn answer(self, state: ConsentState, settings: OAuthSettings, hosts: Hosts) -> anyhow::Result<Answer> {
        let (tell, mut told) = mpsc::channel::<Answer>(1);
        let question = Arc::new((self.path, state, settings, hosts));
        loop {
            tokio::select! {
                answer = told.recv() => return answer.context("nobody is left to answer"),
                accepted = self.socket.accept() => {
                    let (stream, _) = accepted.context("no connection can be accepted")?;
                    let (question, tell) = (Arc::clone(&question), tell.clone());
                    tokio::spawn(async move {
                        let service = service_fn(|request: Request<Incoming>| {
                            let (page, answer) = respond(&question, &request);
                            let tell = tell.clone();
                            async move {
                                if let Some(answer) = answer {
                                    // Told only when the page is on its way: the program may end then.
                                    tokio::spawn(async move {
                                        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                                        let _ = tell.send(answer).await;
                                    });
                                }
                                Ok::<_, Infallible>(page)
                            }
                        });
                        let served = http1::Builder::new()
                            .timer(TokioTimer::new())
                            .keep_alive(false)
                            .max_buf_size(MAX_HEAD_BYTES)
                            .serve_connection(TokioIo::new(stream), service);
                        if served.await.is_err() {
                            debug!("a connection to the redirect address broke");
                        }
                    });
                }
            }
        }
    }
}

fn respond(
    (path, state, settings, hosts): &(String, ConsentState, OAuthSettings, Hosts),
    request: &Request<Incoming>,
) -> (Response<Full<Bytes>>, Option<Answer>) {
    let query = request.uri().query().unwrap_or_default();
    if request.method() != Method::GET || request.uri().path() != path || query.is_empty() {
        return (
            page(StatusCode::NOT_FOUND, "Здесь ждут ответа amoCRM.", "This page waits for amoCRM's answer."),
            None,
        );
    }
    match consent::read(query, Some(state), settings, hosts) {
        Ok(consented) => {
            let page = page(
                StatusCode::OK,
                "Доступ разрешён. Вернитесь в терминал: там сказано, чем всё кончилось.",
                "Access was allowed. Go back to the terminal: it says how it ended.",
            );
            (page, Some(Ok(consented)))
        }
        Err(error @ ConsentError::Denied) => {
            let page = page(
                StatusCode::OK,
                "Доступ не разрешён. Ничего не изменилось.",
                "Access was not allowed. Nothing has changed.",
            );
            (page, Some(Err(error)))
        }
        // Anybody on this machine could send such a thing: it ends nothing.
        Err(error @ (ConsentError::State | ConsentError::NoCode)) => {
            (page(StatusCode::BAD_REQUEST, "Это ответ на другой вопрос.", &error.to_string()), None)
        }
        Err(error) => {
            (page(StatusCode::BAD_REQUEST, "Ответ amoCRM не подходит.", &error.to_string()), Some(Err(error)))
        }
    }
}

fn page(status: StatusCode, russian: &str, english: &str) -> Response<Full<Bytes>> {
    let text = format!(
        "<!doctype html><meta charset=\"utf-8\"><title>host-harness</title>\
         <body style=\"font-family:sans-serif;margin:4em auto;max-width:36em\"><p lang=\"ru\">{russian}</p><p lang=\"en\">{english}</p>"
    );
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, http::HeaderValue::from_static("text/html; charset=utf-8"));
    // The address of this page holds the code.
    headers.insert(CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, http::HeaderValue::from_static("no-referrer"));
    response
}
