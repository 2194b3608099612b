//! One signature, as it is written.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

use runtime::secret::Secret;

/// How far from now a signature may have been made, in seconds.
pub(super) const WINDOW: i64 = 300;
/// The longest nonce.
const LONGEST_NONCE: usize = 64;

/// A signature, read and not believed yet.
#[derive(Debug)]
pub(super) struct Signature<'a> {
    pub(super) at: i64,
    nonce: &'a str,
    pub(super) body: [u8; 32],
    pub(super) mac: [u8; 32],
    written_body: &'a str,
    written_at: &'a str,
}

impl<'a> Signature<'a> {
    /// Reads the four parts, each once, in any order.
    pub(super) fn read(written: &'a str) -> Option<Self> {
        let (mut at, mut nonce, mut body, mut mac) = (None, None, None, None);
        for part in written.split(',') {
            let (key, value) = part.trim().split_once('=')?;
            let place = match key {
                "at" => &mut at,
                "nonce" => &mut nonce,
                "body" => &mut body,
                "signature" => &mut mac,
                _ => return None,
            };
            if place.replace(value).is_some() {
                return None;
            }
        }
        let (written_at, nonce, written_body) = (at?, nonce?, body?);
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if nonce.is_empty() || nonce.len() > LONGEST_NONCE || !nonce.bytes().all(plain) {
            return None;
        }
        Some(Self {
            at: written_at.parse().ok()?,
            nonce,
            body: digest_of(written_body)?,
            mac: digest_of(mac?)?,
            written_body,
            written_at,
        })
    }

    /// Whether it was made with this key for this request.
    pub(super) fn verifies(&self, key: &Secret, method: &str, target: &str) -> bool {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()) else { return false };
        for (place, line) in [self.written_at, self.nonce, method, target, self.written_body].into_iter().enumerate() {
            if place > 0 {
                mac.update(b"\n");
            }
            mac.update(line.as_bytes());
        }
        // In constant time.
        mac.verify_slice(&self.mac).is_ok()
    }

    /// Whether it was made about now.
    pub(super) fn counts_at(&self, now: Timestamp) -> bool {
        now.as_second().saturating_sub(self.at).saturating_abs() <= WINDOW
    }
}

/// The 32 bytes that 64 hexadecimal digits stand for.
fn digest_of(hexadecimal: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let written = base16ct::mixed::decode(hexadecimal, &mut bytes).ok()?;
    (written.len() == 32).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base16ct::lower::encode_string as hex;
    use proptest::prelude::*;
    use sha2::Digest;

    fn signed(at: &str, method: &str, target: &str) -> String {
        let body = hex(&Sha256::digest(b"{}"));
        let mut mac = Hmac::<Sha256>::new_from_slice(b"a-key-of-some-length-1").unwrap();
        mac.update(format!("{at}\nn-1\n{method}\n{target}\n{body}").as_bytes());
        format!("at={at}, nonce=n-1, body={body}, signature={}", hex(&mac.finalize().into_bytes()))
    }

    #[test]
    fn a_signature_is_for_one_request_and_one_key() {
        let key = Secret::new("a-key-of-some-length-1".to_owned());
        let written = signed("1795334400", "POST", "/v1/resolve-call?operation=a");
        let signature = Signature::read(&written).unwrap();
        assert!(signature.verifies(&key, "POST", "/v1/resolve-call?operation=a"));
        assert!(!signature.verifies(&key, "PUT", "/v1/resolve-call?operation=a"));
        assert!(!signature.verifies(&key, "POST", "/v1/resolve-call?operation=b"));
        assert!(!signature.verifies(
            &Secret::new("another-key-of-some-length".to_owned()),
            "POST",
            "/v1/resolve-call?operation=a"
        ));
    }

    #[test]
    fn a_signature_counts_for_five_minutes_either_way() {
        let written = signed("1795334400", "GET", "/");
        let signature = Signature::read(&written).unwrap();
        for (offset, counts) in [(0, true), (300, true), (-300, true), (301, false), (-301, false)] {
            let now = Timestamp::from_second(1_795_334_400 + offset).unwrap();
            assert_eq!(signature.counts_at(now), counts, "{offset}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_or_refused(written in ".{0,300}") {
            let _ = Signature::read(&written);
        }

        #[test]
        fn a_changed_signature_counts_for_nothing(place in 0_usize..200, to in "[0-9a-f]") {
            let key = Secret::new("a-key-of-some-length-1".to_owned());
            let written = signed("1795334400", "GET", "/");
            let mut changed = written.clone();
            let place = place % written.len();
            changed.replace_range(place..=place, &to);
            let verifies = Signature::read(&changed).is_some_and(|signature| signature.verifies(&key, "GET", "/"));
            prop_assert_eq!(verifies, changed == written);
        }
    }
}
