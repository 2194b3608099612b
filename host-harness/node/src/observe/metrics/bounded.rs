//! A component's words as labels: each kept once, and only so many of them.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

/// Operations have some twenty reasons; a component that invents more is counted under one.
const MOST: usize = 64;
/// A longer word is not a code.
const LONGEST: usize = 64;
/// What the others are counted as.
const OTHER: &str = "other";

/// The words met so far.
#[derive(Debug, Default)]
pub(super) struct Bounded(RwLock<BTreeSet<Arc<str>>>);

impl Bounded {
    /// The word as a label.
    pub(super) fn of(&self, word: &str) -> Arc<str> {
        let word = if word.len() <= LONGEST { word } else { OTHER };
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(word) {
            return Arc::clone(known);
        }
        let mut words = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let word: Arc<str> = if words.len() < MOST { word.into() } else { OTHER.into() };
        words.insert(Arc::clone(&word));
        word
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_that_invents_words_fills_no_memory() {
        let words = Bounded::default();
        assert_eq!(&*words.of("contact-not-found"), "contact-not-found");
        for number in 0..10_000 {
            words.of(&format!("word-{number}"));
        }
        assert_eq!(&*words.of("one-more"), OTHER);
        assert_eq!(&*words.of(&"x".repeat(1_000)), OTHER);
        assert_eq!(&*words.of("contact-not-found"), "contact-not-found");
        assert!(words.0.read().unwrap().len() <= MOST + 1);
    }
}
