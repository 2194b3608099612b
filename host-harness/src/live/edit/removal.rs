//! Taking a section out of the text: it goes with the comment right above it, and everything else stays to the letter.

use std::ops::Range;

use toml_edit::{Document, Item, Table};

use super::document::place;

/// The text without the section of this identifier, which is the `name` of the document, or of the integration `of`; none where there is no such
/// section.
pub(super) fn without(text: &str, of: Option<&str>, name: &str, id: &str) -> Option<String> {
    let document = Document::parse(text).ok()?;
    let holder = match of {
        None => document.as_table(),
        Some(integration) => section(document.as_table(), "integration", integration)?,
    };
    let range = extent(section(holder, name, id)?)?;
    let start = with_comment(text, text.get(..range.start)?.rfind('\n').map_or(0, |end| end + 1));
    let end = text.get(range.end..)?.find('\n').map_or(text.len(), |end| range.end + end + 1);
    Some([text.get(..start)?, text.get(end..)?].concat())
}

fn section<'a>(of: &'a Table, name: &str, id: &str) -> Option<&'a Table> {
    let sections = of.get(name)?.as_array_of_tables()?;
    sections.get(place(sections, id)?)
}

/// From a section's heading to the end of its last value, in whatever section of its own that is.
fn extent(table: &Table) -> Option<Range<usize>> {
    let own = table.span()?;
    let within = table.iter().filter_map(|(_, item)| match item {
        Item::Table(table) => extent(table),
        Item::ArrayOfTables(tables) => {
            tables.iter().filter_map(extent).reduce(|one, other| one.start.min(other.start)..one.end.max(other.end))
        }
        item => item.span(),
    });
    Some(within.fold(own, |all, part| all.start.min(part.start)..all.end.max(part.end)))
}

/// Where the comment begins that stands right above the line that begins here, with one blank line before it. What was commented out is nobody's
/// comment.
fn with_comment(text: &str, line: usize) -> usize {
    let above = |end: usize| -> Option<(usize, &str)> {
        let before = text.get(..end)?.strip_suffix('\n')?;
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        Some((start, before.get(start..)?.trim()))
    };
    let mut start = line;
    while let Some((above, comment)) = above(start).filter(|(_, comment)| comment.starts_with('#')) {
        if comment.trim_start_matches(['#', ' ']).starts_with('[') {
            start = line;
            break;
        }
        start = above;
    }
    above(start).filter(|(_, line)| line.is_empty()).map_or(start, |(above, _)| above)
}
