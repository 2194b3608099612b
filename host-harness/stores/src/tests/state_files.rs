//! The files of a state directory: what is in which, the copy of the records, and what becomes of a damaged file.

use super::*;

const GRANT: Slot<'static> = Slot { shelf: Shelf { namespace: "sales", bucket: "access" }, key: "grant" };

/// A directory whose records hold this grant, and whose cache holds one answer.
async fn used_state(grant: &[u8]) -> TempDir {
    let directory = TempDir::new().unwrap();
    let stores = open_quietly(directory.path());
    assert!(stores.records.compare_and_swap(GRANT, None, grant).await.unwrap());
    stores.cache.cache(SHELF.slot("caller"), b"anna").await.unwrap();
    directory
}

fn open_at(directory: &Path) -> (Stores, Vec<String>) {
    let (stores, warnings) = crate::state_files::open(directory, PATIENCE);
    (stores, warnings.iter().map(ToString::to_string).collect())
}

fn open_quietly(directory: &Path) -> Stores {
    let (stores, warnings) = open_at(directory);
    assert_eq!(warnings, Vec::<String>::new());
    stores
}

async fn grant_of(stores: &Stores) -> Option<Vec<u8>> {
    stores.records.get(GRANT).await.unwrap()
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The file under a name with a time, whose bytes these are.
fn aside(directory: &Path, file: &Path, bytes: &[u8]) -> String {
    let name = format!("{}.damaged-", file.file_name().unwrap().to_str().unwrap());
    let aside = names(directory).into_iter().find(|found| found.starts_with(&name)).expect("a file moved aside");
    assert_eq!(fs::read(directory.join(&aside)).unwrap(), bytes, "nothing of it is lost");
    aside
}

type Damage = (&'static str, fn(&Path));

/// Ways in which a file is damaged.
const DAMAGES: [Damage; 5] = [
    ("garbage", |file| fs::write(file, [b'x'; 9000]).unwrap()),
    ("a few bytes of garbage", |file| fs::write(file, b"oops").unwrap()),
    ("empty", |file| fs::write(file, b"").unwrap()),
    ("truncated", |file| fs::OpenOptions::new().write(true).open(file).unwrap().set_len(5_000).unwrap()),
    ("a page overwritten", |file| {
        let mut bytes = fs::read(file).unwrap();
        let half = bytes.len() / 2;
        bytes[half..].fill(0xff);
        fs::write(file, bytes).unwrap();
    }),
];

#[tokio::test]
async fn what_the_host_keeps_and_cached_answers_have_files_of_their_own() {
    let directory = used_state(b"a refresh token").await;
    let state = directory.path();
    // SQLite's own companions are there for as long as a thread still has the file open.
    let files: Vec<_> =
        names(state).into_iter().filter(|name| !name.ends_with("-wal") && !name.ends_with("-shm")).collect();
    assert_eq!(files, ["key-value.sqlite3", "records.copy.sqlite3", "records.lock", "records.sqlite3"]);
    let holds = |file: &Path| fs::read(file).unwrap().windows(15).any(|bytes| bytes == b"a refresh token");
    assert!(holds(&records_in(state)) && holds(&copy_in(state)) && !holds(&cache_in(state)));
    #[cfg(unix)]
    for name in files {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(state.join(&name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
    let stores = open_quietly(state);
    assert_eq!(grant_of(&stores).await.as_deref(), Some(&b"a refresh token"[..]));
    assert_eq!(stores.cache.get(SHELF.slot("caller")).await.unwrap().as_deref(), Some(&b"anna"[..]));
}

#[tokio::test]
async fn each_swap_is_in_the_copy_and_what_it_replaced_is_not() {
    let directory = used_state(b"token of round 0").await;
    let stores = open_quietly(directory.path());
    let holds = |token: &[u8]| fs::read(copy_in(directory.path())).unwrap().windows(16).any(|bytes| bytes == token);
    for round in 1..5_u8 {
        let token = |round: u8| format!("token of round {round}").into_bytes();
        let (before, now) = (token(round - 1), token(round));
        assert!(stores.records.compare_and_swap(GRANT, Some(&before), &now).await.unwrap());
        assert!(holds(&now) && !holds(&before), "{round}");
    }
}

#[tokio::test]
async fn a_copy_that_a_killed_process_did_not_write_is_written_by_the_next() {
    let directory = used_state(b"a grant").await;
    let fresh = fs::read(copy_in(directory.path())).unwrap();
    fs::remove_file(copy_in(directory.path())).unwrap();
    open_quietly(directory.path());
    assert_eq!(fs::read(copy_in(directory.path())).unwrap().len(), fresh.len(), "missing");
    fs::write(copy_in(directory.path()), b"old").unwrap();
    let old = fs::File::options().write(true).open(copy_in(directory.path())).unwrap();
    old.set_modified(std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1)).unwrap();
    open_quietly(directory.path());
    assert_eq!(fs::read(copy_in(directory.path())).unwrap().len(), fresh.len(), "older");
}

#[tokio::test]
async fn damaged_records_are_moved_aside_and_their_copy_takes_their_place() {
    for (name, damage) in DAMAGES {
        let directory = used_state(b"a grant").await;
        let (state, file) = (directory.path(), records_in(directory.path()));
        damage(&file);
        let damaged = fs::read(&file).unwrap();
        let (stores, warnings) = open_at(state);
        let [warning] = warnings.as_slice() else { panic!("{name}: {warnings:?}") };
        let aside = aside(state, &file, &damaged);
        for part in [
            &file.display().to_string(),
            &copy_in(state).display().to_string(),
            &aside,
            "was damaged",
            "host-harness connect",
        ] {
            assert!(warning.contains(part), "{name}: {warning}");
        }
        assert!(!warning.contains('\n'), "{warning}");
        assert_eq!(grant_of(&stores).await.as_deref(), Some(&b"a grant"[..]), "{name}");
        assert!(stores.records.compare_and_swap(GRANT, Some(b"a grant"), b"another").await.unwrap());
        drop(stores);
        assert_eq!(grant_of(&open_quietly(state)).await.as_deref(), Some(&b"another"[..]), "{name}: once");
    }
}

#[tokio::test]
async fn missing_records_are_restored_from_their_copy() {
    let directory = used_state(b"a grant").await;
    let file = records_in(directory.path());
    fs::remove_file(&file).unwrap();
    // What is left of a file is not part of another one.
    fs::write(format!("{}-wal", file.display()), [7; 5_000]).unwrap();
    let (stores, warnings) = open_at(directory.path());
    assert!(warnings.len() == 1 && warnings[0].contains(&format!("{} was missing", file.display())), "{warnings:?}");
    assert_eq!(grant_of(&stores).await.as_deref(), Some(&b"a grant"[..]));
}

#[tokio::test]
async fn where_both_are_damaged_both_are_named_and_moved_aside_and_the_records_begin_empty() {
    for (name, damage) in DAMAGES {
        let directory = used_state(b"a grant").await;
        let (state, file, copy) = (directory.path(), records_in(directory.path()), copy_in(directory.path()));
        for file in [&file, &copy] {
            damage(file);
        }
        let damaged = [&file, &copy].map(|file| fs::read(file).unwrap());
        let (stores, warnings) = open_at(state);
        let [warning] = warnings.as_slice() else { panic!("{name}: {warnings:?}") };
        let moved = [aside(state, &file, &damaged[0]), aside(state, &copy, &damaged[1])];
        for part in
            [&file.display().to_string(), &copy.display().to_string(), &moved[0], &moved[1], "host-harness connect"]
        {
            assert!(warning.contains(part), "{name}: {warning}");
        }
        assert_eq!(grant_of(&stores).await, None, "{name}");
        assert!(stores.records.compare_and_swap(GRANT, None, b"connected again").await.unwrap());
        drop(stores);
        assert_eq!(grant_of(&open_quietly(state)).await.as_deref(), Some(&b"connected again"[..]), "{name}");
    }
}

#[tokio::test]
async fn damaged_records_without_a_copy_are_named_and_moved_aside() {
    let directory = used_state(b"a grant").await;
    let file = records_in(directory.path());
    fs::remove_file(copy_in(directory.path())).unwrap();
    fs::write(&file, [b'x'; 9_000]).unwrap();
    let (stores, warnings) = open_at(directory.path());
    assert!(warnings.len() == 1 && warnings[0].contains("there is none"), "{warnings:?}");
    aside(directory.path(), &file, &[b'x'; 9_000]);
    assert_eq!(grant_of(&stores).await, None);
}

#[tokio::test]
async fn a_damaged_file_of_cached_answers_loses_nothing_else() {
    for (name, damage) in DAMAGES.into_iter().filter(|(name, _)| *name != "empty") {
        let directory = used_state(b"a grant").await;
        let file = cache_in(directory.path());
        used(&file).await;
        damage(&file);
        let (stores, warnings) = open_at(directory.path());
        // Some damage shows only when what is damaged is read.
        if let [warning] = warnings.as_slice() {
            assert!(
                warning.contains(&file.display().to_string()) && warning.contains("move it away"),
                "{name}: {warning}"
            );
            assert!(!warning.contains("connect"), "{name}: {warning}");
            assert_eq!(stores.cache.location(), "memory", "{name}");
        }
        assert_eq!(grant_of(&stores).await.as_deref(), Some(&b"a grant"[..]), "{name}");
    }
}

#[tokio::test]
async fn of_many_that_find_damaged_records_one_restores_them() {
    let directory = used_state(b"a grant").await;
    let file = records_in(directory.path());
    fs::write(&file, [b'x'; 9_000]).unwrap();
    let warnings: usize = std::thread::scope(|scope| {
        let opening: Vec<_> = (0..8).map(|_| scope.spawn(|| open_at(directory.path()).1.len())).collect();
        opening.into_iter().map(|opened| opened.join().unwrap()).sum()
    });
    assert_eq!(warnings, 1);
    assert_eq!(grant_of(&open_quietly(directory.path())).await.as_deref(), Some(&b"a grant"[..]));
}

/// The values of an older version's file, by bucket and key.
fn rows(file: &Path) -> Vec<String> {
    let connection = Connection::open(file).unwrap();
    let mut select = connection.prepare("SELECT bucket || ' ' || key FROM entries ORDER BY 1").unwrap();
    let rows = select.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<rusqlite::Result<_>>().unwrap()
}

#[tokio::test]
async fn the_records_of_an_older_version_move_into_their_own_file() {
    type Older = (fn(&Path), &'static str);
    let older: [Older; 2] = [(format_1, "default caller"), (|file| format_2(file, 1), "managers 000001")];
    for (make, cached) in older {
        let directory = TempDir::new().unwrap();
        let (state, cache) = (directory.path(), cache_in(directory.path()));
        make(&cache);
        for _ in 0..2 {
            let stores = open_quietly(state);
            assert_eq!(grant_of(&stores).await.as_deref(), Some(&b"g"[..]));
            drop(stores);
            assert_eq!(
                (rows(&cache), rows(&records_in(state))),
                (vec![cached.to_owned()], vec!["access grant".to_owned()])
            );
            assert_eq!(rows(&copy_in(state)), ["access grant"], "it has a copy at once");
        }
    }
}

#[tokio::test]
async fn a_move_that_was_killed_half_way_is_made_again_and_changes_nothing_newer() {
    let directory = TempDir::new().unwrap();
    let (state, cache) = (directory.path(), cache_in(directory.path()));
    format_2(&cache, 1);
    let older = fs::read(&cache).unwrap();
    let stores = open_quietly(state);
    // A process that was killed after the records were written and before they were deleted from the old file; since then one of them changed.
    assert!(stores.records.compare_and_swap(GRANT, Some(b"g"), b"newer").await.unwrap());
    drop(stores);
    fs::write(&cache, older).unwrap();
    let stores = open_quietly(state);
    assert_eq!(grant_of(&stores).await.as_deref(), Some(&b"newer"[..]));
    drop(stores);
    assert_eq!(rows(&cache), ["managers 000001"]);
}

#[tokio::test]
async fn a_damaged_file_of_an_older_version_is_left_alone_and_what_it_may_hold_is_said() {
    let directory = TempDir::new().unwrap();
    let file = cache_in(directory.path());
    format_2(&file, 10);
    let mut bytes = fs::read(&file).unwrap();
    bytes[100..4096].fill(0xff);
    fs::write(&file, &bytes).unwrap();
    for _ in 0..2 {
        let (stores, warnings) = open_at(directory.path());
        let [warning] = warnings.as_slice() else { panic!("{warnings:?}") };
        for part in [&file.display().to_string(), "access to accounts", "move it away", "host-harness connect"] {
            assert!(warning.contains(part), "{warning}");
        }
        assert!(!warning.contains("only cached answers"), "{warning}");
        assert_eq!((stores.cache.location(), stores.records.location()), ("memory".to_owned(), "memory".to_owned()));
        assert_eq!(fs::read(&file).unwrap(), bytes);
    }
}
