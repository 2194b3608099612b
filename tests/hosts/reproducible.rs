//! The same source gives the same bytes, wherever it is built: what this binary carries was built in this workspace's folder; here a copy
//! of the sources is built elsewhere, into another target directory.

use std::fs;
use std::path::{Path, PathBuf};

use componentize::{Workshop, deliver};
use host_harness::other_hosts::OtherHost;
use host_harness::{CONTRACT, OPERATION, WORKING_HOURS};
use sha2::{Digest, Sha256};
use test_support::workspace;

/// What a build of the guests reads. Of the other packages cargo wants to see the manifests, and a file for each target that these name.
const SOURCES: [&str; 7] = ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "guest", "wit", "host-harness", "tests"];

fn digest(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(&Sha256::digest(bytes))
}

fn copy(from: &Path, to: &Path) {
    if from.is_file() {
        fs::copy(from, to).expect("a copy");
        return;
    }
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        // Nested target directories are not source.
        if entry.file_name() != "target" {
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    }
}

#[test]
fn two_builds_in_two_folders_give_one_digest() {
    let elsewhere = tempfile::tempdir().expect("a folder");
    let copied = elsewhere.path().join("another folder").join("sources");
    fs::create_dir_all(&copied).expect("a folder");
    for source in SOURCES {
        copy(&workspace().join(source), &copied.join(source));
    }
    let out = elsewhere.path().join("out");
    fs::create_dir_all(&out).expect("a folder");
    let workshop = Workshop { root: copied, target: elsewhere.path().join("target"), out };
    let delivery = deliver(&workshop).expect("the copy builds");
    let built = |path: &PathBuf| digest(&fs::read(path).expect("a file"));
    assert_eq!(built(&delivery.operation), digest(OPERATION), "the operation");
    assert_eq!(built(&delivery.working_hours), digest(WORKING_HOURS), "working hours");
    assert_eq!(built(&delivery.http), digest(OtherHost::Wasmtime.component()), "composed for wasmtime and wasmCloud");
    assert_eq!(built(&delivery.contract), digest(CONTRACT), "the contract");
}
