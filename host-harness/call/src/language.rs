//! The two languages of the product, and texts in both.
//!
//! What administrators read has both from where it is written: a text is a [`Localized`], made with [`localized!`](crate::localized), and an error
//! that is a type of its own is [`Bilingual`]. Logs are English.

use std::fmt::{self, Display};
use std::io::{self, ErrorKind};

use serde::{Deserialize, Serialize};

/// The languages of the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Russian.
    Ru,
    /// English.
    En,
}

impl Language {
    /// The text of this language, of two.
    pub const fn say<'a>(self, ru: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Ru => ru,
            Self::En => en,
        }
    }
}

/// A text in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Localized {
    /// Russian.
    pub ru: String,
    /// English.
    pub en: String,
}

impl Localized {
    /// A text in Russian and English.
    pub fn new(ru: impl Into<String>, en: impl Into<String>) -> Self {
        Self { ru: ru.into(), en: en.into() }
    }

    /// The text in one language.
    pub fn get(&self, language: Language) -> &str {
        language.say(&self.ru, &self.en)
    }

    /// The same, said of a place whose name is the same in both languages: a file, a section, a key.
    #[must_use]
    pub fn at(self, place: impl Display) -> Self {
        Self { ru: format!("{place}: {}", self.ru), en: format!("{place}: {}", self.en) }
    }

    /// The same, and another text behind it.
    #[must_use]
    pub fn then(self, between: &str, next: &Self) -> Self {
        Self { ru: format!("{}{between}{}", self.ru, next.ru), en: format!("{}{between}{}", self.en, next.en) }
    }
}

/// In English, as logs have it.
impl Display for Localized {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.en)
    }
}

impl std::error::Error for Localized {}

/// What is said to people in both languages. Its `Display` is the English text.
pub trait Bilingual: Display {
    /// The Russian text.
    fn ru(&self) -> String;

    /// Both texts.
    fn text(&self) -> Localized {
        Localized::new(self.ru(), self.to_string())
    }
}

impl<T: Bilingual> From<T> for Localized {
    fn from(said: T) -> Self {
        said.text()
    }
}

/// What the system says, in Russian where administrators meet it, else in its own words.
pub fn system_error_ru(error: &io::Error) -> String {
    error_kind_ru(error.kind()).map_or_else(|| error.to_string(), str::to_owned)
}

/// The same of a kind of error alone.
pub const fn error_kind_ru(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::NotFound => "нет такого файла или каталога",
        ErrorKind::PermissionDenied => "нет прав",
        ErrorKind::IsADirectory => "это каталог",
        ErrorKind::NotADirectory => "это не каталог",
        ErrorKind::StorageFull => "на диске нет места",
        ErrorKind::ReadOnlyFilesystem => "файловая система только для чтения",
        ErrorKind::InvalidData => "это не текст UTF-8",
        ErrorKind::AddrInUse => "адрес занят другой программой",
        ErrorKind::AddrNotAvailable => "у этой машины нет такого адреса",
        ErrorKind::ConnectionRefused => "соединение отклонено",
        ErrorKind::TimedOut => "время истекло",
        ErrorKind::AlreadyExists => "такой файл или каталог уже есть",
        ErrorKind::InvalidFilename => "недопустимое имя файла",
        ErrorKind::UnexpectedEof => "данные обрываются",
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => "соединение разорвано",
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => "сеть или машина недоступна",
        ErrorKind::OutOfMemory => "не хватает памяти",
        ErrorKind::QuotaExceeded => "исчерпана квота на диске",
        ErrorKind::FileTooLarge => "файл слишком велик",
        _ => return None,
    })
}

/// A [`Localized`] of two formats, the Russian one first, with the same arguments.
///
/// ```
/// use call::localized;
///
/// let said = localized!("нет операции `{}`", "there is no operation `{}`", "main");
/// assert_eq!((said.ru.as_str(), said.en.as_str()), ("нет операции `main`", "there is no operation `main`"));
/// ```
#[macro_export]
macro_rules! localized {
    ($ru:literal, $en:literal $(, $($argument:tt)*)?) => {
        $crate::Localized::new(
            ::std::format!($ru $(, $($argument)*)?),
            ::std::format!($en $(, $($argument)*)?),
        )
    };
}
