//! What is wrong with a setting.

/// What is wrong with a setting, and what to write instead, in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The setting's key.
    pub setting: &'static str,
    /// The line at fault, from 1.
    pub line: Option<usize>,
    what: (&'static str, &'static str),
}

impl Fault {
    pub(crate) const fn of(setting: &'static str, ru: &'static str, en: &'static str) -> Self {
        Self { setting, line: None, what: (ru, en) }
    }

    pub(crate) const fn of_line(setting: &'static str, index: usize, (ru, en): (&'static str, &'static str)) -> Self {
        Self { setting, line: Some(index + 1), what: (ru, en) }
    }

    /// The same in Russian. What was written is not repeated: it may be anything.
    pub fn ru(&self) -> String {
        match self.line {
            Some(line) => format!("настройка `{}`, строка {line}: {}", self.setting, self.what.0),
            None => format!("настройка `{}`: {}", self.setting, self.what.0),
        }
    }

    /// The same in English.
    pub fn en(&self) -> String {
        match self.line {
            Some(line) => format!("setting `{}`, line {line}: {}", self.setting, self.what.1),
            None => format!("setting `{}`: {}", self.setting, self.what.1),
        }
    }
}
