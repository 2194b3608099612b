//! Facts are cited as "amoCRM facts §1.5" or "telephony facts §2.2"; each such section has a heading in its document.

use std::collections::BTreeSet;

use crate::tree;

const DOCUMENTS: [(&str, &str); 2] =
    [("amoCRM facts", "guest/docs/amocrm.md"), ("telephony facts", "host-harness/docs/telephony.md")];

/// Before a section's number, this near, stands the name of its document: "amoCRM facts §4 row D, §7.9".
const NEAR: usize = 60;

#[test]
fn every_fact_that_is_cited_has_a_heading() {
    let sections = DOCUMENTS.map(|(_, path)| sections(&tree::read(path)));
    let mut cited = 0;
    let mut wrong = Vec::new();
    for text in tree::texts() {
        let own = DOCUMENTS.iter().position(|(_, path)| *path == text.path);
        for citation in citations(&text.content) {
            cited += 1;
            let there = citation.document.or(own).map(|document| sections[document].contains(&citation.section));
            match there {
                Some(true) => {}
                Some(false) => wrong.push(format!("{}: §{} has no heading", text.path, citation.section)),
                None => wrong.push(format!(
                    "{}: §{}: write `amoCRM facts` or `telephony facts` before it",
                    text.path, citation.section
                )),
            }
        }
    }
    assert!(cited > 100, "only {cited} citations found");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn citations_are_found_with_their_documents() {
    let found = |text: &str| {
        citations(text).into_iter().map(|citation| (citation.document, citation.section)).collect::<Vec<_>>()
    };
    let section = |text: &str| text.to_owned();
    assert_eq!(
        found("/// An event (amoCRM facts §4 row D, §7.9)."),
        [(Some(0), section("4")), (Some(0), section("7.9"))]
    );
    assert_eq!(found("/// As in amoCRM\n    /// facts §1.\n"), [(Some(0), section("1"))]);
    assert_eq!(
        found("// amoCRM facts §1; telephony facts §6.1."),
        [(Some(0), section("1")), (Some(1), section("6.1"))]
    );
    assert_eq!(found("// See facts §2."), [(None, section("2"))]);
    assert_eq!(found("// See §2."), [(None, section("2"))]);
    assert_eq!(found("// RFC 3261 §8.1 and RFC 3261, §17."), []);
}

/// The numbers of the sections that a document has.
fn sections(document: &str) -> BTreeSet<String> {
    let sections: BTreeSet<_> =
        tree::headings(document).filter_map(|heading| heading.strip_prefix('§')).map(number).collect();
    assert!(!sections.is_empty(), "no section found");
    sections
}

struct Citation {
    /// Which of [`DOCUMENTS`]; `None` where the text does not say.
    document: Option<usize>,
    section: String,
}

/// The sections that a text cites; those of standards ("RFC 3261 §8.1") are left out.
fn citations(text: &str) -> Vec<Citation> {
    // A citation may be broken over two lines of a comment.
    let lines = text.lines().map(|line| line.trim_start().trim_start_matches(['/', '!', '#']).trim());
    let flowing = lines.collect::<Vec<_>>().join(" ");
    let mut citations = Vec::new();
    for (at, _) in flowing.match_indices('§') {
        let (before, after) = (&flowing[..at], &flowing[at + '§'.len_utf8()..]);
        let near = before.char_indices().rev().nth(NEAR).map_or(before, |(start, _)| &before[start..]);
        let named = |name: &str| near.rfind(name);
        let document = (0..DOCUMENTS.len()).filter_map(|index| Some((named(DOCUMENTS[index].0)?, index))).max();
        let section = number(after);
        if section.is_empty() || named("RFC ") > document.map(|(at, _)| at) {
            continue;
        }
        citations.push(Citation { document: document.map(|(_, index)| index), section });
    }
    citations
}

/// The section's number that a text begins with: `5.7` of `5.7: the domain`.
fn number(text: &str) -> String {
    let end = text.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(text.len());
    text[..end].trim_end_matches('.').to_owned()
}
