//! A scenario: where calls go when they leave a step, and what a step is told of the steps before it (rules E1 and E2).
//!
//! A step is a placement. Each of its exits leads to a place of the PBX's (`queue:sales`), which means something to the PBX alone, or to another
//! placement (`operation:manager`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::language::Bilingual;
use crate::leg::Ending;

/// The most steps of one call.
pub const MOST_STEPS: usize = 8;
/// The exit of a call that was forwarded and that nobody answered.
pub const NOT_ANSWERED: &str = "not-answered";
/// The names of the classes of reasons, each of which may have an exit.
pub const CLASSES: [&str; 8] =
    ["caller", "empty-answer", "no-answer", "technical-failure", "absent", "integration-off", "configuration", "exit"];
/// What a target begins with that is another placement.
const OPERATION: &str = "operation:";

/// The placement that a target names; none where it is a place of the PBX's.
pub fn placement_of(target: &str) -> Option<&str> {
    target.strip_prefix(OPERATION)
}

/// Where calls go when they leave a placement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exits {
    linked_operation: String,
    others: BTreeMap<String, String>,
}

impl Exits {
    /// Everywhere to the linked operation, but for the exits of these reasons' codes, classes of reasons, or [`NOT_ANSWERED`].
    pub const fn new(linked_operation: String, others: BTreeMap<String, String>) -> Self {
        Self { linked_operation, others }
    }

    /// Where calls go for whose reason there is nothing else.
    pub fn linked_operation(&self) -> &str {
        &self.linked_operation
    }

    /// The other exits, by reasons' codes, classes, or [`NOT_ANSWERED`].
    pub const fn others(&self) -> &BTreeMap<String, String> {
        &self.others
    }

    /// Where a call goes for a reason: the code is more specific than the class (rule E1).
    pub fn of_reason(&self, code: &str, class: &str) -> &str {
        self.others.get(code).or_else(|| self.others.get(class)).map_or(&self.linked_operation, String::as_str)
    }

    /// Where a forwarded call goes that nobody answers.
    pub fn not_answered(&self) -> &str {
        self.others.get(NOT_ANSWERED).map_or(&self.linked_operation, String::as_str)
    }

    /// Where calls may go at once, without a number that rings before.
    pub fn targets_of_reasons(&self) -> impl Iterator<Item = &str> {
        let others = self.others.iter().filter(|(exit, _)| *exit != NOT_ANSWERED).map(|(_, target)| target);
        std::iter::once(&self.linked_operation).chain(others).map(String::as_str)
    }

    /// Where it may lead at all.
    pub fn targets(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.linked_operation).chain(self.others.values()).map(String::as_str)
    }
}

impl From<String> for Exits {
    fn from(linked_operation: String) -> Self {
        Self::new(linked_operation, BTreeMap::new())
    }
}

impl From<&str> for Exits {
    fn from(linked_operation: &str) -> Self {
        linked_operation.to_owned().into()
    }
}

/// What keeps placements from being a scenario.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioFault {
    /// An exit leads to a placement that is not there.
    #[error(
        "`{placement}` leads to `operation:{target}`, and there is no operation `{target}`: add it, or name one of {known}"
    )]
    Unknown {
        /// Whose exit it is.
        placement: String,
        /// What it names.
        target: String,
        /// What it could name.
        known: String,
    },
    /// Exits lead back to where a call has been.
    #[error("calls would go in a circle, {0}: let one of these exits lead somewhere else")]
    Circle(String),
    /// A call may have too many steps.
    #[error("a call may take {steps} steps, {path}: at most {MOST_STEPS} are allowed, so leave some out")]
    TooLong {
        /// How many.
        steps: usize,
        /// The way.
        path: String,
    },
}

impl Bilingual for ScenarioFault {
    fn ru(&self) -> String {
        match self {
            Self::Unknown { placement, target, known } => format!(
                "`{placement}` ведёт к `operation:{target}`, а операции `{target}` нет: добавьте её или назовите одну из {known}"
            ),
            Self::Circle(way) => {
                format!("звонки пошли бы по кругу, {way}: направьте один из этих выходов в другое место")
            }
            Self::TooLong { steps, path } => {
                format!("звонок может пройти {steps} шагов, {path}: допустимо не больше {MOST_STEPS}, уберите лишние")
            }
        }
    }
}

/// Sees whether calls come to an end on every way through these placements, within [`MOST_STEPS`].
pub fn judge<'a>(placements: impl IntoIterator<Item = (&'a str, &'a Exits)>) -> Result<(), ScenarioFault> {
    let placements: BTreeMap<&str, &Exits> = placements.into_iter().collect();
    let mut longest: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for placement in placements.keys() {
        let way = longest_way(placement, &placements, &mut longest, &mut Vec::new())?;
        if way.len() > MOST_STEPS {
            return Err(ScenarioFault::TooLong { steps: way.len(), path: path(&way) });
        }
    }
    Ok(())
}

/// The longest way from a placement, itself included. `walked` are those on the way to it.
fn longest_way<'a>(
    placement: &'a str,
    placements: &BTreeMap<&'a str, &'a Exits>,
    longest: &mut BTreeMap<&'a str, Vec<&'a str>>,
    walked: &mut Vec<&'a str>,
) -> Result<Vec<&'a str>, ScenarioFault> {
    if let Some(known) = longest.get(placement) {
        return Ok(known.clone());
    }
    if let Some(begin) = walked.iter().position(|step| *step == placement) {
        let circle: Vec<_> = walked.iter().skip(begin).copied().chain([placement]).collect();
        return Err(ScenarioFault::Circle(path(&circle)));
    }
    walked.push(placement);
    let mut way = Vec::new();
    for target in placements.get(placement).into_iter().flat_map(|exits| exits.targets()).filter_map(placement_of) {
        let Some((target, _)) = placements.get_key_value(target) else {
            let known: Vec<_> = placements.keys().map(|known| format!("`{known}`")).collect();
            let (placement, target, known) = (placement.to_owned(), target.to_owned(), known.join(", "));
            return Err(ScenarioFault::Unknown { placement, target, known });
        };
        let further = longest_way(target, placements, longest, walked)?;
        if further.len() > way.len() {
            way = further;
        }
    }
    walked.pop();
    way.insert(0, placement);
    longest.insert(placement, way.clone());
    Ok(way)
}

