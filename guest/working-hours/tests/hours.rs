//! Working hours (rule E3), natively: what is written, and a comparison with another reading of calendar and clocks.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests fail by panicking, helpers of tests too"
)]

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, ZonedDateTime};
use proptest::prelude::*;
use working_hours::{Decision, Fault, Rule, Settings, decide};

fn settings(week: &[&str], holidays: &[&str], exceptions: &[&str]) -> Settings {
    let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
    Settings { week: lines(week), holidays: lines(holidays), exceptions: lines(exceptions), time_zone: None }
}

fn at(settings: &Settings, time: &str) -> Decision {
    let at: ZonedDateTime = time.parse().expect("a time with its zone");
    let seconds = u64::try_from(at.timestamp().as_second()).expect("after 1970");
    decide(settings, at.time_zone().iana_name(), seconds).unwrap_or_else(|fault| panic!("{}", fault.en()))
}

fn moscow(settings: &Settings, local: &str) -> Decision {
    at(settings, &format!("{local}[Europe/Moscow]"))
}

#[test]
fn e3_the_week_says_what_is_open_and_by_which_line() {
    let week = settings(&["mon-fri 09:00-13:00, 14:00-18:00", "sat 10:00-14:00", "Вс 11:00–12:00"], &[], &[]);
    // A Monday.
    for (time, is_open) in [
        ("2026-11-23T08:59:59", false),
        ("2026-11-23T09:00:00", true),
        ("2026-11-23T13:00:00", false),
        ("2026-11-23T14:00:00", true),
        ("2026-11-23T17:59:59", true),
        ("2026-11-23T18:00:00", false),
        ("2026-11-28T10:00:00", true),
        ("2026-11-29T11:59:00", true),
        ("2026-11-29T12:00:00", false),
    ] {
        assert_eq!(moscow(&week, time).is_open, is_open, "{time}");
    }
    let closed = moscow(&week, "2026-11-23T20:00:00");
    assert_eq!((closed.rule, closed.line.as_deref()), (Rule::Week, Some("mon-fri 09:00-13:00, 14:00-18:00")));
    assert_eq!((closed.local_time.as_str(), closed.weekday), ("2026-11-23 20:00:00", "mon"));
    assert_eq!(closed.time_zone, "Europe/Moscow");
    // Lines of the same day add up; of a day without a line nothing is open.
    let two = settings(&["mon 09:00-10:00", "mon 12:00-13:00"], &[], &[]);
    assert_eq!(moscow(&two, "2026-11-23T12:30:00").line.as_deref(), Some("mon 12:00-13:00"));
    assert_eq!(moscow(&two, "2026-11-24T12:30:00").line, None);
}

#[test]
fn e3_hours_past_midnight_belong_to_the_day_on_which_they_begin() {
    // The 28th, a Saturday, is a holiday: the hours of Friday end in it, and its own do not begin.
    let night = settings(&["fri,sat 20:00-02:00"], &["2026-11-28"], &[]);
    for (time, is_open, rule) in [
        ("2026-11-27T19:59:59", false, Rule::Week),
        ("2026-11-27T20:00:00", true, Rule::Week),
        ("2026-11-28T01:59:59", true, Rule::Week),
        ("2026-11-28T02:00:00", false, Rule::Holiday),
        ("2026-11-28T23:00:00", false, Rule::Holiday),
        ("2026-11-29T01:00:00", false, Rule::Week),
    ] {
        let decision = moscow(&night, time);
        assert_eq!((decision.is_open, decision.rule), (is_open, rule), "{time}");
    }
    let whole = settings(&["daily 00:00-24:00"], &[], &[]);
    assert!(moscow(&whole, "2026-11-28T00:00:00").is_open && moscow(&whole, "2026-11-28T23:59:59").is_open);
}

