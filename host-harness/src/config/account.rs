//! `account` and `platform` of an `[[integration]]`: where an amoCRM account is, as people write it and copy it from a browser.
//!
//! amoCRM's API answers at an account's own subdomain alone; its site and any path give 404 to every request (amoCRM facts §5.7). So an address of
//! amoCRM's that is not an account's is refused here, with the line to write. Other servers (a simulator, a gateway) may have any address.

use url::Url;

use amocrm::access::{Hosts, Platform};
use amocrm::integration::{Access, IntegrationSettings};
use call::{Bilingual, Localized, localized};
use runtime::capabilities::http::{BaseUrl, OriginError, Scheme};

/// The domains of accounts, and whose they are (amoCRM facts §8).
const DOMAINS: [(&str, Platform); 3] =
    [("amocrm.ru", Platform::Amocrm), ("amocrm.com", Platform::Kommo), ("kommo.com", Platform::Kommo)];

/// The account's address. `plain_http` says whether a server that is not amoCRM's may be reached without TLS.
pub(super) fn address(place: &str, written: &str, plain_http: bool) -> Result<BaseUrl, Localized> {
    let written = written.trim();
    if let Ok(url) = Url::parse(written)
        && let Some(host) = url.domain()
        && matches!(url.scheme(), "https" | "http")
    {
        latin(place, written, host)?;
        if let Some((domain, _)) = domain_of(host) {
            return of_amocrm(place, &url, host, domain);
        }
    }
    let address: BaseUrl = written.parse().map_err(|error: OriginError| {
        let example = "account = \"https://example.amocrm.ru\"";
        Localized::new(
            format!("{place}: `account`: {}; напишите, например, {example}", error.ru()),
            format!("{place}: `account`: {error}; write, for example, {example}"),
        )
    })?;
    if let Some((rest, _)) = address.to_string().split_once("/api/v4") {
        return Err(localized!(
            "{place}: `account`: путь API не входит в адрес; напишите account = \"{rest}\"",
            "{place}: `account`: the path of the API is not part of the address; write account = \"{rest}\""
        ));
    }
    if address.origin().scheme() == Scheme::Http && !plain_http {
        return Err(localized!(
            "{place}: с `account` = `{address}` ключ доступа уходил бы незашифрованным; напишите https:// или, если эта сеть ваша, \
             plain_http = \"granted\"",
            "{place}: `account` = `{address}` would send the access token unencrypted; use https://, or write \
             plain_http = \"granted\" if that network is yours"
        ));
    }
    Ok(address)
}

/// A name in other letters leads elsewhere than the Latin one that it looks like.
fn latin(place: &str, written: &str, host: &str) -> Result<(), Localized> {
    let other = |label: &str| label.starts_with("xn--");
    if host.split('.').any(other) && !written.to_ascii_lowercase().contains("xn--") {
        return Err(localized!(
            "{place}: в `account` есть нелатинские буквы, то есть это имя другого сервера, {host}: напишите его латиницей или, если имеется в \
             виду тот сервер, в таком виде",
            "{place}: `account` has letters that are not Latin, so it is another server's name, {host}: write it again in Latin letters, or, \
             where that server is meant, in this form"
        ));
    }
    Ok(())
}

/// An address under one of amoCRM's domains is an account's, and nothing more than that.
fn of_amocrm(place: &str, url: &Url, host: &str, domain: &str) -> Result<BaseUrl, Localized> {
    let name = host.trim_end_matches('.');
    if name == domain || name.strip_suffix(domain) == Some("www.") {
        return Err(localized!(
            "{place}: `account`: {name} — это сайт, а не аккаунт, звонкам он не отвечает; напишите адрес своего аккаунта, его показывает \
             браузер после входа, например account = \"https://example.{domain}\"",
            "{place}: `account`: {name} is a site and no account, and gives no answers to calls; write your account's own address, which the \
             browser shows once you have logged in, for example account = \"https://example.{domain}\""
        ));
    }
    let more = url.scheme() != "https"
        || url.port().is_some()
        || !matches!(url.path(), "" | "/")
        || url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some();
    let address = format!("https://{name}").parse::<BaseUrl>().ok();
    match address.filter(|address| Hosts::default().permits(address.origin())) {
        None => Err(localized!(
            "{place}: `account`: аккаунта с именем {name} быть не может; скопируйте адрес из браузера, например account = \
             \"https://example.{domain}\"",
            "{place}: `account`: no account has the name {name}; copy it from the browser, for example account = \
             \"https://example.{domain}\""
        )),
        Some(address) if more => Err(localized!(
            "{place}: `account`: адрес аккаунта — это https:// и его имя, без порта, пути и всего остального; напишите account = \
             \"{address}\"",
            "{place}: `account`: an account's address is https:// and its name, without port, path or anything behind it; write account = \
             \"{address}\""
        )),
        Some(address) => Ok(address),
    }
}

