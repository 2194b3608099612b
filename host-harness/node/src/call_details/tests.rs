//! Behaviour of kept call details: nothing is lost that can be kept, nothing waits that need not.

use std::path::Path;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use call::details::Details;
use call::document::{CallRecord, Destination, EmployeeRecord, Reason, Route, Run, VERSION};
use call::{CallDocument, IncomingCall, Localized, WholeNumber};

const START: &str = "2026-11-22T09:00:00Z";

fn start() -> Timestamp {
    START.parse().unwrap()
}

/// A call that came so many seconds after the start.
fn call(id: &str, seconds: i64, caller: Option<&str>, outcome: &str) -> FinishedCall {
    let route = match outcome.strip_prefix("to:") {
        Some(employee) => Route::Forward {
            employee: EmployeeRecord { id: employee.to_owned(), name: employee.to_owned() },
            destinations: vec![Destination { number: "101".to_owned(), ring_time: Duration::from_secs(20) }],
            then: "queue:sales".to_owned(),
        },
        None => Route::LinkedOperation { target: "queue:sales".to_owned() },
    };
    let why = || Reason::of_host(outcome, "technical-failure", Localized::new("почему", "why"));
    let reason = matches!(route, Route::LinkedOperation { .. }).then(why);
    let caller = caller.map(WholeNumber::new);
    let incoming = IncomingCall {
        id: id.to_owned(),
        caller: caller.clone(),
        called: "+74951234567".to_owned(),
        ..IncomingCall::default()
    };
    let resolved = CallDocument {
        version: VERSION,
        call: CallRecord::new(&incoming, start() + SignedDuration::from_secs(seconds)),
        steps: Vec::new(),
        placement: None,
        route,
        reason,
        details: Details { waiting_time: Duration::from_secs(3), ..Details::default() },
        run: Run { component: Some("0123456789abcdef".to_owned()), ..Run::default() },
        titles: [("manager_source".to_owned(), Localized::new("Источник", "Source"))].into_iter().collect(),
    };
    FinishedCall::of_one_step("main".into(), "demo".into(), caller, Arc::new(resolved))
}

struct Book {
    _home: TempDir,
    file: PathBuf,
    clock: Clock,
    details: CallDetails,
}

impl Book {
    fn new(settings: CallDetailsSettings) -> Self {
        let home = tempfile::tempdir().unwrap();
        let file = file_in(&home.path().join("state"));
        let clock = Clock::frozen_at(start());
        let details = CallDetails::begin(Place::File(file.clone()), settings, clock.clone()).unwrap();
        Self { _home: home, file, clock, details }
    }

    fn keep(&self, call: FinishedCall) {
        self.details.finished(&call);
    }

    fn written(&self) {
        self.details.0.writer.flush(Duration::from_secs(20));
    }

    fn ids(&self, filter: &Filter) -> Vec<String> {
        let page = self.details.reader().list(filter, 10_000).unwrap();
        page.calls.iter().map(|call| call.document().unwrap().call.id).collect()
    }

    /// Another program that holds the file for writing.
    fn hold(&self) -> Connection {
        let other = Connection::open(&self.file).unwrap();
        other.execute_batch("BEGIN EXCLUSIVE").unwrap();
        other
    }
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn every_call_of_a_busy_minute_is_kept_in_order() {
    let book = Book::new(CallDetailsSettings::default());
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let book = &book;
            scope.spawn(move || {
                for number in 0..1_000 {
                    book.keep(call(&format!("{thread}-{number:04}"), number, Some("+79161234567"), "to:anna"));
                }
            });
        }
    });
    book.written();
    let mut ids = book.ids(&Filter::default());
    assert_eq!(ids.len(), 4_000);
    ids.reverse();
    for thread in 0..4 {
        let own: Vec<_> = ids.iter().filter(|id| id.starts_with(&format!("{thread}-"))).collect();
        assert!(own.is_sorted(), "calls of one thread are kept in their order");
    }
    let state = book.details.state();
    assert_eq!((state.kept, state.lost, state.waiting, state.failing), (4_000, 0, 0, None));
}

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