fn path(steps: &[&str]) -> String {
    steps.iter().map(|step| format!("`{step}`")).collect::<Vec<_>>().join(" → ")
}

/// A step that a call has been through, as the next one is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierStep {
    /// The placement's identifier.
    pub placement: String,
    /// The identifier of the operation that is placed there.
    pub operation: String,
    /// How the call left it.
    pub exit: StepExit,
}

/// How a call left a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepExit {
    /// For the reason of this code.
    Reason(String),
    /// Nobody answered at these numbers.
    NotAnswered(Vec<RungNumber>),
}

/// What a PBX says that comes back after it rang a placement's numbers in vain (rule E2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unanswered {
    /// The placement whose numbers rang.
    pub placement: String,
    /// How each of them ended, in their order, as far as the PBX says it.
    pub endings: Vec<Ending>,
}

/// A number that was rung.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RungNumber {
    /// The number, as the step gave it.
    pub number: String,
    /// How it ended.
    pub ending: Ending,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn exits(linked_operation: &str, others: &[(&str, &str)]) -> Exits {
        let others = others.iter().map(|(exit, target)| ((*exit).to_owned(), (*target).to_owned())).collect();
        Exits::new(linked_operation.to_owned(), others)
    }

    #[test]
    fn e1_the_most_specific_exit_is_taken() {
        let exits = exits("queue:any", &[("absent", "voicemail:anna"), ("contact-ambiguous", "operation:ask")]);
        for (code, class, target) in [
            ("manager-absent", "absent", "voicemail:anna"),
            ("contact-ambiguous", "empty-answer", "operation:ask"),
            ("contact-not-found", "empty-answer", "queue:any"),
        ] {
            assert_eq!(exits.of_reason(code, class), target, "{code}");
        }
        assert_eq!(exits.not_answered(), "queue:any");
        let exits = self::exits("queue:any", &[("integration-off", "queue:a"), (NOT_ANSWERED, "voicemail:any")]);
        assert_eq!((exits.not_answered(), exits.of_reason("x", "no-answer")), ("voicemail:any", "queue:any"));
    }

    #[test]
    fn e2_circles_dead_ends_and_long_ways_are_told_with_the_way() {
        let judged = |placements: &[(&str, Exits)]| judge(placements.iter().map(|(id, exits)| (*id, exits)));
        let fault = |placements: &[(&str, Exits)]| judged(placements).unwrap_err().to_string();
        let chain = |length: usize| -> Vec<(String, Exits)> {
            let target =
                |step: usize| if step == length { "queue:any".to_owned() } else { format!("operation:{}", step + 1) };
            (1..=length).map(|step| (step.to_string(), Exits::from(target(step)))).collect()
        };
        assert_eq!(judge(chain(MOST_STEPS).iter().map(|(id, exits)| (id.as_str(), exits))), Ok(()));
        let too_long = judge(chain(9).iter().map(|(id, exits)| (id.as_str(), exits))).unwrap_err().to_string();
        assert!(too_long.starts_with("a call may take 9 steps, `1` → `2`"), "{too_long}");

        let hours = ("hours", exits("queue:any", &[("in-hours", "operation:manager")]));
        let manager = |target: &str| ("manager", exits("queue:any", &[(NOT_ANSWERED, target)]));
        assert_eq!(judged(&[hours.clone(), manager("voicemail:any")]), Ok(()));
        let circle = fault(&[hours.clone(), manager("operation:hours")]);
        assert!(circle.contains("`hours` → `manager` → `hours`"), "{circle}");
        assert!(fault(&[("a", Exits::from("operation:a"))]).contains("`a` → `a`"));
        let unknown = fault(&[hours, manager("operation:night")]);
        assert!(
            unknown.contains("`manager` leads to `operation:night`") && unknown.contains("`hours`, `manager`"),
            "{unknown}"
        );
    }

    proptest! {
        /// From wherever a call begins and whichever exits it takes, it ends within the bound; what is refused has a way that does not.
        #[test]
        fn e2_no_chain_is_without_an_end(links in proptest::collection::vec((0..14_usize, 0..14_usize), 1..10)) {
            let target = |to: usize| if to < links.len() { format!("operation:{to}") } else { "queue:any".to_owned() };
            let placements: Vec<_> = links
                .iter()
                .enumerate()
                .map(|(id, (linked, absent))| (id.to_string(), exits(&target(*linked), &[("absent", &target(*absent))])))
                .collect();
            // Every way, followed for longer than is allowed.
            let mut ways: Vec<usize> = (0..links.len()).collect();
            for _ in 0..MOST_STEPS {
                let further = ways.iter().flat_map(|at| [links[*at].0, links[*at].1]);
                ways = further.filter(|to| *to < links.len()).collect::<std::collections::BTreeSet<_>>().into_iter().collect();
            }
            let judged = judge(placements.iter().map(|(id, exits)| (id.as_str(), exits)));
            prop_assert_eq!(judged.is_ok(), ways.is_empty(), "{:?}", judged);
        }
    }
}
