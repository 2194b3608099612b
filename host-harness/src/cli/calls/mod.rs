//! `host-harness calls`: the kept details of calls, listed, shown and followed. It reads the file, so it works beside a server and without one.

mod story;
mod table;
mod timeline;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};

use super::call::time;
use super::{LanguageChoice, Outcome, Stop, language, local_zone, print_json, print_lines, say, warn};
use call::ended::ChosenEnd;
use call::one_line::visible_json;
use call::{Language, Localized, localized};
use node::call_details::{self, CallDetailsError, CallKey, Filter, KeptCall, Numbers, Place, Reader};
use runtime::capabilities::clocks::Clock;
use stores::{self, StoreLocation};

/// How often a follower looks for new calls.
const LOOK: Duration = Duration::from_millis(200);
/// How many calls a follower takes at once.
const AT_ONCE: usize = 500;

/// List the calls that `serve` has resolved, and show what happened in one
///
/// Callers' numbers are masked unless --whole-numbers is given.
#[derive(Args)]
pub(super) struct Calls {
    #[command(subcommand)]
    command: Option<CallsCommand>,
    /// Where the details are kept: the server's --state [default: the user's state directory]
    #[arg(long, global = true, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Only calls from then on: 2h ago, or a time such as 2026-11-22T09:00
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Timestamp>,
    /// Only calls before then
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Timestamp>,
    /// Only calls with this answer: `forwarded`, or a reason's code
    #[arg(long, value_name = "CODE")]
    reason: Option<String>,
    /// Only calls that ended so, as the PBX reported it: answered (by the employee), linked-operation (took it), caller-gone, unanswered,
    /// not-reported; or missed: those that the employee did not answer, even if somebody else took them
    #[arg(long, value_name = "HOW", value_parser = ended)]
    ended: Option<ChosenEnd>,
    /// Only calls forwarded to this employee; with `--ended missed` those that this employee missed
    #[arg(long, value_name = "ID")]
    employee: Option<String>,
    /// Only calls whose caller's number ends so: one to four digits
    #[arg(long, value_name = "DIGITS", value_parser = digits)]
    number: Option<String>,
    /// Only calls of this placed operation
    #[arg(long, value_name = "ID")]
    operation: Option<String>,
    /// Only calls of this integration
    #[arg(long, value_name = "ID")]
    integration: Option<String>,
    /// How many of them, the newest
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// Then stay, and show calls as they come, and again when the PBX reports who answered or how they ended
    #[arg(long)]
    follow: bool,
    /// Print JSON: one object a line
    #[arg(long, global = true)]
    json: bool,
    /// Show callers' whole numbers, where they are kept
    #[arg(long, global = true)]
    whole_numbers: bool,
    /// The language of the printed text [default: that of the environment]
    #[arg(long, global = true, value_name = "LANGUAGE")]
    pub(super) lang: Option<LanguageChoice>,
}

#[derive(Subcommand)]
enum CallsCommand {
    /// Show one call as a timeline: what was asked, what came back, how long each step took
    Show {
        /// The PBX's identifier of the call, or its number in the list
        #[arg(value_name = "ID")]
        id: String,
    },
}

impl Calls {
    pub(super) async fn run(self) -> Result<Outcome, Stop> {
        let directory = self.state.clone().or_else(stores::user_state_directory);
        let directory = directory.ok_or_else(|| {
            Localized::new(
                "у этого пользователя нет каталога состояния; укажите его в --state",
                "this user has no state directory; name one with --state",
            )
        })?;
        let reader = Reader::new(Place::File(call_details::file_in(&directory)));
        if let Err(error) = local_zone() {
            warn(&error.then("; ", &Localized::new("время показано по UTC", "times are shown in UTC")));
        }
        match &self.command {
            Some(CallsCommand::Show { id }) => self.show(&reader, id)?,
            None => self.list(&reader).await?,
        }
        Ok(Outcome::Done)
    }

