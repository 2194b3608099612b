//! What is kept of a token, and how one is made.

use std::fmt;
use std::str::FromStr;

use call::Localized;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use runtime::secret::Secret;

/// How hashes are written.
const PREFIX: &str = "sha256:";
/// How many random bytes a token has.
const LENGTH: usize = 32;

/// The SHA-256 of a token: `sha256:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Of this token.
    pub fn of(token: impl AsRef<[u8]>) -> Self {
        Self(Sha256::digest(token).into())
    }
}

/// A text in which no hash of a token can be read: whoever has one can try tokens against it for as long as they like.
pub(crate) fn without_hashes(text: &str) -> String {
    let mut parts = text.split(PREFIX);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_hexdigit).count();
        // Not what is not a hash, such as a word of a comment.
        let rest = if digits >= LENGTH { part.get(digits..).map(|rest| format!("…{rest}")) } else { None };
        shown.push_str(PREFIX);
        shown.push_str(rest.as_deref().unwrap_or(part));
    }
    shown
}

impl fmt::Display for TokenHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{PREFIX}{}", base16ct::lower::encode_string(&self.0))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for TokenHash {
    type Err = Localized;

    fn from_str(written: &str) -> Result<Self, Self::Err> {
        let mut hash = [0; 32];
        let digits = written.strip_prefix(PREFIX).filter(|digits| digits.len() == 2 * hash.len());
        digits.and_then(|digits| base16ct::mixed::decode(digits, &mut hash).ok()).ok_or_else(|| {
            Localized::new(
                "напишите `sha256:` и 64 шестнадцатеричные цифры, как их печатает `host-harness token new`",
                "write `sha256:` and 64 hexadecimal digits, as `host-harness token new` prints them",
            )
        })?;
        Ok(Self(hash))
    }
}

/// A new token, which is shown once.
pub struct MadeToken {
    /// The token: hexadecimal, so that it stands in every configuration and address as it is.
    pub token: Secret,
    /// What is kept of it.
    pub hash: TokenHash,
}

impl MadeToken {
    /// Makes one. Fails where the system has no randomness to give.
    pub fn new() -> std::io::Result<Self> {
        let mut random = Zeroizing::new([0; LENGTH]);
        getrandom::fill(random.as_mut_slice()).map_err(std::io::Error::other)?;
        let token = Secret::new(base16ct::lower::encode_string(random.as_slice()));
        Ok(Self { hash: TokenHash::of(token.expose()), token })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_not_shown_and_nothing_else_is_touched() {
        let hash = TokenHash::of("a").to_string();
        let text = format!("hash = \"{hash}\" # sha256: see the docs\n+hash = \"{hash}\"\n");
        assert_eq!(without_hashes(&text), "hash = \"sha256:…\" # sha256: see the docs\n+hash = \"sha256:…\"\n");
    }

    #[test]
    fn a_hash_is_read_as_it_is_written_and_nothing_else_is_one() {
        // `printf abc | sha256sum`
        let written = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(TokenHash::of("abc").to_string(), written);
        assert_eq!(written.parse(), Ok(TokenHash::of("abc")));
        assert_eq!(format!("sha256:{}", written[7..].to_uppercase()).parse(), Ok(TokenHash::of("abc")));
        let short = &written[..70];
        for wrong in ["", "sha256:", short, &written[7..], &format!("{written}0"), &written.replace('b', "g")] {
            assert!(wrong.parse::<TokenHash>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_new_token_has_64_hexadecimal_digits_and_is_unlike_another() {
        let [one, other] = [0; 2].map(|_| MadeToken::new().unwrap());
        assert!(one.token.expose().len() == 64 && one.token.expose().bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(one.token.expose(), other.token.expose());
        assert_eq!(one.hash, TokenHash::of(one.token.expose()));
    }
}
