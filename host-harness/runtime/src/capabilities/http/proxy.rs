//! The proxy that connections go through, where there is one.
//!
//! Only `https` goes through it: the proxy opens a tunnel (`CONNECT`, or SOCKS 5) and sees the server's name, never the request. A plain `http`
//! address is one in this machine or network, so it is connected to directly. The proxy looks names up, so addresses can be judged only where
//! they are written as such; names are judged by the grants as ever.

use std::env;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use call::Bilingual;
use http::Uri;
use http::uri::Scheme;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use tower_service::Service;

use super::connection::BoxError;
use super::resolver::Resolver;
use crate::secret::Secret;

/// Through which proxy connections go. The default is none.
#[derive(Clone, Default)]
pub struct Proxy {
    named: NamedBy,
    matcher: Option<Arc<Matcher>>,
}

/// Where a proxy is named.
#[derive(Clone, Default, PartialEq, Eq)]
enum NamedBy {
    #[default]
    Nothing,
    Environment,
    /// By its address, which may hold a password.
    Address(Secret),
}

/// Whether they are the same proxy. The environment does not change while the program runs.
impl PartialEq for Proxy {
    fn eq(&self, other: &Self) -> bool {
        self.named == other.named
    }
}

impl Eq for Proxy {}

/// Why an address is not one of a proxy. It is not repeated, since it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not the address of a proxy: write http://HOST:PORT or socks5://HOST:PORT")]
pub struct NotAProxy;

/// The variable of the environment that is meant to name a proxy, and names none that can be used. Its value is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} of the environment names no proxy that can be used: write http://HOST:PORT or socks5://HOST:PORT there, or `proxy = \"none\"` here"
)]
pub struct NoProxyInVariable(&'static str);

impl Bilingual for NotAProxy {
    fn ru(&self) -> String {
        "это не адрес прокси: напишите http://ИМЯ:ПОРТ или socks5://ИМЯ:ПОРТ".to_owned()
    }
}

impl Bilingual for NoProxyInVariable {
    fn ru(&self) -> String {
        format!(
            "в переменной окружения {} нет адреса прокси, которым можно пользоваться: запишите туда http://ИМЯ:ПОРТ или socks5://ИМЯ:ПОРТ \
             либо напишите здесь `proxy = \"none\"`",
            self.0
        )
    }
}

/// The variables that are looked at, in their order; of each pair the first that is there.
const VARIABLES: [[&str; 2]; 2] = [["HTTPS_PROXY", "https_proxy"], ["ALL_PROXY", "all_proxy"]];

impl Proxy {
    /// What the environment says, in the spelling of other programs: `HTTPS_PROXY`, else `ALL_PROXY`, and `NO_PROXY` for names that are
    /// connected to directly. An address without `http://` is one of those too.
    ///
    /// # Errors
    /// Where a variable is there and names no such proxy. Other programs would fail, or go past the proxy without a word.
    pub fn from_environment() -> Result<Self, NoProxyInVariable> {
        Self::judge_variables(|name| env::var(name).ok())?;
        Ok(Self { named: NamedBy::Environment, matcher: Some(Arc::new(Matcher::from_env())) })
    }

    fn judge_variables(read: impl Fn(&str) -> Option<String>) -> Result<(), NoProxyInVariable> {
        for names in VARIABLES {
            let found = names.into_iter().find_map(|name| Some((name, read(name)?)));
            let Some((name, address)) = found.filter(|(_, address)| !address.is_empty()) else { continue };
            let address = if address.contains("://") { address } else { format!("http://{address}") };
            return Self::at(&address).map(drop).map_err(|_| NoProxyInVariable(name));
        }
        Ok(())
    }

    /// This proxy for everything: `http://` or `socks5://`.
    ///
    /// # Errors
    /// Where it is no such address.
    pub fn at(address: &str) -> Result<Self, NotAProxy> {
        let address = address.trim();
        let known = ["http://", "socks5://", "socks5h://"].iter().any(|scheme| address.starts_with(scheme));
        let bare = address.parse::<Uri>().is_ok_and(|uri| matches!(uri.path(), "" | "/") && uri.query().is_none());
        let matcher = Matcher::builder().https(address).build();
        let usable = matcher.intercept(&Uri::from_static("https://example.com")).is_some();
        if !(known && bare && usable) {
            return Err(NotAProxy);
        }
        let named = NamedBy::Address(Secret::new(address.to_owned()));
        Ok(Self { named, matcher: Some(Arc::new(matcher)) })
    }

    fn of(&self, destination: &Uri) -> Option<Intercept> {
        let tunnelled = destination.scheme() == Some(&Scheme::HTTPS);
        self.matcher.as_ref().filter(|_| tunnelled)?.intercept(destination)
    }
}

/// Without the password.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Proxy").field(&self.matcher).finish()
    }
}

