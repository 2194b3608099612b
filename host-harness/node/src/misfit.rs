//! Why a component cannot be placed where it is to be.

use std::fmt;

use amocrm::integration::Misconfigured;
use call::masking::unless_secret;
use call::scenario::CLASSES;
use call::{Bilingual, Localized, localized};
use runtime::configuration::ConfigurationError;
use runtime::engine::Undescribed;
use runtime::settings::SettingError;

/// Why a component cannot be placed.
#[derive(Clone, Debug)]
pub enum Misfit {
    /// It cannot describe itself.
    Undescribed(Undescribed),
    /// It is another operation than the one that it would replace.
    OtherOperation {
        /// Its identifier.
        is: String,
        /// The identifier of the operation there.
        expected: String,
    },
    /// A setting of the placement is none of its own, or one that it would not accept.
    Setting(SettingError),
    /// It cannot work without a setting that the placement does not have.
    MissingSetting {
        /// The setting's key.
        key: String,
        /// Its name for people.
        title: Localized,
    },
    /// An exit of the placement is for something that the operation never gives.
    UnknownExit {
        /// The exit, as written.
        exit: String,
        /// The codes of the operation's reasons.
        codes: String,
    },
    /// The integration's configuration does not suit it.
    Configuration(Misconfigured),
}

/// What kind of misfit it is, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MisfitKind {
    /// The component does not fit the contract.
    Contract,
    /// It cannot describe itself.
    Undescribed,
    /// It is another operation.
    OtherOperation,
    /// A setting is unknown to it, or one that it would not accept.
    Setting,
    /// A setting that it cannot work without is missing.
    MissingSetting,
    /// An exit is for something that it never gives.
    UnknownExit,
    /// A value of the integration's configuration is one that it would not accept.
    Configuration,
    /// A key of the configuration that it cannot work without is missing.
    MissingConfiguration,
    /// No operation reads this key of the configuration any more.
    UnknownConfiguration,
}

impl Misfit {
    /// Whether it can be placed all the same: calls then go wrong as the operation itself decides.
    pub(crate) const fn can_be_insisted_on(&self) -> bool {
        !matches!(self, Self::Undescribed(_))
    }

    /// What kind of misfit it is.
    pub const fn kind(&self) -> MisfitKind {
        match self {
            Self::Undescribed(_) => MisfitKind::Undescribed,
            Self::OtherOperation { .. } => MisfitKind::OtherOperation,
            Self::Setting(_) => MisfitKind::Setting,
            Self::MissingSetting { .. } => MisfitKind::MissingSetting,
            Self::UnknownExit { .. } => MisfitKind::UnknownExit,
            Self::Configuration(Misconfigured { error, .. }) => match error {
                ConfigurationError::Missing { .. } => MisfitKind::MissingConfiguration,
                ConfigurationError::Unknown { .. } => MisfitKind::UnknownConfiguration,
                ConfigurationError::Value { .. }
                | ConfigurationError::Secret { .. }
                | ConfigurationError::Inline(_)
                | ConfigurationError::Provided { .. } => MisfitKind::Configuration,
            },
        }
    }

    /// The key at fault, of the settings or of the configuration.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Undescribed(_) | Self::OtherOperation { .. } => None,
            Self::Setting(error) => Some(unless_secret(&error.key)),
            Self::MissingSetting { key, .. } => Some(key),
            Self::UnknownExit { exit, .. } => Some(unless_secret(exit)),
            Self::Configuration(Misconfigured { error, .. }) => Some(error.key()),
        }
    }

    /// What does not fit.
    pub fn what(&self) -> Localized {
        match self {
            Self::Undescribed(undescribed) => undescribed.text(),
            Self::OtherOperation { is, expected } => localized!(
                "это операция `{is}`, а на этом месте `{expected}`",
                "it is the operation `{is}`, and the placement has `{expected}`"
            ),
            Self::Setting(error) => error.what(),
            Self::MissingSetting { key, title } => Localized::new(
                format!("настройка `{key}` ({}) не задана, а без неё операция не работает", title.ru),
                format!("setting `{key}` ({}) is missing, and the operation cannot work without it", title.en),
            ),
            Self::UnknownExit { exit, .. } => {
                let exit = unless_secret(exit);
                localized!(
                    "выход `{exit}`: у операции нет такой причины",
                    "exit `{exit}`: the operation gives no such reason"
                )
            }
            Self::Configuration(Misconfigured { integration, error }) => {
                error.what().at(format_args!("[[integration]] `{integration}`"))
            }
        }
    }

    /// What to do about it.
    pub fn fix(&self) -> Localized {
        match self {
            Self::Undescribed(_) => Localized::new(
                "соберите компонент так, чтобы `describe` отвечал в пределах, заданных контрактом",
                "build it so that `describe` answers within the contract's bounds",
            ),
            Self::OtherOperation { .. } => {
                Localized::new("поместите его в отдельную [[operation]]", "place it in an [[operation]] of its own")
            }
            Self::Setting(error) => error.fix.clone(),
            Self::MissingSetting { .. } => Localized::new(
                "напишите её в `settings` этой [[operation]]",
                "write it into `settings` of the [[operation]]",
            ),
            Self::UnknownExit { codes, .. } => {
                let classes = CLASSES.map(|class| format!("`{class}`")).join(", ");
                localized!(
                    "напишите `not-answered`, класс ({classes}) или одну из её причин: {codes}",
                    "write `not-answered`, a class ({classes}), or one of its reasons: {codes}"
                )
            }
            Self::Configuration(Misconfigured { error, .. }) => error.fix(),
        }
    }
}

impl From<SettingError> for Misfit {
    fn from(error: SettingError) -> Self {
        Self::Setting(error)
    }
}

impl From<Misconfigured> for Misfit {
    fn from(error: Misconfigured) -> Self {
        Self::Configuration(error)
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.what(), self.fix())
    }
}

impl std::error::Error for Misfit {}

impl Bilingual for Misfit {
    fn ru(&self) -> String {
        self.what().then(": ", &self.fix()).ru
    }
}

/// Everything that keeps a component from a placement, at least one thing.
#[derive(Clone, Debug)]
pub struct Misfits(pub Vec<Misfit>);

impl fmt::Display for Misfits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, misfit) in self.0.iter().enumerate() {
            let between = if number == 0 { "" } else { "; " };
            write!(formatter, "{between}{misfit}")?;
        }
        Ok(())
    }
}

impl Bilingual for Misfits {
    fn ru(&self) -> String {
        self.0.iter().map(Bilingual::ru).collect::<Vec<_>>().join("; ")
    }
}
