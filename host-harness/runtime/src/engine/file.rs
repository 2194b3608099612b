//! Component files.

use std::fs;
use std::path::Path;

use anyhow::Context;

use super::LARGEST_COMPONENT;

/// Reads a component's file.
pub fn read_component(file: &Path) -> anyhow::Result<Vec<u8>> {
    let name = file.display();
    let size = fs::metadata(file).with_context(|| format!("cannot read the component {name}; check the path"))?.len();
    anyhow::ensure!(
        size <= LARGEST_COMPONENT as u64,
        "{name} has {size} bytes; a component has at most {LARGEST_COMPONENT}"
    );
    fs::read(file).with_context(|| format!("cannot read the component {name}; check that this user may read it"))
}
