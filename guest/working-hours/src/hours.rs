//! Hours of a day, as an administrator writes them: `09:00-18:00`, or several with commas between.

const MINUTE: u32 = 60;
const DAY: u32 = 24 * 60 * MINUTE;

/// From one time of the day to another, in seconds after midnight: the first belongs to it, the second does not. Hours that end before they begin
/// go past midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hours {
    begins: u32,
    ends: u32,
}

impl Hours {
    /// Whether a time of the day on which they begin is inside.
    pub(crate) const fn has(self, time: u32) -> bool {
        self.begins <= time && (time < self.ends || self.goes_past_midnight())
    }

    /// Whether a time of the day after is inside.
    pub(crate) const fn has_next_day(self, time: u32) -> bool {
        self.goes_past_midnight() && time < self.ends
    }

    const fn goes_past_midnight(self) -> bool {
        self.ends < self.begins
    }

    /// `09:00-13:00, 14:00-18:00`. Hours that end when they begin may be meant as a whole day or as nothing, so they are neither.
    pub(crate) fn read_list(text: &str) -> Option<Vec<Self>> {
        text.split(',').map(|part| Self::read(part.trim())).collect()
    }

    fn read(text: &str) -> Option<Self> {
        let (begins, ends) = text.split_once('-')?;
        let (begins, ends) = (time(begins.trim())?, time(ends.trim())?);
        (begins != ends && begins < DAY).then_some(Self { begins, ends })
    }
}

/// `9:00` to `24:00`.
fn time(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute) = (number(hour, 1)?, number(minute, 2)?);
    let time = (hour * 60 + minute) * MINUTE;
    (minute < 60 && time <= DAY).then_some(time)
}

/// So many digits, or up to two.
fn number(text: &str, least: usize) -> Option<u32> {
    let is_number = (least..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}