#[test]
fn e3_exceptions_come_before_holidays_and_these_before_the_week() {
    let all = settings(
        &["mon-fri 09:00-18:00"],
        &["01-01..01-08", "2027-05-03", "12-31"],
        &[
            "2027-01-04 12:00-14:00",
            "12-31 09:00-13:00",
            "2027-12-31 09:00-11:00",
            "2027-11-06..2027-11-07 10:00-11:00",
        ],
    );
    for (time, is_open, rule, line) in [
        ("2027-01-05T10:00:00", false, Rule::Holiday, "01-01..01-08"),
        ("2029-01-08T10:00:00", false, Rule::Holiday, "01-01..01-08"),
        ("2027-01-04T12:00:00", true, Rule::Exception, "2027-01-04 12:00-14:00"),
        ("2027-01-04T10:00:00", false, Rule::Exception, "2027-01-04 12:00-14:00"),
        ("2027-05-03T10:00:00", false, Rule::Holiday, "2027-05-03"),
        ("2028-05-03T10:00:00", true, Rule::Week, "mon-fri 09:00-18:00"),
        ("2026-12-31T12:00:00", true, Rule::Exception, "12-31 09:00-13:00"),
        // A date of one year comes before the same of every year.
        ("2027-12-31T12:00:00", false, Rule::Exception, "2027-12-31 09:00-11:00"),
        // A Sunday, on which nothing else is open.
        ("2027-11-07T10:30:00", true, Rule::Exception, "2027-11-06..2027-11-07 10:00-11:00"),
    ] {
        let found = moscow(&all, time);
        assert_eq!((found.is_open, found.rule, found.line.as_deref()), (is_open, rule, Some(line)), "{time}");
    }
    // Over the new year, and the day that most years lack.
    let yearly = settings(&["daily 00:00-24:00"], &["12-30..01-02", "02-29"], &[]);
    for (time, is_open) in [
        ("2026-12-29", true),
        ("2026-12-30", false),
        ("2027-01-02", false),
        ("2027-01-03", true),
        ("2028-02-29", false),
    ] {
        assert_eq!(moscow(&yearly, &format!("{time}T12:00:00")).is_open, is_open, "{time}");
    }
}

fn fault(settings: &Settings, zone: Option<&str>) -> Fault {
    decide(settings, zone, 1_795_338_000).expect_err("a setting is wrong")
}

#[test]
fn e3_what_cannot_be_read_is_said_with_its_line_and_the_fix() {
    let (right, zone) = ("mon-fri 09:00-18:00", Some("Europe/Moscow"));
    for wrong in [
        "",
        "mon-fri",
        "09:00-18:00",
        "mon-fri 9-18",
        "mon-fry 09:00-18:00",
        "mon-fri 09:00-09:00",
        "mon-fri 24:00-09:00",
        "mon-fri 09:00-24:01",
        "mon-fri 09:60-18:00",
        "mon-fri 09:00-18:00,",
        "mon- 09:00-18:00",
        "mon fri 09:00-18:00",
        "mon-fri 09:00-18:00-20:00",
        "mon-fri +9:00-18:00",
        "mon-fri 009:00-18:00",
        "2027-05-03 09:00-18:00",
        "пнд 09:00-18:00",
    ] {
        let fault = fault(&settings(&[right, wrong], &[], &[]), zone);
        assert_eq!((fault.setting, fault.line), ("week", Some(2)), "{wrong}");
        assert!(fault.en().starts_with("setting `week`, line 2: write days and hours"), "{}", fault.en());
        assert!(fault.ru().starts_with("настройка `week`, строка 2: напишите дни и часы"), "{}", fault.ru());
    }
    for wrong in [
        "",
        "2027-02-29",
        "02-30",
        "2027-13-01",
        "2027-1-1",
        "01.05.2027",
        "2027-05-03..05-04",
        "2027-05-04..2027-05-03",
        "mon",
        "2027-05-03 09:00-18:00",
        "2027-05-03-04",
        "+027-05-03",
    ] {
        assert_eq!((fault(&settings(&[right], &[wrong], &[]), zone).setting), "holidays", "{wrong}");
    }
    for wrong in ["2027-05-03", "mon 09:00-18:00", "2027-05-03 closed", "02-30 09:00-18:00"] {
        assert_eq!((fault(&settings(&[right], &[], &[wrong]), zone).setting), "exceptions", "{wrong}");
    }
    assert!(fault(&settings(&[], &[], &[]), zone).en().contains("no hours are set"));
    assert!(fault(&settings(&[right; 101], &[], &[]), zone).en().contains("more than 100 lines"));
    let long = format!("mon {}09:00-18:00", " ".repeat(150));
    assert!(fault(&settings(&[&long], &[], &[]), zone).en().contains("150 characters"));
}

#[test]
fn e3_the_time_zone_is_that_of_the_setting_and_else_of_the_call() {
    let mut hours = settings(&["daily 09:00-18:00"], &[], &[]);
    // 09:00Z is noon in Moscow and 14:30 in India.
    let local = |settings: &Settings, zone: Option<&str>| decide(settings, zone, 1_795_338_000).unwrap().local_time;
    assert_eq!(local(&hours, Some("Europe/Moscow")), "2026-11-22 12:00:00");
    hours.time_zone = Some("asia/kolkata".to_owned());
    assert_eq!(local(&hours, Some("Europe/Moscow")), "2026-11-22 14:30:00");
    hours.time_zone = Some("Europe/Atlantis".to_owned());
    assert!(fault(&hours, Some("Europe/Moscow")).en().contains("no such time zone"));
    hours.time_zone = None;
    assert!(fault(&hours, Some("Europe/Atlantis")).en().contains("the integration's time zone is not known"));
    assert!(fault(&hours, None).ru().contains("часовой пояс не задан"));
}

