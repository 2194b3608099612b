//! Component files.

use std::fs;
use std::path::Path;

use anyhow::Context;

/// The largest file that is read as a component.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Reads a component's file.
pub fn read_component(file: &Path) -> anyhow::Result<Vec<u8>> {
    let name = file.display();
    let size = fs::metadata(file).with_context(|| format!("cannot read the component {name}; check the path"))?.len();
    anyhow::ensure!(size <= LARGEST, "{name} has {size} bytes; a component has at most {LARGEST}");
    fs::read(file).with_context(|| format!("cannot read the component {name}; check that this user may read it"))
}
