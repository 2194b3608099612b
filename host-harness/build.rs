//! Builds the operations in `guest/`, the first one alone and composed for other wasm hosts, and hands the files to the crate, which carries them; and
//! encodes those hosts' worlds, against which `check --host` judges; and lists the contract's files, which `new-operation` writes.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use componentize::{Workshop, deliver, encode_wit};

fn main() -> Result<()> {
    let workshop = Workshop::of_build_script(&["guest", "wit", "host-harness/call", "host-harness/worlds"])?;
    let delivery = deliver(&workshop)?;
    let worlds = workshop.out.join("worlds.wasm");
    fs::write(&worlds, encode_wit(&workshop.root.join("host-harness/worlds"))?)
        .with_context(|| format!("cannot write {}", worlds.display()))?;
    let list = workshop.out.join("wit_files.rs");
    fs::write(&list, list_contract(&workshop.root.join("wit"))?)
        .with_context(|| format!("cannot write {}", list.display()))?;
    let given = [
        ("OPERATION_COMPONENT", delivery.operation),
        ("WORKING_HOURS_COMPONENT", delivery.working_hours),
        ("HTTP_COMPONENT", delivery.http),
        ("CONTRACT_WIT", delivery.contract),
        ("OTHER_HOSTS_WIT", worlds),
    ];
    for (name, path) in given {
        give(name, &path);
    }
    Ok(())
}

/// A constant with the files of the contract: each path below `wit` and its text.
fn list_contract(wit: &Path) -> Result<String> {
    let (mut folders, mut files) = (vec![wit.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "wit") {
                files.push(path);
            }
        }
    }
    files.sort();
    let file = |path: &PathBuf| {
        let below: Vec<_> = path.strip_prefix(wit)?.iter().map(|part| part.to_string_lossy()).collect();
        Ok(format!("    ({:?}, include_str!({:?})),\n", below.join("/"), path.display().to_string()))
    };
    let files = files.iter().map(file).collect::<Result<String>>()?;
    Ok(format!("/// The files of the contract: path below `wit`, text.\nstatic WIT: &[(&str, &str)] = &[\n{files}];\n"))
}

/// Makes a file's path known to the crate.
fn give(name: &str, path: &Path) {
    println!("cargo::rustc-env={name}={}", path.display());
}
