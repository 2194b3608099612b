//! Time zones by their IANA names: the offset and the day that a clock on the wall shows.
//!
//! A component has no time zone database, and needs little of it: where a zone's clock stands today and when it changes this year. That is
//! the rule which each zone's file in the IANA database ends with; `table` holds these rules alone. It knows nothing of the past, nor of
//! the few zones whose changes follow no rule (Morocco's during Ramadan).

pub mod calendar;
mod rule;
mod table;

use calendar::SECONDS_PER_DAY;
use rule::Rule;

pub use table::VERSION;

/// A time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone {
    rule: Rule,
}

impl Zone {
    /// The zone of an IANA name, such as `Europe/Moscow`; letters of either case, as in the database's own files.
    pub fn named(name: &str) -> Option<Self> {
        let lower = |name: &str| name.bytes().map(|byte| byte.to_ascii_lowercase()).collect::<Vec<_>>();
        let wanted = lower(name);
        let found = table::ZONES.binary_search_by(|(name, _)| {
            name.bytes().map(|byte| byte.to_ascii_lowercase()).cmp(wanted.iter().copied())
        });
        let (_, rule) = table::ZONES.get(found.ok()?)?;
        Some(Self { rule: Rule::parse(rule)? })
    }

    /// Seconds east of UTC at a time in seconds since the Unix epoch.
    pub fn offset_at(self, unix_seconds: i64) -> i32 {
        self.rule.offset_at(unix_seconds)
    }

    /// When the day began that this time belongs to, both in seconds since the Unix epoch: the first moment at which the zone's clock showed
    /// its date. That is midnight; where the clock goes forward over midnight, it is the moment of the change.
    pub fn start_of_day(self, unix_seconds: i64) -> i64 {
        let day_of = |at: i64| (at + i64::from(self.offset_at(at))).div_euclid(SECONDS_PER_DAY);
        let day = day_of(unix_seconds);
        let midnight = day * SECONDS_PER_DAY;
        let (year, _, _) = calendar::date_of(day);
        let midnights = self.rule.offsets().map(|offset| midnight - i64::from(offset));
        let candidates = midnights.into_iter().chain(self.rule.changes_in(year).into_iter().flatten());
        candidates.filter(|at| day_of(*at) == day).min().unwrap_or(unix_seconds)
    }
}

#[cfg(test)]
mod tests;
