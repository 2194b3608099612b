//! The rate budget: turns in a sliding window, in order of arrival. Time is tokio's, paused: it moves only when everybody waits.

use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use tokio::time::{sleep, sleep_until};

use super::super::budget::{Admission, Budget, Permit, QueueSlot, TooLate, WINDOW};
use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn turn(budget: &Budget) -> Permit {
    match budget.join(Instant::now() + 10 * SECOND).unwrap() {
        Admission::Now(turn) => turn,
        Admission::Queued(_) => panic!("no turn is free"),
    }
}

fn place(budget: &Budget) -> QueueSlot {
    match budget.join(Instant::now() + 10 * SECOND).unwrap() {
        Admission::Now(_) => panic!("a turn is free"),
        Admission::Queued(place) => place,
    }
}

#[tokio::test(start_paused = true)]
async fn as_many_as_allowed_go_at_once_and_the_next_a_window_after_the_first() {
    let budget = Budget::new(2, None);
    let begun = Instant::now();
    turn(&budget).started();
    sleep(SECOND / 2).await;
    turn(&budget).started();
    let (third, fourth, fifth) = (place(&budget), place(&budget), place(&budget));
    assert_eq!(budget.waiting(), 3);
    let foreseen = [third.foreseen(), fourth.foreseen(), fifth.foreseen()].map(|at| at - begun);
    assert_eq!(foreseen, [WINDOW, WINDOW + SECOND / 2, 2 * WINDOW]);
    let too_late = budget.join(begun + 2 * WINDOW).unwrap_err();
    assert_eq!(too_late, TooLate { foreseen: begun + 2 * WINDOW + SECOND / 2 });
    third.permit().await.started();
    let waited = begun.elapsed();
    assert!(waited >= WINDOW && waited < WINDOW + SECOND / 10, "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_turn_counts_from_when_its_request_really_goes_out() {
    let budget = Budget::new(1, None);
    let slow = turn(&budget);
    let waiting = place(&budget);
    let next = tokio::spawn(async move { waiting.permit().await });
    sleep(5 * SECOND).await;
    assert!(!next.is_finished(), "the connection is still being opened");
    let begun = Instant::now();
    slow.started();
    drop(next.await.unwrap());
    assert!(begun.elapsed() >= WINDOW);
}

#[tokio::test(start_paused = true)]
async fn who_goes_away_gives_the_place_up_and_a_turn_that_is_not_used_is_given_back() {
    let budget = Budget::new(1, None);
    let begun = Instant::now();
    turn(&budget).started();
    let (first, second, third) = (place(&budget), place(&budget), place(&budget));
    assert_eq!(third.foreseen() - begun, 3 * WINDOW);
    let first = tokio::spawn(async move { first.permit().await });
    let third = tokio::spawn(async move { third.permit().await });
    sleep(SECOND / 10).await;
    first.abort();
    drop(second);
    let unspent = third.await.unwrap();
    let waited = begun.elapsed();
    assert!(waited >= WINDOW && waited < WINDOW + SECOND / 10, "{waited:?}");
    drop(unspent);
    turn(&budget).started();
    assert_eq!(budget.waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn turns_that_come_free_together_are_taken_together_and_nobody_overtakes() {
    let budget = Budget::new(3, None);
    (0..3).for_each(|_| turn(&budget).started());
    let (first, second) = (place(&budget), place(&budget));
    sleep(WINDOW).await;
    let late = place(&budget);
    let begun = Instant::now();
    // The last one looks first and must be woken, although none gives its turn back: each request is still going out.
    let all = async { tokio::join!(late.permit(), second.permit(), first.permit()) };
    let turns = tokio::time::timeout(SECOND, all).await.expect("everybody was woken");
    assert!(begun.elapsed() < SECOND / 10, "{:?}", begun.elapsed());
    drop(turns);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_is_free_is_never_too_late() {
    let budget = Budget::new(1, None);
    let past = Instant::now();
    sleep(SECOND).await;
    let Ok(Admission::Now(turn)) = budget.join(past) else { panic!("a turn is free") };
    turn.started();
    assert!(budget.join(Instant::now()).is_err());
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_beside_calls_leaves_them_the_greater_part_of_the_turns() {
    let budget = Budget::new(7, None);
    for taken in 0..4 {
        assert!(budget.leaves_room().await, "{taken} of 7 are taken");
        turn(&budget).started();
    }
    assert!(!budget.leaves_room().await);
    sleep(WINDOW).await;
    assert!(budget.leaves_room().await);
    let held: Vec<_> = (0..7).map(|_| turn(&budget)).collect();
    let waiting = place(&budget);
    drop(held);
    assert!(!budget.leaves_room().await, "somebody waits");
    drop(waiting);
    assert!(budget.leaves_room().await);
}

/// One who comes: after which pause, how patient, when it goes away by itself, how long its connection takes to open (all in ms).
#[derive(Clone, Debug)]
struct Comer {
    pause: u64,
    patience: u64,
    leaves: Option<u64>,
    opening: u64,
}

/// What happened, as it happened.
#[derive(Debug, Default)]
struct Log {
    starts: Vec<Instant>,
    /// Who got a turn, in order.
    served: Vec<usize>,
    waiting: usize,
    going_out: usize,
}

/// When a turn comes, step by step: the slow way of the same question.
fn oracle(log: &Log, most: usize, now: Instant) -> Instant {
    let mut starts = log.starts.clone();
    starts.extend(std::iter::repeat_n(now, log.going_out));
    let mut at = now;
    for _ in 0..=log.waiting {
        loop {
            let inside: Vec<_> = starts.iter().filter(|start| **start + WINDOW > at).collect();
            if inside.len() < most {
                break;
            }
            at = **inside.iter().min().unwrap() + WINDOW;
        }
        starts.push(at);
    }
    at
}

async fn visit(number: usize, comer: Comer, admission: Admission, foreseen: Instant, log: Arc<Mutex<Log>>) {
    let prompt = comer.opening == 0;
    let turn = match admission {
        Admission::Now(turn) => turn,
        Admission::Queued(place) => {
            let leaves = Duration::from_millis(comer.leaves.unwrap_or(3_600_000));
            let turn = tokio::select! {
                turn = place.permit() => Some(turn),
                () = sleep(leaves) => None,
            };
            drop(place);
            let mut log = log.lock().unwrap();
            log.waiting -= 1;
            let Some(turn) = turn else { return };
            log.going_out += 1;
            turn
        }
    };
    {
        let mut log = log.lock().unwrap();
        log.served.push(number);
        // tokio's timers are exact to the millisecond, and these add up.
        let late = Instant::now().saturating_duration_since(foreseen);
        assert!(!prompt || late < Duration::from_millis(100), "served {late:?} later than foreseen");
    }
    if !prompt {
        sleep(Duration::from_millis(comer.opening)).await;
    }
    let mut log = log.lock().unwrap();
    log.going_out -= 1;
    log.starts.push(Instant::now());
    turn.started();
}

fn rush(most: u16, comers: Vec<Comer>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let log = runtime.block_on(async move {
        let (budget, log) = (Budget::new(most, None), Arc::new(Mutex::new(Log::default())));
        let mut visits = Vec::new();
        for (number, comer) in comers.into_iter().enumerate() {
            sleep(Duration::from_millis(comer.pause)).await;
            let now = Instant::now();
            let latest = now + Duration::from_millis(comer.patience);
            let foreseen = oracle(&log.lock().unwrap(), most.into(), now);
            match budget.join(latest) {
                Err(TooLate { foreseen: told }) => {
                    assert_eq!(told, foreseen, "refused for another turn than the one that would have come");
                    assert!(foreseen > latest, "refused although it could have been served");
                    continue;
                }
                Ok(admission) => {
                    assert!(foreseen <= latest || foreseen <= now, "let in although it cannot be served");
                    match &admission {
                        Admission::Now(_) => log.lock().unwrap().going_out += 1,
                        Admission::Queued(place) => {
                            log.lock().unwrap().waiting += 1;
                            assert_eq!(place.foreseen(), foreseen);
                        }
                    }
                    visits.push(tokio::spawn(visit(number, comer, admission, foreseen, Arc::clone(&log))));
                }
            }
        }
        for visit in visits {
            visit.await.unwrap();
        }
        assert_eq!(budget.waiting(), 0);
        // Nothing was lost: after a window, every turn is free again.
        sleep_until(Instant::now() + WINDOW).await;
        let free: Vec<_> = (0..most).map(|_| turn(&budget)).collect();
        assert_eq!(free.len(), usize::from(most));
        Arc::try_unwrap(log).unwrap().into_inner().unwrap()
    });
    let mut starts = log.starts;
    starts.sort();
    for window in starts.windows(usize::from(most) + 1) {
        assert!(window[usize::from(most)] - window[0] >= WINDOW, "more than {most} starts in a window");
    }
    assert!(log.served.is_sorted(), "not in order of arrival: {:?}", log.served);
}

fn comer(opening: impl Strategy<Value = u64>) -> impl Strategy<Value = Comer> {
    (0_u64..400, 0_u64..5_000, proptest::option::weighted(0.3, 0_u64..3_000), opening, any::<bool>()).prop_map(
        |(pause, patience, leaves, opening, at_once)| Comer {
            pause: if at_once { 0 } else { pause },
            patience,
            leaves,
            opening,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn in_any_rush_the_bound_holds_in_order_and_everyone_let_in_is_served_when_foreseen(
        most in 1_u16..9,
        comers in proptest::collection::vec(comer(Just(0)), 1..60),
    ) {
        rush(most, comers);
    }

    #[test]
    fn in_any_rush_the_bound_holds_however_long_connections_take(
        most in 1_u16..9,
        comers in proptest::collection::vec(comer(0_u64..2_500), 1..60),
    ) {
        // An opening of nothing would be held to its foreseen turn, which slow ones before it delay.
        let comers = comers.into_iter().map(|comer| Comer { opening: comer.opening + 1, ..comer }).collect();
        rush(most, comers);
    }
}
