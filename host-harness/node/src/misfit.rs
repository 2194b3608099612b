//! Why a component cannot be placed where it is to be.

use std::fmt;

use amocrm::integration::Misconfigured;
use runtime::engine::Undescribed;
use runtime::settings::SettingError;

/// Why a component cannot be placed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Misfit {
    /// It cannot describe itself.
    #[error(transparent)]
    Undescribed(Undescribed),
    /// It is another operation than the one that it would replace.
    #[error("it is the operation `{is}`, and the placement has `{expected}`: place it in an [[operation]] of its own")]
    OtherOperation {
        /// Its identifier.
        is: String,
        /// The identifier of the operation there.
        expected: String,
    },
    /// A setting of the placement is none of its own, or one that it would not accept.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// It cannot work without a setting that the placement does not have.
    #[error(
        "setting `{key}` ({title}) is missing, and the operation cannot work without it: write it into `settings` of the [[operation]]"
    )]
    MissingSetting {
        /// The setting's key.
        key: String,
        /// Its name for people, in English.
        title: String,
    },
    /// The integration's configuration does not suit it.
    #[error(transparent)]
    Configuration(#[from] Misconfigured),
}

impl Misfit {
    /// Whether it can be placed all the same: calls then go wrong as the operation itself decides.
    pub(crate) const fn can_be_insisted_on(&self) -> bool {
        match self {
            Self::OtherOperation { .. } | Self::Setting(_) | Self::MissingSetting { .. } => true,
            Self::Undescribed(_) | Self::Configuration(_) => false,
        }
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