    fn show(&self, reader: &Reader, id: &str) -> anyhow::Result<()> {
        let call = find(reader, id)?;
        match call.document() {
            _ if self.json => print_json(&call.shown_alone(self.numbers())),
            Some(document) => {
                print_lines(&timeline::of(&call, &document, self.numbers(), language()));
                Ok(())
            }
            None => Err(localized!(
                "звонок {} сохранён, но его запись не читается",
                "call {} is kept, but its record cannot be read",
                call.seq
            )
            .into()),
        }
    }

    async fn list(&self, reader: &Reader) -> anyhow::Result<()> {
        let filter = self.filter();
        let (newest, mut reported) = (reader.newest()?, reader.reported()?);
        let page = reader.list(&filter, self.limit)?;
        let mut calls = page.calls;
        calls.reverse();
        let language = language();
        if calls.is_empty() && !self.follow {
            self.explain_nothing(reader)?;
        }
        let mut is_open = self.print(&calls, language, true);
        // Titles stand above the first call, however long it takes to come.
        let mut has_titles = !calls.is_empty();
        for gap in reader.gaps(filter.since)? {
            say(&localized!(
                "звонки с {1:.0} по {2:.0} не сохранены, их {0}: на диске не было места, файл был занят или сервер был остановлен принудительно",
                "{} calls between {:.0} and {:.0} were not kept: the disk was full, the file locked, or the server killed",
                gap.calls,
                gap.first,
                gap.last
            ));
        }
        if !self.follow {
            return Ok(());
        }
        // Some came between the two looks.
        let mut seen = calls.last().map_or(newest, |call| call.seq.max(newest));
        let mut interrupted = std::pin::pin!(tokio::signal::ctrl_c());
        while is_open {
            tokio::select! {
                _ = &mut interrupted => break,
                () = tokio::time::sleep(LOOK) => {}
            }
            // A writer that holds the file for a moment is no reason to leave.
            let Ok(mut calls) = reader.after(&filter, seen, AT_ONCE) else { continue };
            let completed = completed_since(reader, &filter, &mut reported).unwrap_or_default();
            // Of one that is new, what the PBX reported is shown with it.
            let shown_before = completed.into_iter().filter(|call| call.seq <= seen).collect::<Vec<_>>();
            seen = calls.last().map_or(seen, |call| call.seq);
            calls.splice(0..0, shown_before);
            is_open = self.print(&calls, language, !has_titles);
            has_titles |= !calls.is_empty();
        }
        Ok(())
    }

    /// Prints calls, oldest first; false when nobody reads any more.
    fn print(&self, calls: &[KeptCall], language: Language, with_head: bool) -> bool {
        let lines = if self.json {
            let line = |call: &KeptCall| serde_json::to_string(&call.shown(self.numbers())).ok();
            calls.iter().filter_map(line).map(|line| visible_json(&line).into_owned()).collect()
        } else {
            table::of(calls, self.numbers(), language, with_head)
        };
        print_lines(&lines)
    }

    /// Says why there is nothing, where a filter may be wrong.
    fn explain_nothing(&self, reader: &Reader) -> anyhow::Result<()> {
        let known = reader.outcomes()?;
        match &self.reason {
            _ if known.is_empty() => say(&Localized::new("сохранённых звонков ещё нет", "no call is kept yet")),
            Some(reason) if !known.contains(reason) => {
                let known = known.join(", ");
                say(&localized!(
                    "ни один сохранённый звонок не закончился на `{reason}`; есть {known}",
                    "no kept call ended with `{reason}`; there are {known}"
                ));
            }
            _ => say(&Localized::new("таких сохранённых звонков нет", "no kept call is like that")),
        }
        Ok(())
    }

    fn filter(&self) -> Filter {
        Filter {
            since: self.since,
            until: self.until,
            reason: self.reason.clone(),
            ended: self.ended,
            employee: self.employee.clone(),
            digits: self.number.clone(),
            operation: self.operation.clone(),
            integration: self.integration.clone(),
            ..Filter::default()
        }
    }

    const fn numbers(&self) -> Numbers {
        if self.whole_numbers { Numbers::Whole } else { Numbers::Masked }
    }
}

