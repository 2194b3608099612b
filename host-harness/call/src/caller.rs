//! The caller as networks and programs write it: digits, SIP and `tel` URIs, addresses with a display name, percent-encoded (rule D1).

use crate::numbers::typed::{Kind, Typed, digit, is_extension_mark, kind};
use crate::numbers::{self, CountryCode, Numbers, of_typed};
use crate::withheld;

/// What a network presents as the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presented {
    /// No number: empty, or what stands for a withheld one.
    Withheld,
    /// Something that is not a telephone number: a name, an address.
    NotANumber,
    /// A number.
    Number(PresentedNumber),
}

/// The digits of a presented number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PresentedNumber(Typed);

impl PresentedNumber {
    /// The numbers that these digits can be read as; `None` where they are fewer than 6 or more than 15.
    pub fn read(&self, country: CountryCode) -> Option<Numbers> {
        of_typed(&self.0, country)
    }

    /// The digits, in ASCII, and whether a plus sign stands before them.
    pub(crate) fn digits(&self) -> (&[u8], bool) {
        (self.0.digits(), self.0.plus)
    }
}

impl Presented {
    /// Reads the caller of a call.
    ///
    /// Accepted are digits with visual separators; `sip:`, `sips:` and `tel:` URIs with parameters and `phone-context` (RFC 3261, 3966);
    /// `user@host`; addresses with a display name and tags, one or several (RFC 3325 allows two); and `%XX` in all of them.
    pub fn read(caller: &str) -> Self {
        if let Some(typed) = plain_digits(caller) {
            return of_digits(typed);
        }
        let mut rest = caller;
        let mut best = None;
        loop {
            let (name, address, after) = next_address(rest);
            let presented = of_address(name, address);
            match (presented, best) {
                (Self::Number(_), _) => return presented,
                (_, None) | (Self::Withheld, _) => best = Some(presented),
                _ => {}
            }
            if !after.contains('<') {
                return best.unwrap_or(presented);
            }
            rest = after;
        }
    }

    /// Whether this stands for a number that the caller withholds.
    pub fn is_withheld(caller: &str) -> bool {
        Self::read(caller) == Self::Withheld
    }
}

/// The display name, the address, and what follows: of `"Name" <sip:…>;tag=…`, or the address alone.
fn next_address(text: &str) -> (&str, &str, &str) {
    let mut is_quoted = false;
    let mut is_escaped = false;
    let mut unquoted = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => {
                is_quoted = !is_quoted;
                unquoted = at + 1;
            }
            b'<' if !is_quoted => {
                let (name, address) = (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
                let (address, after) = address.split_once('>').unwrap_or((address, ""));
                return (name, address, after);
            }
            _ => {}
        }
    }
    // `"Name" 79161234567`, as Asterisk's CALLERID(all) has it without brackets; or quotes around the number.
    match text.split_at_checked(unquoted).filter(|(_, address)| !is_quoted && !address.trim().is_empty()) {
        Some((name, address)) => (name, address, ""),
        None => ("", text, ""),
    }
}

fn of_address(name: &str, address: &str) -> Presented {
    let (is_sip, address) = without_scheme(address);
    let (user, host) = match address.split_once('@') {
        Some((user, host)) => (user, host),
        None if is_sip => (host_of(address), ""),
        None => (address, ""),
    };
    if is_reserved(host_of(host)) || withheld::is_private_name(name) {
        return Presented::Withheld;
    }
    let (number, parameters) = user.split_once(';').unwrap_or((user, ""));
    let number = if address.len() == user.len() && !is_sip { number } else { before(number, ':') };
    if is_sip && host.is_empty() && is_internet_address(number) {
        return Presented::NotANumber;
    }
    if is_blank(user) || (number.chars().all(|character| digit(character).is_none()) && withheld::is_word(number)) {
        return Presented::Withheld;
    }
    let Some(mut typed) = digits_of(Decoded(number)) else { return Presented::NotANumber };
    if typed.digits().is_empty() {
        return Presented::NotANumber;
    }
    if !typed.plus
        && !numbers::is_international(typed.digits())
        && let Some(context) = phone_context(parameters)
    {
        let mut whole = context;
        typed.digits().iter().for_each(|digit| whole.push(*digit));
        typed = whole;
    }
    of_digits(typed)
}

fn of_digits(typed: Typed) -> Presented {
    if numbers::is_placeholder(typed.digits()) {
        Presented::Withheld
    } else {
        Presented::Number(PresentedNumber(typed))
    }
}

