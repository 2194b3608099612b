//! Calls that other nodes with the same store keep.

use std::sync::Arc;

use super::*;
use call::leg::Ending;
use runtime::store::MemoryStore;
use tokio_util::sync::CancellationToken;

/// Two nodes with one store, the first of which keeps a call.
fn nodes() -> ([Book; 2], [SharedCalls; 2]) {
    let store = Arc::new(MemoryStore::new());
    let books = [(); 2].map(|()| Book::new(CallDetailsSettings::default()));
    let shared = [(); 2].map(|()| SharedCalls::new(store.clone()));
    for (book, shared) in books.iter().zip(&shared) {
        book.details.share(shared.clone());
    }
    books[0].keep(call("a", 0, Some("+79161234567"), "to:anna"));
    books[0].written();
    (books, shared)
}

fn busy() -> Vec<Leg> {
    vec![Leg { leg: 1, result: Ending::Busy, ring_ms: None, sip_status: None, q850_cause: None }]
}

#[tokio::test]
async fn a_report_is_passed_on_to_the_node_that_keeps_the_call() {
    let ([a, b], [_, shared]) = nodes();
    assert!(matches!(b.details.complete(CallKey::id("a"), busy()).await, Err(Unreported::PassedOn)));
    assert_eq!(shared.waiting().await.unwrap().len(), 1);
    let ended = CancellationToken::new();
    let taking = tokio::spawn(a.details.clone().take_passed_on(ended.clone()));
    let deadline = Instant::now() + Duration::from_secs(20);
    while !shared.waiting().await.unwrap().is_empty() {
        assert!(Instant::now() < deadline, "nobody takes it");
        tokio::task::yield_now().await;
    }
    ended.cancel();
    taking.await.unwrap();
    let kept = a.details.reader().find(&CallKey::id("a")).unwrap().unwrap();
    assert_eq!(kept.outcome().unwrap().result, Ending::Busy);
}

#[tokio::test]
async fn a_report_that_may_complete_only_some_calls_is_passed_on_to_nobody() {
    let ([_, b], [_, shared]) = nodes();
    let within = CallKey::ArrivedWithin("a".to_owned(), Timestamp::MIN, Timestamp::MAX);
    for key in [within, CallKey::Arrived("a".to_owned(), start()), CallKey::Seq(1)] {
        assert!(matches!(b.details.complete(key, busy()).await, Err(Unreported::Unknown)));
    }
    assert_eq!(shared.waiting().await.unwrap(), [""; 0]);
}
