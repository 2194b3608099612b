//! A damaged file of the state directory, as its administrator meets it: what each warning advises is true, and an integration that is
//! connected stays so.

use std::fs;
use std::path::Path;

use test_support::CALLER;

use crate::installation::{CACHE, COPY, Installation, RECORDS};

/// The beginning of each record of an older version's file, and what marks it as one.
const FORMAT_2: &str = "
    CREATE TABLE entries (
        namespace TEXT NOT NULL, bucket TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, cached_at INTEGER,
        PRIMARY KEY (namespace, bucket, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX cached ON entries (cached_at) WHERE cached_at IS NOT NULL;
    PRAGMA application_id = 0x68686b76;
    PRAGMA user_version = 2;
";

const CALL: [&str; 4] = ["call", CALLER, "--lang", "en"];

fn damage(file: &Path) {
    let whole = fs::read(file).expect("a file");
    fs::write(file, &whole[..whole.len() / 2]).expect("a file");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_cache_loses_cached_answers_alone_and_the_integration_stays_connected() {
    let installation = Installation::connected().await;
    installation.run(&CALL).assert(0, &[]).assert_prints(&["known from: amoCRM"]);
    installation.run(&CALL).assert(0, &[]).assert_prints(&["known from: cache"]);
    let cache = installation.kept(CACHE);
    damage(&cache);
    let named = cache.display().to_string();
    let advice = ["warning: ", &named, "move it away or delete it, only cached answers are lost"];
    installation.run(&CALL).assert(0, &advice).assert_prints(&["Forwarded: ", "known from: amoCRM"]);
    installation.run(&["access"]).assert(0, &advice).assert_prints(&[": connected"]);
    // As advised.
    fs::remove_file(&cache).expect("a file");
    installation.run(&["access"]).assert(0, &[]).assert_prints(&[": connected"]);
    installation.run(&CALL).assert(0, &[]).assert_prints(&["Forwarded: ", "known from: amoCRM"]);
    installation.run(&CALL).assert(0, &[]).assert_prints(&["known from: cache"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_records_are_restored_from_their_copy_and_the_integration_stays_connected() {
    let installation = Installation::connected().await;
    let (records, copy) = (installation.kept(RECORDS), installation.kept(COPY));
    let (named, of_copy) = (records.display().to_string(), copy.display().to_string());
    damage(&records);
    let ended = installation.run(&["access"]);
    ended.assert(0, &["warning: ", &named, "was damaged", &of_copy, "`host-harness connect`"]);
    ended.assert_prints(&[": connected"]);
    assert_eq!(ended.stderr.matches("warning: ").count(), 1, "{ended:?}");
    fs::remove_file(&records).expect("a file");
    installation.run(&CALL).assert(0, &["warning: ", &named, "was missing"]).assert_prints(&["Forwarded: "]);
    installation.run(&CALL).assert(0, &[]).assert_prints(&["Forwarded: "]);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_copy_is_damaged_too_both_are_named_and_connecting_again_is_all_it_takes() {
    let installation = Installation::connected().await;
    let files = [RECORDS, COPY].map(|name| installation.kept(name));
    files.iter().for_each(|file| damage(file));
    let [records, copy] = files.map(|file| file.display().to_string());
    let ended = installation.run(&CALL);
    ended.assert(1, &["warning: ", &records, &copy, "`host-harness connect`"]).assert_prints(&["integration-off"]);
    let code = installation.code();
    installation.run(&["connect", "--code", &code]).assert(0, &[]).assert_prints(&["Connected", &records]);
    installation.run(&CALL).assert(0, &[]).assert_prints(&["Forwarded: "]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_grant_of_an_older_version_moves_on_with_the_first_command() {
    let installation = Installation::connected().await;
    let grant = installation.record().expect("a grant").to_string();
    for name in [RECORDS, COPY, CACHE] {
        fs::remove_file(installation.kept(name)).expect("a file");
    }
    let older = rusqlite::Connection::open(installation.kept(CACHE)).expect("a file");
    older.execute_batch(FORMAT_2).expect("SQL");
    let namespace = format!("main@{}", installation.app.client_id);
    let insert = "INSERT INTO entries VALUES (?1, 'access', 'grant', CAST(?2 AS BLOB), NULL)";
    older.execute(insert, [namespace, grant]).expect("SQL");
    drop(older);
    installation.run(&CALL).assert(0, &[]).assert_prints(&["Forwarded: "]);
    installation.run(&["access"]).assert(0, &[]).assert_prints(&[": connected"]);
    assert!(installation.kept(COPY).exists());
}
