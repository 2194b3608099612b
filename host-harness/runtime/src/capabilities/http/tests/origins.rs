//! What is the address of a server, and which two addresses are the same.

use http::Uri;
use proptest::prelude::*;

use super::super::origin::{BaseUrl, Origin, OriginError, Scheme};

#[test]
fn an_address_is_brought_to_one_form() {
    for (written, origin, prefix) in [
        ("https://demo.crm.example", "https://demo.crm.example", ""),
        ("https://demo.crm.example/", "https://demo.crm.example", ""),
        ("HTTPS://Demo.Crm.example:443", "https://demo.crm.example", ""),
        ("https://demo.crm.example.", "https://demo.crm.example", ""),
        ("http://demo.crm.example:443", "http://demo.crm.example:443", ""),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080", ""),
        ("http://0x7f.1", "http://127.0.0.1", ""),
        ("http://127.0.0.1./", "http://127.0.0.1", ""),
        ("http://[::1]:80/prefix", "http://[::1]", "/prefix"),
        ("http://[0:0:0:0:0:0:0:1]:8080/a/b/", "http://[::1]:8080", "/a/b"),
        ("https://пример.рф", "https://xn--e1afmkfd.xn--p1ai", ""),
        ("https://host/a/../b", "https://host", "/b"),
    ] {
        let base: BaseUrl = written.parse().unwrap();
        assert_eq!((base.origin().to_string().as_str(), base.path_prefix()), (origin, prefix), "{written}");
        assert_eq!(base.to_string().parse::<BaseUrl>().unwrap(), base);
    }
    let origin: Origin = "http://[::1]:8080".parse().unwrap();
    assert_eq!((origin.scheme(), origin.port(), origin.authority().as_str()), (Scheme::Http, 8080, "[::1]:8080"));
    assert_eq!(origin.address(), Some("::1".parse().unwrap()));
}

#[test]
fn anything_else_is_refused_for_a_named_reason() {
    use OriginError::*;
    for (written, error) in [
        ("", Scheme),
        ("demo.crm.example", Scheme),
        ("//demo.crm.example", Scheme),
        ("ftp://demo.crm.example", Scheme),
        ("https:demo.crm.example", Scheme),
        ("file:///etc/passwd", Scheme),
        (" https://x", Characters),
        ("https://x\t", Characters),
        ("https:\\\\x", Characters),
        ("https://a b", Characters),
        ("https://", Host),
        ("https:///path", Host),
        ("https://:80", Host),
        ("https://.", Host),
        ("https://a..b", Host),
        ("https://a..", Host),
        ("https://%61", Host),
        ("http://[::1", Host),
        ("http://::1", Host),
        ("http://[fe80::1%25eth0]", Host),
        ("http://1.2.3.400", Host),
        ("https://a_b!.ru<", Host),
        ("https://x:0", Port),
        ("https://x:65536", Port),
        ("https://x:y", Port),
        ("https://user@x", UserInfo),
        ("https://user:pw@x", UserInfo),
        ("https://@x", UserInfo),
        ("https://x?", Query),
        ("https://x/?a", Query),
        ("https://x#", Fragment),
        ("https://x/#a", Fragment),
    ] {
        assert_eq!(written.parse::<BaseUrl>(), Err(error), "{written:?}");
    }
    assert_eq!(format!("https://{}.ru", "a".repeat(64)).parse::<BaseUrl>(), Err(Host));
    assert_eq!(format!("https://{}ru", "a.".repeat(130)).parse::<BaseUrl>(), Err(Host));
    assert_eq!("https://demo.crm.example/api".parse::<Origin>(), Err(Path));
}

#[test]
fn no_message_repeats_a_password() {
    let error = "https://user:hunter2@x".parse::<BaseUrl>().unwrap_err().to_string();
    assert!(!error.contains("hunter2") && error.contains('@'), "{error}");
}

#[test]
fn origins_go_through_configuration_files() {
    #[derive(serde::Serialize, serde::Deserialize, PartialEq, Debug)]
    struct Config {
        granted: Vec<Origin>,
        base: BaseUrl,
    }
    let text = "granted = [\"https://demo.crm.example\"]\nbase = \"http://127.0.0.1:8080/x\"\n";
    let config: Config = toml::from_str(text).unwrap();
    assert_eq!(toml::to_string(&config).unwrap(), text);
    assert!(toml::from_str::<Config>("granted = [\"https://*.crm.example/a\"]\nbase = \"http://x\"").is_err());
}

#[test]
fn a_request_has_an_origin_only_where_it_is_written_plainly() {
    let of = |uri: &str| Origin::of_request(&Uri::try_from(uri).unwrap());
    assert_eq!(of("https://DEMO.crm.example.:443/x").unwrap().to_string(), "https://demo.crm.example");
    assert_eq!(of("https://a@demo.crm.example"), Err(OriginError::UserInfo));
    assert_eq!(of("https://demo.crm.example:"), Err(OriginError::Port));
    assert_eq!(of("https://demo.crm.example:0"), Err(OriginError::Port));
    assert_eq!(of("/path"), Err(OriginError::Scheme));
    assert_eq!(of("ws://demo.crm.example"), Err(OriginError::Scheme));
}

proptest! {
    #[test]
    fn any_text_is_an_address_or_an_error_and_reads_back_as_itself(text in "(http|https)://[a-zA-Z0-9.:@/\\[\\]%-]{0,20}") {
        if let Ok(base) = text.parse::<BaseUrl>() {
            prop_assert_eq!(&base.to_string().parse::<BaseUrl>().unwrap(), &base);
            let asked = Origin::of_request(&base.to_string().parse::<Uri>().unwrap()).unwrap();
            prop_assert_eq!(&asked, base.origin());
        }
    }

    #[test]
    fn any_request_address_is_judged_without_a_panic(text in "[a-z]{0,5}(://)?[!-~]{0,20}") {
        if let Ok(uri) = text.parse::<Uri>() && let Ok(origin) = Origin::of_request(&uri) {
            prop_assert_eq!(origin.to_string().parse::<Origin>().unwrap(), origin);
        }
    }
}
