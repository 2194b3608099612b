//! Which operation of a configuration a placement is.

use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize};

use super::library::is_digest;

/// Which operation of a configuration a placement is, besides its identifier: versions belong to this one, and to none that takes its identifier
/// later. Unless said, it is the one that was there at first, with the built-in component.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The number of the change that made it; 0 where it was there at first.
    #[serde(default)]
    pub made: u64,
    /// The component as the configuration names it; none where it is the built-in one.
    #[serde(default, deserialize_with = "read_component_name")]
    pub component: Option<String>,
}

impl Origin {
    /// That of an operation made by this change, with the component of this name. One that was uploaded has the same name on every node, wherever the
    /// node keeps its files.
    pub fn new(made: u64, component: Option<String>) -> Self {
        Self { made, component: component.map(everywhere) }
    }
}

fn everywhere(component: String) -> String {
    let path = Path::new(&component);
    let is_uploaded = path.extension().is_some_and(|extension| extension == "wasm")
        && path.file_stem().and_then(|name| name.to_str()).is_some_and(is_digest)
        && path.parent().and_then(Path::file_name).is_some_and(|folder| folder == "components");
    match path.file_name().and_then(|name| name.to_str()).filter(|_| is_uploaded) {
        Some(name) => format!("components/{name}"),
        None => component,
    }
}

fn read_component_name<'de, D: Deserializer<'de>>(read: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(read)?.map(everywhere))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_uploaded_component_is_the_same_wherever_a_node_keeps_its_files() {
        let digest = "0123456789abcdef".repeat(4);
        let of = |component: &str| Origin::new(1, Some(component.to_owned()));
        let one = of(&format!("/home/a/.local/state/host-harness/components/{digest}.wasm"));
        assert_eq!(one, of(&format!("/var/lib/host-harness/components/{digest}.wasm")));
        let written = format!(r#"{{"made": 1, "component": "/var/lib/host-harness/components/{digest}.wasm"}}"#);
        assert_eq!(serde_json::from_str::<Origin>(&written).unwrap(), one);
        for file in ["/opt/components/own.wasm", "own.wasm", &format!("/opt/{digest}.wasm")] {
            assert_eq!(of(file).component.as_deref(), Some(file));
        }
    }
}
