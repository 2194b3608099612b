//! What a component says of itself: name, version, licence, description and source, in the custom sections that `wasm-tools metadata`
//! writes and shows.

use std::env;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use wasm_encoder::{ComponentSection, CustomSection};
use wasm_metadata::AddMetadataField::Set;
use wasm_metadata::{AddMetadata, Description, Licenses, Revision, Source, Version};

use crate::Workshop;

/// Where the source is, for a build whose manifest does not say it: a URL.
const SOURCE: &str = "OPERATION_SOURCE";
/// The revision of the source, as the build is told.
const REVISION: &str = "OPERATION_REVISION";

/// When the source was last changed, in seconds since 1970, as the build is told. Not `SOURCE_DATE_EPOCH`: what compiles C watches that, and would
/// compile everything again where it is set.
const SOURCE_DATE: &str = "OPERATION_DATE";
/// The section that says it. wasm-metadata knows none; it is named like the others, after the annotation of images
/// (`org.opencontainers.image.created`).
const CREATED: &str = "created";

/// A component's label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The package's name.
    pub name: String,
    /// The package's version.
    pub version: String,
    /// The licence, an SPDX expression.
    pub licence: String,
    /// One line for people.
    pub description: String,
    /// Where the source is: a URL, or the package's own identifier (a package URL) where no place is known.
    pub source: String,
    /// The revision of the source, where the build was told.
    pub revision: Option<String>,
    /// When the source was last changed, in RFC 3339, where the build was told.
    pub created: Option<String>,
}

impl Label {
    /// That of a package of the workspace, from its manifest and the build's environment. Nothing of it depends on where the build runs.
    pub(crate) fn of(workshop: &Workshop, package: &str) -> Result<Self> {
        let output = workshop
            .cargo()
            .args(["metadata", "--no-deps", "--format-version", "1", "--locked", "--offline"])
            .output()
            .context("cannot start cargo for the package's manifest")?;
        if !output.status.success() {
            bail!("cargo cannot read the manifests: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo's answer is not JSON")?;
        let packages = metadata.get("packages").and_then(Value::as_array);
        let manifest = packages
            .and_then(|packages| packages.iter().find(|found| found.get("name").is_some_and(|name| name == package)))
            .with_context(|| format!("the workspace has no package `{package}`"))?;
        let field = |name: &str| manifest.get(name).and_then(Value::as_str).map(str::to_owned);
        let needed = |name| field(name).with_context(|| format!("package `{package}` has no `{name}` in its manifest"));
        let version = needed("version")?;
        let told = |name| env::var(name).ok().filter(|value| !value.is_empty());
        // A package URL of the type that is in no registry says what this is without claiming a place.
        let source = told(SOURCE).or_else(|| field("repository")).unwrap_or(format!("pkg:generic/{package}@{version}"));
        let created = told(SOURCE_DATE).map(|seconds| created(&seconds)).transpose()?;
        Ok(Self {
            name: package.to_owned(),
            version,
            licence: needed("license")?,
            description: needed("description")?,
            source,
            revision: told(REVISION),
            created,
        })
    }

    /// The same for a component that is more than the package, by another name.
    pub(crate) fn named(&self, name: &str, description: &str) -> Self {
        Self { name: name.to_owned(), description: description.to_owned(), ..self.clone() }
    }

    /// The component with its label.
    pub(crate) fn put_on(&self, component: &[u8]) -> Result<Vec<u8>> {
        let mut metadata = AddMetadata::default();
        metadata.name = Set(self.name.clone());
        metadata.version = Set(Version::new(self.version.clone()));
        metadata.description = Set(Description::new(self.description.clone()));
        let licence = Licenses::new(&self.licence);
        metadata.licenses = Set(licence.context("`license` is not an SPDX expression")?);
        let source = Source::new(&self.source);
        metadata.source = Set(source.with_context(|| {
            format!("the source `{}` is not a URL: set {SOURCE}, or `repository` in the manifest", self.source)
        })?);
        if let Some(revision) = &self.revision {
            metadata.revision = Set(Revision::new(revision.clone()));
        }
        let mut labelled = metadata.to_wasm(component).context("the component's label cannot be written")?;
        if let Some(created) = &self.created {
            CustomSection { name: CREATED.into(), data: created.as_bytes().into() }.append_to_component(&mut labelled);
        }
        Ok(labelled)
    }

    /// Tells cargo that the label depends on these.
    pub(crate) fn watch() {
        for name in [SOURCE, REVISION, SOURCE_DATE] {
            println!("cargo::rerun-if-env-changed={name}");
        }
    }
}

fn created(seconds: &str) -> Result<String> {
    let since = seconds.parse().map(Duration::from_secs);
    let since = since.with_context(|| format!("{SOURCE_DATE} is not a number of seconds: `{seconds}`"))?;
    Ok(humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + since).to_string())
}
