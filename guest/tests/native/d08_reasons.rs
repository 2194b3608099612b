//! D8 Reasons are distinct and stable: the table of the specification, written once more.

use std::collections::BTreeSet;

use forward_to_personal_manager::contract::ReasonClass;
use forward_to_personal_manager::contract::ReasonClass::{
    Absent, Caller, Configuration, EmptyAnswer, IntegrationOff, NoAnswer, TechnicalFailure,
};
use forward_to_personal_manager::description::describe;
use forward_to_personal_manager::reason::{Reason, STATUS};

/// Every code and its class. (`operation-failed` is the host's.)
const TABLE: [(&str, ReasonClass); 22] = [
    ("caller-hidden", Caller),
    ("caller-unusable", Caller),
    ("contact-not-found", EmptyAnswer),
    ("manager-not-set", EmptyAnswer),
    ("contact-ambiguous", EmptyAnswer),
    ("no-answer-in-time", NoAnswer),
    ("crm-unreachable", TechnicalFailure),
    ("credentials-rejected", TechnicalFailure),
    ("account-unpaid", TechnicalFailure),
    ("access-forbidden", TechnicalFailure),
    ("rate-limited", TechnicalFailure),
    ("crm-error", TechnicalFailure),
    ("answer-not-understood", TechnicalFailure),
    ("manager-absent", Absent),
    ("status-unknown", TechnicalFailure),
    ("manager-deactivated", Configuration),
    ("manager-has-no-employee", Configuration),
    ("employee-off", Configuration),
    ("employee-has-no-number", Configuration),
    ("directory-unavailable", TechnicalFailure),
    ("integration-off", IntegrationOff),
    ("settings-invalid", Configuration),
];

#[test]
fn d08_the_codes_and_their_classes_are_those_of_the_specification() {
    let reasons: Vec<_> = Reason::ALL.iter().map(|reason| (reason.code(), reason.class())).collect();
    assert_eq!(reasons, TABLE);
}

#[test]
fn d08_codes_are_unique_and_kebab_case() {
    let codes: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
    assert_eq!(codes.len(), Reason::ALL.len());
    for code in codes {
        let words: Vec<_> = code.split('-').collect();
        let plain = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
        assert!(words.iter().all(plain), "{code}");
    }
}

#[test]
fn d08_every_reason_has_a_text_of_its_own_in_both_languages() {
    let texts: Vec<_> = Reason::ALL.iter().map(|reason| reason.text()).collect();
    let is_russian = |text: &str| text.chars().any(|character| ('а'..='я').contains(&character));
    for text in &texts {
        assert!(is_russian(&text.ru), "{}", text.ru);
        assert!(!text.en.is_empty() && text.en.is_ascii(), "{}", text.en);
    }
    assert_eq!(texts.iter().map(|text| text.ru.clone()).collect::<BTreeSet<_>>().len(), texts.len());
    assert_eq!(texts.iter().map(|text| text.en.clone()).collect::<BTreeSet<_>>().len(), texts.len());
}

#[test]
fn o6_the_status_of_every_call_that_is_not_forwarded_is_the_one_the_rule_names() {
    assert_eq!(STATUS.ru, "Переадресация не удалась");
    assert!(!STATUS.en.is_empty());
}

#[test]
fn o1_the_description_lists_every_reason() {
    assert_eq!(describe().reasons, Reason::ALL);
}

#[test]
fn d08_the_documented_reasons_are_the_operations_own_and_the_hosts() {
    let class = |class| match class {
        Caller => "caller",
        EmptyAnswer => "empty-answer",
        NoAnswer => "no-answer",
        TechnicalFailure => "technical-failure",
        Absent => "absent",
        IntegrationOff => "integration-off",
        Configuration => "configuration",
    };
    let given = TABLE.iter().map(|(code, of)| (*code, class(*of))).chain([("operation-failed", "technical-failure")]);
    // The exits of working hours stand in the same table.
    let of_this_operation = documented("## Reasons").filter(|(_, class)| *class != "exit");
    assert_eq!(of_this_operation.collect::<BTreeSet<_>>(), given.collect());
}

/// The first two columns of the table under a heading of the document, of rows that begin with a code.
fn documented(heading: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let document = include_str!("../../docs/operation.md");
    let section = document.split_once(heading).map_or("", |(_, rest)| rest.split("\n## ").next().unwrap_or(rest));
    section.lines().filter_map(|line| {
        let (code, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
        Some((code, rest.split(" |").next()?))
    })
}
