//! The host's crates use each other in one direction, as CONTRIBUTING's table says.

use toml::Table;

use crate::tree;

/// Each crate of the host and what it may use. The program may use them all.
const MAY_USE: [(&str, &[&str]); 9] = [
    ("call", &[]),
    ("runtime", &["call"]),
    ("stores", &["call", "runtime"]),
    ("widget", &["call"]),
    ("amocrm", &["call", "runtime"]),
    ("node", &["call", "runtime", "amocrm"]),
    ("replay", &["call", "runtime", "amocrm", "node", "amocrm-simulator"]),
    ("server", &["call", "runtime", "widget", "amocrm", "node"]),
    ("amocrm-simulator", &["call", "widget"]),
];

#[test]
fn each_crate_uses_only_those_below_it() {
    let mut used_at_all = 0;
    for (name, may_use) in MAY_USE {
        let manifest: Table = tree::read(&format!("host-harness/{name}/Cargo.toml")).parse().expect("a manifest");
        let dependencies = manifest["dependencies"].as_table().expect("dependencies");
        for used in dependencies.keys().filter(|used| is_ours(used)) {
            used_at_all += 1;
            assert!(may_use.contains(&used.as_str()), "`{name}` must not use `{used}`; it may use {may_use:?}");
        }
    }
    assert!(used_at_all > 10, "only {used_at_all} uses found");
}

#[test]
fn contributing_has_the_same_table() {
    let contributing = tree::read("CONTRIBUTING.md");
    for (name, may_use) in MAY_USE.iter().filter(|(name, _)| *name != "amocrm-simulator") {
        let row = contributing.lines().find(|line| line.starts_with(&format!("| `{name}` |"))).unwrap_or_else(|| {
            panic!("CONTRIBUTING.md has no row for `{name}`");
        });
        let said = row.trim_end_matches('|').rsplit('|').next().expect("the last column");
        for used in *may_use {
            assert!(said.contains(&format!("`{used}`")), "{row}: `{used}` is missing");
        }
        assert_eq!(said.matches('`').count(), may_use.len() * 2, "{row}: it may use {may_use:?}");
    }
}

fn is_ours(name: &str) -> bool {
    name == "host-harness" || MAY_USE.iter().any(|(known, _)| *known == name)
}
