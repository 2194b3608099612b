//! Where labels of time stand on an axis: at round times of the reader's day.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, ToSpan, ZonedDateTime};

use call::Language;

/// At most this many labels.
const MOST: i64 = 8;
const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Steps that divide a day.
const STEPS: [i64; 14] =
    [1, 5, 15, 30, MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY];

/// A label and its instant.
#[derive(Debug)]
pub(super) struct Tick {
    pub(super) at: Timestamp,
    pub(super) label: String,
}

/// The labels between two instants, in the time of a zone. The first one of a day has its date.
pub(super) fn ticks(from: Timestamp, until: Timestamp, zone: &TimeZone, language: Language) -> Vec<Tick> {
    let lasts = until.as_second().saturating_sub(from.as_second()).max(1);
    let within_day = STEPS.into_iter().find(|step| lasts / step < MOST);
    let begin = from.to_zoned_datetime(zone.clone());
    let midnight = begin.start_of_day().unwrap_or(begin);
    let mut labels: Vec<Tick> = Vec::new();
    let mut day_before = None;
    for at in instants(&midnight, within_day, lasts).skip_while(|at| at.timestamp() < from) {
        if at.timestamp() > until {
            break;
        }
        let is_new_day = day_before.replace(at.date()) != Some(at.date());
        let label = label(&at, is_new_day, within_day, language);
        labels.push(Tick { at: at.timestamp(), label });
    }
    labels
}

/// Round times from a midnight on. Days are counted by the calendar, since one of them may have 23 hours.
fn instants(midnight: &ZonedDateTime, within_day: Option<i64>, lasts: i64) -> Box<dyn Iterator<Item = ZonedDateTime>> {
    let midnight = midnight.clone();
    match within_day.filter(|step| *step < DAY) {
        Some(step) => {
            let days = (0..=i32::try_from(lasts / DAY).unwrap_or(i32::MAX).saturating_add(1))
                .map_while(move |day| midnight.checked_add(day.days()).ok());
            // Of each day anew: after a change of the clocks the labels stay round.
            Box::new(days.flat_map(move |day| {
                (0..DAY / step).filter_map(move |number| {
                    let time = Time::midnight().checked_add(SignedDuration::from_secs(step * number)).ok()?;
                    let at = day.date().to_datetime(time).to_zoned_datetime(day.time_zone().clone()).ok()?;
                    // A time that the clocks leave out is not a time of the day.
                    (at.time() == time).then_some(at)
                })
            }))
        }
        None => {
            let days = i32::try_from((lasts / DAY).div_euclid(MOST) + 1).unwrap_or(i32::MAX);
            let step = move |number: i32| Span::new().try_days(number.saturating_mul(days)).ok();
            Box::new((0..).map_while(move |number| midnight.checked_add(step(number)?).ok()))
        }
    }
}

fn label(at: &ZonedDateTime, is_new_day: bool, within_day: Option<i64>, language: Language) -> String {
    let date = at.strftime(language.say("%d.%m", "%-d %b"));
    match within_day.filter(|step| *step < DAY) {
        None => date.to_string(),
        Some(step) => {
            let time = at.strftime(if step < MINUTE { "%H:%M:%S" } else { "%H:%M" });
            if is_new_day { format!("{date} {time}") } else { time.to_string() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(from: &str, lasts: i64, zone: &str) -> Vec<String> {
        let from: Timestamp = from.parse().unwrap();
        let until = from.checked_add(SignedDuration::from_secs(lasts)).unwrap();
        let ticks = ticks(from, until, &TimeZone::get(zone).unwrap(), Language::Ru);
        assert!(ticks.iter().all(|tick| (from..=until).contains(&tick.at)), "{ticks:?}");
        ticks.into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn labels_stand_at_round_times_of_the_readers_day() {
        // Nine in the morning in Moscow.
        assert_eq!(
            labels("2026-11-22T06:10:00Z", 8 * HOUR, "Europe/Moscow"),
            ["22.11 10:00", "12:00", "14:00", "16:00"]
        );
        assert_eq!(labels("2026-11-22T20:30:00Z", 2 * HOUR, "Europe/Moscow").first().unwrap(), "22.11 23:30");
        assert!(labels("2026-11-22T20:30:00Z", 2 * HOUR, "Europe/Moscow").contains(&"23.11 00:00".to_owned()));
        assert_eq!(
            labels("2026-11-22T21:00:00Z", 3 * DAY, "Europe/Moscow"),
            ["23.11 00:00", "12:00", "24.11 00:00", "12:00", "25.11 00:00", "12:00", "26.11 00:00"]
        );
        assert_eq!(labels("2026-11-22T06:00:00Z", 0, "UTC"), ["22.11 06:00:00"]);
    }

    #[test]
    fn they_stay_round_over_a_change_of_the_clocks() {
        let spring = labels("2026-03-28T23:00:00Z", 23 * HOUR, "Europe/Berlin");
        let round = ["29.03 00:00", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00", "30.03 00:00"];
        assert_eq!(spring, round, "a day of 23 hours");
    }

    #[test]
    fn there_are_never_too_many_however_long_it_lasts() {
        for lasts in [0, 1, 7, 8, 59, HOUR, DAY, 9 * DAY, 40 * DAY, 4_000 * DAY] {
            let labels = labels("2026-01-01T00:00:00Z", lasts, "Europe/Moscow");
            assert!(labels.len() <= 9, "{lasts}: {labels:?}");
        }
    }
}
