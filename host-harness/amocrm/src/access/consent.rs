//! A user's consent: the page where it is given, and what comes back (amoCRM facts §5.1).

use std::fmt;

use url::Url;
use url::form_urlencoded;

use super::hosts::{Hosts, NotAmocrm};
use super::oauth::{OAuthSettings, Platform};
use call::Localized;
use runtime::capabilities::http::{BaseUrl, Origin};
use runtime::secret::{Secret, unwrapped};

/// A random text that ties an answer to the question it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentState(String);

/// What amoCRM sent the user back with.
#[derive(Clone, Debug)]
pub struct Consented {
    /// The code, for which the first tokens are given within 20 minutes.
    pub code: Secret,
    /// The account's address.
    pub account: BaseUrl,
}

/// Why there is no consent. No text repeats what came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentError {
    /// The operating system gives no randomness.
    Randomness,
    /// The user said no.
    Denied,
    /// The address has no code.
    NoCode,
    /// The answer belongs to another question.
    State,
    /// It does not say which account it is about, and none is configured.
    NoAccount,
    /// The account's host is not amoCRM's.
    Host(NotAmocrm),
    /// Another account than the configured one.
    AnotherAccount,
}

impl ConsentError {
    /// Why, and what to do, for people.
    pub fn text(self) -> Localized {
        let (ru, en) = match self {
            Self::Randomness => (
                "операционная система не даёт случайных чисел, поэтому спросить безопасно нельзя",
                "the operating system gives no random numbers, so nothing can be asked safely",
            ),
            Self::Denied => (
                "пользователь не разрешил доступ; его должен разрешить администратор аккаунта",
                "the user refused access; an administrator of the account has to allow it",
            ),
            Self::NoCode => (
                "в этом нет кода: вставьте весь адрес, на который перешёл браузер, со всем, что после вопросительного знака",
                "there is no code in it: paste the whole address that the browser was sent to, with everything behind the question mark",
            ),
            Self::State => (
                "этот ответ относится к другому запросу (у него другой `state`): откройте тот адрес, который был выдан последним",
                "the answer belongs to another question (its `state` differs): open the address that was given last",
            ),
            Self::NoAccount => (
                "не сказано, о каком аккаунте речь: вставьте весь адрес, на который перешёл браузер, или впишите `account` в [[integration]]",
                "it does not say for which account: paste the whole address that the browser was sent to, or write `account` into the [[integration]]",
            ),
            Self::Host(error) => return error.text(),
            Self::AnotherAccount => (
                "пользователь разрешил доступ не к тому аккаунту, который указан в настройках: выберите в amoCRM указанный или исправьте `account`",
                "the user allowed access to another account than the configured one: choose that account in amoCRM, or correct `account`",
            ),
        };
        Localized::new(ru, en)
    }
}

impl fmt::Display for ConsentError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text().en)
    }
}

impl std::error::Error for ConsentError {}

impl From<NotAmocrm> for ConsentError {
    fn from(error: NotAmocrm) -> Self {
        Self::Host(error)
    }
}

impl ConsentState {
    /// A new one.
    pub fn random() -> Result<Self, ConsentError> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|_| ConsentError::Randomness)?;
        Ok(Self(base16ct::lower::encode_string(&bytes)))
    }

    /// The text that comes back with the answer.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The page where a user consents. Where the configured account is not a host of amoCRM's own (a simulator), the page is there.
pub fn page(settings: &OAuthSettings, state: &ConsentState) -> String {
    let product = match settings.platform {
        Platform::Amocrm => "https://www.amocrm.ru",
        Platform::Kommo => "https://www.kommo.com",
    };
    let own = |account: &&BaseUrl| !Hosts::default().permits(account.origin());
    let host = settings.account.as_ref().filter(own).map_or_else(|| product.to_owned(), ToString::to_string);
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", &settings.client_id)
        .append_pair("state", &state.0)
        .append_pair("mode", "popup")
        .finish();
    format!("{host}/oauth?{query}")
}

/// The `state` in the query of an answer, where it has one: which question it belongs to.
pub fn state_in(query: &str) -> Option<String> {
    value_in(query, "state")
}

fn value_in(query: &str, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).filter(|value| !value.is_empty())
}

