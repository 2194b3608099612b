//! Builds the operation in `guest/`, alone and composed for other wasm hosts, and hands the files to the crate, which carries them; and
//! encodes the worlds of those hosts, against which `check --host` judges.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use componentize::{Workshop, deliver, encode_wit};

/// The hosts whose worlds are vendored.
const HOSTS: [&str; 3] = ["wasmtime", "spin", "wasmcloud"];

fn main() -> Result<()> {
    let workshop = Workshop::of_build_script(&["guest", "wit", "host-harness/call", "host-harness/worlds"])?;
    let delivery = deliver(&workshop)?;
    let given = [
        ("OPERATION_COMPONENT", delivery.operation),
        ("HTTP_COMPONENT", delivery.http),
        ("SPIN_COMPONENT", delivery.spin),
        ("CONTRACT_WIT", delivery.contract),
    ];
    for (name, path) in given {
        give(name, &path);
    }
    for host in HOSTS {
        let world = encode_wit(&workshop.root.join("host-harness/worlds").join(host))?;
        let path = workshop.out.join(format!("world-{host}.wasm"));
        fs::write(&path, world).with_context(|| format!("cannot write {}", path.display()))?;
        give(&format!("WORLD_{}", host.to_uppercase()), &path);
    }
    Ok(())
}

/// Makes a file's path known to the crate.
fn give(name: &str, path: &Path) {
    println!("cargo::rustc-env={name}={}", path.display());
}
