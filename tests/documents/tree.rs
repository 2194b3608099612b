//! The texts of the repository.

use std::fs;
use std::path::{Path, PathBuf};

/// A text file: its path from the repository's root, and its content.
pub(crate) struct Text {
    pub(crate) path: String,
    pub(crate) content: String,
}

/// Every source and document of the repository but these tests, whose examples are wrong on purpose.
pub(crate) fn texts() -> Vec<Text> {
    let mut texts = Vec::new();
    collect(&root(), &mut texts);
    texts.retain(|text| !text.path.starts_with("tests/documents/"));
    assert!(texts.len() > 100, "only {} texts found", texts.len());
    texts
}

/// One file, by its path from the repository's root.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Whether there is such a file or folder, by its path from the repository's root.
pub(crate) fn exists(path: &Path) -> bool {
    root().join(path).exists()
}

/// The texts of the headings of a document, without their number signs.
pub(crate) fn headings(document: &str) -> impl Iterator<Item = &str> {
    document.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim())
}

/// The repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("tests/documents is two levels down").to_owned()
}

fn collect(folder: &Path, texts: &mut Vec<Text>) {
    const TEXTS: [&str; 8] = ["cfg", "conf", "js", "md", "py", "rs", "toml", "wit"];
    for entry in fs::read_dir(folder).expect("a folder of the repository") {
        let path = entry.expect("an entry of the folder").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // What builds and fuzzing leave behind.
        if name.starts_with('.') || matches!(&*name, "target" | "corpus" | "artifacts" | "node_modules") {
            continue;
        }
        if path.is_dir() {
            collect(&path, texts);
        } else if path.extension().is_some_and(|extension| TEXTS.iter().any(|text| extension == *text)) {
            let relative = path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
            let content = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{relative}: {error}"));
            texts.push(Text { path: relative, content });
        }
    }
}
