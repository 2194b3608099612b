//! Builds the hostile guests and writes a constant for each, so that a guest without a test is seen.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs};

use anyhow::{Context, Result};
use componentize::Workshop;

fn main() -> Result<()> {
    let folder = "tests/hostile/guests";
    let components = Workshop::of_build_script(&[folder, "wit"])?.examples("hostile-guests", folder)?;
    let mut source = String::new();
    let mut all = String::new();
    for component in components {
        let name = component.name.to_uppercase();
        writeln!(source, "/// The guest `{}`.", component.name)?;
        writeln!(source, "pub const {name}: &[u8] = include_bytes!({:?});", component.path)?;
        write!(all, "(\"{}\", {name}), ", component.name)?;
    }
    writeln!(source, "/// Every guest, by name.")?;
    writeln!(source, "pub const ALL: &[(&str, &[u8])] = &[{all}];")?;
    let out_dir = PathBuf::from(env::var_os("OUT_DIR").context("OUT_DIR is not set")?);
    fs::write(out_dir.join("components.rs"), source)?;
    Ok(())
}
