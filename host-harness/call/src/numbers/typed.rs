//! Numbers as people and machines type them: the digits, and what around them says how they are meant.

use super::FEWEST_DIGITS;

/// The most digits that are looked at: two numbers with nothing but a blank between them.
const MOST: usize = 32;

/// Digits as they were typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Typed {
    digits: [u8; MOST],
    length: usize,
    /// Bit `n` is set where something stands between the first `n` digits and the next.
    gaps: u64,
    /// Whether a plus sign stands before the first digit.
    pub(crate) plus: bool,
    /// Whether there were more digits than fit.
    is_cut: bool,
}

impl Typed {
    pub(crate) const fn new() -> Self {
        Self { digits: [0; MOST], length: 0, gaps: 0, plus: false, is_cut: false }
    }

    /// The digits, in ASCII. None where they were too many for any number.
    pub(crate) fn digits(&self) -> &[u8] {
        if self.is_cut { &[] } else { self.digits.get(..self.length).unwrap_or_default() }
    }

    /// Whether something stands between the first digits and the rest: `8 (495) …` after one.
    pub(crate) const fn is_parted_after(&self, digits: usize) -> bool {
        self.gaps >> digits & 1 != 0
    }

    /// Whether the first digits stand in brackets, as no calling code does without its plus sign.
    pub(crate) const fn begins_with_bracket(&self) -> bool {
        self.gaps & 1 != 0
    }

    /// The digits before a gap and those after it, as two numbers.
    pub(crate) fn split(&self) -> impl Iterator<Item = (Self, Self)> + '_ {
        (1..self.length).filter(|at| self.is_parted_after(*at)).map(|at| {
            let (mut one, mut other) = (Self::new(), Self::new());
            one.plus = self.plus;
            for (place, digit) in self.digits().iter().enumerate() {
                if place < at { &mut one } else { &mut other }.push(*digit);
            }
            (one, other)
        })
    }

    pub(crate) fn push(&mut self, digit: u8) {
        match self.digits.get_mut(self.length) {
            Some(place) => {
                *place = digit;
                self.length += 1;
            }
            None => self.is_cut = true,
        }
    }

    /// Takes in a character that is not a digit.
    pub(crate) const fn part(&mut self, character: char) {
        if self.length > 0 || character == '(' {
            self.gaps |= 1 << self.length;
        }
    }
}

/// The numbers typed into one value, one after another.
#[derive(Clone, Debug)]
pub(crate) struct TypedNumbers<'a> {
    rest: &'a str,
}

impl<'a> TypedNumbers<'a> {
    pub(crate) const fn of(value: &'a str) -> Self {
        Self { rest: value }
    }
}

impl Iterator for TypedNumbers<'_> {
    type Item = Typed;

    fn next(&mut self) -> Option<Typed> {
        let mut typed = Typed::new();
        let mut rest = self.rest.chars();
        loop {
            let before = rest.as_str();
            let Some(character) = rest.next() else {
                self.rest = "";
                return (typed.length > 0).then_some(typed);
            };
            if let Some(digit) = digit(character) {
                typed.push(digit);
                continue;
            }
            let begun = typed.length > 0;
            match kind(character) {
                // An area code before a slash, as in 030/1234567, is not a number of its own.
                Kind::Separator if character == '/' && begun && typed.length < FEWEST_DIGITS => typed.part(character),
                Kind::Plus if begun => {
                    self.rest = before;
                    return Some(typed);
                }
                Kind::Plus => typed.plus = true,
                Kind::Separator | Kind::Extension | Kind::Letter if begun => {
                    // Fewer digits have no extension: Brazil writes 0xx11 … for a carrier of one's choice.
                    let has_extension = typed.length >= FEWEST_DIGITS && is_extension_mark(before.chars());
                    self.rest = if has_extension { after_extension(rest.as_str()) } else { rest.as_str() };
                    return Some(typed);
                }
                Kind::Separator | Kind::Extension | Kind::Letter => typed = Typed::new(),
                Kind::Other => typed.part(character),
            }
        }
    }
}

/// What a character that is not a digit does to the number around it.
pub(crate) enum Kind {
    Plus,
    Separator,
    Extension,
    Letter,
    Other,
}

pub(crate) fn kind(character: char) -> Kind {
    match character {
        '+' | '\u{207a}' | '\u{fe62}' | '\u{ff0b}' => Kind::Plus,
        '/' | ';' | ',' | '|' | '\\' | '&' | '\n' | '\r' | '\u{2028}' | '\u{2029}' | '、' | '，' | '；' | '／' => {
            Kind::Separator
        }
        '#' => Kind::Extension,
        _ if is_letter(character) => Kind::Letter,
        _ => Kind::Other,
    }
}

/// Whether the characters begin with a mark of extensions: `#`, `x`, `ext`, `доб`, `вн`.
pub(crate) fn is_extension_mark(characters: impl Iterator<Item = char> + Clone) -> bool {
    let begins_with = |mark: &str| {
        let mut letters = characters.clone().map(small);
        mark.chars().all(|letter| letters.next() == Some(letter))
    };
    ["#", "x", "ext", "доб", "вн"].into_iter().any(begins_with)
}

/// What follows an extension: after its digits, from the next separator, letter or plus sign on.
fn after_extension(text: &str) -> &str {
    let mut begun = false;
    let mut rest = text.chars();
    loop {
        let before = rest.as_str();
        let Some(character) = rest.next() else { return "" };
        match kind(character) {
            Kind::Other => begun |= digit(character).is_some(),
            Kind::Letter | Kind::Extension if !begun => {}
            _ => return before,
        }
    }
}

/// Where each set of decimal digits begins that Unicode has beside ASCII (general category Nd).
const ZEROS: [u32; 38] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20,
    0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0,
    0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x1fbf0,
];
/// The digits of mathematics: five sets of ten, one after another.
const MATHEMATICAL: std::ops::Range<u32> = 0x1d7ce..0x1d800;

/// The ASCII digit that a decimal digit of any script stands for.
pub(crate) fn digit(character: char) -> Option<u8> {
    let code = u32::from(character);
    let value = match code {
        0x30..=0x39 => code - 0x30,
        ..0x660 => return None,
        _ if MATHEMATICAL.contains(&code) => (code - MATHEMATICAL.start) % 10,
        _ => ZEROS.iter().map(|zero| code.wrapping_sub(*zero)).find(|value| *value < 10)?,
    };
    Some(b'0' + value as u8)
}

/// Whether this is a letter of a name. The standard library's test would bring 10 kB of Unicode tables into the component; letters of the
/// alphabets in use stand in these ranges, and separators that people type do not.
pub(crate) fn is_letter(character: char) -> bool {
    match character {
        'a'..='z' | 'A'..='Z' => true,
        '\u{c0}'..='\u{1fff}' | '\u{3040}'..='\u{d7ff}' => digit(character).is_none(),
        _ => false,
    }
}

/// A small letter for a capital one, of the Latin and Cyrillic alphabets; `е` for `ё`.
pub(crate) const fn small(character: char) -> char {
    match character {
        'A'..='Z' => (character as u8 + 32) as char,
        'А'..='Я' => match char::from_u32(character as u32 + 32) {
            Some(letter) => letter,
            None => character,
        },
        'Ё' | 'ё' => 'е',
        'І' => 'і',
        'Ї' => 'ї',
        'Є' => 'є',
        _ => character,
    }
}
