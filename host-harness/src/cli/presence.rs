//! `host-harness presence`: who was seen at work in amoCRM, and saying so by hand.

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::access::no_account;
use super::call::point_in_time;
use super::config_file::ConfigOrDemo;
use super::integration::Chosen;
use super::{LanguageChoice, Outcome, Stop, language, local_zone, print, print_json, say};
use amocrm::presence::Feed;
use call::{Language, Localized, localized};
use runtime::capabilities::clocks::Clock;
use runtime::capabilities::directory::{Employee, Presence};
use runtime::store::StoreError;
use stores::StoreLocation;

/// Show who was seen at work in amoCRM, or record that an employee is
///
/// Records that an employee is at work, as the amoCRM widget does. It matters only with `consider_manager_status` on. Once anyone has been
/// reported, employees not seen today count as absent. After 24 hours without a report, amoCRM's events are used instead.
#[derive(Args)]
pub(super) struct PresenceCommand {
    /// Who was seen: the id of an employee or of an amoCRM user; without it all employees are shown
    #[arg(value_name = "WHO")]
    who: Option<String>,
    /// When: 2026-11-22T09:00:00+03:00, or a local 2026-11-22T09:00 [default: now]
    #[arg(long, value_name = "TIME", value_parser = point_in_time, requires = "who")]
    at: Option<Timestamp>,
    #[command(flatten)]
    config: ConfigOrDemo,
    /// Which integration of the configuration, where there are several
    #[arg(long, value_name = "ID")]
    integration: Option<String>,
    /// Print as JSON
    #[arg(long)]
    json: bool,
    /// The language of the printed text [default: that of the environment]
    #[arg(long, value_name = "LANGUAGE")]
    pub(super) lang: Option<LanguageChoice>,
    /// Where values are kept between calls, as for `call`
    #[arg(long, value_name = "DIR")]
    state: Option<StoreLocation>,
}

impl PresenceCommand {
    pub(super) async fn run(self) -> Result<Outcome, Stop> {
        let chosen = Chosen::of(&self.config, self.integration.as_deref(), self.state.clone()).await?;
        let (employees, considered) = (&chosen.settings.employees, chosen.settings.considers_manager_status());
        let book = chosen.open().await?.presence().ok_or_else(|| no_account(&chosen.settings))?;
        let (now, language) = (Clock::system().now(), language());
        if let Some(who) = &self.who {
            let at = self.at.unwrap_or(now);
            if at > now {
                return Err(localized!(
                    "--at {at}: это время ещё не наступило",
                    "--at {at}: nobody was seen in the future"
                )
                .into());
            }
            book.seen(user(who, employees)?, at).await.map_err(|error| {
                Localized::new("присутствие не сохранено", "presence cannot be kept").then(": ", &error.into())
            })?;
        }
        let unreadable = |error: StoreError| {
            Localized::new("присутствие не читается", "presence cannot be read").then(": ", &error.into())
        };
        let mut seen = Vec::new();
        for (user, employee) in employees {
            let presence = book.of(*user, now).await.map_err(unreadable)?;
            seen.push((employee, *user, presence));
        }
        let feed = book.feed(now).await.map_err(unreadable)?;
        if self.json {
            print_json(&json!({
                "version": 1,
                "considered": considered,
                "feed": feed.name(),
                "last": feed.last().map(|last| last.to_string()),
                "employees": seen.iter().map(as_json).collect::<Vec<_>>(),
            }))?;
        } else {
            let reader = Reader { language, zone: local_zone()? };
            print(feed_text(feed, &reader));
            seen.iter().map(|one| as_text(one, &reader)).for_each(print);
        }
        if !considered {
            say(&Localized::new(
                "примечание: действует, только если у интеграции задано consider_manager_status = true",
                "note: it has no effect until the integration says consider_manager_status = true",
            ));
        }
        Ok(Outcome::Done)
    }
}

/// The amoCRM user of an employee's identifier, or of a user's own.
fn user(who: &str, employees: &[(u64, Employee)]) -> Result<u64, Localized> {
    let known = |(user, employee): &&(u64, Employee)| employee.id == who || user.to_string() == who;
    match employees.iter().find(known) {
        Some((user, _)) => Ok(*user),
        None => {
            let ids: Vec<_> = employees.iter().map(|(_, employee)| format!("`{}`", employee.id)).collect();
            Err(localized!(
                "`{}` — не сотрудник и не пользователь amoCRM какого-либо сотрудника; есть {}",
                "`{}` is neither an employee nor the amoCRM user of one; there are {}",
                call::masking::unless_secret(who),
                ids.join(", ")
            ))
        }
    }
}

fn as_json((employee, user, presence): &(&Employee, u64, Presence)) -> Value {
    let (state, at) = match presence {
        Presence::NotFed => ("not-fed", None),
        Presence::NeverSeen => ("never-seen", None),
        Presence::LastSeen(at) => ("last-seen", Some(at.to_string())),
    };
    json!({"employee": employee.id, "amocrm_user": user, "presence": state, "last_seen": at})
}

/// For whom a text is: in which language, and in whose time.
struct Reader {
    language: Language,
    zone: TimeZone,
}

impl Reader {
    fn time(&self, at: Timestamp) -> String {
        at.to_zoned_datetime(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }
}

/// Whether reports come, and what that means.
fn feed_text(feed: Feed, reader: &Reader) -> String {
    let Reader { language, .. } = reader;
    match feed {
        Feed::NeverFed => {
            language.say("виджет ещё ни о ком не сообщал", "the widget has never reported anybody").to_owned()
        }
        Feed::Silent(last) => {
            let last = reader.time(last);
            language.say(
                &format!("виджет молчит с {last}, его прежние сообщения не учитываются: проверьте, установлен ли он"),
                &format!("the widget has been silent since {last}, so its reports do not count: look whether it is installed"),
            ).to_owned()
        }
        Feed::Fed(last) => {
            let last = reader.time(last);
            language
                .say(&format!("последнее сообщение виджета: {last}"), &format!("the widget's last report: {last}"))
                .to_owned()
        }
    }
}

fn as_text((employee, user, presence): &(&Employee, u64, Presence), reader: &Reader) -> String {
    let Reader { language, .. } = reader;
    let presence = match presence {
        Presence::NotFed => {
            language.say("статус узнаётся по событиям amoCRM", "amoCRM's events are asked for instead").to_owned()
        }
        Presence::NeverSeen => language.say("сообщений о входе в amoCRM не было", "never seen").to_owned(),
        Presence::LastSeen(at) => {
            format!("{} {}", language.say("последний раз в amoCRM:", "last seen"), reader.time(*at))
        }
    };
    let user = format!("{} {user}", language.say("пользователь amoCRM", "amoCRM user"));
    if employee.name == employee.id {
        format!("{} ({user}): {presence}", employee.id)
    } else {
        format!("{} ({}, {user}): {presence}", employee.name, employee.id)
    }
}
