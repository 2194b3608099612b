//! The file: locked, full, away, of another program, of a process that was killed; and what is removed by age and size.

use super::*;

#[test]
fn a_locked_file_delays_no_call_is_reported_and_heals() {
    let book = Book::new(CallDetailsSettings::default());
    let holder = book.hold();
    let began = Instant::now();
    for number in 0..2_000 {
        book.keep(call(&number.to_string(), number, None, "caller-hidden"));
    }
    assert!(began.elapsed() < Duration::from_secs(2), "handing calls over took {:?}", began.elapsed());
    until("the failure is reported", || book.details.state().failing.is_some());
    let failing = book.details.state().failing.unwrap().en;
    assert!(failing.contains("locked by another program") && failing.contains("call-details.sqlite3"), "{failing}");
    holder.execute_batch("ROLLBACK").unwrap();
    until("all is kept", || book.details.state().kept == 2_000);
    assert_eq!(book.details.state().failing, None);
    assert_eq!(book.ids(&Filter::default()).len(), 2_000, "nothing was lost");
}

#[test]
fn what_cannot_be_held_any_longer_is_counted_and_the_gap_is_kept() {
    let book = Book::new(CallDetailsSettings::default());
    let holder = book.hold();
    let long = "x".repeat(1_024 * 1_024);
    for number in 0..100 {
        book.keep(call(&format!("{number}{long}"), number, None, "caller-hidden"));
    }
    until("calls are lost", || book.details.state().lost > 0);
    until("the rest is held", || book.details.state().lost >= 36);
    holder.execute_batch("ROLLBACK").unwrap();
    until("the rest is kept", || book.details.state().waiting == 0);
    let state = book.details.state();
    assert_eq!(state.kept + state.lost, 100, "{state:?}");
    book.keep(call("later", 200, None, "caller-hidden"));
    book.written();
    let gaps = book.details.reader().gaps(None).unwrap();
    assert_eq!(gaps.iter().map(|gap| gap.calls).sum::<u64>(), state.lost, "{gaps:?}");
    assert_eq!(gaps[0].first, start(), "the oldest were lost");
}

#[test]
fn a_file_that_is_full_makes_room_by_itself_and_never_outgrows_its_bound() {
    const MOST: u64 = 512 * 1024;
    let book = Book::new(CallDetailsSettings { keep_at_most: MOST, ..CallDetailsSettings::default() });
    let long = "x".repeat(2_000);
    for number in 0..3_000 {
        book.keep(call(&format!("{number:05}{long}"), number, None, "caller-hidden"));
    }
    book.written();
    let state = book.details.state();
    assert_eq!((state.kept, state.lost, state.failing), (3_000, 0, None));
    let ids = book.ids(&Filter::default());
    assert!(ids[0].starts_with("02999") && ids.len() < 300, "the newest {} stay", ids.len());
    Connection::open(&book.file).unwrap().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    assert!(std::fs::metadata(&book.file).unwrap().len() <= MOST / 4 * 5);
}

#[test]
fn a_full_disk_is_reported() {
    let book = Book::new(CallDetailsSettings { keep_at_most: 64 * 1024, ..CallDetailsSettings::default() });
    // One call that is larger than all the room there is: nothing that can be removed makes enough.
    book.keep(call(&"x".repeat(1024 * 1024), 0, None, "caller-hidden"));
    until("the failure is reported", || book.details.state().failing.is_some());
    let failing = book.details.state().failing.unwrap().en;
    assert!(failing.contains("the disk is full") && failing.contains("free some space"), "{failing}");
    assert_eq!(book.details.state().waiting, 1, "it is held, and tried again");
    drop(book.details);
}

#[test]
fn a_place_that_cannot_be_had_fails_no_call_and_is_tried_again() {
    let home = tempfile::tempdir().unwrap();
    let in_the_way = home.path().join("state");
    std::fs::write(&in_the_way, "a file where the directory should be").unwrap();
    let place = Place::File(file_in(&in_the_way));
    let details = CallDetails::begin(place, CallDetailsSettings::default(), Clock::frozen_at(start())).unwrap();
    details.finished(&call("a", 0, None, "caller-hidden"));
    until("the failure is reported", || details.state().failing.is_some());
    std::fs::remove_file(&in_the_way).unwrap();
    until("it is kept", || details.state().kept == 1);
}

#[test]
fn another_programs_file_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let file = file_in(home.path());
    Connection::open(&file).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    let details =
        CallDetails::begin(Place::File(file.clone()), CallDetailsSettings::default(), Clock::frozen_at(start()))
            .unwrap();
    let failing = details.state().failing.unwrap();
    assert!(failing.en.contains("no call details of this program"), "{failing}");
    let tables: i64 =
        Connection::open(&file).unwrap().query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
    assert_eq!(tables, 1);
}