#[test]
fn e3_any_time_of_arrival_has_an_answer() {
    let hours = settings(&["mon-fri 09:00-18:00"], &[], &[]);
    for at in [0, 1, 253_402_300_799, u64::MAX] {
        assert!(decide(&hours, Some("Pacific/Kiritimati"), at).is_ok(), "{at}");
        assert!(decide(&hours, Some("Etc/GMT+12"), at).is_ok(), "{at}");
    }
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn hours() -> impl Strategy<Value = (u32, u32)> {
    (0..1_440_u32, 0..=1_440_u32).prop_filter("hours that may mean two things", |(begins, ends)| begins != ends)
}

fn written(hours: &[(u32, u32)]) -> String {
    let time = |minutes: u32| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    hours.iter().map(|(begins, ends)| format!("{}-{}", time(*begins), time(*ends))).collect::<Vec<_>>().join(", ")
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { failure_persistence: None, cases: 2_048, ..Default::default() })]

    /// Another library says what the clock shows and which day it is.
    #[test]
    fn e3_the_exit_is_what_another_calendar_says(
        zone in prop::sample::select(vec!["Europe/Berlin", "Europe/Moscow", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo", "America/New_York"]),
        at in 1_830_297_600..2_082_758_400_i64,
        near_a_change in any::<bool>(),
        week in prop::collection::vec(prop::collection::vec(hours(), 0..3), 7),
        exception in prop::collection::vec(hours(), 1..3),
        (holiday, exceptional) in (-1..=1_i64, -2..=2_i64),
    ) {
        let tz = TimeZone::get(zone).unwrap();
        let mut instant = Timestamp::from_second(at).unwrap();
        if near_a_change && let Some(change) = tz.following(instant).next() {
            instant = change.timestamp() + ((at % 14_400) - 7_200).seconds();
        }
        let local = instant.to_zoned_datetime(tz);
        let date = |days: i64| local.date().checked_add(days.days()).unwrap();
        let lines = week.iter().zip(DAYS).filter(|(hours, _)| !hours.is_empty());
        let mut week_lines: Vec<_> = lines.map(|(hours, day)| format!("{day} {}", written(hours))).collect();
        // A week without any hours is not accepted; this line says nothing of the days around.
        if week_lines.is_empty() {
            week_lines.push(format!("{} 00:00-24:00", DAYS[usize::from(date(3).weekday().to_monday_zero_offset().unsigned_abs())]));
        }
        let settings = Settings {
            week: week_lines,
            holidays: vec![date(holiday).to_string()],
            exceptions: vec![format!("{} {}", date(exceptional), written(&exception))],
            time_zone: Some(zone.to_owned()),
        };
        let of_day = |days: i64| -> &[(u32, u32)] {
            if days == exceptional {
                &exception
            } else if days == holiday {
                &[]
            } else {
                &week[usize::from(date(days).weekday().to_monday_zero_offset().unsigned_abs())]
            }
        };
        let minute = u32::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).unwrap();
        let expected = of_day(0).iter().any(|(begins, ends)| minute >= *begins && (minute < *ends || ends < begins))
            || of_day(-1).iter().any(|(begins, ends)| ends < begins && minute < *ends);
        let decision = decide(&settings, None, u64::try_from(instant.as_second()).unwrap()).unwrap();
        prop_assert_eq!(decision.is_open, expected, "{} {:?}", local, settings);
        prop_assert_eq!(decision.local_time, local.strftime("%Y-%m-%d %H:%M:%S").to_string());
    }

    /// Whatever is written, there is an answer or a fault, and no line of it is repeated in the fault.
    #[test]
    fn e3_any_text_is_read_or_refused(lines in prop::collection::vec("[ -~а-я]{0,40}", 0..4), zone in prop::option::of("[A-Za-z/_]{0,20}"), at in any::<u64>()) {
        let settings = Settings { week: lines.clone(), holidays: lines.clone(), exceptions: lines, time_zone: zone };
        if let Err(fault) = decide(&settings, None, at) {
            prop_assert!(!fault.ru().is_empty() && fault.en().is_ascii());
        }
    }
}