/// Reads the query of the address that amoCRM sent the user back to. `state` is none where the question is not known any more.
pub fn read(
    query: &str,
    state: Option<&ConsentState>,
    settings: &OAuthSettings,
    hosts: &Hosts,
) -> Result<Consented, ConsentError> {
    let value = |name: &str| value_in(query, name);
    if let Some(state) = state
        && value("state").is_none_or(|given| given != state.0)
    {
        return Err(ConsentError::State);
    }
    if value("error").is_some() {
        return Err(ConsentError::Denied);
    }
    let code = Secret::new(value("code").ok_or(ConsentError::NoCode)?);
    let account = match value("referer") {
        Some(named) => {
            let origin = hosts.judge(&named)?;
            of_configured(settings.account.as_ref(), &origin)?
        }
        None => settings.account.clone().ok_or(ConsentError::NoAccount)?,
    };
    Ok(Consented { code, account })
}

/// Reads what a person gave: the code alone, or the whole address that the browser was sent to.
pub fn read_pasted(pasted: &str, settings: &OAuthSettings, hosts: &Hosts) -> Result<Consented, ConsentError> {
    let pasted = unwrapped(pasted);
    if let Some(query) = query_of(pasted) {
        return read(query, None, settings, hosts);
    }
    if pasted.is_empty() || pasted.contains("://") {
        return Err(ConsentError::NoCode);
    }
    let account = settings.account.clone().ok_or(ConsentError::NoAccount)?;
    Ok(Consented { code: Secret::new(pasted.to_owned()), account })
}

/// The query of the address that a person gave, where it is one.
pub fn query_of(pasted: &str) -> Option<&str> {
    let (_, query) = unwrapped(pasted).split_once('?')?;
    query.split('#').next()
}

/// The address of the account that was named, which is the configured one where there is one.
fn of_configured(configured: Option<&BaseUrl>, named: &Origin) -> Result<BaseUrl, ConsentError> {
    match configured {
        None => Ok(named.clone().into()),
        Some(account) if account.origin() == named => Ok(account.clone()),
        Some(_) => Err(ConsentError::AnotherAccount),
    }
}

