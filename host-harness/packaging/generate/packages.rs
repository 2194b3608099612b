//! What is compiled into the program, and into the components that it carries, as cargo resolves it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// The program, for the machine that builds it.
const PROGRAM: [&str; 1] = ["host-harness"];
/// What the program carries, compiled to WebAssembly.
const COMPONENTS: [&str; 4] = ["forward-to-personal-manager", "working-hours", "http-adapter", "directory"];
const WASM: &str = "wasm32-unknown-unknown";

/// The program or what it carries: packages that are compiled for one platform, each with those that it uses.
pub(crate) struct Part {
    /// The packages by cargo's own identifier.
    pub(crate) packages: BTreeMap<String, Package>,
    /// The packages that each one uses in what is compiled, by the same.
    pub(crate) uses: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
    workspace_root: PathBuf,
}

/// A package.
#[derive(Clone, Deserialize)]
pub(crate) struct Package {
    id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    /// None for packages of this workspace.
    pub(crate) source: Option<String>,
    manifest_path: PathBuf,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    /// `dev` or `build`; none for what is compiled in.
    kind: Option<String>,
}

/// A package of somebody else's.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ThirdParty {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: String,
    pub(crate) folder: PathBuf,
}

/// The program, then the components that it carries; and the folder of the workspace.
pub(crate) fn read() -> Result<([Part; 2], PathBuf)> {
    let native = metadata(&host()?)?;
    let carried = metadata(WASM)?;
    Ok(([part(&native, &PROGRAM)?, part(&carried, &COMPONENTS)?], native.workspace_root))
}

/// All packages of others in these parts.
pub(crate) fn third_parties(parts: &[Part]) -> Result<BTreeSet<ThirdParty>> {
    let packages = parts.iter().flat_map(|part| part.packages.values()).filter(|package| package.source.is_some());
    let third_party = |package: &Package| {
        Ok(ThirdParty {
            name: package.name.clone(),
            version: package.version.clone(),
            license: package.license.clone().unwrap_or_else(|| "as its text says".to_owned()),
            folder: package.manifest_path.parent().context("a manifest is in a folder")?.to_owned(),
        })
    };
    packages.map(third_party).collect()
}

/// The name of the machine that this is built on, as rustc calls it.
fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("rustc does not run")?;
    let said = String::from_utf8(output.stdout)?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc does not name its host")
}

fn metadata(platform: &str) -> Result<Metadata> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["metadata", "--locked", "--format-version", "1", "--filter-platform", platform]);
    let output = cargo.output().context("cargo does not run")?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// What these packages of the workspace are compiled with.
fn part(metadata: &Metadata, roots: &[&str]) -> Result<Part> {
    let packages: HashMap<&str, &Package> = metadata.packages.iter().map(|found| (found.id.as_str(), found)).collect();
    let nodes: HashMap<&str, &Node> = metadata.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
    let is_root = |package: &&Package| package.source.is_none() && roots.contains(&package.name.as_str());
    let mut next: Vec<&str> = metadata.packages.iter().filter(is_root).map(|package| package.id.as_str()).collect();
    ensure!(next.len() == roots.len(), "not all of {roots:?} are packages of this workspace");
    let mut part = Part { packages: BTreeMap::new(), uses: BTreeMap::new() };
    while let Some(id) = next.pop() {
        let package = *packages.get(id).with_context(|| format!("cargo does not describe {id}"))?;
        if part.packages.insert(id.to_owned(), package.clone()).is_some() {
            continue;
        }
        let dependencies = nodes.get(id).map(|node| node.deps.as_slice()).unwrap_or_default();
        let compiled_in = dependencies.iter().filter(|used| used.dep_kinds.iter().any(|kind| kind.kind.is_none()));
        let compiled_in: Vec<&str> = compiled_in.map(|used| used.pkg.as_str()).collect();
        part.uses.insert(id.to_owned(), compiled_in.iter().map(|&used| used.to_owned()).collect());
        next.extend(compiled_in);
    }
    Ok(part)
}
