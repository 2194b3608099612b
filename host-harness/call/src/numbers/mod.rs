//! Telephone numbers in any spelling, brought to international digits by the numbering plans of the world (rules D1 and D2).
//!
//! One reading serves callers, the cards of a CRM, and whoever judges them, so that all see the same number. It knows of each calling
//! code its trunk prefixes, its international prefix, and the lengths and first digits of its numbers (`plan/table.rs`, written from the
//! metadata of libphonenumber); and the few insertions that a number may have or lack (`insertions.rs`).
//!
//! A number without a plus sign can be read in more than one way: `4722555052` is a number in Belgorod where the default country is
//! Russia, and Oslo's +47 22 55 50 52 where a network leaves the plus sign out. Such a number is [all of them](Numbers).

mod insertions;
mod placeholder;
mod plan;
pub(crate) mod typed;

pub use self::placeholder::is_placeholder;
pub use self::plan::CountryCode;
use self::plan::{CLOSEST_FIRST, Fit, Plan};
pub(crate) use self::plan::{after_common_prefix, plan_of_international};
use self::typed::{Typed, TypedNumbers};

/// Fewer digits than this are an extension or a service number.
const FEWEST_DIGITS: usize = 6;
/// E.164: a number has at most 15 digits.
const MOST_DIGITS: usize = 15;
/// A number that fits no plan counts as whole from this length on; a shorter one lacks its area code.
const WHOLE: usize = 10;
/// The most digits to search by: what every spelling shares is the national number at most.
const SEARCH_DIGITS: usize = 10;

/// A telephone number as international digits (E.164 without its plus sign), in its one spelling: two that are equal are the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number {
    digits: [u8; MOST_DIGITS],
    length: u8,
}

impl Number {
    const NONE: Self = Self { digits: [0; MOST_DIGITS], length: 0 };

    /// The digits in ASCII, 6 to 15 of them.
    pub fn digits(&self) -> &str {
        str::from_utf8(self.bytes()).unwrap_or_default()
    }

    fn bytes(&self) -> &[u8] {
        self.digits.get(..usize::from(self.length)).unwrap_or_default()
    }

    fn of_code(code: u16) -> Self {
        let mut number = Self::NONE;
        if let Some((digits, length)) = CountryCode::new(code).map(CountryCode::digits) {
            number.extend(digits.get(..length).unwrap_or_default());
        }
        number
    }

    /// Appends digits. What is too long for a number becomes none.
    fn extend(&mut self, digits: &[u8]) {
        let begin = usize::from(self.length);
        match self.digits.get_mut(begin..begin + digits.len()) {
            Some(place) => {
                place.copy_from_slice(digits);
                self.length += digits.len() as u8;
            }
            None => *self = Self::NONE,
        }
    }

    fn is_some(&self) -> bool {
        usize::from(self.length) >= FEWEST_DIGITS
    }

    /// How many of the last digits stand together in every spelling that is read as this number.
    fn unbroken(&self) -> usize {
        match plan_of_international(self.bytes()) {
            // Before it a trunk prefix may be left behind in any country: +34 (0) 612 ….
            Some((plan, national)) if plan.fits(national, Fit::Length) => insertions::unbroken(plan.code, national),
            _ => self.bytes().len(),
        }
    }
}

impl Number {
    /// What this number is read as when a network presents it with a plus sign, without one, and as a national number with and without the
    /// trunk prefix: each outcome once.
    pub fn presentations(&self, country: CountryCode) -> Vec<Numbers> {
        let own = plan_of_international(self.bytes()).filter(|(plan, _)| plan.code == country.code());
        let national = own.map_or(&[][..], |(_, national)| national);
        let trunk = country.plan().trunks.first().copied().unwrap_or_default();
        let mut found = Vec::new();
        for (plus, before, digits) in
            [(true, "", self.bytes()), (false, "", self.bytes()), (false, "", national), (false, trunk, national)]
        {
            let mut typed = Typed::new();
            typed.plus = plus;
            before.as_bytes().iter().chain(digits).for_each(|digit| typed.push(*digit));
            found.extend(of_typed(&typed, country).filter(|numbers| !found.contains(numbers)));
        }
        found
    }
}

/// The most readings of one spelling: the default country's national number, its number with its code, another country's number.
const MOST_READINGS: usize = 3;

/// The numbers that one spelling can be read as, at least one, the likeliest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    readings: [Number; MOST_READINGS],
    count: usize,
    is_whole: bool,
}

impl Numbers {
    const NONE: Self = Self { readings: [Number::NONE; MOST_READINGS], count: 0, is_whole: true };

    /// Each reading once.
    pub fn readings(&self) -> &[Number] {
        self.readings.get(..self.count).unwrap_or_default()
    }

    /// Whether this can be a number of the world: not, where it fits no plan and is too short to hold its area code.
    pub const fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The first of these readings that is also one of the others.
    pub fn shared_with(&self, others: &Self) -> Option<usize> {
        self.readings().iter().position(|number| others.readings().contains(number))
    }