/// Which product it is: what is written, or else whose domain the account's address is in. The two must agree.
pub(super) fn platform(
    place: &str,
    account: Option<&BaseUrl>,
    written: Option<Platform>,
) -> Result<Platform, Localized> {
    let of_account = account.and_then(|account| domain_of(&account.origin().host().to_string())).map(|(_, of)| of);
    match (of_account, written) {
        (Some(of_account), Some(written)) if of_account != written => {
            let whose = match of_account {
                Platform::Amocrm => "amoCRM",
                Platform::Kommo => "Kommo",
            };
            Err(localized!(
                "{place}: `platform` = `{written}`, а `account` — адрес в {whose}; напишите platform = \"{of_account}\" или исправьте `account`",
                "{place}: `platform` = `{written}`, but `account` is an address of {whose}'s; write platform = \"{of_account}\", or correct `account`"
            ))
        }
        _ => Ok(written.or(of_account).unwrap_or_default()),
    }
}

/// What may be wrong with an account's address: a host that only looks like amoCRM's is sent the long-lived token. (With OAuth it is not.)
pub(super) fn warning(integration: &IntegrationSettings) -> Option<Localized> {
    let Access::LongLived(access) = &integration.access else { return None };
    let host = access.account.origin().host().to_string();
    // Letters and digits that are taken for each other.
    let read = host.replace('0', "o").replace(['1', 'i'], "l").replace('-', "").replace("rn", "m");
    let looks = ["amocrm", "kommo"].iter().any(|name| read.contains(name));
    (looks && domain_of(&host).is_none()).then(|| {
        localized!(
            "интеграция `{}`: ключ доступа отправляется на {host}, это имя похоже на amoCRM, но не её: проверьте `account`, его домен — \
             amocrm.ru, amocrm.com или kommo.com",
            "integration `{}`: the token is sent to {host}, which looks like amoCRM's and is not: check `account`, whose domain is amocrm.ru, \
             amocrm.com or kommo.com",
            integration.id
        )
    })
}

/// Which of the domains a host is in, if any.
fn domain_of(host: &str) -> Option<(&'static str, Platform)> {
    let name = host.trim_end_matches('.');
    let within = |domain: &str| name.strip_suffix(domain).is_some_and(|below| below.is_empty() || below.ends_with('.'));
    DOMAINS.into_iter().find(|(domain, _)| within(domain))
}

#[cfg(test)]
mod tests {
    use amocrm::access::LongLived;
    use runtime::secret::Secret;

    use super::*;

    const PLACE: &str = "[[integration]] `main`";

    fn read(written: &str) -> Result<String, String> {
        address(PLACE, written, false).map(|address| address.to_string()).map_err(|error| error.en)
    }

    #[test]
    fn an_accounts_address_is_understood_in_every_spelling_of_it() {
        for (written, read_as) in [
            ("https://example.amocrm.ru", "https://example.amocrm.ru"),
            ("https://example.amocrm.ru/", "https://example.amocrm.ru"),
            (" https://EXAMPLE.AmoCRM.ru. ", "https://example.amocrm.ru"),
            ("https://example.amocrm.ru:443/", "https://example.amocrm.ru"),
            ("https://new-2.kommo.com", "https://new-2.kommo.com"),
            ("https://old.amocrm.com", "https://old.amocrm.com"),
            // Other servers.
            ("https://gateway.example/amo/", "https://gateway.example/amo"),
            ("https://xn--e1afmkfd.example", "https://xn--e1afmkfd.example"),
            ("https://myamocrm.ru", "https://myamocrm.ru"),
            ("https://192.0.2.1:8443", "https://192.0.2.1:8443"),
        ] {
            assert_eq!(read(written).as_deref(), Ok(read_as), "{written}");
        }
    }

