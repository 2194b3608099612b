//! The notices that the licences of third parties ask for: every package that is compiled into the program or into the components that it carries,
//! with the texts that its authors publish beside it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// The program, for the machine that builds it.
const PROGRAM: [&str; 1] = ["host-harness"];
/// What the program carries, compiled to WebAssembly.
const COMPONENTS: [&str; 3] = ["forward-to-personal-manager", "http-adapter", "directory"];
const WASM: &str = "wasm32-unknown-unknown";
/// How files with licences begin, in capitals.
const NAMES: [&str; 6] = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"];
/// A licence whose text is the same wherever it stands.
const APACHE: &str = "Apache-2.0";

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
    workspace_root: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    /// None for packages of this workspace.
    source: Option<String>,
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
struct ThirdParty {
    name: String,
    version: String,
    license: String,
    folder: PathBuf,
}

/// The notices, as one text.
pub(crate) fn of_program() -> Result<String> {
    let native = metadata(&host()?)?;
    let mut packages = third_parties(&native, &PROGRAM)?;
    packages.extend(third_parties(&metadata(WASM)?, &COMPONENTS)?);
    let apache = fs::read_to_string(native.workspace_root.join("LICENSE-APACHE")).context("LICENSE-APACHE")?;
    let page = native.workspace_root.join("host-harness/server/src/page/vendor");
    text(&packages, &apache, &texts_in(&page)?)
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
fn third_parties(metadata: &Metadata, roots: &[&str]) -> Result<BTreeSet<ThirdParty>> {
    let packages: HashMap<&str, &Package> = metadata.packages.iter().map(|found| (found.id.as_str(), found)).collect();
    let nodes: HashMap<&str, &Node> = metadata.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
    let is_root = |package: &&Package| package.source.is_none() && roots.contains(&package.name.as_str());
    let mut next: Vec<&str> = metadata.packages.iter().filter(is_root).map(|package| package.id.as_str()).collect();
    ensure!(next.len() == roots.len(), "not all of {roots:?} are packages of this workspace");
    let (mut seen, mut found) = (BTreeSet::new(), BTreeSet::new());
    while let Some(id) = next.pop() {
        if !seen.insert(id) {
            continue;
        }
        let package = packages.get(id).with_context(|| format!("cargo does not describe {id}"))?;
        if package.source.is_some() {
            found.insert(ThirdParty {
                name: package.name.clone(),
                version: package.version.clone(),
                license: package.license.clone().unwrap_or_else(|| "as its text says".to_owned()),
                folder: package.manifest_path.parent().context("a manifest is in a folder")?.to_owned(),
            });
        }
        let dependencies = nodes.get(id).map(|node| node.deps.as_slice()).unwrap_or_default();
        let compiled_in = dependencies.iter().filter(|used| used.dep_kinds.iter().any(|kind| kind.kind.is_none()));
        next.extend(compiled_in.map(|used| used.pkg.as_str()));
    }
    Ok(found)
}

/// The licences and notices in a folder, by the names of their files.
fn texts_in(folder: &Path) -> Result<Vec<String>> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .with_context(|| format!("{} cannot be read", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.retain(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        file.is_file() && NAMES.iter().any(|begin| name.starts_with(begin))
    });
    files.sort();
    files.iter().map(|file| Ok(String::from_utf8_lossy(&fs::read(file)?).trim().to_owned())).collect()
}

/// One text: the packages, each with its licence, then each text once with the packages that it is of.
fn text(packages: &BTreeSet<ThirdParty>, apache: &str, of_the_page: &[String]) -> Result<String> {
    let mut own = Vec::new();
    for package in packages {
        own.push((package, texts_in(&package.folder)?));
    }
    // Packages of one project often bring the text in one of them.
    let mut by_license: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (package, texts) in own.iter().filter(|(_, texts)| !texts.is_empty()) {
        by_license.entry(&package.license).or_insert_with(|| texts.clone());
    }
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut list = String::new();
    for (package, found) in own {
        let ThirdParty { name, version, license, .. } = package;
        let is_apache = license.split(['/', ' ', '(', ')']).any(|part| part == APACHE) && !license.contains(" WITH ");
        let found = match found {
            found if !found.is_empty() => found,
            _ if is_apache => vec![apache.trim().to_owned()],
            _ => by_license.get(license.as_str()).cloned().with_context(|| {
                format!("{name} {version} ({license}) brings no text of its licence, nor does another package; add the text here")
            })?,
        };
        writeln!(list, "{name} {version}: {license}")?;
        for text in found {
            texts.entry(text).or_default().push(format!("{name} {version}"));
        }
    }
    for text in of_the_page {
        texts.entry(text.clone()).or_default().push("the console in a browser".to_owned());
    }
    let mut all = format!(
        "Third parties in host-harness\n\nThe program, the component that it carries and its console contain these packages. Their licences and notices \
         follow. Those of the Rust standard library are in COPYRIGHT-library.html.\n\n{list}"
    );
    for (text, of) in texts {
        write!(all, "\n{}\n{}\n\n{text}\n", "=".repeat(80), of.join(", "))?;
    }
    Ok(all)
}
