//! Builds guest packages of this workspace into WebAssembly components, from the build script of a package that embeds them, and makes of
//! them what is delivered: composed for other hosts, and labelled with what they are.
//!
//! A guest is compiled for `wasm32-unknown-unknown` and its core module encoded with `wit-component`. (`wasm32-wasip2` would encode it by
//! itself, but its standard library imports ten `wasi:cli` interfaces that no host of this contract links.)
//!
//! The nested cargo has a target directory of its own, inside the outer one: sharing one directory would wait for the outer
//! build's lock for ever. All build scripts share the nested directory, so the guests' dependencies are compiled once.

mod compose;
mod delivery;
mod label;

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use wasmparser::BinaryReader;

pub use compose::compose;
pub use delivery::{Delivery, deliver, encode_wit};
pub use label::Label;

const TARGET: &str = "wasm32-unknown-unknown";
/// The profile in the workspace's `Cargo.toml` for components.
const PROFILE: &str = "component";

/// Flags for components whose speed nobody measures: the profile would optimise each together with the standard library. Another profile or
/// setting of it would do the same, and compile the macros once more.
const UNOPTIMISED_LINK: &str = "\u{1f}-Clto=off\u{1f}-Clink-arg=--lto-O0";

/// Magic number, version and layer of a component.
const HEADER: usize = 8;
/// The id of sections that have a name of their own.
const CUSTOM_SECTION: u8 = 0;

/// A component that was built.
#[derive(Debug)]
pub struct Component {
    /// The package's or the example's name, with underscores.
    pub name: String,
    /// The encoded component, in the calling build script's `OUT_DIR`.
    pub path: PathBuf,
}

/// Where guests are built.
#[derive(Clone, Debug)]
pub struct Workshop {
    /// The folder of the workspace's `Cargo.lock`.
    pub root: PathBuf,
    /// The nested cargo's target directory.
    pub target: PathBuf,
    /// Where components are written.
    pub out: PathBuf,
}

impl Workshop {
    /// That of the build script that calls this; cargo is told to run it again when one of these folders changes.
    pub fn of_build_script(watched: &[&str]) -> Result<Self> {
        let root = workspace_root()?;
        for watched in watched.iter().chain(&["Cargo.toml", "Cargo.lock"]) {
            println!("cargo::rerun-if-changed={}", root.join(watched).display());
        }
        let out = PathBuf::from(env::var_os("OUT_DIR").context("OUT_DIR is not set: call this from a build script")?);
        // OUT_DIR is <target directory>/<profile>/build/<package>/out.
        let target = out.ancestors().nth(3).context("OUT_DIR is not inside a target directory")?.join("guest-build");
        Ok(Self { root, target, out })
    }

    /// Builds the libraries (`cdylib`s) of these packages, which then share the features of their dependencies. In their order.
    ///
    /// Fails with the compiler's own output, or with the command to type when the WebAssembly target is missing and cannot be installed from
    /// here.
    pub fn libraries(&self, packages: &[&str]) -> Result<Vec<Component>> {
        let mut cargo = self.guest_cargo(&guest_flags(&self.root))?;
        cargo.args(packages.iter().flat_map(|package| ["--package", package])).arg("--lib");
        let built = self.run(cargo, packages)?;
        let modules = packages.iter().map(|package| built.join(format!("{}.wasm", package.replace('-', "_"))));
        modules.map(|module| encode(&module, &self.out)).collect()
    }

    /// Builds the examples (declared as `cdylib`s) of a package, which is in this folder of the workspace.
    ///
    /// Fails like [`Self::libraries`].
    pub fn examples(&self, package: &str, folder: &str) -> Result<Vec<Component>> {
        let mut flags = guest_flags(&self.root);
        flags.push(UNOPTIMISED_LINK);
        let mut cargo = self.guest_cargo(&flags)?;
        cargo.args(["--package", package, "--examples"]);
        let built = self.run(cargo, &[package])?;
        let modules = example_modules(&self.root.join(folder), &built)?;
        modules.iter().map(|module| encode(module, &self.out)).collect()
    }

    /// A build of guests with these flags for the compiler, which lacks what is to be built.
    fn guest_cargo(&self, flags: &OsStr) -> Result<Command> {
        self.install_target_if_missing()?;
        let mut cargo = self.cargo();
        cargo.args(["build", "--locked", "--profile", PROFILE, "--target", TARGET]);
        cargo.arg("--target-dir").arg(&self.target).env("CARGO_ENCODED_RUSTFLAGS", flags);
        Ok(cargo)
    }

    /// Installs the WebAssembly target when the compiler does not have it. With `RUSTUP_AUTO_INSTALL=0` the toolchain file does not do so.
    fn install_target_if_missing(&self) -> Result<()> {
        // Cargo runs several build scripts at once, and of two rustups that install the same target at once one fails.
        let lock = self.target.join("target-installation.lock");
        let locked = || -> io::Result<File> {
            fs::create_dir_all(&self.target)?;
            let file = File::create(&lock)?;
            file.lock()?;
            Ok(file)
        };
        let _held = locked().with_context(|| format!("cannot lock {}", lock.display()))?;
        if has_target(&self.root)? {
            return Ok(());
        }
        let installed = clean_command("rustup".into(), &self.root).args(["target", "add", TARGET]).output();
        if has_target(&self.root)? {
            return Ok(());
        }
        let why = match installed {
            Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(error) => format!("rustup cannot be started: {error}"),
        };
        bail!(
            "the Rust target {TARGET} is missing and could not be installed ({why}). Install it with: rustup target add {TARGET}"
        )
    }

