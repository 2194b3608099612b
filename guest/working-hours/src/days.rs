//! Days of the week, as an administrator writes them: in English or in Russian, one, a list, or from one to another.

/// Each day as it is written, from Monday; the first is its name in the call details.
const DAYS: [[&str; 3]; 7] = [
    ["mon", "пн", "Пн"],
    ["tue", "вт", "Вт"],
    ["wed", "ср", "Ср"],
    ["thu", "чт", "Чт"],
    ["fri", "пт", "Пт"],
    ["sat", "сб", "Сб"],
    ["sun", "вс", "Вс"],
];
/// All of them.
const DAILY: [&str; 3] = ["daily", "ежедневно", "Ежедневно"];

/// Days of the week, a bit each, Monday the lowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Days(u8);

impl Days {
    pub(crate) const fn has(self, weekday: usize) -> bool {
        self.0 & (1 << weekday) != 0
    }

    /// `mon`, `mon-fri`, `sat,sun`, `daily`.
    pub(crate) fn read(text: &str) -> Option<Self> {
        if is_one_of(text, &DAILY) {
            return Some(Self(0b111_1111));
        }
        let mut days = 0;
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (mut day, last) = (number(first)?, number(last)?);
            days |= 1 << day;
            while day != last {
                day = (day + 1) % DAYS.len();
                days |= 1 << day;
            }
        }
        Some(Self(days))
    }
}

/// The name of a day of the week, counted from Monday.
pub(crate) fn name(weekday: usize) -> &'static str {
    DAYS.get(weekday).map_or("", |[name, ..]| name)
}

fn number(text: &str) -> Option<usize> {
    DAYS.iter().position(|names| is_one_of(text, names))
}

/// English in either case.
fn is_one_of(text: &str, names: &[&str]) -> bool {
    names.iter().any(|name| name.eq_ignore_ascii_case(text))
}
