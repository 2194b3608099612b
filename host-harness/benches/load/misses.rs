//! Five hundred calls a second that all have to ask amoCRM: what is added to amoCRM's own answer time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hdrhistogram::Histogram;
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use runtime::store::{KeyPage, KeyValueStore, Shelf, Slot, StoreError};
use tokio::time::Instant;

use crate::{at, note, scene, show, times};

const A_SECOND: u32 = 500;
const ROUND: Duration = Duration::from_secs(3);
const ROUNDS: usize = 3;
/// Contacts of the demonstration account with a manager; not one alone, or equal questions would be one request.
const CALLERS: [&str; 4] = ["+7 916 123-45-67", "+7 903 555-05-05", "+7 903 555-05-04", "+7 903 555-05-06"];

/// Keeps nothing, so that every call is a miss.
#[derive(Debug)]
struct Forgetful;

#[async_trait::async_trait]
impl KeyValueStore for Forgetful {
    async fn get(&self, _: Slot<'_>) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(None)
    }

    async fn set(&self, _: Slot<'_>, _: &[u8]) -> Result<(), StoreError> {
        Ok(())
    }

    async fn compare_and_swap(&self, _: Slot<'_>, _: Option<&[u8]>, _: &[u8]) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn delete(&self, _: Slot<'_>) -> Result<(), StoreError> {
        Ok(())
    }

    async fn exists(&self, _: Slot<'_>) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn list_keys(&self, _: Shelf<'_>, _: u64, _: u32) -> Result<KeyPage, StoreError> {
        Ok(KeyPage::default())
    }

    fn location(&self) -> String {
        "nowhere".to_owned()
    }
}

pub(crate) fn run() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let (simulator, address) = scene::simulator();
        let integration = scene::integration(&address, Arc::new(Forgetful));
        let node = scene::node(&scene::operation(), Arc::clone(&integration), &[], Vec::new()).await;
        let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
        node.resolve(&node.revision().first().expect("a placement"), scene::call(CALLERS[0])).await;
        let question = simulator.requests().pop().expect("the operation's question");
        let mut address = url::Url::parse(&format!("{address}{}", question.path)).expect("an address");
        address.query_pairs_mut().extend_pairs(&question.query);
        let question: hyper::Uri = address.as_str().parse().expect("an address");

        let (mut alone, mut calls) = (times(), times());
        for _ in 0..ROUNDS {
            paced(&mut alone, |_| {
                let (client, question) = (client.clone(), question.clone());
                async move {
                    let answer = client.get(question).await.expect("an answer");
                    assert!(!answer.into_body().collect().await.expect("a body").to_bytes().is_empty());
                }
            })
            .await;
            paced(&mut calls, |number| {
                let (node, caller) = (node.clone(), CALLERS[number % CALLERS.len()]);
                async move {
                    let finished =
                        node.resolve(&node.revision().first().expect("a placement"), scene::call(caller)).await;
                    assert_eq!(finished.resolved.details.requests.len(), 1, "a miss asks once");
                }
            })
            .await;
            simulator.clear_requests();
        }
        show("amoCRM's answer alone, a pooled client", &alone);
        show("a call that asks amoCRM", &calls);
        let added = at(&calls, 0.99) - at(&alone, 0.99);
        println!(
            "added at p99: {added:.0} us (aim: at most 1000), at p50: {:.0} us",
            at(&calls, 0.5) - at(&alone, 0.5)
        );
        let opened = integration.http().state().connections_opened;
        println!("connections for {} calls: {opened}", calls.len());
    });
}

/// Begins a piece of work so many times a second, whether the one before has ended or not.
async fn paced<F: Future<Output = ()> + Send + 'static>(
    latencies: &mut Histogram<u64>,
    mut work: impl FnMut(usize) -> F,
) {
    let (sender, mut ended) = tokio::sync::mpsc::unbounded_channel();
    let started = Instant::now();
    let mut number = 0;
    while started.elapsed() < ROUND {
        // A timer is only good for whole milliseconds: two at a time would be a burst.
        tokio::time::sleep_until(
            started + Duration::from_secs(1) / A_SECOND * u32::try_from(number).unwrap_or_default(),
        )
        .await;
        let (working, sender) = (work(number), sender.clone());
        tokio::spawn(async move {
            let began = Instant::now();
            working.await;
            let _ = sender.send(began.elapsed());
        });
        number += 1;
    }
    drop(sender);
    while let Some(took) = ended.recv().await {
        note(latencies, took);
    }
}
