//! A WebAssembly artefact as registries keep it: a manifest, a configuration and the component, in the format that `wkg`, `wash` and other tools
//! share (`application/vnd.wasm.config.v0+json` and `application/wasm`). A WIT package is such an artefact too.

use std::collections::BTreeMap;

use call::{Localized, localized};
use runtime::engine::digest;
use serde::{Deserialize, Serialize};
use serde_json::json;
use wasmparser::{ComponentNameSectionReader, Encoding, KnownCustom, Parser, Payload};

use crate::oci_reference::hexadecimal;

/// What kind of document a manifest is.
pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.wasm.config.v0+json";
const WASM: &str = "application/wasm";
/// The system of a component, as the format's makers write it: an interface, not a machine.
const SYSTEM: &str = "wasip2";
/// When an artefact without a date of its own was made: always then, so that one component has one digest.
const NO_DATE: &str = "1970-01-01T00:00:00Z";
/// Under what the labels of a component stand in a manifest.
const ANNOTATION: &str = "org.opencontainers.image.";
/// The sections that are such labels.
const LABELS: [&str; 8] =
    ["authors", "created", "description", "homepage", "licenses", "revision", "source", "version"];

/// An artefact that can be pushed: each part by its digest.
pub(super) struct Artefact {
    pub(super) manifest: Vec<u8>,
    pub(super) config: Vec<u8>,
    pub(super) component: Vec<u8>,
}

/// What a manifest says of the component: where it is, and how large.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) digest: String,
    pub(super) size: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    schema_version: u32,
    #[serde(default)]
    media_type: String,
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: String,
    size: u64,
}

/// What a component says of itself.
#[derive(Default)]
struct Labels {
    name: Option<String>,
    /// The value of each section of [`LABELS`].
    sections: BTreeMap<&'static str, String>,
    imports: Vec<String>,
    exports: Vec<String>,
}

impl Artefact {
    /// That of a component, or of a WIT package. The same bytes make the same artefact.
    pub(super) fn of(component: Vec<u8>) -> Result<Self, Localized> {
        let labels = Labels::of(&component)?;
        let created = labels.sections.get("created").map_or(NO_DATE, String::as_str);
        let config = json!({
            "created": created,
            "architecture": "wasm",
            "os": SYSTEM,
            "layerDigests": [format!("sha256:{}", digest(&component))],
            "component": {"exports": labels.exports, "imports": labels.imports},
        });
        let config = config.to_string().into_bytes();
        let mut annotations: BTreeMap<_, _> =
            labels.sections.iter().map(|(label, value)| (format!("{ANNOTATION}{label}"), value.clone())).collect();
        annotations.extend(labels.name.map(|name| (format!("{ANNOTATION}title"), name)));
        let manifest = Manifest {
            schema_version: 2,
            media_type: MANIFEST.to_owned(),
            config: Some(descriptor(CONFIG, &config)),
            layers: vec![descriptor(WASM, &component)],
            annotations,
        };
        let manifest =
            serde_json::to_vec(&manifest).map_err(|error| Localized::new(error.to_string(), error.to_string()))?;
        Ok(Self { manifest, config, component })
    }
}

