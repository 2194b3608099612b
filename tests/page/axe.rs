//! axe-core, which finds what keeps people from using a page. npm brings it, at one version and with a known hash; none of it is in this tree.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use test_support::{skip, workspace};

use crate::Browser;

const VERSION: &str = "4.14.1";
/// Of `axe.min.js`.
const SHA256: &str = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c";

/// What is run in the page: each violation, with the elements at fault.
const RUN: &str = "return axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => \
                   violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`))";

/// Asserts that axe finds nothing in the page as it is now.
pub(crate) async fn check(browser: &Browser, looks: &str) {
    let Some(source) = source() else { return };
    if browser.run("return typeof axe === 'object'").await != json!(true) {
        browser.run(source).await;
    }
    assert_eq!(browser.run(RUN).await, Value::Array(Vec::new()), "{looks}");
}

/// The program's text, fetched once; none where npm is missing: what it finds is then not tested.
fn source() -> Option<&'static str> {
    static SOURCE: OnceLock<Option<String>> = OnceLock::new();
    SOURCE.get_or_init(read).as_deref()
}

fn read() -> Option<String> {
    let folder = workspace().join("target/axe-core");
    let file = folder.join(format!("{VERSION}.js"));
    if !file.is_file() {
        fetch(&folder, &file)?;
    }
    let source = fs::read_to_string(&file).expect("it was fetched");
    let digest = base16ct::lower::encode_string(&Sha256::digest(&source));
    assert_eq!(digest, SHA256, "{} is not the axe-core that is meant: delete it", file.display());
    Some(source)
}

fn fetch(folder: &Path, file: &Path) -> Option<()> {
    fs::create_dir_all(folder).expect("a folder");
    let unpacked = tempfile::tempdir_in(folder).expect("a folder");
    let mut npm = Command::new("npm");
    npm.arg("pack").arg(format!("axe-core@{VERSION}")).current_dir(&unpacked);
    let Ok(packed) = npm.output() else {
        skip("what axe-core finds in the page is", "Install npm (Debian: apt-get install npm)");
        return None;
    };
    assert!(packed.status.success(), "npm does not bring axe-core: {}", String::from_utf8_lossy(&packed.stderr));
    let mut tar = Command::new("tar");
    tar.arg("-xzf").arg(format!("axe-core-{VERSION}.tgz")).arg("package/axe.min.js").current_dir(&unpacked);
    assert!(tar.status().expect("tar starts").success(), "axe-core cannot be unpacked");
    fs::rename(unpacked.path().join("package/axe.min.js"), file).expect("the same file system");
    Some(())
}
