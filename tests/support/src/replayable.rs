//! What is true of every call of every test: it can be recorded and resolved again, and the recording gives nobody away.

use std::collections::BTreeMap;

use call::CallDocument;
use node::{Noted, ReadyOperation};
use replay::recording::{Numbers, Recording, With};
use tokio::sync::Semaphore;

use crate::TOKEN;

/// How many calls are replayed at once. A component's own computing is bounded in time, and hundreds beside each other on a busy machine would
/// each get too little of it.
static TURNS: Semaphore = Semaphore::const_new(2);

/// Records the call, whole and masked, and replays both.
pub(crate) async fn assert_replayable(placed: &ReadyOperation, resolved: &CallDocument, noted: Noted, caller: &str) {
    if noted.is_too_much() {
        return;
    }
    let _turn = TURNS.acquire().await.expect("nobody closes it");
    let description = placed.operation().describe().await.expect("a description");
    let with = With { operation: placed.operation().clone(), description: &description, settings: &BTreeMap::new() };
    let numbers = Numbers::kept_in(None).expect("a key");
    for numbers in [None, Some(&numbers)] {
        let recording = Recording::make(placed, resolved, noted.clone(), numbers).await.expect("a recording");
        assert_eq!(recording.departed, None, "the recording takes the live call's course");
        if numbers.is_none() {
            assert_eq!(recording.instructions, resolved.run.instructions, "and every step of it");
        }
        let file = recording.write().expect("JSON");
        let recording = Recording::read(&file).expect("what was written can be read");
        assert!(recording.is_of(&with));
        let replayed = recording.replay(&with).await.expect("it runs");
        assert_eq!(replayed.departure, None, "the same resolution, questions and instructions");
        assert_eq!(replayed.unknown, [""; 0]);

        let text = String::from_utf8(file).expect("text");
        assert!(!text.contains(TOKEN), "the access token was recorded");
        let digits: String = caller.chars().filter(char::is_ascii_digit).collect();
        // Longer than any number: its beginning may look like its end.
        let national = digits.get(digits.len().saturating_sub(10)..).filter(|_| (10..=15).contains(&digits.len()));
        if let (Some(national), Some(_)) = (national, numbers) {
            assert!(!text.contains(national), "a whole number was recorded: {text}");
        }
    }
}
