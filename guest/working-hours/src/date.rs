//! Dates, as an administrator writes them and as a call has them.

use std::fmt;

use call::zones::Zone;
use call::zones::calendar::{SECONDS_PER_DAY, date_of};

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

/// Year, month and day of the month.
type YearMonthDay = (i64, i64, i64);
/// Month and day of the month.
type MonthDay = (i64, i64);

/// One date, or from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dates {
    /// Of one year.
    Once(YearMonthDay, YearMonthDay),
    /// Of every year. The last may lie before the first, in the next year.
    Yearly(MonthDay, MonthDay),
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

    /// Whether a day, counted from 1970-01-01, is one of them.
    pub(crate) fn has(self, day: i64) -> bool {
        let (year, month, day) = date_of(day);
        match self {
            Self::Once(first, last) => (first..=last).contains(&(year, month, day)),
            Self::Yearly(first, last) if first <= last => (first..=last).contains(&(month, day)),
            Self::Yearly(first, last) => (month, day) >= first || (month, day) <= last,
        }
    }
}

enum Date {
    Once(YearMonthDay),
    Yearly(MonthDay),
}

impl Date {
    /// None for what is in no calendar, such as the 30th of February.
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (first, second, third) = (parts.next()?, parts.next()?, parts.next());
        if parts.next().is_some() {
            return None;
        }
        match third {
            Some(day) => {
                let (year, month, day) = (digits(first, 4)?, digits(second, 2)?, digits(day, 2)?);
                (1..=days_of_month(year, month)).contains(&day).then_some(Self::Once((year, month, day)))
            }
            None => {
                let (month, day) = (digits(first, 2)?, digits(second, 2)?);
                // A leap year has every date that there is.
                (1..=days_of_month(2_000, month)).contains(&day).then_some(Self::Yearly((month, day)))
            }
        }
    }
}

/// 0 where there is no such month.
const fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 0,
    }
}

/// Exactly so many digits.
fn digits(text: &str, length: usize) -> Option<i64> {
    let is_number = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}
