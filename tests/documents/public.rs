//! Public is only what another crate uses: a function, method, constant or module by its name, a type by its name or in the shape of what is
//! public. Words in comments count for nothing; traits' own methods and fields are not judged.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};
use syn::{Item, Visibility};

use crate::modules::{SOURCES, is_for_tests};
use crate::tree::{self, Text};

#[test]
fn what_no_other_crate_uses_is_not_public() {
    let texts = tree::texts();
    let sources = texts.iter().filter(|text| text.path.ends_with(".rs"));
    let sources: Vec<(&Text, BTreeSet<&str>)> = sources.map(|text| (text, words(&text.content).collect())).collect();
    let mut found = Vec::new();
    for folder in SOURCES {
        let (own, others): (Vec<_>, Vec<_>) = sources.iter().partition(|(text, _)| is_of(folder, &text.path));
        let used: BTreeSet<&str> = others.iter().flat_map(|(_, words)| words).copied().collect();
        let mut public = Public::default();
        let parsed: Vec<_> = own
            .iter()
            .map(|(text, _)| text)
            .filter(|text| !text.path.split('/').any(|part| part == "tests" || part == "tests.rs"))
            .map(|text| {
                (&text.path, syn::parse_file(&text.content).unwrap_or_else(|error| panic!("{}: {error}", text.path)))
            })
            .collect();
        for (path, file) in &parsed {
            public.file = path;
            public.visit_file(file);
        }
        found.extend(public.unused(&used));
    }
    assert!(found.is_empty(), "make these `pub(crate)`, or less: {found:#?}");
}

#[test]
fn public_items_are_found() {
    let unused = |content: &str, other: &str| {
        let mut public = Public { file: "x.rs", ..Public::default() };
        public.visit_file(&syn::parse_file(content).expect("Rust"));
        public.unused(&words(other).collect())
    };
    let content = "pub fn f() {} pub mod m { pub const C: u8 = 1; } pub struct S; impl S { pub fn g(&self) {} } pub(crate) fn h() {}";
    assert_eq!(unused(content, "// f"), ["x.rs: f", "x.rs: m", "x.rs: C", "x.rs: g", "x.rs: S"]);
    assert_eq!(unused(content, "x::f(); m::C; S.g()"), [""; 0]);
    // In the shape of what is public, and not in a body.
    assert_eq!(unused("pub struct A; pub fn f(a: &[A]) {}", "f"), [""; 0]);
    assert_eq!(unused("pub struct A; pub struct B { pub a: Option<A> }", "B"), [""; 0]);
    assert_eq!(unused("pub struct A; pub struct B { a: A } pub fn f() { A; }", "B f"), ["x.rs: A"]);
    assert_eq!(unused("pub struct A; impl T for B { type O = A; }", ""), [""; 0]);
    assert_eq!(unused("#[cfg(test)] mod tests { pub fn f() {} }", ""), [""; 0]);
}

/// Whether a file is of the library in this folder: the program beside a library is a crate of its own.
fn is_of(folder: &str, path: &str) -> bool {
    path.strip_prefix(folder).and_then(|file| file.strip_prefix('/')).is_some_and(|file| file != "main.rs")
}

/// The names in a source, but for its comments.
fn words(content: &str) -> impl Iterator<Item = &str> {
    content
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_'))
        .filter(|word| !word.is_empty())
}

/// What the files of a crate declare as public.
#[derive(Default)]
struct Public<'a> {
    file: &'a str,
    /// Functions, methods, constants and modules.
    named: Vec<(String, &'a str)>,
    types: Vec<(String, &'a str)>,
    /// The names in the shapes of what is public.
    in_shapes: BTreeSet<String>,
}

impl Public<'_> {
    fn unused(&self, used: &BTreeSet<&str>) -> Vec<String> {
        let unused = |(name, _): &&(String, &str)| !used.contains(name.as_str());
        let types = self.types.iter().filter(unused).filter(|(name, _)| !self.in_shapes.contains(name));
        let mut unused: Vec<_> = self.named.iter().filter(unused).chain(types).collect();
        unused.sort_by_key(|(_, file)| *file);
        unused.into_iter().map(|(name, file)| format!("{file}: {name}")).collect()
    }

    fn shape(&mut self, visit: impl FnOnce(&mut Shape)) {
        visit(&mut Shape(&mut self.in_shapes));
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

impl<'ast> Visit<'ast> for Public<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if is_for_tests(item) {
            return;
        }
        let (visibility, name, is_type) = match item {
            Item::Const(item) => (&item.vis, &item.ident, false),
            Item::Static(item) => (&item.vis, &item.ident, false),
            Item::Fn(item) => (&item.vis, &item.sig.ident, false),
            Item::Mod(item) => (&item.vis, &item.ident, false),
            Item::Struct(item) => (&item.vis, &item.ident, true),
            Item::Enum(item) => (&item.vis, &item.ident, true),
            Item::Trait(item) => (&item.vis, &item.ident, true),
            Item::Type(item) => (&item.vis, &item.ident, true),
            _ => return visit::visit_item(self, item),
        };
        if is_public(visibility) {
            let names = if is_type { &mut self.types } else { &mut self.named };
            names.push((name.to_string(), self.file));
            self.shape(|shape| match item {
                Item::Const(item) => shape.visit_type(&item.ty),
                Item::Static(item) => shape.visit_type(&item.ty),
                Item::Fn(item) => shape.visit_signature(&item.sig),
                Item::Struct(item) => {
                    shape.visit_generics(&item.generics);
                    item.fields
                        .iter()
                        .filter(|field| is_public(&field.vis))
                        .for_each(|field| shape.visit_type(&field.ty));
                }
                Item::Enum(item) => item.variants.iter().for_each(|variant| shape.visit_fields(&variant.fields)),
                Item::Trait(item) => shape.visit_item_trait(item),
                Item::Type(item) => shape.visit_type(&item.ty),
                _ => {}
            });
        }
        visit::visit_item(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if let Some((_, of, _)) = &item.trait_ {
            self.shape(|shape| {
                shape.visit_path(of);
                item.items.iter().for_each(|item| match item {
                    syn::ImplItem::Type(item) => shape.visit_type(&item.ty),
                    syn::ImplItem::Fn(item) => shape.visit_signature(&item.sig),
                    _ => {}
                });
            });
        }
        visit::visit_item_impl(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if is_public(&item.vis) {
            self.named.push((item.sig.ident.to_string(), self.file));
            self.shape(|shape| shape.visit_signature(&item.sig));
        }
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        if is_public(&item.vis) {
            self.named.push((item.ident.to_string(), self.file));
            self.shape(|shape| shape.visit_type(&item.ty));
        }
    }
}

/// Collects the names in a shape.
struct Shape<'a>(&'a mut BTreeSet<String>);

impl<'ast> Visit<'ast> for Shape<'_> {
    fn visit_ident(&mut self, ident: &'ast syn::Ident) {
        self.0.insert(ident.to_string());
    }
}
