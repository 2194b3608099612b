//! What is known of a calling code: trunk prefixes, the international prefix, and how national numbers begin.

mod table;

use table::PLANS;

/// A calling code of 1 to 3 digits, such as `7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountryCode(u16);

impl CountryCode {
    /// The code used unless the integration says otherwise.
    pub const DEFAULT: Self = Self(7);

    /// A calling code between 1 and 999.
    pub const fn new(code: u16) -> Option<Self> {
        if code >= 1 && code <= 999 { Some(Self(code)) } else { None }
    }

    /// Its digits, and how many they are.
    pub(super) const fn digits(self) -> ([u8; 3], usize) {
        let [hundreds, tens, ones] = [self.0 / 100, self.0 / 10 % 10, self.0 % 10];
        let digits = [b'0' + hundreds as u8, b'0' + tens as u8, b'0' + ones as u8];
        match self.0 {
            ..10 => ([digits[2], 0, 0], 1),
            10..100 => ([digits[1], digits[2], 0], 2),
            _ => (digits, 3),
        }
    }

    /// The code as a number.
    pub const fn code(self) -> u16 {
        self.0
    }

    /// Its numbering plan; one that knows nothing, where the code is not assigned.
    pub(super) fn plan(self) -> &'static Plan {
        static UNASSIGNED: Plan = plan(0, &[], "", &[]);
        plan_of(self.0).unwrap_or(&UNASSIGNED)
    }
}

/// The numbering plan of a calling code. Where several countries share the code, the prefixes are those of the main one.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(super) code: u16,
    /// What stands before a national number inside the country, the longest first.
    pub(super) trunks: &'static [&'static str],
    /// What is dialled before a foreign number, where that is one prefix other than `00`; else empty.
    pub(super) international_prefix: &'static str,
    /// Each possible length of a national number with two sets of digits (bit 0 for `0`): what numbers of this length can begin with, and
    /// what those of subscribers can: fixed lines, mobiles, VoIP and personal numbers, but not toll-free and premium-rate ones.
    lengths: &'static [(u8, u16, u16)],
}

/// A row of the table.
pub(super) const fn plan(
    code: u16,
    trunks: &'static [&'static str],
    international_prefix: &'static str,
    lengths: &'static [(u8, u16, u16)],
) -> Plan {
    Plan { code, trunks, international_prefix, lengths }
}

/// How closely a national number has to fit its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// A subscriber's number can have this length and this first digit.
    Subscriber,
    /// Some number can.
    Beginning,
    /// A number can have this length. Plans are extended before tables are.
    Length,
}

/// The order in which readings are tried.
pub(super) const CLOSEST_FIRST: [Fit; 3] = [Fit::Subscriber, Fit::Beginning, Fit::Length];

impl Plan {
    /// Whether the national digits are a number of this plan.
    pub(super) fn fits(&self, national: &[u8], fit: Fit) -> bool {
        let Some(first) = national.first() else { return false };
        let digit = 1_u16 << (first.wrapping_sub(b'0') & 15);
        self.lengths.iter().any(|(length, any, subscriber)| {
            usize::from(*length) == national.len()
                && match fit {
                    Fit::Subscriber => subscriber & digit != 0,
                    Fit::Beginning => any & digit != 0,
                    Fit::Length => true,
                }
        })
    }
}

/// The plan that international digits begin with, and the digits after its code.
pub(crate) fn plan_of_international(digits: &[u8]) -> Option<(&'static Plan, &[u8])> {
    if digits.first() == Some(&b'0') {
        return None;
    }
    // No calling code is the beginning of another.
    let mut code = 0;
    for length in 1..=3 {
        code = code * 10 + u16::from(digits.get(length - 1)?.wrapping_sub(b'0') & 15);
        if let Some(plan) = plan_of(code) {
            return Some((plan, digits.get(length..)?));
        }
    }
    None
}

/// The digits after the prefixes that are understood in every country.
pub(crate) fn after_common_prefix(digits: &[u8]) -> Option<&[u8]> {
    digits.strip_prefix(b"00").or_else(|| digits.strip_prefix(b"810").filter(|_| digits.len() > 11))
}

fn plan_of(code: u16) -> Option<&'static Plan> {
    PLANS.get(PLANS.binary_search_by_key(&code, |plan| plan.code).ok()?)
}
