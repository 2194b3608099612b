//! What is read of it: numbers, pages, filters, counts.

use super::*;
use call::ended::{ChosenEnd, End};
use call::leg::Ending;

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
        ended in prop::option::of(prop::sample::select(vec!["answered", "linked-operation", "caller-gone", "unanswered", "not-reported", "missed"])),
        reports in prop::collection::vec((0..40_i64, 1..3_u8, 0..Ending::ALL.len()), 0..60),
    ) {
        let book = Book::new(CallDetailsSettings::default());
        for (index, (seconds, caller, outcome)) in calls.iter().enumerate() {
            book.keep(call(&index.to_string(), *seconds, Some(caller), outcome));
        }
        let mut legs = vec![Vec::new(); calls.len()];
        for (index, number, ending) in reports {
            let index = usize::try_from(index).unwrap() % calls.len();
            let leg = Leg { leg: number, result: Ending::ALL[ending].1, ring_ms: None, sip_status: None, q850_cause: None };
            call::leg::merge(&mut legs[index], std::slice::from_ref(&leg));
            let (answer, _) = oneshot::channel();
            book.details.0.writer.report(Report { call: CallKey::id(&index.to_string()), legs: vec![leg], answer });
        }
        book.written();
        let at = |seconds: i64| start() + SignedDuration::from_secs(seconds);
        let filter = Filter {
            since: since.map(at),
            until: until.map(at),
            reason: reason.map(str::to_owned),
            employee: employee.map(str::to_owned),
            digits: digits.clone(),
            ended: ended.and_then(ChosenEnd::named),
            ..Filter::default()
        };
        let mut expected: Vec<_> = calls
            .iter()
            .enumerate()
            .filter(|(index, (seconds, caller, outcome))| {
                let to = outcome.strip_prefix("to:");
                let end = End::of(&self::call("", 0, None, outcome).resolved, &legs[*index]);
                let missed = to.is_some() && !end.missed_by.is_empty();
                since.is_none_or(|since| *seconds >= since)
                    && until.is_none_or(|until| *seconds < until)
                    && reason.is_none_or(|reason| to.map_or(*outcome, |_| "forwarded") == reason)
                    && employee.is_none_or(|employee| to == Some(employee))
                    && ended.is_none_or(|ended| if ended == "missed" { missed } else { end.ended.name() == ended })
                    && digits.as_ref().is_none_or(|digits| caller.ends_with(digits))
            })
            .map(|(index, _)| index.to_string())
            .collect();
        expected.reverse();
        prop_assert_eq!(book.ids(&filter), expected);
    }
}
