//! Writes what a package has besides the program into a folder: `man` and `completions` from the definition of the command line,
//! `third-party-notices.txt`, and `sbom.cdx.json`, the bill of materials. Run by `host-harness/packaging/build`.

mod notices;
mod packages;
mod sbom;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap_complete::Shell;

fn main() -> Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from).context("name the folder to write into")?;
    manual(&folder.join("man"))?;
    completions(&folder.join("completions"))?;
    let (parts, root) = packages::read()?;
    let written = [
        ("third-party-notices.txt", notices::of_program(&parts, &root).context("the notices of third parties")?),
        ("sbom.cdx.json", sbom::of_program(&parts, &root).context("the bill of materials")?),
    ];
    for (name, text) in written {
        let file = folder.join(name);
        fs::write(&file, text).with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(())
}

/// A page for the program and one for each command.
fn manual(folder: &Path) -> Result<()> {
    let write = || {
        fs::create_dir_all(folder)?;
        clap_mangen::generate_to(host_harness::cli::command(), folder)
    };
    write().with_context(|| format!("the manual cannot be written into {}", folder.display()))
}

/// Under the names by which each shell finds them.
fn completions(folder: &Path) -> Result<()> {
    let mut command = host_harness::cli::command();
    let name = command.get_name().to_owned();
    let mut write = || {
        fs::create_dir_all(folder)?;
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            clap_complete::generate_to(shell, &mut command, &name, folder)?;
        }
        fs::rename(folder.join(format!("{name}.bash")), folder.join(&name))
    };
    write().with_context(|| format!("the completions cannot be written into {}", folder.display()))
}
