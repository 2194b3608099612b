//! The caller as networks and programs write it: digits, SIP and `tel` URIs, addresses with a display name, percent-encoded (rule D1).

use crate::numbers::typed::{Kind, Typed, digit, is_extension_mark, kind};
use crate::numbers::{self, CountryCode, Numbers, of_typed};
use crate::withheld;

/// What a network presents as the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presented {
    /// No number: empty, or what stands for a withheld one.
    Withheld,
    /// Something that is no telephone number: a name, an address.
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
    if numbers::is_placeholder(typed.digits()) {
        Presented::Withheld
    } else {
        Presented::Number(PresentedNumber(typed))
    }
}

/// The digits up to an extension; `None` where a letter stands before it, since a name is no number whatever digits stand in it.
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The number presented, as international digits where the default country is Russia.
    fn number(caller: &str) -> Option<String> {
        match Presented::read(caller) {
            Presented::Number(number) => {
                Some(number.read(CountryCode::DEFAULT)?.readings().first()?.digits().to_owned())
            }
            _ => None,
        }
    }

    #[test]
    fn d01_a_number_is_read_as_sip_and_http_write_it() {
        for caller in [
            "+79165550112",
            "%2B79165550112",
            "%2b7%20916%20555-01-12",
            "+7%28916%295550112",
            "tel:+7-916-555-01-12;phone-context=+7",
            "TEL:+7.916.555.01.12",
            "tel:9165550112;phone-context=+7",
            "tel:89165550112;phone-context=+7",
            "tel:79165550112;ext=12;phone-context=%2B7",
            "tel:5550112;phone-context=+7916",
            "tel:+79165550112;isub=12345;ext=678",
            "tel:89165550112;phone-context=example.com",
            "sip:+79165550112@192.0.2.1",
            "SIP:+79165550112@example.org:5060;transport=udp?subject=1",
            "sips:%2B79165550112@[2001:db8::1]:5061;lr",
            "sip:9165550112;phone-context=+7@example.org;user=phone",
            "sip:+79165550112:secret99@example.org",
            "sip:+79165550112",
            "sip:+79165550112:5060",
            "+79165550112@example.org",
            "79165550112@192.0.2.1:5060",
            "<sip:+79165550112@example.org>;tag=8a1",
            "<tel:+79165550112>",
            "\"Ivan 42 <Petrov>\" <sip:+79165550112@example.org;user=phone>;tag=99",
            "\"said \\\"7\\\" <\" <sip:+79165550112@example.org>",
            "Ivan Petrov 42 <sip:+79165550112@example.org>",
            "Иван <+79165550112>",
            "\"Ivan\" +79165550112",
            "\"Unknown\" <sip:+79165550112@example.org>",
            "\"P\" <sip:+79165550112@example.org>",
            "<sip:office@example.org>, <tel:+79165550112>",
            "\"+79165550112\"",
            " \u{200e}tel:+79165550112",
            "＋７９１６５５５０１１２",
            "+7 916 555-01-12;npdi=yes;rn=+79160000000",
            "8 916 555 01 12 доб. 5",
            "+79165550112x12",
        ] {
            assert_eq!(number(caller).as_deref(), Some("79165550112"), "{caller}");
        }
    }

    #[test]
    fn d01_what_networks_write_for_a_withheld_number_is_withheld() {
        for caller in [
            "",
            " \t",
            "\u{a0}\u{200b}",
            "\"\"",
            "<>",
            "sip:@example.org",
            "anonymous",
            "ANONYMOUS",
            "anonymous@anonymous.invalid",
            "sip:anonymous@anonymous.invalid",
            "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1",
            "\"Anonymous\" <sip:+79165550112@example.org>",
            "<sip:c8oqz84zk7z@privacy.invalid>",
            "sip:+79165550112@anonymous.invalid:5060",
            "sip:anonymous@192.0.2.1",
            "unknown@unknown.invalid",
            "Private",
            "Private Number",
            "private-number",
            "Restricted",
            "Unavailable",
            "Unknown",
            "withheld",
            "Blocked",
            "No Caller ID",
            "NO_CALLER_ID",
            "Caller ID Blocked",
            "Number Withheld",
            "Out of Area",
            "Coin line/payphone",
            "CALLER UNKNOWN",
            "No Name",
            "<null>",
            "P",
            "O",
            "Скрыт абонентом",
            "asterisk",
            "\"asterisk\" <sip:asterisk@192.0.2.1>",
            "FreeSWITCH",
            "Скрытый номер",
            "Номер скрыт",
            "Номер не определён",
            "АНОНИМ",
            "+266696687",
            "266696687",
            "tel:+266696687",
            "sip:+7378742833@example.org",
            "7378742833",
            "+86282452253",
            "86282452253",
            "8656696",
            "+8656696",
            "+2562533",
            "7748283",
            "0",
            "000",
            "+000",
            "0000000000",
            "+0000000000",
            "00000000000000",
            "+70000000000",
            "80000000000",
            "0070000000000",
            "00266696687",
            "810266696687",
            "8 10 7 0000000000",
            "%2B000",
        ] {
            assert!(Presented::is_withheld(caller), "{caller}: {:?}", Presented::read(caller));
        }
    }

    #[test]
    fn d01_a_name_or_an_address_is_no_number_and_is_not_withheld() {
        for caller in [
            "Alex",
            "Иван",
            "Alex 89165550112",
            "sip:alice@example.org",
            "sip:office2@example.org",
            "sip:192.0.2.1",
            "sip:[2001:db8::1]:5060",
            "tel:alice",
            ";",
            "-",
            "\0",
            "Anonymous Ltd",
            "Private Bank",
            "invalid.example.org",
        ] {
            assert_eq!(Presented::read(caller), Presented::NotANumber, "{caller}");
        }
        for caller in ["8 930 000-00-00", "9300000000", "8 800 000-00-00", "+79165550112"] {
            assert!(matches!(Presented::read(caller), Presented::Number(_)), "{caller}");
        }
    }

    proptest! {
        #[test]
        fn any_caller_is_read(caller in prop_oneof![any::<String>(), "[sipteln:<>@;\"%+0-9a.]{0,60}"]) {
            let _ = Presented::read(&caller);
        }

        #[test]
        fn d01_every_wrapping_of_a_number_is_the_number(
            digits in "9[0-9]{9}",
            name in "[a-zA-Z ]{0,12}",
            wrapping in prop::sample::select(vec![
                "+7N", "%2B7N", "tel:+7N", "tel:N;phone-context=+7", "sip:+7N@192.0.2.1:5060;user=phone",
                "<sip:+7N@example.org>;tag=1", "+7N@example.org", "sips:%2B7N:p@[::1];lr",
            ]),
        ) {
            let caller = wrapping.replace('N', &digits);
            let named = format!("\"X {name}\" <{}>", caller.trim_start_matches('<').split('>').next().unwrap_or_default());
            for caller in [caller, named] {
                prop_assert_eq!(number(&caller), Some(format!("7{digits}")), "{}", caller);
            }
        }
    }
}
