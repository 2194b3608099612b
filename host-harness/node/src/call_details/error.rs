//! What can be wrong with kept call details. Each text names the file and the fix.

use std::path::PathBuf;

use call::Bilingual;
use rusqlite::ErrorCode;

use super::place::Place;

/// Why call details cannot be kept or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallDetailsError {
    /// There is no file.
    #[error("there are no call details in {}: `host-harness serve` keeps them there; check --state", .0.display())]
    Missing(PathBuf),
    /// Another program holds the file.
    #[error("the call details in {0} are locked by another program: close the one that holds them open")]
    Locked(Place),
    /// The file is damaged.
    #[error("the call details in {place} are damaged ({cause}): move the file away; a new one is begun")]
    Damaged {
        /// Where.
        place: Place,
        /// What SQLite says.
        cause: String,
    },
    /// It is another program's file.
    #[error("{0} holds no call details of this program: move it away, or choose another state directory")]
    Foreign(Place),
    /// A newer version of this program wrote it.
    #[error("the call details in {0} were written by a newer version of this program: use that version")]
    Newer(Place),
    /// The file was moved away, deleted or replaced while calls were kept in it.
    #[error("the call details in {0} were moved away or deleted while the server runs; a new file is begun there")]
    Gone(Place),
    /// No room is left.
    #[error(
        "the call details in {0} cannot grow, the disk is full: free some space, or set keep_at_most in [call_details]"
    )]
    Full(Place),
    /// Anything else.
    #[error("the call details in {place} cannot be used ({cause}): check the disk, and that this user may write there")]
    Unusable {
        /// Where.
        place: Place,
        /// What SQLite or the system says.
        cause: String,
    },
}

impl Bilingual for CallDetailsError {
    fn ru(&self) -> String {
        match self {
            Self::Missing(file) => format!(
                "в {} детализации звонков нет: её ведёт там `host-harness serve`; проверьте --state",
                file.display()
            ),
            Self::Locked(place) => {
                format!(
                    "детализация звонков в {place} занята другой программой: закройте ту, которая держит её открытой"
                )
            }
            Self::Damaged { place, cause } => {
                format!("детализация звонков в {place} повреждена ({cause}): переместите файл, и будет начат новый")
            }
            Self::Foreign(place) => {
                format!(
                    "{place} — не детализация звонков этой программы: переместите его или выберите другой каталог состояния"
                )
            }
            Self::Newer(place) => {
                format!("детализация звонков в {place} записана более новой версией программы: используйте ту версию")
            }
            Self::Gone(place) => {
                format!(
                    "детализацию звонков в {place} переместили или удалили во время работы сервера; там начат новый файл"
                )
            }
            Self::Full(place) => format!(
                "детализации звонков в {place} не хватает места на диске: освободите место или задайте keep_at_most в [call_details]"
            ),
            Self::Unusable { place, cause } => format!(
                "детализацией звонков в {place} нельзя пользоваться ({cause}): проверьте диск и права этого пользователя на запись"
            ),
        }
    }
}

impl CallDetailsError {
    pub(super) fn of(place: &Place, error: &rusqlite::Error) -> Self {
        let (place, cause) = (place.clone(), error.to_string());
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked(place),
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { place, cause },
            Some(ErrorCode::NotADatabase) => Self::Foreign(place),
            Some(ErrorCode::DiskFull) => Self::Full(place),
            _ => Self::Unusable { place, cause },
        }
    }
}
