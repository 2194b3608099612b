//! The questions that amoCRM's page of consent was opened with, and that wait for their answer: in memory, each for a while, for one answer.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::configuration::Author;
use crate::tokens::TokenHash;
use amocrm::access::consent::{ConsentError, ConsentState};

/// How long an answer is waited for: as long as amoCRM's code counts (amoCRM facts §5.1).
pub(super) const VALID: SignedDuration = SignedDuration::from_mins(20);
/// How many wait for one integration; the oldest makes room.
const MOST: usize = 10;

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    /// The integration that is to be connected.
    pub(super) integration: String,
    /// Who asked.
    pub(super) author: Author,
    /// When.
    pub(super) asked_at: Timestamp,
}

/// What a `state` belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FoundQuestion {
    /// To this question, which is answered hereby.
    Question(Question),
    /// To one whose time is over.
    Expired,
    /// To none, or to one that was answered before.
    Unknown,
}

/// Those that wait. They are found by the SHA-256 of their `state`, so that the time of looking one up tells nothing of the others.
#[derive(Debug, Default)]
pub(super) struct Questions(Mutex<HashMap<TokenHash, Question>>);

impl Questions {
    /// Asks one more.
    ///
    /// # Errors
    /// Where the system has no randomness to give.
    pub(super) fn ask(&self, question: Question) -> Result<ConsentState, ConsentError> {
        let state = ConsentState::random()?;
        let mut waiting = self.lock();
        waiting.retain(|_, other| !other.is_over(question.asked_at));
        let of_integration = || waiting.iter().filter(|(_, other)| other.integration == question.integration);
        if of_integration().count() >= MOST
            && let Some(oldest) = of_integration().min_by_key(|(_, other)| other.asked_at).map(|(hash, _)| *hash)
        {
            waiting.remove(&oldest);
        }
        waiting.insert(TokenHash::of(state.as_str()), question);
        Ok(state)
    }

    /// Takes the question of this `state` out: it is answered once.
    pub(super) fn take(&self, state: &str, now: Timestamp) -> FoundQuestion {
        match self.lock().remove(&TokenHash::of(state)) {
            None => FoundQuestion::Unknown,
            Some(question) if question.is_over(now) => FoundQuestion::Expired,
            Some(question) => FoundQuestion::Question(question),
        }
    }

    /// Whether a question of this integration waits under this `state`.
    pub(super) fn wait(&self, state: &str, integration: &str, now: Timestamp) -> bool {
        let waiting = self.lock();
        let found = waiting.get(&TokenHash::of(state));
        found.is_some_and(|question| question.integration == integration && !question.is_over(now))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TokenHash, Question>> {
        // Each change is one insertion or removal.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Question {
    fn is_over(&self, now: Timestamp) -> bool {
        now.duration_since(self.asked_at) >= VALID
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::By;

    fn question(integration: &str, minute: i64) -> Question {
        let author = Author { name: Some("anna".to_owned()), by: By::Page };
        let asked_at = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute);
        Question { integration: integration.to_owned(), author, asked_at }
    }

    fn minute(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute)
    }

    #[test]
    fn a_question_is_answered_once_and_within_twenty_minutes() {
        let questions = Questions::default();
        let state = questions.ask(question("main", 0)).unwrap();
        assert!(
            questions.wait(state.as_str(), "main", minute(19)) && !questions.wait(state.as_str(), "main", minute(20))
        );
        assert!(!questions.wait(state.as_str(), "other", minute(0)));
        assert_eq!(questions.take("guessed", minute(0)), FoundQuestion::Unknown);
        assert_eq!(questions.take(state.as_str(), minute(19)), FoundQuestion::Question(question("main", 0)));
        assert_eq!(questions.take(state.as_str(), minute(19)), FoundQuestion::Unknown);
        let state = questions.ask(question("main", 0)).unwrap();
        assert_eq!(questions.take(state.as_str(), minute(20)), FoundQuestion::Expired);
    }

    #[test]
    fn questions_are_bounded_and_those_of_one_integration_displace_no_other() {
        let questions = Questions::default();
        let other = questions.ask(question("other", 0)).unwrap();
        let asked: Vec<_> = (0..=10).map(|minute| questions.ask(question("main", minute)).unwrap()).collect();
        assert_eq!(questions.lock().len(), MOST + 1);
        assert!(questions.wait(other.as_str(), "other", minute(10)));
        assert!(!questions.wait(asked[0].as_str(), "main", minute(10)), "the oldest made room");
        assert!(questions.wait(asked[1].as_str(), "main", minute(10)));
        questions.ask(question("main", 60)).unwrap();
        assert_eq!(questions.lock().len(), 1, "what is over is not kept");
    }
}