/// The calls that a PBX completed since then, in the order of that; what was learnt last is noted.
fn completed_since(reader: &Reader, filter: &Filter, reported: &mut i64) -> Result<Vec<KeptCall>, CallDetailsError> {
    let last = reader.reported()?;
    // Numbers of calls that are kept no more may come again.
    *reported = last.min(*reported);
    if last == *reported {
        return Ok(Vec::new());
    }
    let completed = reader.reported_after(filter, *reported, AT_ONCE)?;
    *reported = if completed.len() < AT_ONCE { last } else { completed.last().map_or(last, |(number, _)| *number) };
    Ok(completed.into_iter().map(|(_, call)| call).collect())
}

fn ended(text: &str) -> Result<ChosenEnd, String> {
    Filter::ended(text)
}

fn digits(text: &str) -> Result<String, &'static str> {
    Filter::digits(text)
}

/// A time, or how long ago: `2h`.
pub(super) fn moment(text: &str) -> anyhow::Result<Timestamp> {
    match humantime::parse_duration(text.trim_end_matches(" ago")) {
        Ok(ago) => Ok(Clock::system().now().checked_sub(SignedDuration::try_from(ago)?)?),
        Err(_) => time(text, "or 2h ago"),
    }
}

/// The kept call of this identifier. A person means the number in the list, where no call has it.
pub(super) fn find(reader: &Reader, id: &str) -> anyhow::Result<KeptCall> {
    let found = match (reader.find(&CallKey::id(id))?, id.parse()) {
        (None, Ok(seq)) => reader.find(&CallKey::Seq(seq))?,
        (found, _) => found,
    };
    Ok(found.ok_or_else(|| {
        localized!(
            "звонка `{id}` среди сохранённых нет; их перечисляет `host-harness calls`",
            "no call `{id}` is kept; `host-harness calls` lists those that are"
        )
    })?)
}

/// Where a server with this store keeps its details.
pub(super) fn place(location: &StoreLocation) -> Place {
    location.own_directory().map_or_else(Place::memory, |directory| Place::File(call_details::file_in(&directory)))
}

#[cfg(test)]
mod tests {
    use call::Localized;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn kept(text: &str) -> KeptCall {
        let reason =
            json!({"code": text, "class": text, "status": text, "status_en": text, "text_ru": text, "text_en": text});
        let document = json!({
            "version": 1,
            "call": {"id": text, "caller": text, "called": text, "at": "2026-11-22T09:00:00Z"},
            "route": {"kind": "linked-operation", "target": text},
            "reason": reason,
            "details": {"manager_source": text, "waiting_time_ms": 3000, "waited_ms": 41,
                "requests": [{"purpose": text, "at_ms": 0, "ms": 40, "status": 200, "outcome": text}],
                "notes": [{"code": text, "text_ru": text, "text_en": text}]},
            "run": {"component": text},
        });
        let legs = json!([{"leg": 1, "result": "busy"}]).to_string();
        KeptCall::new(1, text.to_owned(), text.to_owned(), Some(text), document.to_string(), Some(&legs))
    }

    fn shown(text: &str, language: Language) -> [String; 2] {
        let call = kept(text);
        let mut document = call.document().unwrap();
        document.titles = [("manager_source".to_owned(), Localized::new(text, text))].into_iter().collect();
        let table = table::of(&[kept(text)], Numbers::Whole, language, true);
        [timeline::of(&call, &document, Numbers::Whole, language), table].map(|lines| lines.to_string())
    }

    proptest! {
        #[test]
        fn whatever_a_kept_call_holds_its_lines_are_the_tables_and_the_timelines(text in any::<String>()) {
            for language in [Language::Ru, Language::En] {
                for (shown, expected) in shown(&text, language).iter().zip(shown("x", language)) {
                    prop_assert_eq!(shown.lines().count(), expected.lines().count());
                    prop_assert!(!shown.contains(|letter| letter != '\n' && call::one_line::is_hidden(letter)), "{shown:?}");
                }
            }
        }
    }
}
