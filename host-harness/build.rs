//! Builds the operation in `guest/` and hands it to the crate, which carries it as the default component.

use anyhow::{Context, Result};
use componentize::{Artifacts, build};

fn main() -> Result<()> {
    let components = build("forward-to-personal-manager", "guest", Artifacts::Library)?;
    let component = components.first().context("the operation was not built")?;
    println!("cargo::rustc-env=OPERATION_COMPONENT={}", component.path.display());
    Ok(())
}
