//! What is in the package.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::built::{REVISION, package};
use crate::machine::{self, output, said};

/// The package's files in a folder of their own.
fn unpacked(package: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    output(Command::new("dpkg-deb").arg("--extract").args([package, folder.path()]));
    folder
}

fn text(folder: &tempfile::TempDir, file: &str) -> String {
    let file = folder.path().join(file);
    if file.extension().is_some_and(|extension| extension == "gz") {
        return output(Command::new("gzip").args(["--decompress", "--stdout"]).arg(&file));
    }
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

#[test]
fn lintian_finds_nothing_in_the_package() {
    let Some(package) = package() else { return };
    if !machine::has("lintian", "lintian") {
        return;
    }
    let mut lintian = Command::new("lintian");
    lintian.args(["--fail-on", "error,warning", "--tag-display-limit", "0"]).arg(package);
    let found = lintian.output().expect("lintian runs");
    assert!(found.status.success(), "{}", said(&found));
}

#[test]
fn no_file_of_the_configuration_is_in_the_package() {
    let Some(package) = package() else { return };
    let listed = output(Command::new("dpkg-deb").arg("--contents").arg(package));
    assert!(listed.contains("./usr/bin/host-harness\n") && !listed.contains("./etc/"), "{listed}");
    let control = output(Command::new("dpkg-deb").arg("--info").arg(package));
    assert!(!control.contains("conffiles"), "{control}");
}

#[test]
fn the_manual_has_a_page_for_every_command_and_the_completions_know_them() {
    let Some(package) = package() else { return };
    let folder = unpacked(package);
    let help = output(Command::new(folder.path().join("usr/bin/host-harness")).arg("--help"));
    let (_, rest) = help.split_once("Commands:\n").expect("commands");
    let (commands, _) = rest.split_once("\n\n").expect("an end of them");
    let names = commands.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names: Vec<&str> = names.filter(|name| !name.is_empty() && *name != "help").collect();
    assert!(names.contains(&"serve") && names.len() > 15, "{names:?}");
    let completions = [
        "bash-completion/completions/host-harness",
        "zsh/vendor-completions/_host-harness",
        "fish/vendor_completions.d/host-harness.fish",
    ];
    let completions = completions.map(|file| text(&folder, &format!("usr/share/{file}")));
    for name in names {
        let page = text(&folder, &format!("usr/share/man/man1/host-harness-{name}.1.gz"));
        assert!(page.contains(".TH") && page.contains(r"\-\-log"), "{page}");
        assert!(completions.iter().all(|completion| completion.contains(name)), "{name}");
    }
    assert!(text(&folder, "usr/share/man/man1/host-harness-serve.1.gz").contains("SIGHUP"));
}

#[test]
fn third_parties_are_named_with_the_texts_of_their_licences() {
    let Some(package) = package() else { return };
    let folder = unpacked(package);
    let notices = text(&folder, "usr/share/doc/host-harness/third-party-notices.txt.gz");
    let (list, texts) = notices.split_once("\n\n====").expect("a list and texts");
    // In the program, and in the component.
    for name in ["wasmtime ", "tokio ", "rusqlite ", "ring ", "wit-bindgen "] {
        assert!(list.lines().any(|line| line.starts_with(name)) || name == "{name} is missing: {list}");
        assert!(name == "talc " || texts.contains(name), "{name} has no text");
    }
    // What only tests and builds use is not in the program.
    for name in ["proptest ", "fantoccini ", "clap_mangen ", "phonenumber "] {
        assert!(!list.lines().any(|line| line.starts_with(name)), "{name}");
    }
    for text in
        ["Apache License", "Permission is hereby granted", "like BoringSSL used to use", "the console in a browser"]
    {
        assert!(texts.contains(text), "{text}");
    }
    assert!(text(&folder, "usr/share/doc/host-harness/COPYRIGHT-library.html").contains("Standard Library"));
}

#[test]
fn the_bill_of_materials_names_what_the_notices_name_and_the_digest_of_each() {
    let Some(package) = package() else { return };
    let folder = unpacked(package);
    let bill = text(&folder, "usr/share/doc/host-harness/sbom.cdx.json");
    let bill: Value = serde_json::from_str(&bill).expect("JSON");
    assert_eq!((bill["bomFormat"].as_str(), bill["specVersion"].as_str()), (Some("CycloneDX"), Some("1.6")));
    assert_eq!(bill["metadata"]["component"]["purl"], concat!("pkg:generic/host-harness@", env!("CARGO_PKG_VERSION")));
    assert_eq!(bill["metadata"]["timestamp"], "2026-11-22T09:00:00Z");
    let components = bill["components"].as_array().expect("components");
    let of_others: Vec<_> =
        components.iter().filter(|found| found["purl"].as_str().expect("an URL").starts_with("pkg:cargo/")).collect();
    for found in &of_others {
        assert_eq!(found["hashes"][0]["content"].as_str().map(str::len), Some(64), "{found}");
        assert!(found["licenses"][0]["expression"].is_string(), "{found}");
    }
    // Both are made for different readers, and of the same packages.
    let named = |found: &Value| {
        format!("{} {}", found["name"].as_str().expect("a name"), found["version"].as_str().expect("a version"))
    };
    let in_bill: BTreeSet<_> = of_others.iter().map(|found| named(found)).collect();
    let notices = text(&folder, "usr/share/doc/host-harness/third-party-notices.txt.gz");
    let (head, _) = notices.split_once("\n\n====").expect("a list and texts");
    let (_, list) = head.rsplit_once("\n\n").expect("a list");
    let in_notices: BTreeSet<_> = list.lines().filter_map(|line| Some(line.split_once(": ")?.0.to_owned())).collect();
    assert!(in_bill.len() > 200, "only {}", in_bill.len());
    assert_eq!(in_bill, in_notices);
    // The components and the console are in it too.
    for purl in
        ["pkg:generic/forward-to-personal-manager@", "pkg:generic/working-hours@", "pkg:npm/preact@", "pkg:npm/htm@"]
    {
        let is_there =
            components.iter().any(|found| found["purl"].as_str().is_some_and(|found| found.starts_with(purl)));
        assert!(is_there, "{purl}");
    }
    // Who uses whom leads to what is in the bill.
    let references: BTreeSet<_> = components
        .iter()
        .chain([&bill["metadata"]["component"]])
        .map(|found| &found["bom-ref"])
        .map(Value::to_string)
        .collect();
    for entry in bill["dependencies"].as_array().expect("dependencies") {
        let used = entry["dependsOn"].as_array().expect("a list").iter();
        for reference in used.chain([&entry["ref"]]) {
            assert!(references.contains(&reference.to_string()), "{reference} is used and not in the bill");
        }
    }
}

#[test]
fn the_component_inside_names_the_revision_and_the_date_of_its_source() {
    let Some(package) = package() else { return };
    let folder = unpacked(package);
    let component = folder.path().join("component.wasm");
    output(Command::new(folder.path().join("usr/bin/host-harness")).arg("package").arg(&component));
    let component = fs::read(component).expect("the component");
    for section in [["revision", REVISION], ["created", "2026-11-22T09:00:00Z"]] {
        let section = section.concat();
        assert!(component.windows(section.len()).any(|found| found == section.as_bytes()), "{section}");
    }
}
