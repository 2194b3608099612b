//! The widget's report that somebody has amoCRM open: `POST`, its one-time token in `X-Auth-Token`, no body needed.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, Method, Request, Response, StatusCode};

use super::once::UsedOnce;
use super::widget_token::{self, ClientKeys};
use super::{answer, refuse};
use crate::capabilities::clocks::Clock;
use crate::capabilities::http::Origin;
use crate::presence::PresenceBook;
use crate::stores::KeyValueStore;

/// Where `$authorizedAjax` puts the token (facts §4 B).
const TOKEN: HeaderName = HeaderName::from_static("x-auth-token");

/// What reports of one integration are checked against and kept in.
#[derive(Clone, Debug)]
pub struct PresenceFeed {
    /// The account at this moment.
    pub account: Origin,
    /// Who was seen.
    pub book: PresenceBook,
    /// The tokens that were used.
    pub used: UsedOnce,
}

impl PresenceFeed {
    /// For this account, kept in this store under the integration's namespace.
    pub fn new(account: Origin, store: Arc<dyn KeyValueStore>, namespace: &str) -> Self {
        let book = PresenceBook::new(Arc::clone(&store), namespace);
        Self { account, book, used: UsedOnce::new(store, namespace) }
    }

    /// 204: noted. 401: the token is missing or counts for nothing. 405: neither `POST` nor the browser's question before it. 409: the token
    /// was used before. 503: the store did not keep it; the token may be sent again.
    pub async fn answer(&self, client: &ClientKeys, clock: &Clock, request: &Request<Bytes>) -> Response<Bytes> {
        match *request.method() {
            Method::POST => {}
            // The widget runs in amoCRM's pages, so the browser asks whether it may send this header to another site. What is sent
            // proves itself, and no cookie is involved: any page may ask.
            Method::OPTIONS => {
                let mut permission = answer(StatusCode::NO_CONTENT);
                let headers = permission.headers_mut();
                headers
                    .insert(http::header::ACCESS_CONTROL_ALLOW_HEADERS, http::HeaderValue::from_static("x-auth-token"));
                headers.insert(http::header::ACCESS_CONTROL_ALLOW_METHODS, http::HeaderValue::from_static("POST"));
                return from_any_page(permission);
            }
            _ => return refuse(StatusCode::METHOD_NOT_ALLOWED, "send POST"),
        }
        let token = request.headers().get(TOKEN).and_then(|token| token.to_str().ok());
        let Some(token) = token else {
            return refuse(StatusCode::UNAUTHORIZED, "the header X-Auth-Token with amoCRM's one-time token is missing");
        };
        let now = clock.now();
        let sighting = match widget_token::verify(token, client, &self.account, now) {
            Ok(sighting) => sighting,
            Err(refusal) => return from_any_page(refuse(StatusCode::UNAUTHORIZED, &refusal.to_string())),
        };
        let kept = async {
            // Noted first: the same sighting twice is one, but one that was used up and not noted would be lost.
            self.book.seen(sighting.user, sighting.at).await?;
            self.used.first_use(&sighting.token_id, sighting.expires_at, now).await
        };
        from_any_page(match kept.await {
            Ok(true) => answer(StatusCode::NO_CONTENT),
            Ok(false) => refuse(StatusCode::CONFLICT, "the token was used before"),
            Err(error) => refuse(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
        })
    }
}

fn from_any_page(mut response: Response<Bytes>) -> Response<Bytes> {
    response.headers_mut().insert(http::header::ACCESS_CONTROL_ALLOW_ORIGIN, http::HeaderValue::from_static("*"));
    response
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::Algorithm;
    use serde_json::Value;

    use super::super::widget_token::tests::{claims, keys, noon, signed};
    use super::*;
    use crate::capabilities::directory::Presence;
    use crate::stores::MemoryStore;

    const ANNA: u64 = 504_141;

    struct Scene {
        feed: PresenceFeed,
        clock: Clock,
    }

    impl Scene {
        fn new() -> Self {
            let account = "https://example.amocrm.ru".parse().unwrap();
            let feed = PresenceFeed::new(account, Arc::new(MemoryStore::new()), "main");
            Self { feed, clock: Clock::frozen_at(noon()) }
        }

        async fn send(&self, request: http::request::Builder) -> Response<Bytes> {
            self.feed.answer(&keys(), &self.clock, &request.body(Bytes::new()).unwrap()).await
        }

        async fn report(&self, claims: &Value) -> StatusCode {
            let token = signed(claims, Algorithm::HS256, "client-secret");
            let response = self.send(Request::post("/").header(TOKEN, token)).await;
            assert_eq!(response.headers()[http::header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
            response.status()
        }
    }

    #[tokio::test]
    async fn o7_a_genuine_report_is_noted_once() {
        let scene = Scene::new();
        assert_eq!(scene.report(&claims()).await, StatusCode::NO_CONTENT);
        let seen = Presence::LastSeen("2026-11-23T11:59:00Z".parse().unwrap());
        assert_eq!(scene.feed.book.of(ANNA, noon()).await.unwrap(), seen);
        scene.clock.advance(jiff::SignedDuration::from_mins(20));
        assert_eq!(scene.report(&claims()).await, StatusCode::CONFLICT);
        assert_eq!(
            scene.feed.book.of(ANNA, noon()).await.unwrap(),
            seen,
            "a report that is repeated makes nobody present"
        );
    }

    #[tokio::test]
    async fn of_two_equal_reports_at_once_one_counts() {
        let scene = Scene::new();
        let claims = claims();
        let (one, other) = tokio::join!(scene.report(&claims), scene.report(&claims));
        let mut statuses = [one.as_u16(), other.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 409]);
    }

    #[tokio::test]
    async fn what_proves_nothing_is_refused_and_noted_nowhere() {
        let scene = Scene::new();
        assert_eq!(scene.send(Request::post("/")).await.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(scene.send(Request::post("/").header(TOKEN, "a.b.c")).await.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(scene.send(Request::get("/")).await.status(), StatusCode::METHOD_NOT_ALLOWED);
        scene.clock.advance(jiff::SignedDuration::from_mins(31));
        assert_eq!(scene.report(&claims()).await, StatusCode::UNAUTHORIZED);
        assert_eq!(scene.feed.book.of(ANNA, noon()).await.unwrap(), Presence::NotFed);
    }

    #[tokio::test]
    async fn a_browser_may_send_the_token_from_amocrms_pages() {
        let permission = Scene::new().send(Request::options("/")).await;
        assert_eq!(permission.status(), StatusCode::NO_CONTENT);
        assert_eq!(permission.headers()[http::header::ACCESS_CONTROL_ALLOW_HEADERS], "x-auth-token");
    }
}
