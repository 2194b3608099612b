//! What a registry wants to be shown: `WWW-Authenticate` with the two schemes that registries have.

/// A challenge.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// User and password.
    Basic,
    /// A token that another server gives.
    Bearer {
        /// Where it is asked for.
        realm: String,
        /// For whom, as that server calls the registry.
        service: Option<String>,
    },
}

impl Challenge {
    /// Reads one; none where it is of another scheme, or says too little.
    pub(super) fn parse(header: &str) -> Option<Self> {
        let (scheme, parameters) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let parameter = |name: &str| {
            parameters_of(parameters).find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        };
        Some(Self::Bearer { realm: parameter("realm")?, service: parameter("service") })
    }
}

/// `key="value"` or `key=value`, with commas between. A quoted value may hold commas; an escape in it stands for the character behind it.
fn parameters_of(text: &str) -> impl Iterator<Item = (String, String)> {
    let mut rest = text.trim_start_matches([' ', ',']);
    std::iter::from_fn(move || {
        let (key, behind) = rest.split_once('=')?;
        let (value, end) = match behind.strip_prefix('"') {
            Some(quoted) => {
                let (mut value, mut escaped, mut end) = (String::new(), false, quoted.len());
                for (at, character) in quoted.char_indices() {
                    match character {
                        '"' if !escaped => {
                            end = at + 1;
                            break;
                        }
                        '\\' if !escaped => escaped = true,
                        _ => {
                            value.push(character);
                            escaped = false;
                        }
                    }
                }
                (value, quoted.get(end..).unwrap_or_default())
            }
            None => {
                let (value, end) = behind.split_once(',').unwrap_or((behind, ""));
                (value.trim().to_owned(), end)
            }
        };
        rest = end.trim_start_matches([' ', ',']);
        Some((key.trim().to_owned(), value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_read_as_registries_write_it() {
        let bearer = |realm: &str, service: Option<&str>| {
            Some(Challenge::Bearer { realm: realm.to_owned(), service: service.map(str::to_owned) })
        };
        for (written, read) in [
            (r#"Basic realm="basic-realm""#, Some(Challenge::Basic)),
            ("basic", Some(Challenge::Basic)),
            (
                r#"Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push""#,
                bearer("https://auth.example/token", Some("registry.example")),
            ),
            (r#"bearer scope="a, b", realm="https://a.example""#, bearer("https://a.example", None)),
            ("Bearer realm=https://a.example, service=x", bearer("https://a.example", Some("x"))),
            (r#"Bearer realm="a\"b""#, bearer("a\"b", None)),
            (r#"Bearer service="x""#, None),
            ("Negotiate", None),
            (r#"Bearer realm="unclosed"#, bearer("unclosed", None)),
        ] {
            assert_eq!(Challenge::parse(written), read, "{written}");
        }
    }
}