#[test]
fn old_calls_are_removed_by_age() {
    let book =
        Book::new(CallDetailsSettings { keep_for: Duration::from_secs(3_600), ..CallDetailsSettings::default() });
    for number in 0..3 {
        book.keep(call(&number.to_string(), number * 1_800, None, "caller-hidden"));
    }
    book.written();
    let connection = database::for_writing(&Place::File(book.file.clone()), u64::MAX).unwrap();
    let settings = CallDetailsSettings { keep_for: Duration::from_secs(3_600), ..CallDetailsSettings::default() };
    retention::tidy(&connection, &settings, book.clock.now()).unwrap();
    assert_eq!(book.ids(&Filter::default()).len(), 3, "none is an hour old yet");
    book.clock.advance(SignedDuration::from_secs(3_600 + 1_801));
    retention::tidy(&connection, &settings, book.clock.now()).unwrap();
    assert_eq!(book.ids(&Filter::default()), ["2"]);
}

#[test]
fn the_oldest_calls_are_removed_where_the_file_is_too_large_and_it_shrinks() {
    let book = Book::new(CallDetailsSettings::default());
    let long = "x".repeat(2_000);
    for number in 0..3_000 {
        book.keep(call(&format!("{number:05}{long}"), number, None, "caller-hidden"));
    }
    book.written();
    let size = |file: &Path| std::fs::metadata(file).unwrap().len();
    let connection = database::for_writing(&Place::File(book.file.clone()), u64::MAX).unwrap();
    let checkpoint = || connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    checkpoint();
    let before = size(&book.file);
    let settings = CallDetailsSettings { keep_at_most: before / 2, ..CallDetailsSettings::default() };
    retention::tidy(&connection, &settings, start()).unwrap();
    checkpoint();
    let ids = book.ids(&Filter::default());
    assert!(!ids.is_empty() && ids.len() < 3_000, "{}", ids.len());
    assert!(ids[0].starts_with("02999"), "the newest stay");
    assert!(size(&book.file) <= before / 2 + 64 * 1024, "{} of {before}", size(&book.file));
}

/// What a killed process leaves: calls that were answered, whose details it did not write.
#[test]
fn calls_that_a_killed_process_answered_are_a_gap_of_the_next_one() {
    let home = tempfile::tempdir().unwrap();
    let file = file_in(home.path());
    let counted = |name: &str, calls: u64, last: i64| {
        std::fs::write(home.path().join(format!("call-details.answered-{name}")), format!("{calls:020} {last:020}\n"))
            .unwrap();
    };
    let begin = || {
        CallDetails::begin(Place::File(file.clone()), CallDetailsSettings::default(), Clock::frozen_at(start()))
            .unwrap()
    };
    let first = begin();
    first.finished(&call("one", 1, None, "caller-hidden"));
    first.0.writer.flush(Duration::from_secs(20));
    drop(first);
    // Of seven answered calls four were written.
    let at = start().as_millisecond();
    Connection::open(&file)
        .and_then(|connection| connection.execute("INSERT INTO answered VALUES ('killed', 4, ?1)", [at]))
        .unwrap();
    counted("killed", 7, at + 5_000);
    counted("killed-at-once", 2, at + 9_000);
    counted("ended-well", 0, 0);
    std::fs::write(home.path().join("call-details.answered-unfinished"), "00000").unwrap();
    let next = begin();
    assert_eq!(next.state().lost_before, 5);
    let gaps = next.reader().gaps(None).unwrap();
    let shown: Vec<_> =
        gaps.iter().map(|gap| (gap.first.as_millisecond() - at, gap.last.as_millisecond() - at, gap.calls)).collect();
    assert_eq!(shown, [(0, 5_000, 3), (9_000, 9_000, 2)]);
    // Told of once; and the file of a process that lives is its own.
    assert_eq!(begin().state().lost_before, 0);
    next.finished(&call("two", 2, None, "caller-hidden"));
    let left: Vec<_> = std::fs::read_dir(home.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(left.iter().any(|name| name.contains("answered-")), "its own: {left:?}");
    assert!(!left.iter().any(|name| name.contains("killed") || name.contains("ended-well")), "{left:?}");
}

#[test]
fn a_file_that_is_moved_away_or_deleted_is_noticed_and_begun_anew() {
    let book = Book::new(CallDetailsSettings::default());
    let state = book.file.parent().unwrap().to_owned();
    for (round, take_away) in [
        (1, (|state: &Path| std::fs::rename(state, state.with_extension("away")).unwrap()) as fn(&Path)),
        (2, |state| std::fs::remove_dir_all(state).unwrap()),
        (3, |state| std::fs::remove_file(file_in(state)).unwrap()),
    ] {
        book.keep(call(&format!("before-{round}"), round, None, "caller-hidden"));
        book.written();
        take_away(&state);
        book.written();
        let failing = book.details.state().failing.unwrap().en;
        assert!(
            failing.contains("moved away or deleted") && failing.contains(&book.file.display().to_string()),
            "{failing}"
        );
        book.keep(call(&format!("after-{round}"), round, None, "caller-hidden"));
        book.written();
        assert_eq!(book.details.state().failing, None);
        assert!(book.details.reader().find(&CallKey::id(&format!("after-{round}"))).unwrap().is_some());
    }
}
