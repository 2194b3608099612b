//! The rate budget of several nodes: permits of one window, and what a node does where the window does not answer. Time is tokio's, paused.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::time::sleep;

use super::super::budget::{Admission, Budget, Permit, QueueSlot, WINDOW};
use super::*;
use crate::store::{Asked, SharedWindow, StoreError, WindowState};

const SECOND: Duration = Duration::from_secs(1);

/// A window in memory: the slow way of the same bound.
#[derive(Debug, Default)]
struct Window {
    most: usize,
    /// When each start happened; none for one about to happen.
    starts: Mutex<BTreeMap<String, Option<Instant>>>,
    permits: AtomicU64,
    away: AtomicBool,
    slow: AtomicBool,
    nodes: usize,
}

impl Window {
    fn of(most: usize, nodes: usize) -> Arc<Self> {
        Arc::new(Self { most, nodes, ..Self::default() })
    }

    fn inside(&self) -> Vec<Duration> {
        let now = Instant::now();
        let mut starts = self.starts.lock().unwrap();
        starts.retain(|_, at| at.is_none_or(|at| at + WINDOW > now));
        let mut leaving: Vec<_> = starts.values().map(|at| at.unwrap_or(now) + WINDOW - now).collect();
        leaving.sort();
        leaving
    }

    fn is_away(&self) -> Result<(), StoreError> {
        if self.away.load(Ordering::Relaxed) {
            return Err(StoreError::Unreachable {
                server: "redis://cache:6379/0".to_owned(),
                cause: "gone".to_owned(),
            });
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl SharedWindow for Window {
    async fn ask(&self, permit: &str, _: usize) -> Result<Asked, StoreError> {
        if self.slow.load(Ordering::Relaxed) {
            sleep(SECOND / 10).await;
        }
        self.is_away()?;
        let leaving = self.inside();
        let permitted = leaving.len() < self.most;
        if permitted {
            self.starts.lock().unwrap().insert(permit.to_owned(), None);
        }
        Ok(Asked { permitted, state: WindowState { leaving, waiting_elsewhere: Vec::new(), nodes: self.nodes } })
    }

    async fn started(&self, permit: &str) -> Result<(), StoreError> {
        self.is_away()?;
        self.starts.lock().unwrap().insert(permit.to_owned(), Some(Instant::now()));
        Ok(())
    }

    async fn give_back(&self, permit: &str) -> Result<(), StoreError> {
        self.is_away()?;
        self.starts.lock().unwrap().remove(permit);
        Ok(())
    }

    fn new_permit(&self) -> String {
        self.permits.fetch_add(1, Ordering::Relaxed).to_string()
    }
}

fn place(budget: &Budget) -> QueueSlot {
    match budget.join(Instant::now() + 10 * SECOND).unwrap() {
        Admission::Now(_) => panic!("a shared turn has to be asked for"),
        Admission::Queued(place) => place,
    }
}

async fn turn(budget: &Budget) -> Permit {
    tokio::time::timeout(10 * SECOND, place(budget).permit()).await.expect("a turn")
}

/// Lets the tasks that tell the window run.
async fn told() {
    sleep(Duration::from_millis(1)).await;
}

#[tokio::test(start_paused = true)]
async fn nodes_together_start_no_more_than_one_may_in_any_window() {
    let window = Window::of(3, 2);
    let nodes = [Budget::new(3, Some(window.clone())), Budget::new(3, Some(window.clone()))];
    let starts = Arc::new(Mutex::new(Vec::new()));
    let calls: Vec<_> = (0..30)
        .map(|number| {
            let (budget, starts) = (nodes[number % 2].clone(), Arc::clone(&starts));
            tokio::spawn(async move {
                let Ok(Admission::Queued(place)) = budget.join(Instant::now() + 60 * SECOND) else {
                    panic!("no place")
                };
                let turn = place.permit().await;
                starts.lock().unwrap().push(Instant::now());
                turn.started();
            })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    let starts = starts.lock().unwrap();
    assert_eq!(starts.len(), 30);
    for window in starts.windows(4) {
        assert!(window[3] - window[0] >= WINDOW, "{window:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_beside_calls_leaves_room_for_those_of_other_nodes_too() {
    let window = Window::of(4, 2);
    let nodes = [Budget::new(4, Some(window.clone())), Budget::new(4, Some(window.clone()))];
    for taken in 0..2 {
        assert!(nodes[0].leaves_room().await, "{taken} of 4 are taken");
        told().await;
        turn(&nodes[1]).await.started();
        told().await;
    }
    assert!(!nodes[0].leaves_room().await, "half of the turns are taken elsewhere");
    told().await;
    assert_eq!(window.inside().len(), 2, "looking takes no turn");
    sleep(WINDOW).await;
    assert!(nodes[0].leaves_room().await);
    window.away.store(true, Ordering::Relaxed);
    assert!(nodes[0].leaves_room().await, "this node goes on with its own part");
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_the_others_leave_no_room_for_in_time_is_refused_at_once() {
    let window = Window::of(1, 2);
    let (here, there) = (Budget::new(1, Some(window.clone())), Budget::new(1, Some(window.clone())));
    turn(&there).await.started();
    told().await;
    let first = place(&here);
    let waiting = tokio::spawn(async move { first.permit().await });
    told().await;
    let now = Instant::now();
    let too_late = here.join(now + WINDOW).unwrap_err();
    assert!(too_late.foreseen > now + WINDOW && too_late.foreseen <= now + 2 * WINDOW, "{:?}", too_late.foreseen - now);
    assert!(here.join(too_late.foreseen).is_ok());
    waiting.await.unwrap().started();
    assert_eq!(here.is_shared(), Some(true));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_used_is_given_back_to_the_window_whenever_it_is_dropped() {
    let window = Window::of(1, 1);
    let budget = Budget::new(1, Some(window.clone()));
    drop(turn(&budget).await);
    told().await;
    assert!(window.inside().is_empty(), "given back");
    // Who goes away while the window is asked never gets the permit, and nobody else waits for it.
    window.slow.store(true, Ordering::Relaxed);
    let leaving = place(&budget);
    let asking = tokio::spawn(async move { leaving.permit().await });
    told().await;
    asking.abort();
    sleep(SECOND / 5).await;
    assert!(window.inside().is_empty(), "given back");
    turn(&budget).await.started();
    told().await;
    assert_eq!(window.inside().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn without_the_window_a_node_goes_on_with_its_part_and_shares_again_when_it_is_back() {
    let window = Window::of(7, 3);
    let budget = Budget::new(7, Some(window.clone()));
    turn(&budget).await.started();
    sleep(2 * WINDOW).await;
    window.away.store(true, Ordering::Relaxed);
    let begun = Instant::now();
    for _ in 0..4 {
        turn(&budget).await.started();
    }
    assert_eq!(budget.is_shared(), Some(false));
    // A third of seven is two in any window.
    assert!(begun.elapsed() >= WINDOW && begun.elapsed() < WINDOW + SECOND, "{:?}", begun.elapsed());
    window.away.store(false, Ordering::Relaxed);
    sleep(2 * WINDOW).await;
    let begun = Instant::now();
    for _ in 0..7 {
        turn(&budget).await.started();
    }
    assert!(begun.elapsed() < SECOND / 10, "{:?}", begun.elapsed());
    assert_eq!(budget.is_shared(), Some(true));
    told().await;
    assert_eq!(window.inside().len(), 7);
}
