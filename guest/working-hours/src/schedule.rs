//! The hours of all days: exceptions come before holidays, and these before the week.

use crate::date::{Dates, LocalTime, weekday};
use crate::days::Days;
use crate::fault::Fault;
use crate::hours::Hours;
use crate::settings::{EXCEPTIONS, HOLIDAYS, LONGEST_LINE, MOST_LINES, Settings, WEEK};

/// Whose hours counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Those of the day of the week.
    Week,
    /// The day is off.
    Holiday,
    /// The date has hours of its own.
    Exception,
}

impl Rule {
    /// Its name in the call details.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Week => "week",
            Self::Holiday => "holiday",
            Self::Exception => "exception",
        }
    }
}

/// The settings, read.
pub(crate) struct Schedule<'a> {
    week: Vec<Line<'a, Days>>,
    holidays: Vec<Line<'a, Dates>>,
    exceptions: Vec<Line<'a, Dates>>,
}

/// A line of a setting.
struct Line<'a, Days> {
    text: &'a str,
    days: Days,
    /// None of a holiday.
    hours: Vec<Hours>,
}

/// What was found for a time.
pub(crate) struct Found<'a> {
    pub(crate) is_open: bool,
    pub(crate) rule: Rule,
    pub(crate) line: Option<&'a str>,
}

/// The lines that count for a day, and their hours.
struct Day<'s, 'a> {
    rule: Rule,
    lines: Vec<(&'a str, &'s [Hours])>,
}

const WEEK_FIX: (&str, &str) = (
    "напишите дни и часы, например `mon-fri 09:00-18:00`, `пн-пт 09:00-13:00, 14:00-18:00` или `daily 00:00-24:00`",
    "write days and hours, such as `mon-fri 09:00-18:00`, `mon-fri 09:00-13:00, 14:00-18:00` or `daily 00:00-24:00`",
);
const HOLIDAYS_FIX: (&str, &str) = (
    "напишите дату, например `2027-05-03`, каждый год `01-07`, или несколько дней подряд `01-01..01-08`",
    "write a date, such as `2027-05-03`, `01-07` for every year, or days in a row, `01-01..01-08`",
);
const EXCEPTIONS_FIX: (&str, &str) = (
    "напишите дату и часы, например `2027-04-30 09:00-15:00` или, каждый год, `12-31 09:00-13:00`",
    "write a date and hours, such as `2027-04-30 09:00-15:00` or, every year, `12-31 09:00-13:00`",
);
const TOO_LONG: (&str, &str) =
    ("строка длиннее 150 символов; разделите её на несколько", "a line has more than 150 characters; write several");

impl<'a> Schedule<'a> {
    pub(crate) fn read(settings: &'a Settings) -> Result<Self, Fault> {
        if settings.week.is_empty() {
            return Err(Fault::of(
                WEEK,
                "часы работы не заданы; напишите хотя бы одну строку, например `mon-fri 09:00-18:00`",
                "no hours are set; write at least one line, such as `mon-fri 09:00-18:00`",
            ));
        }
        Ok(Self {
            week: lines(WEEK, &settings.week, WEEK_FIX, |text| with_hours(text, Days::read))?,
            holidays: lines(HOLIDAYS, &settings.holidays, HOLIDAYS_FIX, |text| Some((Dates::read(text)?, Vec::new())))?,
            exceptions: lines(EXCEPTIONS, &settings.exceptions, EXCEPTIONS_FIX, |text| with_hours(text, Dates::read))?,
        })
    }

    /// What holds at a time. Hours that go past midnight belong to the day on which they begin, whatever the next day is.
    pub(crate) fn at(&self, local: LocalTime) -> Found<'a> {
        let (today, yesterday) = (self.of_day(local.day), self.of_day(local.day - 1));
        let open = |rule, line| Found { is_open: true, rule, line: Some(line) };
        let inside = |day: &Day<'_, 'a>, is_inside: &dyn Fn(&Hours) -> bool| {
            let line = day.lines.iter().find(|(_, hours)| hours.iter().any(is_inside));
            line.map(|(line, _)| open(day.rule, line))
        };
        inside(&today, &|hours| hours.has(local.time))
            .or_else(|| inside(&yesterday, &|hours| hours.has_next_day(local.time)))
            .unwrap_or_else(|| Found {
                is_open: false,
                rule: today.rule,
                line: today.lines.first().map(|(line, _)| *line),
            })
    }

    /// A date of one year comes before one of every year.
    fn of_day(&self, day: i64) -> Day<'_, 'a> {
        let dated = |is_once: bool| {
            let its = self.exceptions.iter().filter(|line| line.days.has(day));
            let its = its.filter(|line| matches!(line.days, Dates::Once(..)) == is_once);
            its.map(Line::parts).collect::<Vec<_>>()
        };
        let of_rule = |rule, lines: Vec<_>| (!lines.is_empty()).then_some(Day { rule, lines });
        let weekday = weekday(day);
        of_rule(Rule::Exception, dated(true))
            .or_else(|| of_rule(Rule::Exception, dated(false)))
            .or_else(|| {
                let its = self.holidays.iter().filter(|line| line.days.has(day));
                of_rule(Rule::Holiday, its.map(Line::parts).collect())
            })
            .unwrap_or_else(|| {
                let its = self.week.iter().filter(|line| line.days.has(weekday));
                Day { rule: Rule::Week, lines: its.map(Line::parts).collect() }
            })
    }
}

impl<'a, Days> Line<'a, Days> {
    fn parts(&self) -> (&'a str, &[Hours]) {
        (self.text, &self.hours)
    }
}

/// Every line of a setting, or the first that cannot be read.
fn lines<'a, Days>(
    setting: &'static str,
    written: &'a [String],
    fix: (&'static str, &'static str),
    read: impl Fn(&str) -> Option<(Days, Vec<Hours>)>,
) -> Result<Vec<Line<'a, Days>>, Fault> {
    if written.len() > MOST_LINES {
        return Err(Fault::of(setting, "строк больше 100; объедините их", "there are more than 100 lines; join some"));
    }
    let line = |(index, text): (usize, &'a String)| {
        if text.chars().count() > LONGEST_LINE {
            return Err(Fault::of_line(setting, index, TOO_LONG));
        }
        // Word processors make dashes of hyphens.
        let (days, hours) = read(&text.trim().replace('–', "-")).ok_or_else(|| Fault::of_line(setting, index, fix))?;
        Ok(Line { text: text.trim(), days, hours })
    };
    written.iter().enumerate().map(line).collect()
}

/// What stands before the first blank, and the hours behind it.
fn with_hours<Days>(text: &str, read: impl Fn(&str) -> Option<Days>) -> Option<(Days, Vec<Hours>)> {
    let (days, hours) = text.split_once(' ')?;
    Some((read(days)?, Hours::read_list(hours)?))
}
