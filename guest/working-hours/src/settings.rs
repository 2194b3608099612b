//! The settings of the placement: keys, bounds, and what was written.

/// The setting with the hours of the week, a line each.
pub(crate) const WEEK: &str = "week";
/// The setting with the days that are off.
pub(crate) const HOLIDAYS: &str = "holidays";
/// The setting with the days that have hours of their own.
pub(crate) const EXCEPTIONS: &str = "exceptions";
/// The setting with the name of the time zone.
pub(crate) const TIME_ZONE: &str = "time_zone";

/// The most lines of a setting.
pub(crate) const MOST_LINES: usize = 100;
/// The most characters of a line, and of the name of a time zone.
pub(crate) const LONGEST_LINE: usize = 150;

/// The settings of the placement, as they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Days and hours, such as `mon-fri 09:00-18:00`.
    pub week: Vec<String>,
    /// Dates, such as `2027-05-03` or, every year, `01-07`.
    pub holidays: Vec<String>,
    /// Dates with hours, such as `2027-04-30 09:00-15:00`.
    pub exceptions: Vec<String>,
    /// The time zone by its IANA name; that of the call unless set.
    pub time_zone: Option<String>,
}
