//! A document's links to other files of the repository lead somewhere.

use std::path::Path;

use crate::tree;

#[test]
fn every_link_to_a_file_leads_to_one() {
    let mut followed = 0;
    let mut dead = Vec::new();
    for text in tree::texts().into_iter().filter(|text| text.path.ends_with(".md")) {
        let folder = Path::new(&text.path).parent().unwrap_or(Path::new(""));
        for link in links(&text.content) {
            followed += 1;
            if !tree::exists(&folder.join(link)) {
                dead.push(format!("{}: {link}", text.path));
            }
        }
    }
    assert!(followed > 30, "only {followed} links found");
    assert!(dead.is_empty(), "{dead:#?}");
}

#[test]
fn links_to_files_are_found() {
    let text = "[a](b/c.md), [web](https://example.org/), [part](#here), [part of a file](d.md#there)";
    assert_eq!(links(text).collect::<Vec<_>>(), ["b/c.md", "d.md"]);
}

fn links(document: &str) -> impl Iterator<Item = &str> {
    let links = document.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let files = links.filter(|link| !link.contains("://")).filter_map(|link| link.split('#').next());
    files.filter(|file| !file.is_empty())
}
