//! `cargo run` builds the operation and makes a component of it: `operation.wasm`.

use std::error::Error;
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use wit_component::ComponentEncoder;

const TARGET: &str = "wasm32-unknown-unknown";

fn main() -> Result<(), Box<dyn Error>> {
    let package = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    // This program lies in a folder of the target directory.
    let program = env::current_exe()?;
    let target = program.ancestors().nth(2).ok_or("start it with `cargo run`")?;
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--lib", "--release", "--target", TARGET, "--target-dir"]).arg(target);
    if !cargo.current_dir(&package).status()?.success() {
        return Err(format!("cargo build failed; if the target is missing: rustup target add {TARGET}").into());
    }
    let module = format!("{}.wasm", env!("CARGO_PKG_NAME").replace('-', "_"));
    let module = fs::read(target.join(TARGET).join("release").join(module))?;
    let component = ComponentEncoder::default().module(&module)?.validate(true).encode()?;
    fs::write(package.join("operation.wasm"), &component)?;
    println!("operation.wasm: {} bytes", component.len());
    Ok(())
}
