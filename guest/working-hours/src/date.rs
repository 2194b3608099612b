//! Dates, as an administrator writes them and as a call has them.

use std::fmt;

use call::zones::Zone;
use call::zones::calendar::{SECONDS_PER_DAY, date_of, day_of};

/// The last second of the year 9999. No call comes later, and beyond it years have more digits.
const LAST: u64 = 253_402_300_799;

/// What a clock on the wall and the calendar beside it show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LocalTime {
    /// Days since 1970-01-01.
    pub(crate) day: i64,
    /// Seconds since midnight, as the clock shows them.
    pub(crate) time: u32,
}

impl LocalTime {
    pub(crate) fn at(zone: Zone, unix_seconds: u64) -> Self {
        let at = i64::try_from(unix_seconds.min(LAST)).unwrap_or(0);
        let local = at + i64::from(zone.offset_at(at));
        let time = u32::try_from(local.rem_euclid(SECONDS_PER_DAY)).unwrap_or(0);
        Self { day: local.div_euclid(SECONDS_PER_DAY), time }
    }

    /// From 0 for Monday.
    pub(crate) fn weekday(self) -> usize {
        weekday(self.day)
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date_of(self.day);
        let (hour, minute, second) = (self.time / 3_600, self.time / 60 % 60, self.time % 60);
        write!(formatter, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
    }
}

/// The day of the week of a day since 1970-01-01, which was a Thursday; from 0 for Monday.
pub(crate) fn weekday(day: i64) -> usize {
    usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0)
}

/// One date, or from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dates {
    /// Of one year: days since 1970-01-01.
    Once(i64, i64),
    /// Of every year: month and day of the month. The last may lie before the first, in the next year.
    Yearly((i64, i64), (i64, i64)),
}

impl Dates {
    /// `2027-05-03`, `2027-05-03..2027-05-07`, and of every year `01-07`, `12-31..01-08`.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        match (Date::read(first)?, Date::read(last)?) {
            (Date::Once(first), Date::Once(last)) if first <= last => Some(Self::Once(first, last)),
            (Date::Yearly(first), Date::Yearly(last)) => Some(Self::Yearly(first, last)),
            _ => None,
        }
    }

    pub(crate) fn has(self, day: i64) -> bool {
        match self {
            Self::Once(first, last) => (first..=last).contains(&day),
            Self::Yearly(first, last) => {
                let (_, month, of_month) = date_of(day);
                let date = (month, of_month);
                if first <= last { (first..=last).contains(&date) } else { date >= first || date <= last }
            }
        }
    }
}

enum Date {
    Once(i64),
    Yearly((i64, i64)),
}

impl Date {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (first, second, third) = (parts.next()?, parts.next()?, parts.next());
        if parts.next().is_some() {
            return None;
        }
        match third {
            Some(day) => {
                let (year, month, day) = (digits(first, 4)?, digits(second, 2)?, digits(day, 2)?);
                let date = day_of(year, month, day);
                // A date that is in no calendar would be another one.
                (date_of(date) == (year, month, day)).then_some(Self::Once(date))
            }
            None => {
                let (month, day) = (digits(first, 2)?, digits(second, 2)?);
                // In a leap year, which has every date that there is.
                (date_of(day_of(2_000, month, day)) == (2_000, month, day)).then_some(Self::Yearly((month, day)))
            }
        }
    }
}

/// Exactly so many digits.
fn digits(text: &str, length: usize) -> Option<i64> {
    let is_number = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}
