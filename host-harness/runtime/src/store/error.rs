//! Why a store did not do what it was asked, for people.

use std::path::PathBuf;
use std::time::Duration;

use call::Bilingual;

/// What a file holds, and so what is lost with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// Cached answers alone.
    Cache,
    /// What the host itself keeps, with a copy beside it.
    Records,
    /// Both: a file of a version that did not keep them apart.
    All,
}

impl Contents {
    /// What to do about a damaged file.
    const fn remedy(self) -> &'static str {
        match self {
            Self::Cache => "move it away or delete it, only cached answers are lost",
            Self::Records => "restart the program, and the copy beside it takes its place",
            Self::All => {
                "it may hold the access to accounts, which is lost with it: move it away and run `host-harness connect`"
            }
        }
    }

    const fn remedy_ru(self) -> &'static str {
        match self {
            Self::Cache => "переместите или удалите его, потеряются только сохранённые ответы",
            Self::Records => "перезапустите программу, и его место займёт копия, которая лежит рядом",
            Self::All => {
                "в нём может быть доступ к аккаунтам, который потеряется вместе с ним: переместите его и выполните `host-harness connect`"
            }
        }
    }
}

/// Why a store did not do what it was asked. Each text names the store at fault and, where there is one, the fix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another process is writing for too long.
    #[error("the store {} is locked by another process: close the program that holds it open", file.display())]
    Locked {
        /// The store's file.
        file: PathBuf,
    },
    /// The time for one operation ran out.
    #[error("the store {} did not answer within {} ms: check the disk that it is on", file.display(), after.as_millis())]
    TimedOut {
        /// The store's file.
        file: PathBuf,
        /// The time that was allowed.
        after: Duration,
    },
    /// The file is damaged.
    #[error("the store {} is damaged ({cause}): {}", file.display(), contents.remedy())]
    Corrupt {
        /// The store's file.
        file: PathBuf,
        /// What it holds.
        contents: Contents,
        /// What is damaged.
        cause: String,
    },
    /// The file is a healthy database of another program, or no database at all.
    #[error("{} is not a store of this program: move it away, or choose another state directory", file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
    },
    /// The file was written by a newer version of this software.
    #[error(
        "the store {} was written by a newer version (format {found}, this version knows {known}): use that version, or move the \
         file away", file.display()
    )]
    Newer {
        /// The store's file.
        file: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format that this version reads.
        known: i64,
    },
    /// The file or its directory cannot be created, read or written.
    #[error(
        "the store {} cannot be opened for writing ({cause}): check that this user may write there, or choose another state \
         directory", file.display()
    )]
    Unwritable {
        /// The store's file.
        file: PathBuf,
        /// What the operating system said.
        cause: String,
    },
    /// The disk is full.
    #[error("the store {} cannot grow, the disk is full: free some space", file.display())]
    Full {
        /// The store's file.
        file: PathBuf,
    },
    /// Something else went wrong inside the store.
    #[error("the store {} failed ({cause})", file.display())]
    Fault {
        /// The store's file.
        file: PathBuf,
        /// What the database said.
        cause: String,
    },
    /// No connection to the server.
    #[error(
        "the store {server} cannot be reached ({cause}): check that the server runs and that this machine may connect to it"
    )]
    Unreachable {
        /// The server's address.
        server: String,
        /// What went wrong.
        cause: String,
    },
    /// The server took too long.
    #[error("the store {server} did not answer within {} ms: check the server's load and the network", after.as_millis())]
    NoAnswer {
        /// The server's address.
        server: String,
        /// The time that was allowed.
        after: Duration,
    },
    /// The server does not know this user or password.
    #[error("the store {server} refuses this user or password: check `password`, and the user in the address")]
    Denied {
        /// The server's address.
        server: String,
    },
    /// The server answered that it will not.
    #[error("the store {server} refused ({cause}): check the server's state and what this user may do there")]
    Refused {
        /// The server's address.
        server: String,
        /// What the server said.
        cause: String,
    },
    /// What the connection needs cannot be had on this machine.
    #[error("the store {server} cannot be used: {cause}")]
    Unprepared {
        /// The server's address.
        server: String,
        /// What is missing, and the fix.
        cause: String,
    },
    /// What a store said to a call that is resolved again.
    #[error("{0}")]
    Recorded(String),
}

impl Bilingual for StoreError {
    fn ru(&self) -> String {
        match self {
            Self::Locked { file } => format!(
                "хранилище {} занято другой программой: закройте ту, которая держит его открытым",
                file.display()
            ),
            Self::TimedOut { file, after } => format!(
                "хранилище {} не ответило за {} мс: проверьте диск, на котором оно лежит",
                file.display(),
                after.as_millis()
            ),
            Self::Corrupt { file, contents, cause } => {
                format!("хранилище {} повреждено ({cause}): {}", file.display(), contents.remedy_ru())
            }
            Self::Foreign { file } => format!(
                "{} — не хранилище этой программы: переместите его или выберите другой каталог состояния",
                file.display()
            ),
            Self::Newer { file, found, known } => format!(
                "хранилище {} записано более новой версией (формат {found}, эта версия знает {known}): используйте ту версию или \
                 переместите файл",
                file.display()
            ),
            Self::Unwritable { file, cause } => format!(
                "хранилище {} не открывается для записи ({cause}): проверьте, что этот пользователь может там писать, или выберите другой \
                 каталог состояния",
                file.display()
            ),
            Self::Full { file } => {
                format!("хранилищу {} не хватает места на диске: освободите место", file.display())
            }
            Self::Fault { file, cause } => format!("сбой хранилища {} ({cause})", file.display()),
            Self::Unreachable { server, cause } => format!(
                "хранилище {server} недоступно ({cause}): проверьте, что сервер работает и что эта машина может к нему подключиться"
            ),
            Self::NoAnswer { server, after } => {
                format!("хранилище {server} не ответило за {} мс: проверьте нагрузку сервера и сеть", after.as_millis())
            }
            Self::Denied { server } => {
                format!("хранилище {server} не принимает пользователя или пароль: проверьте `password` и имя в адресе")
            }
            Self::Refused { server, cause } => {
                format!(
                    "хранилище {server} отказало ({cause}): проверьте состояние сервера и права этого пользователя на нём"
                )
            }
            Self::Unprepared { server, cause } => format!("хранилищем {server} нельзя пользоваться ({cause})"),
            Self::Recorded(said) => said.clone(),
        }
    }
}
