//! Builds the operations in `guest/`, the first one alone and composed for other wasm hosts, and hands the files to the crate, which carries them; and
//! encodes those hosts' worlds, against which `check --host` judges.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use componentize::{Workshop, deliver, encode_wit};

fn main() -> Result<()> {
    let workshop = Workshop::of_build_script(&["guest", "wit", "host-harness/call", "host-harness/worlds"])?;
    let delivery = deliver(&workshop)?;
    let worlds = workshop.out.join("worlds.wasm");
    fs::write(&worlds, encode_wit(&workshop.root.join("host-harness/worlds"))?)
        .with_context(|| format!("cannot write {}", worlds.display()))?;
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

/// Makes a file's path known to the crate.
fn give(name: &str, path: &Path) {
    println!("cargo::rustc-env={name}={}", path.display());
}
