//! What an operation answers of a call, as the call document has it: where the call goes, why, and what it cost.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::durations::{microseconds, seconds};
use crate::language::{Language, Localized};

/// Where a call goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Route {
    /// The numbers are rung, one after another or all at once; then the call goes to the linked operation.
    Forward {
        /// Whose numbers these are.
        employee: EmployeeRecord,
        /// How they ring: one after another, unless it says otherwise.
        #[serde(default, skip_serializing_if = "Ring::is_in_turn")]
        ring: Ring,
        /// The numbers, in order; at least one.
        #[serde(rename = "numbers")]
        destinations: Vec<Destination>,
        /// Where it goes after the last: the exit `not-answered`.
        #[serde(default)]
        then: String,
    },
    /// The call goes to the linked operation at once.
    LinkedOperation {
        /// Its name.
        target: String,
    },
}

/// How the numbers of an employee ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Ring {
    /// One after another, each for its own time.
    #[default]
    InTurn,
    /// All at once, for as long as the one that rings longest.
    Together,
}

impl Ring {
    /// Each of them, by its name.
    pub const ALL: [(&str, Self); 2] = [("in-turn", Self::InTurn), ("together", Self::Together)];

    /// Whether they ring one after another, which is so unless set.
    pub fn is_in_turn(&self) -> bool {
        *self == Self::InTurn
    }

    /// For how long one of several numbers rings, of which it alone would ring for `own`.
    pub fn time(self, own: Duration, all: &[Destination]) -> Duration {
        match self {
            Self::InTurn => own,
            Self::Together => all.iter().map(|destination| destination.ring_time).max().unwrap_or(own),
        }
    }
}

/// An employee as the details keep one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EmployeeRecord {
    /// The PBX's identifier.
    pub id: String,
    /// The name.
    pub name: String,
}

/// A number to ring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Destination {
    /// An extension or a telephone number, as the PBX dials it.
    pub number: String,
    /// How long it rings, in seconds.
    #[serde(rename = "ring_seconds", with = "seconds")]
    #[cfg_attr(feature = "openapi", schema(value_type = f64))]
    pub ring_time: Duration,
}

/// Why a call goes to the linked operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reason {
    /// The stable machine code.
    pub code: String,
    /// The class of the reason, such as `empty-answer`.
    #[serde(default)]
    pub class: String,
    /// The short status, in Russian.
    #[serde(default)]
    pub status: String,
    /// The short status, in English.
    #[serde(default)]
    pub status_en: String,
    /// One sentence, in Russian.
    pub text_ru: String,
    /// One sentence, in English.
    pub text_en: String,
}

/// What a call cost. A host that cannot measure something says null.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Run {
    /// The SHA-256 of the component that resolved it, in hexadecimal.
    pub component: Option<String>,
    /// Instructions executed.
    pub instructions: Option<u64>,
    /// The most linear memory in use, in bytes.
    pub memory_bytes: Option<u64>,
    /// From the creation of the sandbox to the answer, in microseconds.
    #[serde(default, rename = "wall_us", with = "microseconds")]
    #[cfg_attr(feature = "openapi", schema(value_type = u64))]
    pub wall: Duration,
}

impl Reason {
    /// A reason that the host itself gives, with the status of every call that is not forwarded.
    pub fn of_host(code: &str, class: &str, text: Localized) -> Self {
        Self {
            code: code.to_owned(),
            class: class.to_owned(),
            status: "Переадресация не удалась".to_owned(),
            status_en: "Forwarding failed".to_owned(),
            text_ru: text.ru,
            text_en: text.en,
        }
    }

    /// The short status in one language.
    pub fn status(&self, language: Language) -> &str {
        language.say(&self.status, &self.status_en)
    }

    /// The sentence in one language.
    pub fn text(&self, language: Language) -> &str {
        language.say(&self.text_ru, &self.text_en)
    }
}
