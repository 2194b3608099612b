//! One name, one type: no crate declares two types of one name. Types inside functions and tests, and those of traits' implementations, are
//! not judged.

use std::collections::BTreeMap;

use syn::Item;

use crate::modules::{SOURCES, is_for_tests};
use crate::tree;

#[test]
fn no_crate_declares_a_type_name_twice() {
    let texts = tree::texts();
    let mut twice = Vec::new();
    for folder in SOURCES {
        let mut declared: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for text in &texts {
            let Some(file) = text.path.strip_prefix(folder).and_then(|file| file.strip_prefix('/')) else { continue };
            if !file.ends_with(".rs") || file.split('/').any(|part| part == "tests" || part == "tests.rs") {
                continue;
            }
            let parsed = syn::parse_file(&text.content).unwrap_or_else(|error| panic!("{}: {error}", text.path));
            for name in types(&parsed.items) {
                declared.entry(name).or_default().push(file);
            }
        }
        twice.extend(declared.into_iter().filter(|(_, files)| files.len() > 1).map(|(name, files)| {
            format!("{folder}: `{name}` in {}; call one of them something else", files.join(" and "))
        }));
    }
    assert!(twice.is_empty(), "{twice:#?}");
}

#[test]
fn types_are_found() {
    let found = |content: &str| types(&syn::parse_file(content).expect("Rust").items);
    let content = "struct A; enum B {} trait C {} type D = A; mod inner { struct E; } union F { a: u8 }";
    assert_eq!(found(content), ["A", "B", "C", "D", "E", "F"]);
    assert_eq!(
        found("fn f() { struct A; } impl X for Y { type B = u8; } #[cfg(test)] mod tests { struct C; }"),
        [""; 0]
    );
}

fn types(items: &[Item]) -> Vec<String> {
    let mut found = Vec::new();
    for item in items.iter().filter(|item| !is_for_tests(item)) {
        match item {
            Item::Struct(item) => found.push(item.ident.to_string()),
            Item::Enum(item) => found.push(item.ident.to_string()),
            Item::Trait(item) => found.push(item.ident.to_string()),
            Item::Type(item) => found.push(item.ident.to_string()),
            Item::Union(item) => found.push(item.ident.to_string()),
            Item::Mod(item) => found.extend(item.content.iter().flat_map(|(_, items)| types(items))),
            _ => {}
        }
    }
    found
}