    #[test]
    fn what_is_no_accounts_address_is_refused_with_the_line_to_write() {
        const SITE: &str = "which the browser shows";
        const ALONE: &str = "write account = \"https://example.amocrm.ru\"";
        for (written, said) in [
            ("https://www.amocrm.ru", SITE),
            ("https://amocrm.ru/", SITE),
            ("https://WWW.amocrm.ru./leads/", SITE),
            ("https://amocrm.com", SITE),
            ("https://www.amocrm.com", SITE),
            ("https://kommo.com", "https://example.kommo.com"),
            ("https://www.kommo.com", "https://example.kommo.com"),
            ("https://example.amocrm.ru/leads/list/", ALONE),
            ("https://example.amocrm.ru/api/v4", ALONE),
            ("https://example.amocrm.ru/leads/?filter=a#top", ALONE),
            ("https://example.amocrm.ru?x", ALONE),
            ("https://example.amocrm.ru#x", ALONE),
            ("https://example.amocrm.ru:8443", ALONE),
            ("https://user:a-password@example.amocrm.ru", ALONE),
            ("http://example.amocrm.ru", ALONE),
            ("https://ex_ample.amocrm.ru", "no account has the name ex_ample.amocrm.ru"),
            ("https://xn--e1afmkfd.amocrm.ru", "no account has the name"),
            ("https://пример.amocrm.ru", "not Latin"),
            // Two of its letters are Cyrillic.
            ("https://example.am\u{43e}\u{441}rm.ru", "not Latin"),
            ("https://gateway.example/amo/api/v4/", "write account = \"https://gateway.example/amo\""),
            ("http://gateway.example", "plain_http = \"granted\""),
            ("example.amocrm.ru", "begins with https://"),
            ("", "begins with https://"),
        ] {
            let error = read(written).expect_err(written);
            assert!(error.contains(PLACE) && error.contains("`account`") && error.contains(said), "{written}: {error}");
            assert!(!error.contains("a-password") && !error.contains("filter"), "{error}");
        }
    }

    #[test]
    fn the_platform_is_that_of_the_address_and_a_contradiction_is_refused() {
        let of = |account: &str, written| platform(PLACE, account.parse().ok().as_ref(), written);
        for (account, written, is) in [
            ("https://a.kommo.com", None, Platform::Kommo),
            ("https://a.amocrm.com", None, Platform::Kommo),
            ("https://a.amocrm.ru", None, Platform::Amocrm),
            ("https://a.kommo.com", Some(Platform::Kommo), Platform::Kommo),
            ("https://gateway.example", None, Platform::Amocrm),
            ("https://gateway.example", Some(Platform::Kommo), Platform::Kommo),
        ] {
            assert_eq!(of(account, written), Ok(is), "{account}");
        }
        let error = of("https://a.kommo.com", Some(Platform::Amocrm)).unwrap_err().en;
        assert!(error.contains("`platform` = `amocrm`") && error.contains("platform = \"kommo\""), "{error}");
        assert!(of("https://a.amocrm.ru", Some(Platform::Kommo)).unwrap_err().en.contains("platform = \"amocrm\""));
    }

    #[test]
    fn a_host_that_looks_like_amocrms_and_would_be_sent_the_token_is_warned_of() {
        let warned = |account: &str| {
            let token = Secret::new("a-long-lived-token".to_owned());
            let account = address(PLACE, account, false).unwrap();
            let access = LongLived { account, token, namespace: "main".to_owned() };
            warning(&IntegrationSettings::new("main", Access::LongLived(access), Vec::new()))
        };
        for account in [
            "https://example.amocrm.ru.evil.example",
            "https://example-amocrm.ru",
            "https://example.amocrm.ru-login.example",
            "https://example.am0crm.ru",
            "https://example.arnocrm.ru",
            "https://example.komrno.com",
            "https://example.amo-crm.ru",
        ] {
            let said = warned(account).unwrap_or_else(|| panic!("{account} is not an account of amoCRM's")).en;
            let host = account.strip_prefix("https://").unwrap();
            assert!(
                said.contains("integration `main`") && said.contains(host) && said.contains("check `account`"),
                "{said}"
            );
            assert!(!said.contains("a-long-lived-token"), "{said}");
        }
        for account in ["https://example.amocrm.ru", "https://example.kommo.com", "https://gateway.example"] {
            assert_eq!(warned(account), None, "{account}");
        }
    }
}