#[test]
fn a_memory_is_read_while_a_group_is_being_written() {
    let place = Place::memory();
    let details = CallDetails::begin(place.clone(), CallDetailsSettings::default(), Clock::frozen_at(start())).unwrap();
    details.finished(&call("a", 0, None, "caller-hidden"));
    details.0.writer.flush(Duration::from_secs(20));
    let writing = database::for_writing(&place, u64::MAX).unwrap();
    writing.execute_batch("BEGIN IMMEDIATE; UPDATE calls SET operation = 'another'").unwrap();
    assert_eq!(details.reader().list(&Filter::default(), 10).unwrap().calls.len(), 1);
    writing.execute_batch("ROLLBACK").unwrap();
}

#[test]
fn the_last_digits_are_found_in_every_spelling_of_a_network() {
    for (numbers, caller, found) in [
        (Numbers::Whole, "+7 916 123-45-67", true),
        (Numbers::Whole, "8 (916) 123 45 67", true),
        (Numbers::Masked, "+7 916 123-45-67", true),
        // Less than four digits of it are shown.
        (Numbers::Masked, "4567", false),
        (Numbers::Whole, "4567", true),
    ] {
        let book = Book::new(CallDetailsSettings { numbers, ..CallDetailsSettings::default() });
        book.keep(call("a", 0, Some(caller), "caller-hidden"));
        book.written();
        let ids = book.ids(&Filter { digits: Some("4567".to_owned()), ..Filter::default() });
        assert_eq!(!ids.is_empty(), found, "{numbers:?} {caller}");
    }
}

#[test]
fn the_last_call_of_an_identifier_is_found_and_so_is_a_number() {
    let book = Book::new(CallDetailsSettings::default());
    for (seconds, outcome) in [(0, "caller-hidden"), (1, "to:anna")] {
        book.keep(call("same@pbx", seconds, None, outcome));
    }
    book.written();
    let found = book.details.reader().find(&CallKey::id("same@pbx")).unwrap().unwrap();
    assert!(matches!(found.document().unwrap().route, Route::Forward { .. }));
    let first = book.details.reader().find(&CallKey::Seq(1)).unwrap().unwrap();
    assert_eq!(first.document().unwrap().reason.unwrap().code, "caller-hidden");
    assert!(book.details.reader().find(&CallKey::id("nobody")).unwrap().is_none());
}

#[test]
fn d10_whole_numbers_are_shown_only_when_asked_for_and_kept_only_where_configured() {
    for (numbers, asked, shown) in [
        (Numbers::Whole, Numbers::Masked, "+7916•••4567"),
        (Numbers::Whole, Numbers::Whole, "+79161234567"),
        (Numbers::Masked, Numbers::Whole, "+7916•••4567"),
    ] {
        let book = Book::new(CallDetailsSettings { numbers, ..CallDetailsSettings::default() });
        book.keep(call("a", 0, Some("+79161234567"), "to:anna"));
        book.written();
        let call = book.details.reader().find(&CallKey::id("a")).unwrap().unwrap();
        assert_eq!(call.shown(asked).call.unwrap().call.caller.as_deref(), Some(shown));
        assert!(!format!("{call:?}").contains("9161234567"), "{call:?}");
        if numbers == Numbers::Masked {
            let bytes =
                ["", "-wal"].map(|end| std::fs::read(format!("{}{end}", book.file.display())).unwrap_or_default());
            assert!(!bytes.concat().windows(10).any(|part| part == b"9161234567"), "the file holds the number");
        }
        assert_eq!(book.ids(&Filter { digits: Some("4567".to_owned()), ..Filter::default() }), ["a"]);
    }
}

