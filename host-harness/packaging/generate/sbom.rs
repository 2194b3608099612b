//! The bill of materials, as CycloneDX 1.6 has it: every package in the program and in the components that it carries, with its digest, its licence
//! and what it uses. Made of the same list as the notices, so that both name the same packages, those inside the components too.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::packages::{Package, Part};

/// The program, which the bill is of.
const PROGRAM: &str = "host-harness";
/// What the program carries for browsers, with versions, as `server/src/page/vendor/README.md` says.
const VENDORED: &str = "host-harness/server/src/page/vendor/README.md";
/// How each part is named in the property that says where a package is.
const PARTS: [&str; 2] = ["program", "component"];

/// The bill, as JSON. The same source makes the same bytes: there is no serial number, and the time is that of the source.
pub(crate) fn of_program(parts: &[Part; 2], root: &Path) -> Result<String> {
    let checksums = checksums(&fs::read_to_string(root.join("Cargo.lock")).context("Cargo.lock")?)?;
    let mut found: BTreeMap<String, (&Package, BTreeSet<&str>)> = BTreeMap::new();
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (part, place) in parts.iter().zip(PARTS) {
        for (id, package) in &part.packages {
            found.entry(reference(package)).or_insert((package, BTreeSet::new())).1.insert(place);
            let used = part.uses.get(id).into_iter().flatten().filter_map(|used| part.packages.get(used));
            uses.entry(reference(package)).or_default().extend(used.map(reference));
        }
    }
    let program = found.values().find(|(package, _)| package.source.is_none() && package.name == PROGRAM);
    let (program, _) = program.context("the program is not among what is compiled")?;
    let program_reference = reference(program);
    // The program carries the components.
    let carried = parts[1].packages.values().filter(|package| package.source.is_none()).map(reference);
    uses.entry(program_reference.clone()).or_default().extend(carried.filter(|carried| *carried != program_reference));
    let mut components: Vec<Value> = Vec::new();
    for (reference, (package, places)) in &found {
        if *reference != program_reference {
            components.push(component(package, "library", places, &checksums)?);
        }
    }
    let page = fs::read_to_string(root.join(VENDORED)).context(VENDORED)?;
    for library in vendored(&page) {
        let reference = library["bom-ref"].as_str().unwrap_or_default().to_owned();
        uses.entry(program_reference.clone()).or_default().insert(reference);
        components.push(library);
    }
    let dependencies: Vec<_> = uses.iter().map(|(of, used)| json!({"ref": of, "dependsOn": used})).collect();
    let mut metadata = Map::new();
    if let Some(time) = source_date()? {
        metadata.insert("timestamp".to_owned(), json!(time.to_string()));
    }
    metadata.insert("component".to_owned(), component(program, "application", &BTreeSet::new(), &checksums)?);
    let bill = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": metadata,
        "components": components,
        "dependencies": dependencies,
    });
    Ok(serde_json::to_string_pretty(&bill)? + "\n")
}

/// When the source was last changed, as the build was told.
fn source_date() -> Result<Option<Timestamp>> {
    let Ok(seconds) = env::var("OPERATION_DATE") else { return Ok(None) };
    let seconds = seconds.parse().context("OPERATION_DATE is not a number of seconds")?;
    Ok(Some(Timestamp::from_second(seconds)?))
}

/// The package URL of somebody else's package, which is in the registry; one of this workspace is in none.
fn reference(package: &Package) -> String {
    let kind = if package.source.is_some() { "cargo" } else { "generic" };
    format!("pkg:{kind}/{}@{}", package.name, package.version)
}

fn component(
    package: &Package,
    kind: &str,
    places: &BTreeSet<&str>,
    checksums: &BTreeMap<(String, String), String>,
) -> Result<Value> {
    let reference = reference(package);
    let mut written = json!({
        "type": kind, "bom-ref": reference, "name": package.name, "version": package.version, "purl": reference,
    });
    if let Some(license) = &package.license {
        // Older manifests write a choice with a slash.
        let expression = license.replace(" / ", " OR ").replace('/', " OR ");
        written["licenses"] = json!([{"expression": expression}]);
    }
    if package.source.is_some() {
        let checksum = checksums.get(&(package.name.clone(), package.version.clone()));
        let checksum = checksum.with_context(|| format!("Cargo.lock has no checksum of {reference}"))?;
        written["hashes"] = json!([{"alg": "SHA-256", "content": checksum}]);
    }
    if !places.is_empty() {
        let property = |place: &&str| json!({"name": "host-harness:part", "value": place});
        written["properties"] = places.iter().map(property).collect();
    }
    Ok(written)
}

/// The digests of the packages' archives, by name and version.
fn checksums(lock: &str) -> Result<BTreeMap<(String, String), String>> {
    let lock: toml::Table = lock.parse().context("Cargo.lock is no TOML")?;
    let packages = lock.get("package").and_then(toml::Value::as_array).context("Cargo.lock has no packages")?;
    let text = |package: &toml::Value, key: &str| package.get(key).and_then(toml::Value::as_str).map(str::to_owned);
    let checksum = |package| Some(((text(package, "name")?, text(package, "version")?), text(package, "checksum")?));
    Ok(packages.iter().filter_map(checksum).collect())
}

/// What the console has from npm: the rows of the table in its folder, `file | package | file there | licence | digest`.
fn vendored(page: &str) -> Vec<Value> {
    let mut packages = BTreeMap::new();
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [_, package, _, licence, _] = cells[..] else { continue };
        let Some((name, version)) = package.split_once(' ') else { continue };
        let reference = format!("pkg:npm/{name}@{version}");
        let licence = licence.split(',').next().unwrap_or_default();
        let written = json!({
            "type": "library", "bom-ref": reference, "name": name, "version": version, "purl": reference,
            "licenses": [{"expression": licence}],
            "properties": [{"name": "host-harness:part", "value": "console"}],
        });
        packages.insert(reference, written);
    }
    packages.into_values().collect()
}
