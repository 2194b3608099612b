//! The security page promises nothing that no test holds: each row of its tables names tests, and they exist.

use std::collections::BTreeSet;

use crate::tree;

const PAGE: &str = "host-harness/docs/security.md";

#[test]
fn each_promise_names_tests_that_exist() {
    let known: BTreeSet<String> = tree::texts().iter().flat_map(|text| functions(&text.content)).collect();
    let page = tree::read(PAGE);
    let wrong: Vec<_> = unproven(&page, &known);
    assert!(wrong.is_empty(), "{PAGE}: {wrong:#?}");
}

#[test]
fn a_promise_without_a_test_is_found() {
    let known = BTreeSet::from(["a_test_of_it".to_owned()]);
    let table = |row: &str| format!("| what | test |\n|---|---|\n{row}\n");
    assert!(unproven(&table("| holds | `a_test_of_it` |"), &known).is_empty());
    assert_eq!(unproven(&table("| holds | `another_test_of_it` |"), &known).len(), 1);
    assert_eq!(unproven(&table("| holds | |"), &known).len(), 1);
    assert_eq!(unproven("A sentence with `another_test_of_it`.", &known).len(), 1);
}

/// The rows without a test, and the tests that do not exist.
fn unproven(page: &str, known: &BTreeSet<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut rows = page.lines().filter(|line| line.starts_with('|')).peekable();
    while let Some(row) = rows.next() {
        let is_head = rows.peek().is_some_and(|next| next.starts_with("|---"));
        if !is_head && !row.starts_with("|---") && tests(row).next().is_none() {
            wrong.push(format!("no test: {row}"));
        }
    }
    wrong.extend(tests(page).filter(|name| !known.contains(*name)).map(|name| format!("no such test: {name}")));
    wrong
}

/// The names of tests: in backquotes, with at least two underscores.
fn tests(text: &str) -> impl Iterator<Item = &str> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter(|name| {
        name.matches('_').count() >= 2
            && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
            && name.starts_with(|first: char| first.is_ascii_lowercase())
            // A key of the configuration.
            && *name != "cache_key_secret"
    })
}

fn functions(source: &str) -> Vec<String> {
    let named = source.split("fn ").skip(1).map(|rest| {
        rest.chars().take_while(|character| character.is_ascii_alphanumeric() || *character == '_').collect()
    });
    named.collect()
}
