//! Figures as text: one column a rehearsal, and where there are two, what changed.

use std::collections::BTreeSet;

use call::Language;
use call::one_line::Lines;

use super::figures::{Changes, Figures};
use super::picture::Reader;

/// The widest title of a row, in characters; a longer one is cut.
const WIDEST_TITLE: usize = 60;

/// A row: its title, and a cell for each rehearsal.
struct Row {
    title: String,
    cells: Vec<String>,
    /// How the second differs from the first, where there are two.
    change: Option<String>,
}

/// The figures side by side, and what changed where there are two.
pub fn side_by_side(figures: &[Figures], changes: Option<&Changes>, reader: &Reader) -> Lines {
    let language = reader.language;
    let mut text = Lines::default();
    let rows = rows(figures, language);
    let widest = rows.iter().map(|row| row.title.chars().count()).max().unwrap_or(0).clamp(32, WIDEST_TITLE) + 2;
    for Row { title, cells, change } in rows {
        let title: String = title.chars().take(WIDEST_TITLE).collect();
        let cells: String = cells.iter().map(|cell| format!("{cell:>22}")).collect();
        let change = change.map(|change| format!("{change:>20}")).unwrap_or_default();
        text.line(format_args!("{title:<widest$}{cells}{change}").to_string().trim_end());
    }
    if let Some(changes) = changes {
        text.blank();
        text.line(match language {
            Language::Ru => format!("Иначе пошло бы звонков: {}", changes.changed),
            Language::En => format!("{} calls would go elsewhere", changes.changed),
        });
        for change in &changes.some {
            let caller =
                if change.caller.is_empty() { language.say("скрыт", "withheld") } else { change.caller.as_str() };
            let at = change.at.to_zoned_datetime(reader.zone.clone());
            let at = at.strftime("%Y-%m-%d %H:%M:%S");
            let (from, to) = (worded(&change.from, figures, language), worded(&change.to, figures, language));
            text.line(format_args!("  {at}  {caller:<15}  {from}  →  {to}"));
        }
        if changes.changed > changes.some.len() {
            let more = changes.changed - changes.some.len();
            text.line(match language {
                Language::Ru => format!("  и ещё {more}; все покажет --changes {}", changes.changed),
                Language::En => format!("  and {more} more; --changes {} lists them all", changes.changed),
            });
        }
    }
    text
}

/// Where a call goes, its reason in words where that is asked for.
fn worded(goes: &str, figures: &[Figures], language: Language) -> String {
    let (reason, rest) = goes.split_once(' ').map_or((goes, ""), |(reason, rest)| (reason, rest));
    let title = figures.iter().find_map(|one| one.reasons.get(reason)).filter(|_| language == Language::Ru);
    match (title, rest) {
        (None, _) => goes.to_owned(),
        (Some(text), "") => text.ru.clone(),
        (Some(text), rest) => format!("{} {rest}", text.ru),
    }
}

fn rows(figures: &[Figures], language: Language) -> Vec<Row> {
    let say = |ru: &'static str, en: &'static str| language.say(ru, en);
    let mut rows = Vec::new();
    let mut plain = |title: &str, of: &dyn Fn(&Figures) -> String| {
        rows.push(Row { title: title.to_owned(), cells: figures.iter().map(of).collect(), change: None });
    };
    plain("", &|one| one.title(language).to_owned());
    plain(say("звонков", "calls"), &|one| one.calls.to_string());
    plain(say("  разных номеров", "  callers"), &|one| one.callers.to_string());
    if let (Some(first), [_, _]) = (rows.first_mut(), figures) {
        first.change = Some(say("разница", "change").to_owned());
    }
    rows.push(shared(say("переадресовано", "forwarded"), figures, &|one| one.forwarded));
    if figures.iter().any(|one| one.to_deputies > 0) {
        rows.push(shared(say("  из них заместителю", "  of those to a deputy"), figures, &|one| {
            one.to_deputies
        }));
    }
    let reasons: BTreeSet<_> = figures.iter().flat_map(|one| one.linked.keys()).collect();
    for reason in reasons {
        let title = figures.iter().find_map(|one| one.reasons.get(reason)).filter(|_| language == Language::Ru);
        let title = title.map_or(reason.as_str(), |text| text.ru.as_str());
        let number = |one: &Figures| one.linked.get(reason).copied().unwrap_or(0);
        rows.push(shared(&format!("  {title}"), figures, &number));
    }
    let steps: BTreeSet<_> = figures.iter().flat_map(|one| one.steps.keys()).collect();
    for step in steps {
        let of = |one: &Figures| one.steps.get(step).cloned().unwrap_or_default();
        let title = format!("{} {step}", say("на шаге", "at the step"));
        rows.push(shared(&title, figures, &|one| of(one).calls));
        rows.push(shared(say("  переадресовано", "  forwarded"), figures, &|one| of(one).forwarded));
        let targets: BTreeSet<_> = figures.iter().flat_map(|one| of(one).targets.into_keys()).collect();
        for target in targets {
            let number = |one: &Figures| of(one).targets.get(&target).copied().unwrap_or(0);
            rows.push(shared(&format!("  {} {target}", say("дальше в", "to")), figures, &number));
        }
    }
    let mut plain = |title: &str, of: &dyn Fn(&Figures) -> String| {
        rows.push(Row { title: title.to_owned(), cells: figures.iter().map(of).collect(), change: None });
    };
    plain(say("менеджер взят из памяти", "manager known from the cache"), &|one| {
        format!("{} ({:.1} %)", one.cache_hits, one.cache_hit_rate * 100.0)
    });
    plain(say("запросов к amoCRM", "requests to amoCRM"), &|one| one.requests.to_string());
    plain(say("  больше всего за минуту (предел)", "  most in a minute (budget)"), &|one| {
        format!("{} ({})", one.most_requests_in_a_minute, u64::from(one.budget_per_second) * 60)
    });
    plain(say("  больше всего за секунду (предел)", "  most in a second (budget)"), &|one| {
        format!("{} ({})", one.most_requests_in_a_second, one.budget_per_second)
    });
    plain(
        say("  не отправлено из-за предела или паузы", "  refused by budget or circuit"),
        &|one| one.requests_refused.to_string(),
    );
    if figures.iter().any(|one| one.requests_unknown > 0) {
        plain(say("  ответа нет ни в одной записи", "  answered by no recording"), &|one| {
            one.requests_unknown.to_string()
        });
    }
    plain(
        say("ожидание, мс: половина, 99 %, наибольшее", "waited, ms: half, 99 %, longest"),
        &|one| format!("{}, {}, {}", one.waited_ms_p50, one.waited_ms_p99, one.waited_ms_max),
    );
    rows
}

/// A row of numbers of calls, each with its share of all.
fn shared(title: &str, figures: &[Figures], of: &dyn Fn(&Figures) -> usize) -> Row {
    let cells = figures.iter().map(|one| format!("{} ({:.1} %)", of(one), percent(of(one), one.calls))).collect();
    let change = match figures {
        [first, then] => Some(change(of(first), of(then))),
        _ => None,
    };
    Row { title: title.to_owned(), cells, change }
}

/// How many more calls, with a sign, and what part that is of those before.
fn change(first: usize, then: usize) -> String {
    let (sign, difference) = if then >= first { ('+', then - first) } else { ('−', first - then) };
    match (difference, first) {
        (0, _) => "0".to_owned(),
        (_, 0) => format!("{sign}{difference}"),
        _ => format!("{sign}{difference} ({sign}{:.1} %)", percent(difference, first)),
    }
}

#[expect(clippy::cast_precision_loss, reason = "nobody counts to 2^52")]
fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}
