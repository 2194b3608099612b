//! What `[call_details]` says of how long, and how much, is carried out.

use std::path::Path;

use rusqlite::Connection;
use test_support::CALLER;

use crate::scene::{Serving, file};

/// Bytes in use in the file.
fn in_use(file: &Path) -> i64 {
    let connection = Connection::open(file).expect("the file");
    let number = |pragma: &str| {
        connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)).expect("a number of pages")
    };
    (number("page_count") - number("freelist_count")) * number("page_size")
}

/// Waits until the file is so; old calls are looked for at the start and every ten seconds.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(2 * test_support::client::PATIENCE, wait).await.unwrap_or_else(|_| panic!("in vain: {what}"));
}

#[tokio::test]
async fn calls_older_than_keep_for_are_removed_and_no_others() {
    let section = "[call_details]\nkeep_for = \"1h\"\n";
    let serving = Serving::new(section).await;
    serving.four_calls().await;
    let home = serving.stop().await;
    // Two are a little too old, and one is nearly.
    let other = Connection::open(file(&home)).expect("the file");
    other.execute("UPDATE calls SET at = at - 3601 * 1000 WHERE seq <= 2", []).expect("calls");
    other.execute("UPDATE calls SET at = at - 3000 * 1000 WHERE seq = 3", []).expect("calls");
    drop(other);
    let process = home.serve(&[]);
    let serving = Serving { home, process };
    until("the old calls are removed", || serving.ids(&[]) == ["pbx-3", "pbx-4"]).await;
    serving.call("pbx-5", Some(CALLER), "sales").await;
    serving.kept(1).await;
    let newest = serving.get("/v1/calls?limit=1").await["calls"][0]["seq"].clone();
    assert_eq!(newest, 5, "numbers are not used again");
}

#[tokio::test]
async fn more_than_keep_at_most_is_removed_the_oldest_first() {
    const MOST: i64 = 1024 * 1024;
    let serving = Serving::new("").await;
    serving.four_calls().await;
    let home = serving.stop().await;
    // The same calls again and again, until the file is far too large.
    let other = Connection::open(file(&home)).expect("the file");
    let columns = "at, call_id, operation, integration, outcome, employee, digits, caller, document";
    while in_use(&file(&home)) < 3 * MOST {
        let again = format!("INSERT INTO calls ({columns}) SELECT {columns} FROM calls ORDER BY seq");
        other.execute(&again, []).expect("calls");
    }
    let calls: i64 = other.query_row("SELECT max(seq) FROM calls", [], |row| row.get(0)).expect("calls");
    drop(other);
    home.configure(test_support::OPERATIONS, "[call_details]\nkeep_at_most = \"1MiB\"\n");
    let process = home.serve(&[]);
    let serving = Serving { home, process };
    until("the file is small enough", || in_use(&serving.file()) <= MOST).await;
    let (least, most, count): (i64, i64, i64) = serving
        .other_program()
        .query_row("SELECT min(seq), max(seq), count(*) FROM calls", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .expect("calls");
    assert_eq!(most, calls, "the newest stay");
    assert_eq!(count, most - least + 1, "the oldest went, none in between");
    assert!(count > calls / 10, "{count} of {calls} stay: no more went than had to");
    // Calls that come now are kept, and the file stays as small.
    serving.call("after", Some(CALLER), "sales").await;
    serving.kept(1).await;
    assert_eq!(serving.ids(&["--limit", "1"]), ["after"]);
}