    /// Runs it; gives the folder of the modules.
    fn run(&self, mut cargo: Command, packages: &[&str]) -> Result<PathBuf> {
        let status = cargo.status().context("cannot start cargo for the guest")?;
        ensure!(
            status.success(),
            "building guest package `{}` for {TARGET} failed ({status}); see the messages above",
            packages.join("`, `")
        );
        Ok(self.target.join(TARGET).join(PROFILE))
    }

    /// The cargo of the outer build, in the workspace.
    fn cargo(&self) -> Command {
        clean_command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), &self.root)
    }
}

/// Encodes one core module, whose world stands in its custom sections, as a component.
fn encode(module: &Path, out_dir: &Path) -> Result<Component> {
    let name = module.file_stem().and_then(|stem| stem.to_str()).context("a module without a name")?.to_owned();
    let core = fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    let component = wit_component::ComponentEncoder::default()
        .module(&core)
        .and_then(|encoder| encoder.validate(true).encode())
        .with_context(|| format!("cannot encode {} as a component", module.display()))?;
    let component = without_names(&component).with_context(|| format!("cannot strip {}", module.display()))?;
    let path = out_dir.join(format!("{name}.wasm"));
    fs::write(&path, component).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(Component { name, path })
}

/// The component without the names that the encoder gives its parts for debugging: some 6 kB that no host reads.
fn without_names(component: &[u8]) -> Result<Vec<u8>> {
    let mut reader = BinaryReader::new(component, 0);
    let mut kept = reader.read_bytes(HEADER)?.to_vec();
    while !reader.eof() {
        let start = usize::try_from(reader.original_position())?;
        let is_custom = reader.read_u8()? == CUSTOM_SECTION;
        let length = reader.read_var_u32()?;
        let content = reader.read_bytes(usize::try_from(length)?)?;
        if !(is_custom && BinaryReader::new(content, 0).read_string()? == "component-name") {
            let end = usize::try_from(reader.original_position())?;
            kept.extend(component.get(start..end).context("a section beyond the end")?);
        }
    }
    Ok(kept)
}

/// One module for each file in the package's `examples` folder; stale ones of removed examples are not picked up.
fn example_modules(package: &Path, built: &Path) -> Result<Vec<PathBuf>> {
    let mut modules = Vec::new();
    let examples = package.join("examples");
    for entry in fs::read_dir(&examples).with_context(|| format!("cannot read {}", examples.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs")
            && let Some(stem) = path.file_stem().and_then(|stem| stem.to_str())
        {
            modules.push(built.join("examples").join(format!("{}.wasm", stem.replace('-', "_"))));
        }
    }
    modules.sort();
    Ok(modules)
}

/// The folder of the workspace's `Cargo.lock`, found upwards from the package that is being built.
fn workspace_root() -> Result<PathBuf> {
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").context("CARGO_MANIFEST_DIR is not set")?);
    let root = package.ancestors().find(|folder| folder.join("Cargo.lock").is_file());
    root.map(Path::to_owned).with_context(|| format!("no Cargo.lock above {}", package.display()))
}

/// Whether the compiler of this workspace has the WebAssembly target.
fn has_target(root: &Path) -> Result<bool> {
    let output = clean_command(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()), root)
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()
        .context("cannot start rustc")?;
    let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Ok(output.status.success() && Path::new(&folder).is_dir())
}

/// A command in the workspace root that does not inherit what the outer cargo, clippy or a coverage tool set for host code.
fn clean_command(program: OsString, root: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let for_host_code = matches!(
            text.as_ref(),
            // A build script that waits for another one's nested cargo would hold back a processor that the nested cargo needs.
            "CARGO_MAKEFLAGS"
                | "MAKEFLAGS"
                | "MFLAGS"
                | "RUSTFLAGS"
                | "CARGO_ENCODED_RUSTFLAGS"
                | "CARGO_BUILD_RUSTFLAGS"
                | "CARGO_BUILD_TARGET"
                | "CARGO_BUILD_TARGET_DIR"
                | "CARGO_TARGET_DIR"
                | "LLVM_PROFILE_FILE"
                | "RUSTC"
                | "RUSTC_LINKER"
                | "RUSTC_WORKSPACE_WRAPPER"
                | "RUSTC_WRAPPER"
                | "RUSTDOC"
        ) || ["CARGO_CFG_", "CARGO_FEATURE_", "CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_PROFILE_"]
            .iter()
            .any(|prefix| text.starts_with(prefix));
        if for_host_code {
            command.env_remove(&name);
        }
    }
    command
}

/// Flags that keep this machine's folders out of the component, so that the same source gives the same bytes anywhere, and
/// - give it a stack of 64 KiB: Rust's default of 1 MiB is memory that a host pays for in every instance;
/// - inline less than usual: the built-in operation's module is a fifth smaller, which keeps it inside its bound of 400 kB. When this was
///   introduced, a call answered from the cache took some 6 % more instructions. The profile's `opt-level` is 2 for the same reason: 3 adds
///   13 kB and saves 1.5 % of them.
fn guest_flags(root: &Path) -> OsString {
    let home = || env::var_os("HOME").or_else(|| env::var_os("USERPROFILE")).map(PathBuf::from);
    let cargo_home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(home()?.join(".cargo")));
    // Arguments are separated by 0x1f in CARGO_ENCODED_RUSTFLAGS, since paths may hold blanks.
    let mut flags =
        OsString::from("-Clink-arg=-zstack-size=65536\u{1f}-Cllvm-args=-inline-threshold=40\u{1f}--remap-path-prefix=");
    flags.push(root);
    flags.push("=.");
    if let Some(cargo_home) = cargo_home {
        flags.push("\u{1f}--remap-path-prefix=");
        flags.push(cargo_home);
        flags.push("=cargo");
    }
    flags
}