/// The address on this machine that a redirect address leads to, where it does: host, port and path.
pub fn loopback(redirect_uri: &str) -> Option<(String, u16, String)> {
    let url = Url::parse(redirect_uri).ok().filter(|url| url.scheme() == "http")?;
    let host = match url.host()? {
        url::Host::Domain("localhost") => "127.0.0.1".to_owned(),
        url::Host::Ipv4(address) if address.is_loopback() => address.to_string(),
        url::Host::Ipv6(address) if address.is_loopback() => address.to_string(),
        _ => return None,
    };
    Some((host, url.port_or_known_default()?, url.path().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "def50200-a-code";

    fn settings(account: Option<&str>, platform: Platform) -> OAuthSettings {
        OAuthSettings {
            client_id: "b1-a&b".to_owned(),
            client_secret: Secret::new("s".to_owned()).into(),
            redirect_uri: "http://127.0.0.1:8765/".to_owned(),
            platform,
            account: account.map(|account| account.parse().unwrap()),
        }
    }

    #[test]
    fn the_page_is_amocrms_kommos_or_the_simulators() {
        let state = ConsentState("s1".to_owned());
        for (account, platform, page_is) in [
            (None, Platform::Amocrm, "https://www.amocrm.ru/oauth?client_id=b1-a%26b&state=s1&mode=popup"),
            (
                Some("https://x.kommo.com"),
                Platform::Kommo,
                "https://www.kommo.com/oauth?client_id=b1-a%26b&state=s1&mode=popup",
            ),
            (
                Some("http://127.0.0.1:1"),
                Platform::Amocrm,
                "http://127.0.0.1:1/oauth?client_id=b1-a%26b&state=s1&mode=popup",
            ),
        ] {
            assert_eq!(page(&settings(account, platform), &state), page_is);
        }
    }

    #[test]
    fn states_are_long_and_never_the_same() {
        let (one, two) = (ConsentState::random().unwrap(), ConsentState::random().unwrap());
        assert_ne!(one, two);
        assert_eq!(one.0.len(), 32);
    }

    #[test]
    fn the_code_and_the_account_are_read_from_the_redirect() {
        let (hosts, state) = (Hosts::default(), ConsentState("s1".to_owned()));
        let open = settings(None, Platform::Amocrm);
        let query = format!("code={CODE}%2Bx&referer=example.amocrm.ru&state=s1&platform=1");
        let consented = read(&query, Some(&state), &open, &hosts).unwrap();
        assert_eq!(consented.code.expose(), format!("{CODE}+x"));
        assert_eq!(consented.account.to_string(), "https://example.amocrm.ru");
        assert!(!format!("{consented:?}").contains(CODE));

        for (query, error) in [
            ("state=s1&error=access_denied", ConsentError::Denied),
            ("error=access_denied", ConsentError::State),
            ("code=c&referer=example.amocrm.ru", ConsentError::State),
            ("code=c&referer=example.amocrm.ru&state=s2", ConsentError::State),
            ("state=s1&referer=example.amocrm.ru", ConsentError::NoCode),
            ("state=s1&code=&referer=example.amocrm.ru", ConsentError::NoCode),
            ("state=s1&code=c", ConsentError::NoAccount),
            ("state=s1&code=c&referer=evil.example", ConsentError::Host(NotAmocrm)),
            ("state=s1&code=c&referer=example.amocrm.ru%40evil.example", ConsentError::Host(NotAmocrm)),
            ("state=s1&code=c&referer=evil.example%2F.amocrm.ru", ConsentError::Host(NotAmocrm)),
        ] {
            assert_eq!(read(query, Some(&state), &open, &hosts).unwrap_err(), error, "{query}");
        }
        let fixed = settings(Some("https://example.amocrm.ru"), Platform::Amocrm);
        let another = "state=s1&code=c&referer=other.amocrm.ru";
        assert_eq!(read(another, Some(&state), &fixed, &hosts).unwrap_err(), ConsentError::AnotherAccount);
    }

    #[test]
    fn a_code_or_the_whole_address_may_be_pasted() {
        let hosts = Hosts::default();
        let (open, fixed) =
            (settings(None, Platform::Amocrm), settings(Some("https://example.amocrm.ru"), Platform::Amocrm));
        let whole = format!(" https://pbx.example/hook?code={CODE}&referer=example.amocrm.ru&state=x#top\n");
        assert_eq!(read_pasted(&whole, &open, &hosts).unwrap().account.to_string(), "https://example.amocrm.ru");
        assert_eq!(read_pasted(&whole, &open, &hosts).unwrap().code.expose(), CODE);
        for pasted in [CODE.to_owned(), format!("\u{feff}\"{CODE}\"\u{200b}\r\n"), format!("«{CODE}»")] {
            assert_eq!(read_pasted(&pasted, &fixed, &hosts).unwrap().code.expose(), CODE, "{pasted:?}");
        }
        let quoted = format!("'https://pbx.example/hook?code={CODE}&referer=example.amocrm.ru'");
        assert_eq!(read_pasted(&quoted, &open, &hosts).unwrap().account.to_string(), "https://example.amocrm.ru");
        assert_eq!(read_pasted(CODE, &open, &hosts).unwrap_err(), ConsentError::NoAccount);
        for nothing in ["", "https://pbx.example/hook", "https://pbx.example/hook?referer=example.amocrm.ru"] {
            assert_eq!(read_pasted(nothing, &fixed, &hosts).unwrap_err(), ConsentError::NoCode);
        }
    }

    #[test]
    fn only_an_address_on_this_machine_can_be_listened_on() {
        let here = |host: &str, port, path: &str| Some((host.to_owned(), port, path.to_owned()));
        for (address, expected) in [
            ("http://127.0.0.1:8765/", here("127.0.0.1", 8765, "/")),
            ("http://localhost:8765/back?x=1", here("127.0.0.1", 8765, "/back")),
            ("http://[::1]/", here("::1", 80, "/")),
            ("https://127.0.0.1:8765/", None),
            ("https://pbx.example/hook", None),
            ("http://pbx.example/hook", None),
            ("http://localhost.example/", None),
        ] {
            assert_eq!(loopback(address), expected, "{address}");
        }
    }
}
