//! The rule of a zone, as the IANA database writes it: a POSIX `TZ` string such as `CET-1CEST,M3.5.0,M10.5.0/3` (RFC 9636, section 3.3).

use super::calendar::{self, SECONDS_PER_DAY};

/// A zone's offsets, and when it changes between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// Seconds east of UTC.
    standard: i32,
    daylight: Option<Daylight>,
}

/// Daylight saving time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Daylight {
    /// Seconds east of UTC.
    offset: i32,
    start: Change,
    end: Change,
}

/// A yearly change: on the first, second, … or last (5) of a month's Mondays or other days of the week (0 is Sunday).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Change {
    month: i64,
    week: i64,
    weekday: i64,
    /// Seconds after midnight, by the clock as it stood before; below zero and beyond a day where the rule falls on a neighbouring date.
    time: i32,
}

impl Rule {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut text = Rest(text);
        text.name()?;
        let standard = -text.time()?;
        if text.0.is_empty() {
            return Some(Self { standard, daylight: None });
        }
        text.name()?;
        let offset = if text.0.starts_with(',') { standard + 3_600 } else { -text.time()? };
        let daylight = Daylight { offset, start: text.change()?, end: text.change()? };
        text.0.is_empty().then_some(Self { standard, daylight: Some(daylight) })
    }

    /// Seconds east of UTC, of the one or two that the zone has.
    pub(super) fn offsets(self) -> [i32; 2] {
        [self.standard, self.daylight.map_or(self.standard, |daylight| daylight.offset)]
    }

    pub(super) fn offset_at(self, at: i64) -> i32 {
        let Some(daylight) = self.daylight else { return self.standard };
        let (year, _, _) = calendar::date_of((at + i64::from(self.standard)).div_euclid(SECONDS_PER_DAY));
        let Some([start, end]) = self.changes_in(year) else { return self.standard };
        // South of the equator daylight saving time goes over the new year.
        let is_daylight = if start < end { (start..end).contains(&at) } else { !(end..start).contains(&at) };
        if is_daylight { daylight.offset } else { self.standard }
    }

    /// When daylight saving time starts and ends in a year, in seconds since the Unix epoch.
    pub(super) fn changes_in(self, year: i64) -> Option<[i64; 2]> {
        let Daylight { offset, start, end } = self.daylight?;
        Some([start.local_time(year) - i64::from(self.standard), end.local_time(year) - i64::from(offset)])
    }
}

impl Change {
    /// As the clock shows it, in seconds since its 1970-01-01T00:00.
    fn local_time(self, year: i64) -> i64 {
        let first = calendar::day_of(year, self.month, 1);
        // 1970-01-01 was a Thursday.
        let days_to_weekday = (self.weekday - (first + 4)).rem_euclid(7);
        let mut day = first + days_to_weekday + (self.week - 1) * 7;
        let (next_year, next_month) = if self.month == 12 { (year + 1, 1) } else { (year, self.month + 1) };
        if day >= calendar::day_of(next_year, next_month, 1) {
            day -= 7;
        }
        day * SECONDS_PER_DAY + i64::from(self.time)
    }
}

/// What is left of a rule's text.
struct Rest<'a>(&'a str);

impl Rest<'_> {
    /// An abbreviation: letters, or anything in `<…>`.
    fn name(&mut self) -> Option<()> {
        self.0 = match self.0.strip_prefix('<') {
            Some(quoted) => quoted.split_once('>')?.1,
            None => self.0.trim_start_matches(|character: char| character.is_ascii_alphabetic()),
        };
        Some(())
    }

    /// `[+-]hours[:minutes[:seconds]]` in seconds.
    fn time(&mut self) -> Option<i32> {
        let sign = if self.skip('-') {
            -1
        } else {
            self.skip('+');
            1
        };
        let mut seconds = self.number()? * 3_600;
        for unit in [60, 1] {
            if self.skip(':') {
                seconds += self.number()? * unit;
            }
        }
        Some(sign * seconds)
    }

    /// `,Mmonth.week.weekday[/time]`; the time is 2 o'clock unless given.
    fn change(&mut self) -> Option<Change> {
        self.0 = self.0.strip_prefix(",M")?;
        let month = i64::from(self.number()?);
        let week = i64::from(self.skip('.').then(|| self.number())??);
        let weekday = i64::from(self.skip('.').then(|| self.number())??);
        let time = if self.skip('/') { self.time()? } else { 2 * 3_600 };
        let in_bounds = (1..=12).contains(&month) && (1..=5).contains(&week) && (0..=6).contains(&weekday);
        in_bounds.then_some(Change { month, week, weekday, time })
    }

    /// One to three digits.
    fn number(&mut self) -> Option<i32> {
        let length = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        (length <= 3).then(|| digits.parse().ok()).flatten()
    }

    fn skip(&mut self, character: char) -> bool {
        let rest = self.0.strip_prefix(character);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }
}
