//! Where a PBX dials numbers and linked operations: templates of the configuration, checked when it is read.
//!
//! A number goes into a template only when it is digits with at most a leading plus, so nothing that a component answers can become syntax of
//! a SIP address or a dial string.

use std::collections::BTreeMap;

use call::dialling::is_dialable;
use call::masking::unless_secret;
use call::{Localized, localized};

/// Where the number stands in a template.
const PLACE: &str = "{number}";
/// The most digits of a number that is dialled inside the PBX.
const INTERNAL_DIGITS: usize = 6;
/// The longest template or destination.
const LONGEST: usize = 200;

/// How a PBX writes destinations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// `sip:101@127.0.0.1:5070`, for Kamailio.
    SipAddress,
    /// `PJSIP/101@trunk`, for Asterisk's `Dial`.
    DialString,
}

/// Where numbers and linked operations are dialled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destinations {
    internal: Template,
    external: Template,
    linked_operations: BTreeMap<String, String>,
}

/// What stands before and after a number.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Template {
    before: String,
    after: String,
}

impl Destinations {
    /// Checks templates. `internal` is for numbers of up to six digits, `external` for longer ones and those with a plus; `linked_operations`
    /// are checked by the caller's rule, which differs between PBXs. The error names the key and the fix.
    pub fn new(
        syntax: Syntax,
        internal: &str,
        external: &str,
        linked_operations: BTreeMap<String, String>,
    ) -> Result<Self, Localized> {
        Ok(Self {
            internal: Template::read(syntax, "internal", internal)?,
            external: Template::read(syntax, "external", external)?,
            linked_operations,
        })
    }

    /// Where a number is dialled; none where it cannot be.
    pub fn number(&self, number: &str) -> Option<String> {
        if !is_dialable(number) {
            return None;
        }
        let internal = !number.starts_with('+') && number.len() <= INTERNAL_DIGITS;
        let Template { before, after } = if internal { &self.internal } else { &self.external };
        Some(format!("{before}{number}{after}"))
    }

    /// Where a linked operation is dialled; none where the configuration does not say.
    pub fn linked_operation(&self, name: &str) -> Option<&str> {
        self.linked_operations.get(name).map(String::as_str)
    }
}

impl Template {
    fn read(syntax: Syntax, key: &str, written: &str) -> Result<Self, Localized> {
        let shown = unless_secret(written);
        let Some((before, after)) = written.split_once(PLACE).filter(|(_, after)| !after.contains(PLACE)) else {
            return Err(localized!(
                "`{key}` = `{shown}`: напишите {PLACE} один раз, там, где стоит номер",
                "`{key}` = `{shown}`: write {PLACE} once, where the number goes"
            ));
        };
        let fits = match syntax {
            // A number stands before the host, so that it can name none.
            Syntax::SipAddress => after.contains('@') && is_sip_address(&format!("{before}1{after}")),
            Syntax::DialString => before.contains('/') && is_dial_string(&format!("{before}1{after}")),
        };
        if !fits {
            let example = match syntax {
                Syntax::SipAddress => "sip:{number}@127.0.0.1:5070",
                Syntax::DialString => "PJSIP/{number}@trunk",
            };
            return Err(localized!(
                "`{key}` = `{shown}` нельзя набрать; напишите по образцу `{example}`",
                "`{key}` = `{shown}` cannot be dialled; write it like `{example}`"
            ));
        }
        Ok(Self { before: before.to_owned(), after: after.to_owned() })
    }
}

/// Whether a text is a SIP address with a user, a host and perhaps parameters: no header, no display name, nothing quoted.
pub fn is_sip_address(text: &str) -> bool {
    let address = || {
        let rest = text.strip_prefix("sip:").or_else(|| text.strip_prefix("sips:"))?;
        let (user, rest) = rest.split_once('@')?;
        let (host, parameters) = rest.split_once(';').unwrap_or((rest, ""));
        let (name, port) = match host.strip_prefix('[') {
            Some(address) => {
                let (address, port) = address.split_once(']')?;
                address.parse::<std::net::Ipv6Addr>().ok()?;
                ("v6", if port.is_empty() { None } else { Some(port.strip_prefix(':')?) })
            }
            None => host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port))),
        };
        let of = |text: &str, marks: &str| {
            !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphanumeric() || marks.contains(letter))
        };
        let port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
        let parameters = parameters.is_empty() || of(parameters, "-_.=;:");
        Some(of(user, "-_.!~*'()+") && of(name, "-.") && port && parameters)
    };
    text.len() <= LONGEST && address().unwrap_or(false)
}

