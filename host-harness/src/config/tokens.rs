//! `[[server.tokens]]`: who may use the server besides who has `[server] token`. The file has hashes alone: who reads it can use none of them.

use jiff::Timestamp;
use serde::Deserialize;

use call::masking::unless_secret;
use call::{Localized, localized};
use server::tokens::{self, Token};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenEntry {
    /// Whose it is.
    name: String,
    /// `pbx`, `viewer` or `manager`.
    scope: String,
    /// `sha256:` and the hash in hexadecimal.
    hash: String,
    /// An instant, as one of TOML or in quotes.
    expires: Option<toml::Value>,
}

impl TokenEntry {
    /// Reads each, and sees to it that they can be in force together.
    pub(super) fn check_all(entries: Vec<Self>) -> Result<Vec<Token>, Localized> {
        let read = entries.into_iter().map(Self::check).collect::<Result<Vec<_>, _>>()?;
        tokens::judge(&read).map_err(|error| Localized::from(error).at("[[server.tokens]]"))?;
        Ok(read)
    }

    fn check(self) -> Result<Token, Localized> {
        let wrong = |what: Localized| what.at(format_args!("[[server.tokens]] `{}`", unless_secret(&self.name)));
        let scope = self.scope.parse().map_err(|fix: Localized| {
            let scope = unless_secret(&self.scope);
            wrong(localized!("`scope` = `{scope}`", "`scope` = `{scope}`").then("; ", &fix))
        })?;
        // What stands there may be a token by mistake, and is not repeated.
        let hash = self.hash.parse().map_err(|fix: Localized| {
            let what = Localized::new("`hash` — не хеш токена", "`hash` is not the hash of a token");
            let or_else =
                Localized::new(" (если это сам токен, создайте другой)", " (where it is a token itself, make another)");
            wrong(what.then("; ", &fix).then("", &or_else))
        })?;
        let expires_at = self.expires.as_ref().map(instant).transpose().map_err(wrong)?;
        Ok(Token { name: self.name, scope, hash, expires_at })
    }
}

fn instant(written: &toml::Value) -> Result<Timestamp, Localized> {
    let text = match written {
        toml::Value::String(text) => text.clone(),
        written => written.to_string(),
    };
    text.parse().map_err(|_| {
        let text = unless_secret(&text);
        localized!(
            "`expires` = `{text}`; напишите время со смещением, например 2027-03-01T00:00:00Z",
            "`expires` = `{text}`; write a time with its offset, for example 2027-03-01T00:00:00Z"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use server::scope::Scope;

    const HASH: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[derive(Deserialize)]
    struct File {
        tokens: Vec<TokenEntry>,
    }

    fn read(lines: &str) -> Result<Vec<Token>, String> {
        let file: File = toml::from_str(lines).map_err(|error| error.message().to_owned())?;
        TokenEntry::check_all(file.tokens).map_err(|error| error.en)
    }

    fn one(rest: &str) -> String {
        format!("[[tokens]]\nname = \"anna\"\nscope = \"viewer\"\nhash = \"{HASH}\"\n{rest}\n")
    }

    #[test]
    fn a_token_has_a_name_a_scope_a_hash_and_perhaps_an_expiry() {
        let token = &read(&one("")).unwrap()[0];
        assert_eq!((token.name.as_str(), token.scope, token.expires_at), ("anna", Scope::Viewer, None));
        assert_eq!(token.hash.to_string(), HASH);
        for written in ["2027-03-01T00:00:00Z", "\"2027-03-01T03:00:00+03:00\"", "2027-03-01 03:00:00+03:00"] {
            let tokens = read(&one(&format!("expires = {written}"))).unwrap();
            assert_eq!(tokens[0].expires_at, Some("2027-03-01T00:00:00Z".parse().unwrap()), "{written}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_token_is_named_with_its_fix_and_no_token_is_repeated() {
        for (lines, message) in [
            (one("expires = 2027-03-01"), "`expires` = `2027-03-01`; write a time with its offset"),
            (one("expires = 2027-03-01T00:00:00"), "write a time with its offset"),
            (one("expires = \"soon\""), "`expires` = `soon`"),
            (one("expires = 90"), "`expires` = `90`"),
            (one("").replace("viewer", "admin"), "`scope` = `admin`; write pbx, viewer or manager"),
            (one("").replace("sha256:", ""), "[[server.tokens]] `anna`: `hash` is not the hash of a token"),
            (one("").replace("anna", "server"), "another name"),
            (one("").replace("anna", ""), "`name`"),
            (one("").replace("anna", "an\\u202ena"), "`name`"),
            (one(&one("")), "two tokens are called `anna`"),
            (one("colour = 1"), "unknown field"),
            ("[[tokens]]\nname = \"anna\"\n".to_owned(), "missing field"),
        ] {
            let error = read(&lines).expect_err(&lines);
            assert!(error.contains(message), "{error}");
            assert!(!error.contains("ba7816bf"), "{error}");
        }
    }
}
