//! `host-harness new-operation`: writes a small operation to begin with, which fits the contract and has its cases.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, ensure};
use clap::{Args, ValueEnum};

use super::{Outcome, Stop, print, print_lines};
use call::one_line::{Lines, one_line};

include!(concat!(env!("OUT_DIR"), "/wit_files.rs"));

/// What the operation is called in the templates.
const NAME: &str = "my-operation";
/// What the operation is called whose toolchain the template in JavaScript shares.
const NAME_IN_LOCK: &str = "callers-by-code";
/// The longest name, as the contract bounds it.
const LONGEST_NAME: usize = 100;

/// A file of a template: its path, its text.
type TemplateFile = (&'static str, &'static str);

const CASES: [TemplateFile; 2] = [
    ("cases/rings/call.toml", include_str!("../../templates/cases/rings/call.toml")),
    ("cases/nobody-to-ring/call.toml", include_str!("../../templates/cases/nobody-to-ring/call.toml")),
];
const RUST: [TemplateFile; 6] = [
    (".gitignore", include_str!("../../templates/rust/.gitignore")),
    ("Cargo.toml", include_str!("../../templates/rust/Cargo.toml")),
    ("README.md", include_str!("../../templates/rust/README.md")),
    ("rust-toolchain.toml", include_str!("../../templates/rust/rust-toolchain.toml")),
    ("src/lib.rs", include_str!("../../templates/rust/src/lib.rs")),
    ("src/main.rs", include_str!("../../templates/rust/src/main.rs")),
];
const PYTHON: [TemplateFile; 5] = [
    (".gitignore", include_str!("../../templates/python/.gitignore")),
    ("README.md", include_str!("../../templates/python/README.md")),
    ("app.py", include_str!("../../templates/python/app.py")),
    (BUILD, include_str!("../../templates/python/build")),
    ("requirements.txt", include_str!("../../../tests/second_operation/operation/requirements.txt")),
];
const JAVASCRIPT: [TemplateFile; 6] = [
    (".gitignore", include_str!("../../templates/javascript/.gitignore")),
    ("README.md", include_str!("../../templates/javascript/README.md")),
    ("operation.js", include_str!("../../templates/javascript/operation.js")),
    ("package.json", include_str!("../../templates/javascript/package.json")),
    ("package-lock.json", include_str!("../../../tests/second_operation/javascript/package-lock.json")),
    ("wit/quickjs.wit", include_str!("../../../tests/second_operation/javascript/quickjs.wit")),
];
/// A file that is a program.
const BUILD: &str = "build";

/// Write a small operation to begin with: its source, the contract, its cases, and how to build it
#[derive(Args)]
pub(super) struct NewOperation {
    /// The language
    language: Language,
    /// The folder to write; its name is the operation's identifier
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Language {
    Rust,
    Python,
    #[value(name = "javascript")]
    JavaScript,
}

impl Language {
    const fn files(self) -> &'static [TemplateFile] {
        match self {
            Self::Rust => &RUST,
            Self::Python => &PYTHON,
            Self::JavaScript => &JAVASCRIPT,
        }
    }

    /// The commands that build it.
    const fn build(self) -> &'static [&'static str] {
        match self {
            Self::Rust => &["cargo run"],
            Self::Python => &["./build operation.wasm"],
            Self::JavaScript => &["npm ci", "npm run build"],
        }
    }
}

impl NewOperation {
    pub(super) fn run(self) -> Result<Outcome, Stop> {
        let name = name(&self.directory)?;
        let place = self.directory.display();
        make_empty(&self.directory).map_err(|error| Stop::Usage(anyhow!("{place}: {error}")))?;
        for (path, text) in self.language.files().iter().chain(&CASES) {
            write(&self.directory, path, &text.replace(NAME, name).replace(NAME_IN_LOCK, name))?;
        }
        for (path, text) in WIT {
            write(&self.directory, &format!("wit/{path}"), text)?;
        }
        print(format_args!("{place}: an operation to begin with, `{name}`. Build it, and see whether it fits:"));
        let mut next = Lines::default();
        next.line(format_args!("  cd {place}"));
        for command in self.language.build() {
            next.line(format_args!("  {command}"));
        }
        next.line(format_args!("  host-harness check operation.wasm"));
        next.line(format_args!("  host-harness test cases --component operation.wasm"));
        print_lines(&next);
        Ok(Outcome::Done)
    }
}

/// The operation's identifier, which is also the name of a package.
fn name(directory: &Path) -> Result<&str, Stop> {
    let name = directory.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_good = (1..=LONGEST_NAME).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-');
    if !is_good {
        let name = one_line(name);
        return Err(Stop::Usage(anyhow!(
            "`{name}` cannot be an operation's identifier; name the folder with small Latin letters, digits and hyphens, such as {NAME}"
        )));
    }
    Ok(name)
}

/// Nothing that is there is written over.
fn make_empty(directory: &Path) -> anyhow::Result<()> {
    match fs::read_dir(directory) {
        Ok(mut entries) => ensure!(entries.next().is_none(), "the folder is not empty; name a new one"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => fs::create_dir_all(directory)?,
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

fn write(directory: &Path, path: &str, text: &str) -> anyhow::Result<()> {
    let file = directory.join(path);
    let written = file.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&file, text));
    written.with_context(|| format!("cannot write {}", file.display()))?;
    #[cfg(unix)]
    if path == BUILD {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755))
            .with_context(|| format!("cannot make {} a program", file.display()))?;
    }
    Ok(())
}