/// Whether a text is one dial string: a technology, and what it dials, without any of the dialplan's own signs.
fn is_dial_string(text: &str) -> bool {
    let technology = text.split_once('/').is_some_and(|(technology, rest)| {
        !rest.is_empty()
            && technology.starts_with(|letter: char| letter.is_ascii_alphabetic())
            && technology.bytes().all(|letter| letter.is_ascii_alphanumeric())
    });
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/@:._+-".contains(letter);
    text.len() <= LONGEST && technology && text.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sip() -> Destinations {
        let external = "sip:{number}@trunk.example.org;transport=tcp";
        Destinations::new(Syntax::SipAddress, "sip:{number}@127.0.0.1:5070", external, BTreeMap::new()).unwrap()
    }

    #[test]
    fn short_numbers_are_dialled_inside_and_others_outside() {
        for (number, destination) in [
            ("101", Some("sip:101@127.0.0.1:5070")),
            ("123456", Some("sip:123456@127.0.0.1:5070")),
            ("+79035550101", Some("sip:+79035550101@trunk.example.org;transport=tcp")),
            ("89035550101", Some("sip:89035550101@trunk.example.org;transport=tcp")),
            ("+1", Some("sip:+1@trunk.example.org;transport=tcp")),
            ("101@evil.example", None),
            ("101&PJSIP/102", None),
            ("10 1", None),
            ("+", None),
            ("", None),
            ("1+1", None),
            ("١٠١", None),
        ] {
            assert_eq!(sip().number(number).as_deref(), destination, "{number}");
        }
    }

    #[test]
    fn a_template_that_cannot_be_dialled_is_refused_with_the_key_and_an_example() {
        for template in [
            "sip:{number}@",
            "sip:{number}",
            "sip:100@{number}",
            "sip:{number}@a b",
            "sip:{number}@host:0",
            "sip:{number}@host:port",
            "sip:{number}@host?X-Evil=1",
            "sip:{number}@host>;tag",
            "<sip:{number}@host>",
            "tel:{number}",
            "sip:{number}@host\r\nX-Evil: 1",
            "sip:{number}@[::1",
            "sip:$rU{number}@host",
        ] {
            let error =
                Destinations::new(Syntax::SipAddress, template, "sip:{number}@a", BTreeMap::new()).unwrap_err().en;
            assert!(error.contains("`internal`") && error.contains("sip:{number}@"), "{template}: {error}");
        }
        for template in [
            "{number}",
            "/{number}",
            "PJSIP/{number}&PJSIP/100",
            "PJSIP/{number},20",
            "PJSIP/${EXTEN}{number}",
            "Local/{number}^100",
            "PJSIP/{number} x",
            "PJSIP/{number}|20",
            "PJSIP/{number}(a)",
        ] {
            let error = Destinations::new(Syntax::DialString, "A/{number}", template, BTreeMap::new()).unwrap_err().en;
            assert!(error.contains("`external`") && error.contains("PJSIP/{number}@trunk"), "{template}: {error}");
        }
        for template in ["sip:100@host", "sip:{number}{number}@host"] {
            let error =
                Destinations::new(Syntax::SipAddress, template, "sip:{number}@a", BTreeMap::new()).unwrap_err().en;
            assert!(error.contains("once"), "{error}");
        }
        for template in ["sip:{number}@[::1]:5070", "sips:9{number}@pbx.example.org"] {
            assert!(Destinations::new(Syntax::SipAddress, template, template, BTreeMap::new()).is_ok(), "{template}");
        }
    }

    proptest! {
        #[test]
        fn whatever_number_is_answered_a_destination_is_one_address(number in "[-+0-9*#@&,^|()/;:\\\\ \"\r\n]{0,40}") {
            if let Some(destination) = sip().number(&number) {
                prop_assert!(is_sip_address(&destination), "{destination}");
                prop_assert!(number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'+'));
            }
        }
    }
}
