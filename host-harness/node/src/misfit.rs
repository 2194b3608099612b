//! Why a component cannot be placed where it is to be.

use amocrm::integration::Misconfigured;
use runtime::engine::Undescribed;
use runtime::settings::SettingError;

/// Why a component cannot be placed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Misfit {
    /// It cannot describe itself.
    #[error(transparent)]
    Undescribed(Undescribed),
    /// A setting of the placement is none of its own.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The integration's configuration does not suit it.
    #[error(transparent)]
    Configuration(#[from] Misconfigured),
}
