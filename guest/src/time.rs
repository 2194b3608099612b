//! Points in time and the account's own day (rule D7). Durations are `std::time::Duration`.
//!
//! Nothing here reads a clock: on the component's target `std::time` has none, and time comes from the host alone (rule D11).

use std::fmt;
use std::time::Duration;

use call::zones::Zone;
use call::zones::calendar::{SECONDS_PER_DAY, date_of};

/// Whole milliseconds, as the contract counts them. The standard library's are of 128 bits.
pub fn milliseconds(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1_000).saturating_add(u64::from(duration.subsec_millis()))
}

/// A point in time: milliseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// How long before `later` this was, in whole seconds of the clock; `None` when it lies after it.
    ///
    /// Seconds are counted as people read them off a clock: from 09:00:00.4 to 15:00:00.1 it is six hours, to 14:59:59.9 it is not.
    pub(crate) fn age_at(self, later: Self) -> Option<Duration> {
        if later < self {
            return None;
        }
        later.unix_seconds().checked_sub(self.unix_seconds()).map(Duration::from_secs)
    }

    /// Whole seconds since the Unix epoch.
    pub const fn unix_seconds(self) -> u64 {
        self.0 / 1_000
    }

    /// From whole seconds since the Unix epoch.
    pub const fn from_unix_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000))
    }

    /// Whole seconds since the Unix epoch, as calendars count them.
    fn signed_seconds(self) -> i64 {
        // Milliseconds of 64 bits are fewer seconds than fit.
        i64::try_from(self.unix_seconds()).unwrap_or(i64::MAX)
    }

    /// This much earlier; the epoch where that is before it.
    pub fn before(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(milliseconds(duration)))
    }

    /// As `2026-11-22T09:00:00Z`.
    pub(crate) fn rfc3339(self) -> String {
        let seconds = self.signed_seconds();
        let (year, month, day) = date_of(seconds.div_euclid(SECONDS_PER_DAY));
        let of_day = seconds.rem_euclid(SECONDS_PER_DAY);
        let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// An account's distance from UTC, as amoCRM gives it in `datetime_settings.timezone_offset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UtcOffset {
    seconds: i32,
}

impl UtcOffset {
    /// From seconds east of UTC; `None` beyond the offsets that exist on Earth (±14 hours).
    pub fn from_seconds(seconds: i32) -> Option<Self> {
        (seconds.abs() <= 14 * 3_600).then_some(Self { seconds })
    }

    /// Seconds east of UTC.
    pub const fn seconds(self) -> i32 {
        self.seconds
    }

    /// Parses `+03:00`, `-03:30`, `+0300` or `Z`.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "Z" {
            return Self::from_seconds(0);
        }
        let (sign, rest) = match text.split_at_checked(1)? {
            ("+", rest) => (1, rest),
            ("-", rest) => (-1, rest),
            _ => return None,
        };
        let (hours, minutes) = rest.split_at_checked(2)?;
        let minutes = minutes.strip_prefix(':').unwrap_or(minutes);
        let number = |part: &str| -> Option<i32> {
            (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse().ok()).flatten()
        };
        let (hours, minutes) = (number(hours)?, number(minutes)?);
        if minutes > 59 {
            return None;
        }
        Self::from_seconds(sign * (hours * 3_600 + minutes * 60))
    }

    /// The midnight with which the account's day began that `now` belongs to.
    pub fn start_of_day(self, now: Timestamp) -> Timestamp {
        let offset = i64::from(self.seconds);
        let local = now.signed_seconds() + offset;
        from_signed_seconds(local.div_euclid(SECONDS_PER_DAY) * SECONDS_PER_DAY - offset)
    }
}

impl fmt::Display for UtcOffset {
    /// As amoCRM writes it, `+03:00`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.seconds.unsigned_abs() / 60;
        let sign = if self.seconds < 0 { '-' } else { '+' };
        write!(formatter, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

fn from_signed_seconds(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(u64::try_from(seconds).unwrap_or(0))
}

/// An account's time zone, as amoCRM gives it: by name, with the distance from UTC of the moment. At least one of them is usable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeZone {
    name: Option<String>,
    offset: Option<UtcOffset>,
}

/// By what the account's day is counted.
pub enum DayRule {
    /// The rules of the zone's name.
    Zone(Zone),
    /// The distance from UTC that amoCRM reported: the name is not known, or its rules contradict the report.
    Offset(UtcOffset),
}

impl TimeZone {
    /// From a zone's IANA name and the account's distance from UTC; `None` where neither says what time it is there.
    pub fn new(name: Option<String>, offset: Option<UtcOffset>) -> Option<Self> {
        let is_usable = offset.is_some() || name.as_deref().and_then(Zone::named).is_some();
        is_usable.then_some(Self { name, offset })
    }

    /// The name, where there is one.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The distance from UTC, where it was given.
    pub const fn offset(&self) -> Option<UtcOffset> {
        self.offset
    }

    /// By what the day is counted. Name and offset were received at the same time, so that is when they must agree.
    pub fn day_rule(&self, received_at: Timestamp) -> Option<DayRule> {
        let zone = self.name.as_deref().and_then(Zone::named);
        match (zone, self.offset) {
            (Some(zone), Some(offset)) if zone.offset_at(received_at.signed_seconds()) != offset.seconds() => {
                Some(DayRule::Offset(offset))
            }
            (Some(zone), _) => Some(DayRule::Zone(zone)),
            (None, offset) => offset.map(DayRule::Offset),
        }
    }
}

impl DayRule {
    /// When the account's day began that `now` belongs to.
    pub fn start_of_day(&self, now: Timestamp) -> Timestamp {
        match self {
            Self::Zone(zone) => from_signed_seconds(zone.start_of_day(now.signed_seconds())),
            Self::Offset(offset) => offset.start_of_day(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_instants() {
        assert_eq!(Timestamp(0).rfc3339(), "1970-01-01T00:00:00Z");
        assert_eq!(Timestamp(1_795_338_000_999).rfc3339(), "2026-11-22T09:00:00Z");
        assert_eq!(Timestamp(951_782_400_000).rfc3339(), "2000-02-29T00:00:00Z");
    }

    #[test]
    fn parses_offsets_and_refuses_the_rest() {
        for (text, seconds) in
            [("+03:00", 10_800), ("-03:30", -12_600), ("+0545", 20_700), ("Z", 0), ("+14:00", 50_400)]
        {
            assert_eq!(UtcOffset::parse(text).map(UtcOffset::seconds), Some(seconds), "{text}");
        }
        for text in ["", "+", "03:00", "+3:00", "+03:60", "+15:00", "+03:0я", "+aa:bb", "Europe/Moscow", "−03:00"] {
            assert_eq!(UtcOffset::parse(text), None, "{text}");
        }
    }

    #[test]
    fn d07_the_day_is_the_accounts_own() {
        let at = |text: &str| text.parse::<u64>().map(Timestamp::from_unix_seconds).unwrap();
        let moscow = UtcOffset::parse("+03:00").unwrap();
        // 2026-11-21T21:30:00Z is half past midnight of the 22nd in Moscow.
        let now = at("1795296600");
        assert_eq!(now.rfc3339(), "2026-11-21T21:30:00Z");
        assert_eq!(moscow.start_of_day(now).rfc3339(), "2026-11-21T21:00:00Z");
        assert_eq!(UtcOffset::parse("Z").unwrap().start_of_day(now).rfc3339(), "2026-11-21T00:00:00Z");
        assert_eq!(UtcOffset::parse("-05:00").unwrap().start_of_day(now).rfc3339(), "2026-11-21T05:00:00Z");
    }
}
