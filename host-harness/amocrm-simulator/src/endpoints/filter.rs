//! Filters that lists of entities and of events have in common: ids and times (amoCRM facts §1.3, §7.9).

use jiff::Timestamp;

use super::{Ask, Refusal, bad_request};

/// How many values one filter may name.
const MOST: usize = 250;

/// A span of time, its ends included; open where a request does not say one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    from: Option<i64>,
    to: Option<i64>,
}

impl Span {
    /// Reads `NAME[from]` and `NAME[to]`; a bare `NAME` means "after" it.
    pub(super) fn read(ask: &Ask<'_>, name: &str) -> Result<Self, Refusal> {
        let second = |name: &str| -> Result<Option<i64>, Refusal> {
            let text = ask.params.get(name);
            text.map(|text| text.parse().map_err(|_| bad_request(name, "This value should be unix seconds.")))
                .transpose()
        };
        let from = second(&format!("{name}[from]"))?.or(second(name)?);
        Ok(Self { from, to: second(&format!("{name}[to]"))? })
    }

    pub(super) fn holds(self, at: Timestamp) -> bool {
        let at = at.as_second();
        self.from.is_none_or(|from| at >= from) && self.to.is_none_or(|to| at <= to)
    }
}

/// The numbers of a list, however it is spelled, and no more than `most`.
pub(super) fn numbers(ask: &Ask<'_>, name: &str, most: usize) -> Result<Vec<u64>, Refusal> {
    let values = ask.params.values(name);
    if values.len() > most {
        return Err(bad_request(name, &format!("This collection should contain {most} elements or less.")));
    }
    values.iter().map(|text| text.parse().map_err(|_| bad_request(name, "This value should be of type int."))).collect()
}

/// Whether an empty list was asked for, or one with this in it.
pub(super) fn among<T: PartialEq>(wanted: &[T], value: &T) -> bool {
    wanted.is_empty() || wanted.contains(value)
}

/// What a request asks of contacts, companies or leads. Filters by custom fields need a paid package and are ignored.
#[derive(Debug)]
pub(super) struct EntityFilter {
    ids: Vec<u64>,
    created: Span,
    updated: Span,
}

impl EntityFilter {
    /// `None` where the account ignores every filter.
    pub(super) fn read(ask: &Ask<'_>) -> Result<Option<Self>, Refusal> {
        if !ask.account.behaviour.filters {
            return Ok(None);
        }
        Ok(Some(Self {
            ids: numbers(ask, "filter[id]", MOST)?,
            created: Span::read(ask, "filter[created_at]")?,
            updated: Span::read(ask, "filter[updated_at]")?,
        }))
    }

    pub(super) fn passes(&self, id: u64, created_at: Timestamp, updated_at: Timestamp) -> bool {
        among(&self.ids, &id) && self.created.holds(created_at) && self.updated.holds(updated_at)
    }
}
