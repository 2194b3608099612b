//! What a scenario editor shows of the operation.

use super::bindings::exports::telephony::operation::operation::{
    Description, FactDescription, ItemKind, ListKind, ReasonDescription, SettingDescription, SettingKind, TextKind,
    ValueTitle,
};
use super::bindings::telephony::operation::types::{LocalizedText, ReasonClass};
use crate::settings::{EXCEPTIONS, HOLIDAYS, LONGEST_LINE, MOST_LINES, TIME_ZONE, WEEK};

/// Texts in Russian and English.
type Texts = (&'static str, &'static str);

/// A reason as it is given.
pub(super) struct ReasonText {
    pub(super) code: &'static str,
    pub(super) class: ReasonClass,
    pub(super) status: Option<Texts>,
    pub(super) text: Texts,
}

pub(super) const IN_HOURS: ReasonText =
    ReasonText {
        code: "in-hours", class: ReasonClass::Exit, status: None, text: ("Рабочее время", "Working hours")
    };
pub(super) const OUT_OF_HOURS: ReasonText = ReasonText {
    code: "out-of-hours",
    class: ReasonClass::Exit,
    status: None,
    text: ("Нерабочее время", "Out of hours"),
};
pub(super) const SETTINGS_INVALID: ReasonText = ReasonText {
    code: "settings-invalid",
    class: ReasonClass::Configuration,
    status: Some(("Рабочее время не определено", "The hours are not known")),
    text: ("Настройка задана неверно", "A setting is wrong"),
};

/// The keys of the facts, in their order.
pub(super) const FACTS: [&str; 5] = ["local_time", "weekday", "time_zone", "decided_by", "line"];
const TITLES: [Texts; FACTS.len()] = [
    ("Местное время", "Local time"),
    ("День недели", "Day of the week"),
    ("Часовой пояс", "Time zone"),
    ("Что определило", "Decided by"),
    ("Строка настройки", "Line of the setting"),
];
const WEEKDAYS: [(&str, Texts); 7] = [
    ("mon", ("понедельник", "Monday")),
    ("tue", ("вторник", "Tuesday")),
    ("wed", ("среда", "Wednesday")),
    ("thu", ("четверг", "Thursday")),
    ("fri", ("пятница", "Friday")),
    ("sat", ("суббота", "Saturday")),
    ("sun", ("воскресенье", "Sunday")),
];
const RULES: [(&str, Texts); 3] = [
    ("week", ("часы недели", "the hours of the week")),
    ("holiday", ("выходной", "a holiday")),
    ("exception", ("особый день", "an exception")),
];

pub(super) fn describe() -> Description {
    let reasons = [IN_HOURS, OUT_OF_HOURS, SETTINGS_INVALID];
    Description {
        id: "working-hours".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        title: localized("Рабочее время", "Working hours"),
        summary: localized(
            "Различает звонки в рабочее и нерабочее время: по часам недели, выходным и особым дням, в часовом поясе компании.",
            "Tells calls in working hours from the others: by the hours of the week, holidays and exceptions, in the company's time zone.",
        ),
        settings: settings(),
        configuration: Vec::new(),
        facts: FACTS
            .iter()
            .zip(TITLES)
            .map(|(key, (ru, en))| FactDescription {
                key: (*key).to_owned(),
                title: localized(ru, en),
                values: match *key {
                    "weekday" => values(&WEEKDAYS),
                    "decided_by" => values(&RULES),
                    _ => Vec::new(),
                },
            })
            .collect(),
        purposes: Vec::new(),
        reasons: reasons
            .into_iter()
            .map(|ReasonText { code, class, text: (ru, en), .. }| ReasonDescription {
                code: code.to_owned(),
                class,
                text: localized(ru, en),
            })
            .collect(),
    }
}

fn values(titles: &[(&str, Texts)]) -> Vec<ValueTitle> {
    let title = |(value, (ru, en)): &(&str, Texts)| ValueTitle { value: (*value).to_owned(), title: localized(ru, en) };
    titles.iter().map(title).collect()
}

fn settings() -> Vec<SettingDescription> {
    let longest = u32::try_from(LONGEST_LINE).unwrap_or(u32::MAX);
    let text = || TextKind { default: None, maximum_length: longest, secret: false };
    let lines = || {
        let maximum_items = u32::try_from(MOST_LINES).unwrap_or(u32::MAX);
        SettingKind::List(ListKind { items: ItemKind::Text(text()), maximum_items })
    };
    let setting = |key: &str, title: Texts, help: Texts, kind| SettingDescription {
        key: key.to_owned(),
        title: localized(title.0, title.1),
        help: localized(help.0, help.1),
        required: key == WEEK,
        kind,
    };
    vec![
        setting(
            WEEK,
            ("Часы недели", "Hours of the week"),
            (
                "Дни и часы, например `mon-fri 09:00-13:00, 14:00-18:00`, `сб 10:00-14:00`, `daily 22:00-06:00`. Часы через полночь \
                 относятся к дню, в который начались",
                "Days and hours, such as `mon-fri 09:00-13:00, 14:00-18:00`, `sat 10:00-14:00`, `daily 22:00-06:00`. Hours past \
                 midnight belong to the day on which they begin",
            ),
            lines(),
        ),
        setting(
            HOLIDAYS,
            ("Выходные дни", "Holidays"),
            (
                "Даты без рабочих часов: `2027-05-03`, каждый год `01-07`, дни подряд `01-01..01-08`",
                "Dates without hours: `2027-05-03`, `01-07` for every year, days in a row `01-01..01-08`",
            ),
            lines(),
        ),
        setting(
            EXCEPTIONS,
            ("Особые дни", "Exceptions"),
            (
                "Даты с другими часами, например `2027-04-30 09:00-15:00`. Они важнее выходных и часов недели",
                "Dates with other hours, such as `2027-04-30 09:00-15:00`. They come before holidays and the week",
            ),
            lines(),
        ),
        setting(
            TIME_ZONE,
            ("Часовой пояс", "Time zone"),
            (
                "Имя из базы IANA, например Europe/Moscow; если не задан — часовой пояс интеграции",
                "A name of the IANA database, such as Europe/Moscow; the integration's unless set",
            ),
            SettingKind::Text(text()),
        ),
    ]
}

pub(super) fn localized(ru: &str, en: &str) -> LocalizedText {
    LocalizedText { ru: ru.to_owned(), en: en.to_owned() }
}
