//! Which exit a call takes.

use call::zones::Zone;

use crate::date::LocalTime;
use crate::days;
use crate::fault::Fault;
use crate::schedule::{Rule, Schedule};
use crate::settings::{Settings, TIME_ZONE};

/// Which exit a call takes, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether it is inside the hours.
    pub is_open: bool,
    /// Whose hours counted.
    pub rule: Rule,
    /// The line that decided; none where no line says anything of that day of the week.
    pub line: Option<String>,
    /// What the clock on the wall showed, such as `2026-11-23 12:00:00`.
    pub local_time: String,
    /// The day of the week then, `mon` to `sun`.
    pub weekday: &'static str,
    /// The time zone.
    pub time_zone: String,
}

/// Decides by the settings, the time zone that came with the call and the time of its arrival, in seconds since the Unix epoch.
///
/// # Errors
/// Where any line of any setting cannot be read, whether or not it would have counted, or the time zone is not known.
pub fn decide(settings: &Settings, zone_of_call: Option<&str>, at: u64) -> Result<Decision, Fault> {
    let schedule = Schedule::read(settings)?;
    let (zone, name) = zone(settings.time_zone.as_deref(), zone_of_call)?;
    let local = LocalTime::at(zone, at);
    let found = schedule.at(local);
    Ok(Decision {
        is_open: found.is_open,
        rule: found.rule,
        line: found.line.map(str::to_owned),
        local_time: local.to_string(),
        weekday: days::name(local.weekday()),
        time_zone: name.to_owned(),
    })
}

fn zone<'a>(set: Option<&'a str>, of_call: Option<&'a str>) -> Result<(Zone, &'a str), Fault> {
    let name = set.or(of_call).ok_or_else(|| {
        Fault::of(
            TIME_ZONE,
            "часовой пояс не задан ни здесь, ни у интеграции; напишите его имя, например Europe/Moscow",
            "the time zone is set neither here nor for the integration; write its name, such as Europe/Moscow",
        )
    })?;
    let known = Zone::named(name).map(|zone| (zone, name));
    known.ok_or_else(|| match set {
        Some(_) => Fault::of(
            TIME_ZONE,
            "такого часового пояса нет; напишите имя из базы IANA, например Europe/Moscow",
            "there is no such time zone; write a name of the IANA database, such as Europe/Moscow",
        ),
        None => Fault::of(
            TIME_ZONE,
            "часовой пояс интеграции неизвестен; напишите здесь имя из базы IANA, например Europe/Moscow",
            "the integration's time zone is not known; write a name of the IANA database here, such as Europe/Moscow",
        ),
    })
}
