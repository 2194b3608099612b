//! `new-operation` writes a folder to begin with. That what it writes can be built, fits and passes its cases is shown where the toolchains are,
//! in the tier `test-second-operation`.

use std::fs;
use std::path::Path;

use test_support::{Home, workspace};

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

#[test]
fn each_language_gets_its_source_the_contract_and_the_cases_under_its_own_name() {
    let home = Home::new();
    for (language, files) in [
        ("rust", &["Cargo.toml", "src/lib.rs", "src/main.rs", "rust-toolchain.toml"][..]),
        ("python", &["app.py", "build", "requirements.txt"]),
        ("javascript", &["operation.js", "package.json", "package-lock.json", "wit/quickjs.wit"]),
    ] {
        let folder = format!("night-desk-{language}");
        let written = home.run(["new-operation", language, &folder]);
        written.assert(0, &[]).assert_prints(&[&folder, "host-harness check operation.wasm"]);
        let place = home.path(&folder);
        for file in files.iter().chain(&["README.md", ".gitignore", "cases/rings/call.toml"]) {
            let text = read(&place.join(file));
            assert!(!text.contains("my-operation") && !text.contains("callers-by-code"), "{file}: {text}");
        }
        assert!(read(&place.join("README.md")).starts_with(&format!("# {folder}\n")));
        assert!(read(&place.join("cases/rings/call.toml")).contains(&format!("employee = \"{folder}\"")));
        for file in ["types.wit", "operation.wit", "deps/http/types.wit"] {
            assert_eq!(read(&place.join("wit").join(file)), read(&workspace().join("wit").join(file)));
        }
        // Every command that is printed stands in the README as well.
        let readme = read(&place.join("README.md"));
        for command in written.stdout.lines().skip(2) {
            assert!(readme.contains(command.trim()), "{language}: {command}");
        }
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let build = fs::metadata(home.path("night-desk-python/build")).expect("a file");
        assert_eq!(build.permissions().mode() & 0o111, 0o111, "it can be started");
    }
}

/// The templates pin what the workspace has, so that they are built and tested with it.
#[test]
fn the_template_in_rust_has_the_workspaces_versions() {
    let template = read(&workspace().join("host-harness/templates/rust/Cargo.toml"));
    let manifest: toml::Table = read(&workspace().join("Cargo.toml")).parse().expect("a manifest");
    for package in ["wit-bindgen", "wit-component"] {
        let pinned = &manifest["workspace"]["dependencies"][package];
        let version = pinned.as_str().or_else(|| pinned["version"].as_str()).expect("a version");
        let line = template.lines().find(|line| line.starts_with(package)).expect("a dependency");
        assert!(line.contains(&format!("\"{version}\"")), "{line}: {version}");
    }
}

#[test]
fn nothing_is_written_over_and_a_name_that_cannot_be_an_identifier_is_refused() {
    let home = Home::new();
    home.write("note", "mine");
    fs::create_dir(home.path("taken")).expect("a folder");
    fs::write(home.path("taken/note"), "mine").expect("a file");
    home.run(["new-operation", "rust", "taken"]).assert(2, &["taken: the folder is not empty"]);
    home.run(["new-operation", "rust", "note"]).assert(2, &["note: "]);
    for name in ["Night", "9th", "night_desk", "ночь", "."] {
        home.run(["new-operation", "python", name]).assert(2, &["cannot be an operation's identifier", "my-operation"]);
    }
    home.run(["new-operation", "cobol", "night"]).assert(2, &["rust, python, javascript"]);
    assert!(!home.path("night").exists());
}