#[test]
fn a_record_that_cannot_be_read_is_listed_as_such() {
    let book = Book::new(CallDetailsSettings::default());
    book.keep(call("a", 0, None, "caller-hidden"));
    book.written();
    Connection::open(&book.file).unwrap().execute("UPDATE calls SET document = '{\"call\": 5'", []).unwrap();
    let page = book.details.reader().list(&Filter::default(), 10).unwrap();
    assert!(page.calls[0].document().is_none());
    let shown = serde_json::to_value(page.calls[0].shown(Numbers::Whole)).unwrap();
    assert_eq!((&shown["unreadable"], &shown["seq"]), (&true.into(), &1.into()));
    assert_eq!(shown.get("call"), None);
}

#[test]
fn pages_follow_each_other_without_a_gap_or_a_double() {
    let book = Book::new(CallDetailsSettings::default());
    for number in 0..25 {
        book.keep(call(&number.to_string(), number, None, "caller-hidden"));
    }
    book.written();
    let (mut seen, mut filter) = (Vec::new(), Filter::default());
    loop {
        let page = book.details.reader().list(&filter, 10).unwrap();
        seen.extend(page.calls.iter().map(|call| call.seq));
        match page.next {
            Some(next) => filter.before = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, (1..=25).rev().collect::<Vec<_>>());
}

#[test]
fn calls_are_counted_by_outcome_over_time() {
    let book = Book::new(CallDetailsSettings::default());
    for (seconds, outcome) in [(0, "to:anna"), (59, "to:boris"), (60, "crm-error"), (61, "to:anna"), (300, "to:anna")] {
        book.keep(call("a", seconds, None, outcome));
    }
    book.written();
    let end = start() + SignedDuration::from_secs(300);
    let buckets = book.details.reader().reasons(start(), end, 60).unwrap();
    let shown: Vec<_> =
        buckets.iter().map(|bucket| (bucket.at.duration_since(start()).as_secs(), bucket.counts.clone())).collect();
    let counts = |counts: &[(&str, u64)]| counts.iter().map(|(code, count)| ((*code).to_owned(), *count)).collect();
    assert_eq!(shown, [(0, counts(&[("forwarded", 2)])), (60, counts(&[("crm-error", 1), ("forwarded", 1)]))]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// What SQL finds is what a plain look at each call finds.
    #[test]
    fn a_filter_finds_just_the_calls_that_are_so(
        calls in prop::collection::vec((0..600_i64, "\\+7916[0-9]{7}", prop::sample::select(vec!["to:anna", "to:boris", "crm-error", "caller-hidden"])), 1..40),
        since in prop::option::of(0..600_i64),
        until in prop::option::of(0..600_i64),
        reason in prop::option::of(prop::sample::select(vec!["forwarded", "crm-error", "no-such-code"])),
        employee in prop::option::of(prop::sample::select(vec!["anna", "boris", "nobody"])),
        digits in prop::option::of("[0-9]{1,2}"),
    ) {
        let book = Book::new(CallDetailsSettings::default());
        for (index, (seconds, caller, outcome)) in calls.iter().enumerate() {
            book.keep(call(&index.to_string(), *seconds, Some(caller), outcome));
        }
        book.written();
        let at = |seconds: i64| start() + SignedDuration::from_secs(seconds);
        let filter = Filter {
            since: since.map(at),
            until: until.map(at),
            reason: reason.map(str::to_owned),
            employee: employee.map(str::to_owned),
            digits: digits.clone(),
            ..Filter::default()
        };
        let mut expected: Vec<_> = calls
            .iter()
            .enumerate()
            .filter(|(_, (seconds, caller, outcome))| {
                let to = outcome.strip_prefix("to:");
                since.is_none_or(|since| *seconds >= since)
                    && until.is_none_or(|until| *seconds < until)
                    && reason.is_none_or(|reason| to.map_or(*outcome, |_| "forwarded") == reason)
                    && employee.is_none_or(|employee| to == Some(employee))
                    && digits.as_ref().is_none_or(|digits| caller.ends_with(digits))
            })
            .map(|(index, _)| index.to_string())
            .collect();
        expected.reverse();
        prop_assert_eq!(book.ids(&filter), expected);
    }
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