/// The digits of a caller that is nothing but digits and their separators, as most are: there is no address in it to look for.
fn plain_digits(caller: &str) -> Option<Typed> {
    let is_plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'+' | b' ' | b'-' | b'(' | b')');
    let typed = caller.bytes().all(is_plain).then(|| digits_of(caller.chars()))??;
    (!typed.digits().is_empty()).then_some(typed)
}

/// The digits up to an extension; `None` where a letter stands before it, since a name is not a number whatever digits stand in it.
fn digits_of(mut number: impl Iterator<Item = char> + Clone) -> Option<Typed> {
    let mut typed = Typed::new();
    loop {
        let before = number.clone();
        let Some(character) = number.next() else { return Some(typed) };
        if let Some(digit) = digit(character) {
            typed.push(digit);
            continue;
        }
        let begun = !typed.digits().is_empty();
        match kind(character) {
            Kind::Plus if !begun => typed.plus = true,
            Kind::Plus | Kind::Separator | Kind::Extension if begun => return Some(typed),
            Kind::Letter if begun && is_extension_mark(before) => return Some(typed),
            Kind::Letter => return None,
            _ => typed.part(character),
        }
    }
}

/// The calling code, and area, that a number without a plus sign belongs to: `;phone-context=+7` (RFC 3966, 5.1.5).
fn phone_context(parameters: &str) -> Option<Typed> {
    const NAME: &str = "phone-context=";
    parameters.split(';').find_map(|parameter| {
        let (name, context) = parameter.split_at_checked(NAME.len())?;
        let typed = name.eq_ignore_ascii_case(NAME).then(|| digits_of(Decoded(context)))??;
        (typed.plus && !typed.digits().is_empty()).then_some(typed)
    })
}

/// Whether the scheme is SIP's, and the text without it and without what stands before it unseen.
fn without_scheme(address: &str) -> (bool, &str) {
    let address = address.trim_start_matches(|character: char| !character.is_ascii_graphic() && is_unseen(character));
    for (scheme, is_sip) in [("sip:", true), ("sips:", true), ("tel:", false)] {
        if let Some((begin, rest)) = address.split_at_checked(scheme.len())
            && begin.eq_ignore_ascii_case(scheme)
        {
            return (is_sip, rest);
        }
    }
    (false, address)
}

/// The host without port, parameters and headers.
fn host_of(host: &str) -> &str {
    let host = before(before(host, ';'), '?');
    if host.starts_with('[') { host } else { before(host, ':') }
}

fn before(text: &str, mark: char) -> &str {
    text.split(mark).next().unwrap_or(text)
}

/// Hosts that are nobody's (RFC 2606), as in `anonymous@anonymous.invalid` (RFC 3323).
fn is_reserved(host: &str) -> bool {
    const INVALID: &str = "invalid";
    let host = host.trim().trim_end_matches('.');
    host.len().checked_sub(INVALID.len()).and_then(|at| host.split_at_checked(at)).is_some_and(|(before, last)| {
        last.eq_ignore_ascii_case(INVALID) && (before.is_empty() || before.ends_with('.'))
    })
}

/// Whether this is an address of IPv4 or IPv6, which has no user.
fn is_internet_address(host: &str) -> bool {
    host.starts_with('[') || (host.split('.').count() == 4 && host.split('.').all(|part| part.parse::<u8>().is_ok()))
}

fn is_blank(text: &str) -> bool {
    text.chars().all(|character| is_unseen(character) || matches!(character, '"' | '\'' | '<' | '>'))
}

/// Blanks, and the marks that only direct the writing.
fn is_unseen(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// A text with `%XX` decoded. Bytes that are no ASCII stand for letters: no number has them.
#[derive(Clone)]
struct Decoded<'a>(&'a str);

impl Iterator for Decoded<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let mut characters = self.0.chars();
        let first = characters.next()?;
        let mut rest = characters.as_str();
        let mut character = first;
        if first == '%'
            && let Some((code, after)) = rest.split_at_checked(2)
            && let (Some(high), Some(low)) = (nibble(code, 0), nibble(code, 1))
        {
            character = char::from(high << 4 | low);
            rest = after;
        }
        self.0 = rest;
        Some(character)
    }
}

fn nibble(code: &str, at: usize) -> Option<u8> {
    char::from(*code.as_bytes().get(at)?).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests;