/// A connection through the proxy was not opened.
#[derive(Debug, thiserror::Error)]
#[error("the proxy {address} opens no connection: {cause}")]
pub(super) struct ProxyFailed {
    address: String,
    #[source]
    cause: BoxError,
}

/// Opens TCP connections, directly or through the proxy.
#[derive(Clone)]
pub(crate) struct Tcp {
    direct: HttpConnector<Resolver>,
    /// A proxy may be in the own network, whatever is granted to the component.
    to_proxy: HttpConnector<Resolver>,
    proxy: Proxy,
}

impl Tcp {
    pub(super) const fn new(direct: HttpConnector<Resolver>, to_proxy: HttpConnector<Resolver>, proxy: Proxy) -> Self {
        Self { direct, to_proxy, proxy }
    }
}

impl Service<Uri> for Tcp {
    type Response = <HttpConnector<Resolver> as Service<Uri>>::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.direct.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, destination: Uri) -> Self::Future {
        let Some(through) = self.proxy.of(&destination) else {
            let opening = self.direct.call(destination);
            return Box::pin(async move { Ok(opening.await?) });
        };
        let (address, connector) = (through.uri().clone(), self.to_proxy.clone());
        Box::pin(async move {
            let named = address.authority().map(ToString::to_string).unwrap_or_default();
            let opened = match address.scheme_str() {
                Some("http") => {
                    let tunnel = Tunnel::new(address, connector);
                    let mut tunnel = match through.basic_auth() {
                        Some(proof) => tunnel.with_auth(proof.clone()),
                        None => tunnel,
                    };
                    tunnel.call(destination).await.map_err(BoxError::from)
                }
                Some("socks5" | "socks5h") => {
                    let socks = SocksV5::new(address, connector);
                    let mut socks = match through.raw_auth() {
                        Some((user, password)) => socks.with_auth(user.to_owned(), password.to_owned()),
                        None => socks,
                    };
                    socks.call(destination).await.map_err(BoxError::from)
                }
                _ => Err(NotAProxy.into()),
            };
            opened.map_err(|cause| {
                let failed = ProxyFailed { address: named, cause };
                tracing::warn!("{failed}");
                BoxError::from(failed)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_environment_says_of_a_proxy_is_judged_where_it_counts() {
        for (variables, wrong) in [
            (&[][..], None),
            (&[("HTTPS_PROXY", "http://proxy.example:3128")], None),
            (&[("HTTPS_PROXY", "http://user:s3cret@proxy.example:3128/")], None),
            (&[("https_proxy", "proxy.example:3128")], None),
            (&[("ALL_PROXY", "socks5h://proxy.example:1080")], None),
            (&[("HTTPS_PROXY", ""), ("ALL_PROXY", "")], None),
            // What comes first counts alone.
            (&[("HTTPS_PROXY", "http://proxy.example"), ("ALL_PROXY", "nonsense://")], None),
            (&[("HTTPS_PROXY", "https://proxy.example")], Some("HTTPS_PROXY")),
            (&[("https_proxy", "socks4://proxy.example")], Some("https_proxy")),
            (&[("ALL_PROXY", "ftp://user:s3cret@proxy.example")], Some("ALL_PROXY")),
            (&[("all_proxy", "not a proxy")], Some("all_proxy")),
            (&[("HTTPS_PROXY", ""), ("ALL_PROXY", "://")], Some("ALL_PROXY")),
            (&[("HTTPS_PROXY", "http://proxy.example/path")], Some("HTTPS_PROXY")),
        ] {
            let read =
                |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            let judged = Proxy::judge_variables(read);
            assert_eq!(judged, wrong.map_or(Ok(()), |name| Err(NoProxyInVariable(name))), "{variables:?}");
            let said = judged.map_or_else(|wrong| wrong.to_string(), |()| String::new());
            assert!(!said.contains("s3cret") && wrong.is_none_or(|name| said.starts_with(name)), "{said}");
        }
    }
}
