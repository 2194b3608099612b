//! Why a component cannot be placed where it is to be.

use amocrm::integration::Misconfigured;
use runtime::engine::Failure;
use runtime::settings::SettingError;

/// Why a component cannot be placed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Misfit {
    /// It cannot describe itself.
    #[error("`describe` fails: {0}: it must answer without any import")]
    Undescribed(Failure),
    /// A setting of the placement is none of its own.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The integration's configuration does not suit it.
    #[error(transparent)]
    Configuration(#[from] Misconfigured),
}