    /// The longest run of last digits, 6 to 10, that all accepted spellings of all readings share.
    pub fn search_digits(&self) -> &str {
        let Some((first, others)) = self.readings().split_first() else { return "" };
        let (mut shared, mut unbroken) = (first.bytes().len(), first.unbroken());
        for other in others {
            let alike = |(one, other): &(&u8, &u8)| one == other;
            shared = shared.min(first.bytes().iter().rev().zip(other.bytes().iter().rev()).take_while(alike).count());
            unbroken = unbroken.min(other.unbroken());
        }
        // Of a plan with shorter numbers than a search only the international spelling is read.
        let length = if unbroken.min(shared) < FEWEST_DIGITS { shared } else { unbroken.min(shared) };
        let length = length.clamp(FEWEST_DIGITS, SEARCH_DIGITS);
        let digits = first.digits();
        digits.get(digits.len().saturating_sub(length)..).unwrap_or(digits)
    }

    fn add(&mut self, number: Number) {
        if number.is_some()
            && !self.readings().contains(&number)
            && let Some(place) = self.readings.get_mut(self.count)
        {
            *place = number;
            self.count += 1;
        }
    }

    fn found(self) -> Option<Self> {
        (self.count > 0).then_some(self)
    }
}

/// Reads the first number in a text: a caller, or a number that a PBX dials. `None` where there is none of 6 to 15 digits, or where the
/// digits stand for a withheld number.
///
/// Numbers without a calling code belong to `country`.
pub fn read(text: &str, country: CountryCode) -> Option<Numbers> {
    of_typed(&TypedNumbers::of(text).next()?, country)
}

/// Reads every number in a value of a card: one, or several between `/`, `;`, `,`, `|`, line breaks, words («или», "or", "and", «и»).
///
/// Extensions (`#`, `x`, `ext`, `доб`, `вн`) are left out. Numbers that [lack their area code](Numbers::is_whole) are among the results:
/// they equal those of callers from the same town whose network leaves it out too.
pub fn read_all(value: &str, country: CountryCode) -> impl Iterator<Item = Numbers> {
    TypedNumbers::of(value).flat_map(move |typed| {
        let one = of_typed(&typed, country);
        // Two numbers with nothing but a blank between them.
        let both = if one.is_none() && typed.digits().len() > MOST_DIGITS { two_of(&typed, country) } else { None };
        one.into_iter().chain(both.into_iter().flatten())
    })
}

fn two_of(typed: &Typed, country: CountryCode) -> Option<[Numbers; 2]> {
    typed.split().find_map(|(one, other)| {
        let both = [of_typed(&one, country)?, of_typed(&other, country)?];
        both.iter().all(Numbers::is_whole).then_some(both)
    })
}

/// Reads digits as they were typed.
pub(crate) fn of_typed(typed: &Typed, country: CountryCode) -> Option<Numbers> {
    let digits = typed.digits();
    let mut numbers = Numbers::NONE;
    if digits.len() < FEWEST_DIGITS || is_placeholder(digits) {
        return None;
    }
    let plan = country.plan();
    let after_plus = if typed.plus { Some(digits) } else { after_international_prefix(digits, plan) };
    if let Some(digits) = after_plus {
        // A trunk prefix typed after the plus sign, where no country's code begins so: +8 916 …, +0 7911 ….
        if plan_of_international(digits).is_none()
            && let Some((_, national)) = without_trunk(digits, plan, Fit::Beginning)
        {
            numbers.add(settled(national, plan));
        } else {
            numbers.add(international(digits));
        }
        return numbers.found();
    }
    // A trunk prefix that stands apart, or brackets before anything else, say that it is a national number.
    let mut is_surely_national = false;
    if let Some((trunk, national)) = national_of(digits, plan) {
        numbers.add(settled(national, plan));
        is_surely_national = numbers.count > 0
            && (typed.begins_with_bracket() || (!trunk.is_empty() && typed.is_parted_after(trunk.len())));
    }
    if !is_surely_national && let Some((of_code, rest)) = plan_of_international(digits) {
        // Beside a national number, a fit by length alone says nothing, nor does a number that nobody calls from.
        let fits: &[Fit] = match (of_code.code == plan.code, numbers.count) {
            (true, 0) => &CLOSEST_FIRST,
            (true, _) => &[Fit::Beginning],
            (false, _) => &[Fit::Subscriber],
        };
        if let Some(national) = fits.iter().find_map(|fit| fitting(rest, of_code, *fit)) {
            numbers.add(settled(national, of_code));
        }
    }
    if numbers.count == 0 && digits.len() <= MOST_DIGITS {
        // As it was typed: the caller's network may know a plan that the table does not.
        numbers.is_whole = digits.len() >= WHOLE;
        let mut number = Number::NONE;
        number.extend(digits);
        numbers.add(number);
    }
    numbers.found()
}

