//! Behaviour of kept call details: nothing is lost that can be kept, nothing waits that need not.

mod elsewhere;
mod file;
mod reading;

use std::path::Path;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use call::details::Details;
use call::document::{CallRecord, Destination, EmployeeRecord, Reason, Ring, Route, Run, VERSION};
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
            ring: Ring::InTurn,
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
        caller_name: None,
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