impl Layer {
    /// The component of the artefact whose manifest this is.
    pub(super) fn of_manifest(manifest: &[u8]) -> Result<Self, Localized> {
        let not_wasm = || {
            localized!(
                "это не компонент WebAssembly: манифест не вида {CONFIG} с одним слоем {WASM}",
                "it is no WebAssembly component: its manifest is not of the kind {CONFIG} with one layer {WASM}"
            )
        };
        let manifest: Manifest = serde_json::from_slice(manifest).map_err(|_| not_wasm())?;
        let is_wasm = manifest.config.is_some_and(|config| config.media_type == CONFIG);
        match &manifest.layers[..] {
            [layer] if is_wasm && layer.media_type == WASM => {
                let digest = hexadecimal(&layer.digest).ok_or_else(not_wasm)?;
                Ok(Self { digest, size: layer.size })
            }
            _ => Err(not_wasm()),
        }
    }
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Descriptor {
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    Descriptor { media_type: media_type.to_owned(), digest: format!("sha256:{}", digest(bytes)), size }
}

impl Labels {
    fn of(component: &[u8]) -> Result<Self, Localized> {
        let wrong = |error: wasmparser::BinaryReaderError| {
            localized!("файл не читается как компонент: {error}", "the file cannot be read as a component: {error}")
        };
        let mut labels = Self::default();
        // Components and modules inside have labels and imports of their own.
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(component) {
            match payload.map_err(wrong)? {
                Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                    return Err(Localized::new(
                        "это модуль, а не компонент; компонент из него делает `wasm-tools component new`",
                        "this is a module, no component; `wasm-tools component new` makes one of it",
                    ));
                }
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 0 => {
                    for import in section {
                        labels.imports.push(import.map_err(wrong)?.name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(section) if depth == 0 => {
                    for export in section {
                        labels.exports.push(export.map_err(wrong)?.name.name.to_owned());
                    }
                }
                Payload::CustomSection(section) if depth == 0 => match section.as_known() {
                    KnownCustom::ComponentName(names) => labels.name = name(names),
                    _ => {
                        if let Some(label) = LABELS.into_iter().find(|label| *label == section.name()) {
                            let value = String::from_utf8_lossy(section.data()).into_owned();
                            labels.sections.insert(label, value);
                        }
                    }
                },
                _ => {}
            }
        }
        Ok(labels)
    }
}

fn name(names: ComponentNameSectionReader<'_>) -> Option<String> {
    names.into_iter().filter_map(Result::ok).find_map(|name| match name {
        wasmparser::ComponentName::Component { name, .. } => Some(name.to_owned()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn an_artefact_says_what_the_component_says_of_itself() {
        let artefact = Artefact::of(crate::OPERATION.to_vec()).unwrap();
        let manifest: Value = serde_json::from_slice(&artefact.manifest).unwrap();
        assert_eq!(manifest["mediaType"], MANIFEST);
        assert_eq!(
            (&manifest["config"]["mediaType"], &manifest["layers"][0]["mediaType"]),
            (&json!(CONFIG), &json!(WASM))
        );
        let annotation = |key: &str| manifest["annotations"][format!("{ANNOTATION}{key}")].as_str();
        assert_eq!(annotation("title"), Some("forward-to-personal-manager"));
        assert_eq!(annotation("version"), Some(env!("CARGO_PKG_VERSION")));
        assert_eq!(annotation("licenses"), Some(env!("CARGO_PKG_LICENSE")));
        assert!(annotation("source").is_some() && annotation("description").is_some());
        let config: Value = serde_json::from_slice(&artefact.config).unwrap();
        assert_eq!((&config["architecture"], &config["os"]), (&json!("wasm"), &json!("wasip2")));
        let exports = config["component"]["exports"].as_array().unwrap();
        assert!(exports.contains(&json!("telephony:operation/operation@0.2.0")), "{exports:?}");
        let imports = config["component"]["imports"].as_array().unwrap();
        assert!(imports.contains(&json!("wasi:http/outgoing-handler@0.2.3")), "{imports:?}");
        let layer = Layer::of_manifest(&artefact.manifest).unwrap();
        assert_eq!((layer.digest, layer.size), (digest(crate::OPERATION), crate::OPERATION.len() as u64));
        // One component, one digest.
        assert_eq!(Artefact::of(crate::OPERATION.to_vec()).unwrap().manifest, artefact.manifest);
        assert!(Artefact::of(crate::CONTRACT.to_vec()).is_ok(), "a WIT package is a component too");
    }

    #[test]
    fn what_is_no_component_is_neither_pushed_nor_pulled() {
        let module = b"\0asm\x01\0\0\0";
        assert!(Artefact::of(module.to_vec()).err().unwrap().en.contains("no component"));
        assert!(Artefact::of(b"text".to_vec()).err().unwrap().en.contains("cannot be read as a component"));
        let index = br#"{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}"#;
        let image = br#"{"schemaVersion": 2, "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "sha256:0", "size": 1}, "layers": []}"#;
        for manifest in [&index[..], &image[..], b"[]"] {
            assert!(Layer::of_manifest(manifest).unwrap_err().en.contains("no WebAssembly component"));
        }
    }
}