/// International digits. A trunk prefix or a calling code that is left behind in them, `+44 (0)7911 …`, `+7 (8916) …`, is dropped where
/// only then the number fits its plan.
fn international(digits: &[u8]) -> Number {
    let mut number = Number::NONE;
    match plan_of_international(digits) {
        Some((plan, national)) => number = settled(national, plan),
        // No country's code begins with a zero.
        None if digits.len() <= MOST_DIGITS && digits.first() != Some(&b'0') => number.extend(digits),
        None => {}
    }
    number
}

/// The number of a national one. What is left behind before it is dropped until nothing is, so that the outcome is read as itself.
fn settled(mut national: &[u8], plan: &Plan) -> Number {
    while let Some(rest) = CLOSEST_FIRST.into_iter().find_map(|fit| fitting(national, plan, fit))
        && rest.len() < national.len()
    {
        national = rest;
    }
    let number = insertions::settled(plan.code, national);
    match plan_of_international(number.bytes()) {
        // An insertion that was dropped may have had something behind it.
        Some((_, rest)) if rest.len() < national.len() => settled(rest, plan),
        _ => number,
    }
}

/// The digits after a calling code, brought to a national number that fits.
fn fitting<'a>(national: &'a [u8], plan: &Plan, fit: Fit) -> Option<&'a [u8]> {
    if fits(national, plan, fit) {
        return Some(national);
    }
    let without_trunk = without_trunk(national, plan, fit).or_else(|| without_former_trunk(national, plan, fit));
    if let Some((_, rest)) = without_trunk {
        return Some(rest);
    }
    // An input mask gave the code, and the number was typed with it: +7 (791) 612-34-567.
    let (again, rest) = plan_of_international(national)?;
    (again.code == plan.code && plan.fits(rest, fit)).then_some(rest)
}

/// A national number of the plan, and the trunk prefix that stood before it.
fn national_of<'a>(digits: &'a [u8], plan: &Plan) -> Option<(&'static str, &'a [u8])> {
    [Fit::Beginning, Fit::Length].into_iter().find_map(|fit| {
        without_trunk(digits, plan, fit)
            .or_else(|| fits(digits, plan, fit).then_some(("", digits)))
            .or_else(|| without_former_trunk(digits, plan, fit))
    })
}

/// The trunk prefix, and a national number that fits without it.
fn without_trunk<'a>(national: &'a [u8], plan: &Plan, fit: Fit) -> Option<(&'static str, &'a [u8])> {
    without_any(plan.trunks, national, plan, fit)
}

/// The same for trunk prefixes that people write and libphonenumber does not know of: a 0, as in `+7 (0) 916 …`, or in Poland, which dialled one
/// until 2009; and in countries of the former Soviet Union its 8, before the 0 that came after it: `8 (067) …`.
fn without_former_trunk<'a>(national: &'a [u8], plan: &Plan, fit: Fit) -> Option<(&'static str, &'a [u8])> {
    let trunks: &[&str] = match (fit, plan.code) {
        (Fit::Length, _) => &[],
        (_, 373 | 374 | 380 | 992 | 993 | 994 | 995 | 996) => &["80", "8", "0"],
        _ => &["0"],
    };
    without_any(trunks, national, plan, fit)
}

fn without_any<'a>(
    trunks: &[&'static str],
    national: &'a [u8],
    plan: &Plan,
    fit: Fit,
) -> Option<(&'static str, &'a [u8])> {
    trunks.iter().find_map(|trunk| {
        let rest = national.strip_prefix(trunk.as_bytes())?;
        // Too short a rest could not be searched by.
        (rest.len() >= FEWEST_DIGITS && fits(rest, plan, fit)).then_some((*trunk, rest))
    })
}

/// Whether a national number fits its plan as it is, or once its insertions are settled.
fn fits(national: &[u8], plan: &Plan, fit: Fit) -> bool {
    let is_settled = || {
        let number = insertions::settled(plan.code, national);
        plan_of_international(number.bytes()).is_some_and(|(_, national)| plan.fits(national, fit))
    };
    plan.fits(national, fit) || (insertions::has_any(plan.code) && is_settled())
}

/// The digits after `00`, after `810` where they are more than eleven, or after the country's own prefix for foreign numbers.
fn after_international_prefix<'a>(digits: &'a [u8], plan: &Plan) -> Option<&'a [u8]> {
    let own = || {
        let prefix = plan.international_prefix.as_bytes();
        let rest = digits.strip_prefix(prefix).filter(|_| !prefix.is_empty() && prefix != b"810")?;
        let (of_code, national) = plan_of_international(rest)?;
        CLOSEST_FIRST.into_iter().any(|fit| fitting(national, of_code, fit).is_some()).then_some(rest)
    };
    after_common_prefix(digits).or_else(own)
}

/// Whether digits without a plus sign are international all the same.
pub(crate) fn is_international(digits: &[u8]) -> bool {
    after_common_prefix(digits).is_some()
}

#[cfg(test)]
mod tests;
