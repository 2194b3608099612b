//! What is wrong with a configuration, one thing after another.

use call::Localized;

/// The errors so far, in the order of the file's sections.
#[derive(Debug, Default)]
pub(super) struct Errors(Vec<Localized>);

impl Errors {
    /// What was judged; none where it is wrong, which is kept.
    pub(super) fn take<T>(&mut self, judged: Result<T, Localized>) -> Option<T> {
        judged.map_err(|error| self.0.push(error)).ok()
    }

    /// All of it together, unless something is wrong.
    pub(super) fn end<T>(self, judged: Option<T>) -> Result<T, Vec<Localized>> {
        judged.filter(|_| self.0.is_empty()).ok_or(self.0)
    }
}
