//! The notices that the licences of third parties ask for: every package that is compiled into the program or into the components that it carries,
//! with the texts that its authors publish beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::packages::{Part, ThirdParty, third_parties};

/// How files with licences begin, in capitals.
const NAMES: [&str; 6] = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"];
/// A licence whose text is the same wherever it stands.
const APACHE: &str = "Apache-2.0";

/// The notices, as one text.
pub(crate) fn of_program(parts: &[Part], root: &Path) -> Result<String> {
    let apache = fs::read_to_string(root.join("LICENSE-APACHE")).context("LICENSE-APACHE")?;
    let page = root.join("host-harness/server/src/page/vendor");
    text(&third_parties(parts)?, &apache, &texts_in(&page)?)
}

/// The licences and notices in a folder, by the names of their files.
fn texts_in(folder: &Path) -> Result<Vec<String>> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .with_context(|| format!("{} cannot be read", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.retain(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        file.is_file() && NAMES.iter().any(|begin| name.starts_with(begin))
    });
    files.sort();
    files.iter().map(|file| Ok(String::from_utf8_lossy(&fs::read(file)?).trim().to_owned())).collect()
}

/// One text: the packages, each with its licence, then each text once with the packages that it is of.
fn text(packages: &BTreeSet<ThirdParty>, apache: &str, of_the_page: &[String]) -> Result<String> {
    let mut own = Vec::new();
    for package in packages {
        own.push((package, texts_in(&package.folder)?));
    }
    // Packages of one project often bring the text in one of them.
    let mut by_license: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (package, texts) in own.iter().filter(|(_, texts)| !texts.is_empty()) {
        by_license.entry(&package.license).or_insert_with(|| texts.clone());
    }
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut list = String::new();
    for (package, found) in own {
        let ThirdParty { name, version, license, .. } = package;
        let is_apache = license.split(['/', ' ', '(', ')']).any(|part| part == APACHE) && !license.contains(" WITH ");
        let found = match found {
            found if !found.is_empty() => found,
            _ if is_apache => vec![apache.trim().to_owned()],
            _ => by_license.get(license.as_str()).cloned().with_context(|| {
                format!("{name} {version} ({license}) brings no text of its licence, nor does another package; add the text here")
            })?,
        };
        writeln!(list, "{name} {version}: {license}")?;
        for text in found {
            texts.entry(text).or_default().push(format!("{name} {version}"));
        }
    }
    for text in of_the_page {
        texts.entry(text.clone()).or_default().push("the console in a browser".to_owned());
    }
    let mut all = format!(
        "Third parties in host-harness\n\nThe program, the component that it carries and its console contain these packages. Their licences and notices \
         follow. Those of the Rust standard library are in COPYRIGHT-library.html.\n\n{list}"
    );
    for (text, of) in texts {
        write!(all, "\n{}\n{}\n\n{text}\n", "=".repeat(80), of.join(", "))?;
    }
    Ok(all)
}
