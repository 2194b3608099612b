//! An operation that keeps as much as it may, call after call: the disk holds its bucket's quota, and the state directory's file stops growing.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hostile_components::KEY_VALUE_FILLER;
use runtime::engine::{Engine, EngineSettings, Limits};
use runtime::store::BUCKET_QUOTA;
use stores::StoreLocation;

use super::story;
use test_support::{CALLER, Scene};

/// What the file takes on the disk, with its log.
fn bytes_on_disk(directory: &Path) -> u64 {
    let files = std::fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry"));
    files.map(|file| file.metadata().expect("a file").len()).sum()
}

#[tokio::test]
async fn key_value_filler_takes_its_quota_of_the_disk_and_no_more() {
    let directory = tempfile::tempdir().expect("a directory");
    let (stores, warnings) = stores::open(&StoreLocation::Directory(directory.path().to_owned()));
    assert_eq!(warnings, []);
    let mut scene = Scene::new().await;
    scene.store = Arc::clone(&stores.cache);
    // How long it takes on a busy machine is not what is judged here.
    let limits = Limits { computing_time: Duration::MAX, margin: Duration::from_secs(60), ..Limits::default() };
    let engine = Engine::new(EngineSettings { limits, ..EngineSettings::default() }).expect("an engine");
    scene.operation = engine.load(KEY_VALUE_FILLER).expect("it fits the contract");
    scene.set_waiting_time(Duration::from_secs(30));
    let (mut kept, mut sizes) = (0, Vec::new());
    for call in 0..8 {
        let outcome = scene.call_to(CALLER, &format!("+7495123456{call}")).await;
        kept += story(&outcome).parse::<u64>().expect("a number");
        sizes.push(bytes_on_disk(directory.path()));
    }
    assert!(kept * 64 * 1024 > BUCKET_QUOTA * 3 / 2, "{kept} values were taken");
    let most = BUCKET_QUOTA + BUCKET_QUOTA / 5;
    assert!(sizes.iter().all(|size| *size < most), "{sizes:?}");
    assert!(sizes[7] - sizes[5] < 1024 * 1024, "it does not grow: {sizes:?}");
}
