//! Why a version was not put in force.

use crate::Misfits;
use crate::library::LibraryError;
use call::{Bilingual, Localized};

/// Why a version was not put in force.
#[derive(Clone, Debug, thiserror::Error)]
pub enum VersionError {
    /// There is no such placement.
    #[error("there is no placed operation `{0}`; `GET /v1/operations` lists them")]
    NoPlacement(String),
    /// The component cannot be had.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// It does not fit the placement.
    #[error("the component cannot take `{placement}` over: {misfits}{}", insist(misfits))]
    Misfit {
        /// The placement.
        placement: String,
        /// Everything that keeps it from that.
        misfits: Misfits,
    },
    /// There was no version before.
    #[error("`{0}` has no version before this one; activate one by its digest")]
    NothingBefore(String),
    /// It could not be written down, so nothing was changed.
    #[error("nothing was changed, since it would not outlast a restart: {0}")]
    NotKept(Localized),
    /// Another node has changed the operation's versions at the same time.
    #[error(
        "another node has changed the versions of `{placement}` just now (in force: {in_force}): look at what is in force, and ask again if \
         you still want to"
    )]
    Conflict {
        /// The placement.
        placement: String,
        /// What is in force now.
        in_force: String,
    },
    /// The store that nodes share does not answer, or what it has is of a newer version of the program.
    #[error("nothing was changed, since versions are the same on all nodes and cannot be written down for them: {0}")]
    Away(Localized),
    /// The store did not answer whether it has taken the change.
    #[error(
        "the store of the versions that nodes share did not answer; the change may be written all the same: look at what is in force ({0})"
    )]
    Unknown(Localized),
    /// The shadow's thread cannot be started.
    #[error("the shadow cannot be started: {0}")]
    NoShadow(Localized),
}

/// Says how to put the version in force all the same, where that is possible.
fn insist(misfits: &Misfits) -> &'static str {
    if misfits.0.iter().all(crate::Misfit::can_be_insisted_on) {
        ". To have it all the same, insist; it is then recorded who did"
    } else {
        ""
    }
}

impl Bilingual for VersionError {
    fn ru(&self) -> String {
        match self {
            Self::NoPlacement(id) => format!("операции `{id}` нет"),
            Self::Library(error) => error.ru(),
            Self::Misfit { placement, misfits } => {
                let insist = if misfits.0.iter().all(crate::Misfit::can_be_insisted_on) {
                    ". Его можно включить и так: тогда будет записано, кто это сделал"
                } else {
                    ""
                };
                format!("этот компонент не подходит операции `{placement}`: {}{insist}", misfits.ru())
            }
            Self::NothingBefore(id) => format!("у операции `{id}` нет версии до этой: выберите нужную в списке"),
            Self::NotKept(why) => {
                format!("ничего не изменилось, потому что после перезапуска это пропало бы: {}", why.ru)
            }
            Self::Conflict { placement, in_force } => format!(
                "версии операции `{placement}` только что изменил другой узел (действует {in_force}): посмотрите, что действует, и повторите, если \
                 это всё ещё нужно"
            ),
            Self::Away(why) => {
                format!(
                    "ничего не изменилось: версии одинаковы на всех узлах, а записать их для всех нельзя: {}",
                    why.ru
                )
            }
            Self::Unknown(why) => format!(
                "хранилище общих версий не ответило; изменение могло записаться: посмотрите, что действует ({})",
                why.ru
            ),
            Self::NoShadow(cause) => format!("проверка в тени не началась: {}", cause.ru),
        }
    }
}
