//! What is to be said about the stores that were opened.

use std::fmt;
use std::path::PathBuf;

use call::{Bilingual, Localized};
use runtime::store::StoreError;

/// What is to be said about the stores that were opened, in one line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreWarning {
    /// This user has no home directory to keep state in; values are in memory.
    NoHome,
    /// Nothing can be kept where it was to be; all values are in memory.
    Unusable(StoreError),
    /// The file of cached answers cannot be used; they are in memory.
    Cache(StoreError),
    /// The file of the host's own records cannot be used; they are in memory.
    Records(StoreError),
    /// The records were damaged or missing, and their copy took their place.
    Restored {
        /// The records.
        file: PathBuf,
        /// Their copy.
        copy: PathBuf,
        /// What was damaged and where the file is now; none where it was missing.
        damage: Option<(String, PathBuf)>,
    },
    /// The records were damaged or missing, and so was their copy: they begin empty.
    Lost {
        /// The records.
        file: PathBuf,
        /// Their copy.
        copy: PathBuf,
        /// What was damaged in the records; none where they were missing.
        damage: Option<String>,
        /// What was damaged in the copy.
        of_copy: String,
        /// Where the files are now.
        aside: Vec<PathBuf>,
    },
    /// The server is away. It is used as soon as it is there.
    Away(StoreError),
    /// The server is there, and may lose what cannot be fetched again.
    Losable {
        /// The server's address.
        server: String,
        /// What may lose it, and the fix.
        why: Localized,
    },
}

impl fmt::Display for StoreWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NOTHING_KEPT: &str = "until then access is not kept, and calls are resolved without a durable cache";
        match self {
            Self::NoHome => {
                write!(f, "this user has no home directory to keep state in: name a state directory; {NOTHING_KEPT}")
            }
            Self::Unusable(error) => write!(f, "{error}; {NOTHING_KEPT}"),
            Self::Cache(error) => write!(f, "{error}; until then calls are resolved without a durable cache"),
            Self::Records(error) => write!(f, "{error}; until then access and presence are not kept"),
            Self::Restored { file, copy, damage } => {
                match damage {
                    Some((cause, aside)) => {
                        write!(f, "the store {} was damaged ({cause}) and is now {}", file.display(), aside.display())?;
                    }
                    None => write!(f, "the store {} was missing", file.display())?,
                }
                write!(
                    f,
                    ": its copy {} took its place; an account whose access was refreshed after that copy may have to be connected \
                     again with `host-harness connect`",
                    copy.display()
                )
            }
            Self::Lost { file, copy, damage, of_copy, aside } => {
                let damage = damage.as_deref().unwrap_or("it is missing");
                write!(
                    f,
                    "the store {} is damaged ({damage}) and cannot be restored from its copy {} ({of_copy}): run `host-harness connect` \
                     for each integration that uses OAuth",
                    file.display(),
                    copy.display()
                )?;
                if let Some((last, others)) = aside.split_last() {
                    let others: String = others.iter().map(|file| format!("{} and ", file.display())).collect();
                    write!(f, "; what was there is now {others}{}", last.display())?;
                }
                Ok(())
            }
            Self::Away(error) => write!(f, "{error}; until it answers, calls are resolved without a cache"),
            Self::Losable { server, why } => {
                write!(f, "the store {server} may lose the access that accounts granted: {why}")
            }
        }
    }
}

impl Bilingual for StoreWarning {
    fn ru(&self) -> String {
        const NOTHING_KEPT: &str =
            "до тех пор доступ не сохраняется, а звонки обрабатываются без долговременной памяти";
        match self {
            Self::NoHome => format!(
                "у этого пользователя нет домашнего каталога, хранить состояние негде: укажите каталог состояния; {NOTHING_KEPT}"
            ),
            Self::Unusable(error) => format!("{}; {NOTHING_KEPT}", error.ru()),
            Self::Cache(error) => {
                format!("{}; до тех пор звонки обрабатываются без долговременной памяти", error.ru())
            }
            Self::Records(error) => format!("{}; до тех пор доступ и присутствие не сохраняются", error.ru()),
            Self::Restored { file, copy, damage } => {
                let what = match damage {
                    Some((cause, aside)) => format!("было повреждено ({cause}) и теперь лежит в {}", aside.display()),
                    None => "пропало".to_owned(),
                };
                format!(
                    "хранилище {} {what}: его место заняла копия {}; аккаунт, доступ к которому обновляли после этой копии, возможно, \
                     придётся подключить заново командой `host-harness connect`",
                    file.display(),
                    copy.display()
                )
            }
            Self::Lost { file, copy, damage, of_copy, aside } => {
                let damage = damage.as_deref().unwrap_or("его нет");
                let mut said = format!(
                    "хранилище {} повреждено ({damage}) и не восстанавливается из копии {} ({of_copy}): выполните `host-harness connect` \
                     для каждой интеграции с OAuth",
                    file.display(),
                    copy.display()
                );
                if !aside.is_empty() {
                    let aside: Vec<_> = aside.iter().map(|file| file.display().to_string()).collect();
                    said.push_str(&format!("; что там было, теперь лежит в {}", aside.join(" и ")));
                }
                said
            }
            Self::Away(error) => format!("{}; пока он не отвечает, звонки обрабатываются без памяти", error.ru()),
            Self::Losable { server, why } => {
                format!("хранилище {server} может потерять доступ, который дали аккаунты: {}", why.ru)
            }
        }
    }
}
