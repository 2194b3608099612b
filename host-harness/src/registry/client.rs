//! The requests of a registry (OCI Distribution 1.1): who may ask, manifests, blobs. Each answer is checked by its digest.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LOCATION, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use serde::Deserialize;
use url::Url;

use super::artefact::{Artefact, Layer, MANIFEST};
use super::challenge::Challenge;
use super::credentials;
use crate::oci_reference::Reference;
use call::{Bilingual, Localized, localized};
use runtime::capabilities::http::{Ask, OutboundHttp, OutboundHttpConfig, PrivateAddresses, Proxy};
use runtime::engine::{LARGEST_COMPONENT, digest};
use runtime::secret::Secret;

/// How long one request may take: a large component over a slow line.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many times a registry may send the reader of a blob elsewhere.
const MOST_REDIRECTS: usize = 5;
/// What registries take unless a blob has a kind of its own.
const BLOB: &str = "application/octet-stream";

/// What is asked of the repository.
#[derive(Clone, Copy)]
pub(super) enum Rights {
    Pull,
    Push,
}

/// A repository, asked by whoever logged in.
pub(super) struct Repository<'a> {
    http: OutboundHttp,
    reference: &'a Reference,
    rights: Rights,
    /// What requests show, since the registry asked for it.
    authorization: Option<Secret>,
}

#[derive(Deserialize)]
struct Token {
    token: Option<Secret>,
    access_token: Option<Secret>,
}

impl<'a> Repository<'a> {
    /// No connection is opened yet.
    pub(super) fn new(reference: &'a Reference, rights: Rights, ca_file: Option<&Path>) -> Result<Self, Localized> {
        let config = OutboundHttpConfig {
            // Whoever names a registry means it, wherever it is.
            private_addresses: PrivateAddresses::Granted,
            ca_file: ca_file.map(Path::to_owned),
            proxy: Proxy::from_environment().map_err(|error| error.text())?,
            user_agent: concat!("host-harness/", env!("CARGO_PKG_VERSION")).to_owned(),
            max_response_bytes: LARGEST_COMPONENT as u64,
            ..OutboundHttpConfig::default()
        };
        let http = OutboundHttp::new(config).map_err(|error| error.text())?;
        Ok(Self { http, reference, rights, authorization: None })
    }

