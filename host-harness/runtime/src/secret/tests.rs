use super::*;

const TOKEN: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOi";

static_assertions::assert_not_impl_any!(Secret: fmt::Display, serde::Serialize, AsRef<str>, std::ops::Deref, Copy);
static_assertions::assert_not_impl_any!(Zeroizing<String>: Copy);

#[derive(Debug, serde::Deserialize)]
struct Config {
    access_token: SecretSource,
}

#[test]
fn a_secret_does_not_print() {
    let secret = Secret::new(TOKEN.to_owned());
    assert_eq!(format!("{secret:?}"), "[secret]");
    assert_eq!(secret.expose(), TOKEN);
    let read: Secret = serde_json::from_str(&format!("\"{TOKEN}\"")).unwrap();
    assert_eq!(read.expose(), TOKEN);
}

#[test]
fn d10_a_panic_over_a_secret_does_not_show_it() {
    let refused = || -> Result<(), Secret> { Err(Secret::new(TOKEN.to_owned())) };
    let panic = std::panic::catch_unwind(|| refused().unwrap()).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(message.contains("[secret]") && !message.contains(TOKEN), "{message}");
}

#[test]
fn two_forms_are_accepted_and_shown_as_written() {
    for text in ["env:ACCESS_TOKEN", "env:_t2", "file:/run/secrets/token", "file:token.txt"] {
        assert_eq!(text.parse::<SecretSource>().unwrap().to_string(), text);
    }
}

#[test]
fn an_inline_value_is_refused_and_never_repeated() {
    for text in [TOKEN, "", "ENV:NAME", "Env:x", "env:", &format!("env:{TOKEN} x"), "env:1A", "file:", "http://x"] {
        let message = text.parse::<SecretSource>().unwrap_err().to_string();
        assert!(message.contains("env:") || message.contains("file:"), "{message}");
        assert!(!message.contains(TOKEN), "{message}");
        assert!(SecretSource::try_from(text.to_owned()).is_err());
    }
}

#[test]
fn a_secret_that_was_pasted_behind_a_prefix_is_never_repeated() {
    for pasted in [
        "3f9a1c0de7b24a518c6e90d2f7ab4513cc0188e9b7d6f5a4e3c2b1a09f8e7d6c",
        "a8f5f167f44f4964e6c998dee827110c",
        "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9",
        "def50200a1b2c3d4e5f60718293a4b5c6d7e8f90",
        "QWxhZGRpbjpvcGVuIHNlc2FtZQ",
        "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
    ] {
        for prefix in ["env:", "file:", "file:secrets/"] {
            let source = SecretSource::try_from(format!("{prefix}{pasted}"));
            let said = source.map_or_else(
                |refused| refused.to_string(),
                |source| format!("{} {source}", source.read().unwrap_err()),
            );
            assert!(!said.contains(pasted), "{said}");
        }
    }
    for (written, repeated) in [
        ("env:AMOCRM_TOKEN_2026", "AMOCRM_TOKEN_2026"),
        ("env:token", "token"),
        ("file:/nonexistent/access-token", "/nonexistent/access-token"),
        ("file:client-secret-of-the-second-integration.txt", "client-secret-of-the-second-integration.txt"),
    ] {
        let said = written.parse::<SecretSource>().unwrap().read().unwrap_err().to_string();
        assert!(said.contains(repeated), "{said}");
    }
}

#[test]
fn a_configuration_file_with_an_inline_value_is_refused_without_quoting_it() {
    for value in [&format!("\"{TOKEN}\""), "12345678", "true", "1.5", "[\"eyJ0\"]", "{ value = \"eyJ0\" }"] {
        let config: Config = toml::from_str(&format!("access_token = {value}")).unwrap();
        assert!(!format!("{config:?}").contains("eyJ0"), "{config:?}");
        assert_eq!(config.access_token.read().unwrap_err(), SecretError::Inline);
        assert_eq!(config.access_token.read().unwrap_err(), SecretError::Inline);
    }
}

#[test]
fn a_file_is_read_without_its_last_line_break() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let source: SecretSource = format!("file:{}", file.path().display()).parse().unwrap();
    for (written, read) in [("abc\n", "abc"), ("abc\r\n\r\n", "abc"), ("abc", "abc"), ("a\nb\n", "a\nb")] {
        std::fs::write(file.path(), written).unwrap();
        assert_eq!(source.read().unwrap().expose(), read);
    }
}

#[test]
fn what_cannot_be_read_names_the_source_and_the_fix() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let source: SecretSource = format!("file:{}", file.path().display()).parse().unwrap();
    assert!(source.read().unwrap_err().to_string().contains("is empty"));
    std::fs::write(file.path(), [0xff, 0xfe]).unwrap();
    assert!(source.read().unwrap_err().to_string().contains("not text"));
    std::fs::write(file.path(), vec![b'a'; 65 * 1024]).unwrap();
    assert!(source.read().unwrap_err().to_string().contains("64 KiB"));
    let missing: SecretSource = "file:/nonexistent/token".parse().unwrap();
    let message = missing.read().unwrap_err().to_string();
    assert!(message.contains("/nonexistent/token") && message.contains("check that it exists"), "{message}");
    let unset: SecretSource = "env:HOST_HARNESS_TEST_NEVER_SET".parse().unwrap();
    let message = unset.read().unwrap_err().to_string();
    assert!(message.contains("HOST_HARNESS_TEST_NEVER_SET is not set"), "{message}");
}

#[test]
fn an_environment_variable_is_read() {
    // One that is always there; tests must not change the environment.
    let source: SecretSource = "env:PATH".parse().unwrap();
    assert_eq!(source.read().unwrap().expose(), std::env::var("PATH").unwrap());
}
