//! The caller (rule D1): the numbers that may be meant, what amoCRM is searched by, and which cards are the caller's (rule D2).

use call::caller::Presented;
pub use call::numbers::CountryCode;
use call::numbers::{self, Number, Numbers};

use crate::reason::Reason;

/// A caller with a telephone number, in every way that the number can be read where numbers without a calling code belong to a country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    numbers: Numbers,
    country: CountryCode,
}

impl Caller {
    /// The caller as the network presents it, or why there is no number to look up.
    pub fn read(caller: Option<&str>, country: CountryCode) -> Result<Self, Reason> {
        match Presented::read(caller.unwrap_or_default()) {
            Presented::Withheld => Err(Reason::CallerHidden),
            Presented::NotANumber => Err(Reason::CallerUnusable),
            Presented::Number(number) => {
                let numbers = number.read(country).ok_or(Reason::CallerUnusable)?;
                Ok(Self { numbers, country })
            }
        }
    }

    /// The callers whose calls a value of a card decides: for each of its numbers the callers who present it with a plus sign, without one,
    /// and as a national number. What was kept for one of them may come from this card.
    pub(crate) fn of_card(value: &str, country: CountryCode) -> impl Iterator<Item = Self> {
        let presented = numbers::read_all(value, country).flat_map(move |numbers| {
            let each = numbers.readings().iter().map(|number| number.presentations(country));
            each.collect::<Vec<_>>().into_iter().flatten()
        });
        presented.map(move |numbers| Self { numbers, country })
    }

    /// The numbers that may be meant, the likeliest first; at least one.
    pub fn readings(&self) -> &[Number] {
        self.numbers.readings()
    }

    /// What amoCRM is searched by: the longest run of last digits, 6 to 10, that all accepted spellings of all readings share, since `+7…`
    /// and `8…` are different strings to its search (amoCRM facts §1.5).
    pub fn search_digits(&self) -> &str {
        self.numbers.search_digits()
    }

    /// Which of the [readings](Self::readings) is one of the numbers in a card's value; `None` where the card is not the caller's.
    pub fn matching_reading(&self, value: &str) -> Option<usize> {
        numbers::read_all(value, self.country).filter_map(|numbers| self.numbers.shared_with(&numbers)).min()
    }
}
