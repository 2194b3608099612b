//! Rules are written `O1`, `D7`, `B2`, and in names `o1_`, `d07_`, `b2_`, so that `cargo test d07` runs the tests of D7 and no others.

use std::collections::{BTreeMap, BTreeSet};

use crate::tree;

const DOCUMENT: &str = "guest/docs/operation.md";

#[test]
fn every_rule_that_is_cited_has_a_heading() {
    let rules = rules();
    let mut cited = 0;
    let mut wrong = Vec::new();
    for text in tree::texts() {
        for rule in citations(&text.content) {
            cited += 1;
            if !rules.contains(&rule) {
                wrong.push(format!("{}: {rule} is not a rule of {DOCUMENT}", text.path));
            }
        }
    }
    assert!(cited > 200, "only {cited} citations found");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_rule_has_a_test() {
    let named: BTreeSet<_> = tests().into_keys().collect();
    let without: Vec<_> = rules().into_iter().filter(|rule| !named.contains(&prefix(rule))).collect();
    assert!(
        without.is_empty(),
        "no test's name begins with {:?}",
        without.iter().map(|rule| prefix(rule)).collect::<Vec<_>>()
    );
}

#[test]
fn every_test_and_module_named_by_a_rule_spells_it_in_one_way() {
    let prefixes: BTreeSet<_> = rules().iter().map(|rule| prefix(rule)).collect();
    let mut named = tests();
    for text in tree::texts() {
        if let Some(prefix) = file_name(&text.path).and_then(rule_prefix) {
            named.entry(prefix).or_default().push(text.path);
        }
    }
    let wrong: Vec<_> = named.into_iter().filter(|(prefix, _)| !prefixes.contains(prefix)).collect();
    assert!(wrong.is_empty(), "no rule is written so in names: {wrong:#?}");
}

#[test]
fn rules_and_names_are_told_from_other_texts() {
    assert_eq!(citations("// D7: today (rules O1–O7, B2)").collect::<Vec<_>>(), ["D7", "O1", "O7", "B2"]);
    assert_eq!(citations("query=%D0%A0 x.D1 D1x _D2 E164 0xB2 --opt-O0").count(), 0);
    assert_eq!(["D7", "D12", "O3", "B5"].map(prefix), ["d07_", "d12_", "o3_", "b5_"]);
    assert_eq!(rule_prefix("d7_today"), Some("d7_".to_owned()));
    assert_eq!(rule_prefix("o01_offer"), Some("o01_".to_owned()));
    assert_eq!(rule_prefix("base64_decodes"), None);
    let source =
        "#[test]\n// Why.\nfn d07_midnight() {}\n\nfn b64_helper() {}\n    #[tokio::test]\n    async fn o3_slow() {}\n";
    assert_eq!(test_names(source), ["d07_midnight", "o3_slow"]);
}

/// The rules that the document has, such as `D7`.
fn rules() -> BTreeSet<String> {
    let document = tree::read(DOCUMENT);
    let first = |heading: &str| heading.split(' ').next().unwrap_or_default().to_owned();
    let rules: BTreeSet<_> = tree::headings(&document).map(first).filter(|word| is_rule(word)).collect();
    assert!(rules.len() >= 24, "only {rules:?}");
    rules
}

/// How a rule is written at the beginning of a name.
fn prefix(rule: &str) -> String {
    let (letter, number) = rule.split_at(1);
    let digits = if letter == "D" { 2 } else { 1 };
    format!("{}{number:0>digits$}_", letter.to_lowercase())
}

/// The names of tests by what they begin with, such as `d07_`.
fn tests() -> BTreeMap<String, Vec<String>> {
    let mut tests = BTreeMap::<_, Vec<_>>::new();
    for text in tree::texts().iter().filter(|text| text.path.ends_with(".rs")) {
        for name in test_names(&text.content) {
            if let Some(prefix) = rule_prefix(name) {
                tests.entry(prefix).or_default().push(format!("{}: {name}", text.path));
            }
        }
    }
    tests
}

/// The names of a source's functions with an attribute that makes them tests.
fn test_names(source: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut is_test = false;
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some(name) = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ") {
            if is_test {
                names.push(name.split(['(', '<']).next().unwrap_or_default());
            }
            is_test = false;
        }
    }
    names
}

/// What a name begins with where that looks like a rule: a letter of the rules, digits and a low line.
fn rule_prefix(name: &str) -> Option<String> {
    let (rule, _) = name.split_once('_')?;
    is_rule(&rule.to_uppercase()).then(|| format!("{rule}_"))
}

fn file_name(path: &str) -> Option<&str> {
    path.rsplit('/').next()?.strip_suffix(".rs")
}

/// A letter of the rules and a number. `E` is of rules to come: none is cited before it is in the document.
fn is_rule(word: &str) -> bool {
    let Some(number) = word.strip_prefix(['O', 'D', 'B', 'E']) else { return false };
    matches!(number.len(), 1..=2) && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// The rules that a text cites.
fn citations(text: &str) -> impl Iterator<Item = String> {
    // A letter of percent encoding, of a longer word, a path, an option or a number begins no rule.
    let is_part = |character: char| character.is_alphanumeric() || matches!(character, '_' | '%' | '.' | '\\' | '-');
    let words = text.split(move |character: char| !is_part(character));
    words.map(|word| word.trim_end_matches('.')).filter(|word| is_rule(word)).map(ToOwned::to_owned)
}