    /// The manifest, and its digest.
    pub(super) async fn manifest(&mut self) -> Result<(Bytes, String), Localized> {
        let url = self.url(&format!("manifests/{}", self.reference.name()))?;
        let answer = self.ask(Method::GET, &url, &[(ACCEPT.as_str(), MANIFEST)], Bytes::new()).await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Err(self.wrong("такого там нет", "there is no such thing there"));
        }
        let manifest = self.expected(answer, &[StatusCode::OK])?.into_body();
        let found = digest(&manifest);
        if self.reference.digest().is_some_and(|digest| digest != found) {
            return Err(self.altered());
        }
        Ok((manifest, found))
    }

    /// The component of a manifest.
    pub(super) async fn component(&mut self, layer: &Layer) -> Result<Bytes, Localized> {
        if layer.size > LARGEST_COMPONENT as u64 {
            let size = layer.size;
            return Err(localized!(
                "{}: в компоненте байтов: {size}; допустимо не больше {LARGEST_COMPONENT}",
                "{}: the component has {size} bytes; at most {LARGEST_COMPONENT} are taken",
                self.reference
            ));
        }
        let mut url = self.url(&format!("blobs/sha256:{}", layer.digest))?;
        let mut answer = self.ask(Method::GET, &url, &[], Bytes::new()).await?;
        // Blobs are often with a storage of somebody else's, which is to see no credentials.
        for _ in 0..MOST_REDIRECTS {
            if !answer.status().is_redirection() {
                break;
            }
            url = self.leads_to(&url, &answer)?;
            answer = self.ask_once(Method::GET, &url, &[], Bytes::new(), None).await?;
        }
        let component = self.expected(answer, &[StatusCode::OK])?.into_body();
        if digest(&component) == layer.digest { Ok(component) } else { Err(self.altered()) }
    }

    /// Puts every part of the artefact there, the manifest last.
    pub(super) async fn put(&mut self, artefact: &Artefact) -> Result<(), Localized> {
        for blob in [&artefact.component, &artefact.config] {
            self.put_blob(blob).await?;
        }
        let url = self.url(&format!("manifests/{}", self.reference.name()))?;
        let manifest = Bytes::from(artefact.manifest.clone());
        let answer = self.ask(Method::PUT, &url, &[(CONTENT_TYPE.as_str(), MANIFEST)], manifest).await?;
        self.expected(answer, &[StatusCode::CREATED, StatusCode::OK]).map(drop)
    }

    async fn put_blob(&mut self, blob: &[u8]) -> Result<(), Localized> {
        let digest = format!("sha256:{}", digest(blob));
        let there = self.url(&format!("blobs/{digest}"))?;
        if self.ask(Method::HEAD, &there, &[], Bytes::new()).await?.status() == StatusCode::OK {
            return Ok(());
        }
        let begin = self.url("blobs/uploads/")?;
        let begun = self.ask(Method::POST, &begin, &[], Bytes::new()).await?;
        let begun = self.expected(begun, &[StatusCode::ACCEPTED])?;
        let mut upload = self.leads_to(&begin, &begun)?;
        upload.query_pairs_mut().append_pair("digest", &digest);
        let blob = Bytes::copy_from_slice(blob);
        let answer = self.ask(Method::PUT, &upload, &[(CONTENT_TYPE.as_str(), BLOB)], blob).await?;
        self.expected(answer, &[StatusCode::CREATED]).map(drop)
    }

    /// Asks, and once more with what the registry wants to be shown.
    async fn ask(
        &mut self,
        method: Method,
        url: &Url,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Response<Bytes>, Localized> {
        // An upload may lead elsewhere; what is shown to the registry is for the registry.
        let is_registry = url.origin() == self.base()?.origin();
        let shown = self.authorization.clone().filter(|_| is_registry);
        let answer = self.ask_once(method.clone(), url, headers, body.clone(), shown.as_ref()).await?;
        if answer.status() != StatusCode::UNAUTHORIZED || !is_registry || shown.is_some() {
            return Ok(answer);
        }
        self.authorization = Some(self.authorize(&answer).await?);
        let shown = self.authorization.clone();
        self.ask_once(method, url, headers, body, shown.as_ref()).await
    }

    async fn ask_once(
        &self,
        method: Method,
        url: &Url,
        headers: &[(&str, &str)],
        body: Bytes,
        authorization: Option<&Secret>,
    ) -> Result<Response<Bytes>, Localized> {
        let mut request = Request::builder().method(method).uri(url.as_str());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(authorization) = authorization {
            let value = HeaderValue::from_str(authorization.expose());
            let mut value = value.map_err(|_| self.wrong("доступ не передать", "the credentials cannot be sent"))?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        let request = request.body(body).map_err(|_| self.not_understood())?;
        self.http.ask(request, PATIENCE, Ask::WithoutToken).await.map_err(|error| self.of_reference(&error.text()))
    }

    /// What requests have to show, as the registry says it.
    async fn authorize(&self, refusal: &Response<Bytes>) -> Result<Secret, Localized> {
        let challenge = refusal
            .headers()
            .get_all(WWW_AUTHENTICATE)
            .iter()
            .find_map(|header| Challenge::parse(header.to_str().ok()?));
        let credentials = credentials::of_registry(&self.reference.registry)?;
        let basic = credentials.map(|credentials| Secret::new(format!("Basic {}", credentials.expose())));
        match challenge {
            None => Err(self.not_understood()),
            Some(Challenge::Basic) => basic.ok_or_else(|| self.not_logged_in()),
            Some(Challenge::Bearer { realm, service }) => {
                let realm = self.token_server(&realm, service.as_deref(), basic.is_some())?;
                let answer = self.ask_once(Method::GET, &realm, &[], Bytes::new(), basic.as_ref()).await?;
                if matches!(answer.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
                    return Err(if basic.is_some() { self.refused() } else { self.not_logged_in() });
                }
                let answer = self.expected(answer, &[StatusCode::OK])?.into_body();
                let token: Token = serde_json::from_slice(&answer).map_err(|_| self.not_understood())?;
                let token = token.token.or(token.access_token).ok_or_else(|| self.not_understood())?;
                Ok(Secret::new(format!("Bearer {}", token.expose())))
            }
        }
    }

    /// Where a token is asked for. A password goes there over TLS, or where the registry itself is on this machine.
    fn token_server(&self, realm: &str, service: Option<&str>, with_password: bool) -> Result<Url, Localized> {
        let mut url = Url::parse(realm).map_err(|_| self.not_understood())?;
        if with_password && url.scheme() != "https" && url.origin() != self.base()?.origin() {
            return Err(self.wrong(
                "сервер ключей просит пароль без TLS; пароль не отправлен",
                "its token server asks for the password without TLS; it was not sent",
            ));
        }
        let actions = match self.rights {
            Rights::Pull => "pull",
            Rights::Push => "pull,push",
        };
        let scope = format!("repository:{}:{actions}", self.reference.repository);
        let mut query = url.query_pairs_mut();
        if let Some(service) = service {
            query.append_pair("service", service);
        }
        query.append_pair("scope", &scope);
        drop(query);
        Ok(url)
    }

    fn base(&self) -> Result<Url, Localized> {
        Url::parse(&self.reference.base()).map_err(|_| self.not_understood())
    }

    fn url(&self, rest: &str) -> Result<Url, Localized> {
        // Parts of a reference need no escapes.
        let written = format!("{}/v2/{}/{rest}", self.reference.base(), self.reference.repository);
        Url::parse(&written).map_err(|_| self.not_understood())
    }

    /// Where an answer leads. From TLS nothing leads to a connection without it.
    fn leads_to(&self, from: &Url, answer: &Response<Bytes>) -> Result<Url, Localized> {
        let location = answer.headers().get(LOCATION).and_then(|location| location.to_str().ok());
        let url = location.and_then(|location| from.join(location).ok()).ok_or_else(|| self.not_understood())?;
        let keeps_tls = url.scheme() == "https" || from.scheme() == "http" && url.scheme() == "http";
        if keeps_tls { Ok(url) } else { Err(self.not_understood()) }
    }

    fn expected(&self, answer: Response<Bytes>, statuses: &[StatusCode]) -> Result<Response<Bytes>, Localized> {
        match answer.status() {
            status if statuses.contains(&status) => Ok(answer),
            StatusCode::UNAUTHORIZED if self.authorization.is_none() => Err(self.not_logged_in()),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(self.refused()),
            status => {
                let status = status.as_u16();
                Err(self.wrong(&format!("реестр ответил {status}"), &format!("the registry answered {status}")))
            }
        }
    }

    fn not_logged_in(&self) -> Localized {
        let registry = &self.reference.registry;
        self.wrong(
            &format!("реестр требует входа; войдите: docker login {registry}, или укажите файл в REGISTRY_AUTH_FILE"),
            &format!(
                "the registry wants a login; log in: docker login {registry}, or name a file in REGISTRY_AUTH_FILE"
            ),
        )
    }

    fn refused(&self) -> Localized {
        self.wrong(
            "реестр отказал; проверьте, что этому пользователю открыт этот репозиторий",
            "the registry refuses; check that this user may use this repository",
        )
    }

    fn altered(&self) -> Localized {
        self.wrong(
            "реестр отдал не то, что сказано в дайджесте; это не взято",
            "the registry gave something else than the digest says; it was not taken",
        )
    }

    fn not_understood(&self) -> Localized {
        self.wrong("ответ реестра не понят", "the registry's answer is not understood")
    }

    fn wrong(&self, ru: &str, en: &str) -> Localized {
        self.of_reference(&Localized::new(ru, en))
    }

    fn of_reference(&self, what: &Localized) -> Localized {
        Localized::new(self.reference.to_string(), self.reference.to_string()).then(": ", what)
    }
}
