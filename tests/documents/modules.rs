//! No circle between modules: of the modules of one folder, none uses another that uses it, on however long a way.
//!
//! What a module and the one that holds it have of each other is not judged, nor what only tests use. A name that another module hands on
//! (`pub use`) counts as a use of the module that it comes from. What stands inside macros is not seen.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree};

use crate::tree;

/// The folders whose modules are judged.
pub(crate) const SOURCES: [&str; 12] = [
    "guest/src",
    "guest/working-hours/src",
    "host-harness/amocrm/src",
    "host-harness/amocrm-simulator/src",
    "host-harness/call/src",
    "host-harness/node/src",
    "host-harness/replay/src",
    "host-harness/runtime/src",
    "host-harness/server/src",
    "host-harness/src",
    "host-harness/stores/src",
    "host-harness/widget/src",
];
/// `pub use` after `pub use` is followed so far.
const MOST_HOPS: usize = 8;

type Path = Vec<String>;

#[test]
fn no_modules_use_each_other_in_a_circle() {
    let texts = tree::texts();
    let mut found = Vec::new();
    for folder in SOURCES {
        let mut modules = Modules::default();
        for text in &texts {
            let Some(file) = text.path.strip_prefix(folder).and_then(|file| file.strip_prefix('/')) else { continue };
            let file = file.strip_suffix(".rs").unwrap_or(file);
            if file == "main" || file.split('/').any(|part| part == "tests") || !text.path.ends_with(".rs") {
                continue;
            }
            modules.add(file, &text.content);
        }
        found.extend(modules.circles().into_iter().map(|circle| format!("{folder}: {circle}")));
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn circles_are_found() {
    let circles = |files: &[(&str, &str)]| {
        let mut modules = Modules::default();
        files.iter().for_each(|(file, content)| modules.add(file, content));
        modules.circles()
    };
    assert!(circles(&[("lib", "mod a; mod b;"), ("a", "use crate::b::B;"), ("b", "struct B;")]).is_empty());
    assert_eq!(circles(&[("lib", ""), ("a", "use crate::b::B;"), ("b", "fn f() { super::a::g() }")]), ["a, b"]);
    let handed_on = [("lib", "pub use b::B;"), ("a", "use super::B;"), ("b/mod", ""), ("b/c", "type C = crate::a::A;")];
    assert_eq!(circles(&handed_on), ["a, b"]);
    assert_eq!(circles(&[("x/mod", ""), ("x/a", "use super::b;"), ("x/b", "use super::{a::{A, self}};")]), ["x: a, b"]);
    let by_tests = "#[cfg(test)] mod tests { use crate::b; } #[cfg(test)] use crate::b;";
    assert!(circles(&[("lib", ""), ("a", by_tests), ("b", "use crate::a;")]).is_empty());
}

/// The modules of one crate: what each uses, and what it hands on.
#[derive(Default)]
struct Modules {
    uses: BTreeMap<Path, Vec<Path>>,
    handed_on: HashMap<Path, HashMap<String, Path>>,
}

impl Modules {
    /// Adds the module in a file, such as `access/mod`.
    fn add(&mut self, file: &str, content: &str) {
        let mut path: Path = file.split('/').map(str::to_owned).collect();
        if path.last().is_some_and(|name| name == "mod" || name == "lib") {
            path.pop();
        }
        let mut file = syn::parse_file(content).unwrap_or_else(|error| panic!("{file}: {error}"));
        file.items.retain(|item| !is_for_tests(item));
        let mut seen = Seen::default();
        seen.visit_file(&file);
        self.uses.insert(path.clone(), seen.paths);
        self.handed_on.insert(path, seen.handed_on);
    }

    /// The modules of each folder that use each other in a circle.
    fn circles(&self) -> Vec<String> {
        // By the folder: which of its modules uses which.
        let mut folders: BTreeMap<&[String], BTreeMap<&str, BTreeSet<&str>>> = BTreeMap::new();
        for (from, paths) in &self.uses {
            for to in paths.iter().filter_map(|path| self.module(from, path, MOST_HOPS)) {
                let shared = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
                let Some((user, used)) = from.get(shared).zip(to.get(shared)) else { continue };
                let Some((_, known)) = self.uses.get_key_value(&to).map(|(to, _)| (used, to)) else { continue };
                folders.entry(&from[..shared]).or_default().entry(user).or_default().insert(&known[shared]);
            }
        }
        let mut circles = Vec::new();
        for (folder, uses) in folders {
            let reached: BTreeMap<_, _> = uses.keys().map(|module| (*module, reachable(&uses, module))).collect();
            let in_circle: Vec<_> = reached.iter().filter(|(module, reached)| reached.contains(*module)).collect();
            if !in_circle.is_empty() {
                let names = in_circle.iter().map(|(module, _)| **module).collect::<Vec<_>>().join(", ");
                circles.push(if folder.is_empty() { names } else { format!("{}: {names}", folder.join("::")) });
            }
        }
        circles
    }

    /// The module of this crate that a path, read in `from`, comes from.
    fn module(&self, from: &Path, path: &[String], hops: usize) -> Option<Path> {
        let (mut at, mut rest) = match path.first()?.as_str() {
            "crate" => (Path::new(), &path[1..]),
            "self" => (from.clone(), &path[1..]),
            "super" => {
                let up = path.iter().take_while(|part| *part == "super").count();
                (from[..from.len().checked_sub(up)?].to_vec(), &path[up..])
            }
            first if self.uses.contains_key(&joined(from, first)) => (from.clone(), path),
            _ => return None,
        };
        while let Some(next) = rest.first().map(|part| joined(&at, part)).filter(|next| self.uses.contains_key(next)) {
            (at, rest) = (next, &rest[1..]);
        }
        let handed_on = rest.first().and_then(|name| self.handed_on.get(&at)?.get(name)).filter(|_| at != *from);
        match handed_on {
            Some(origin) if hops > 0 => self.module(&at, origin, hops - 1).or(Some(at)),
            _ => Some(at),
        }
    }
}

fn joined(path: &[String], name: &str) -> Path {
    path.iter().cloned().chain([name.to_owned()]).collect()
}

fn reachable<'a>(uses: &BTreeMap<&'a str, BTreeSet<&'a str>>, from: &str) -> BTreeSet<&'a str> {
    let (mut reached, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(module) = next.pop() {
        for used in uses.get(module).into_iter().flatten() {
            if reached.insert(*used) {
                next.push(used);
            }
        }
    }
    reached
}

pub(crate) fn is_for_tests(item: &Item) -> bool {
    let attributes = match item {
        Item::Mod(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        _ => return false,
    };
    attributes.iter().any(is_cfg_test)
}

fn is_cfg_test(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Ident>().is_ok_and(|ident| ident == "test")
}

/// The paths in a file.
#[derive(Default)]
struct Seen {
    paths: Vec<Path>,
    handed_on: HashMap<String, Path>,
}

impl Seen {
    fn use_tree(&mut self, before: &[String], tree: &UseTree, is_public: bool) {
        let (name, path) = match tree {
            UseTree::Path(path) => {
                return self.use_tree(&joined(before, &path.ident.to_string()), &path.tree, is_public);
            }
            UseTree::Group(group) => return group.items.iter().for_each(|tree| self.use_tree(before, tree, is_public)),
            UseTree::Glob(_) => (None, before.to_vec()),
            UseTree::Name(name) if name.ident == "self" => (None, before.to_vec()),
            UseTree::Name(name) => (Some(name.ident.to_string()), joined(before, &name.ident.to_string())),
            UseTree::Rename(rename) => (Some(rename.rename.to_string()), joined(before, &rename.ident.to_string())),
        };
        if let (Some(name), true) = (name, is_public) {
            self.handed_on.insert(name, path.clone());
        }
        self.paths.push(path);
    }
}

impl<'ast> Visit<'ast> for Seen {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.use_tree(&[], &item.tree, !matches!(item.vis, syn::Visibility::Inherited));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            self.paths.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }
}
