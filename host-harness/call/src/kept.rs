//! A kept call as JSON: the call document with what call details know besides. The command line (`calls`) and the server (`/v1/calls`) show it.

use serde::{Deserialize, Serialize};

use crate::answer::EmployeeRecord;
use crate::document::CallDocument;
use crate::ended::Ended;
use crate::outcome::Outcome;
use crate::titles::Titles;

/// A kept call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeptDocument {
    /// The call as it was resolved; its members stand beside the others. Missing where `unreadable` is true.
    #[serde(flatten)]
    pub call: Option<CallDocument>,
    /// The call is kept, but its document cannot be read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unreadable: bool,
    /// Its number among the kept calls: later ones have greater numbers.
    pub seq: i64,
    /// The placed operation.
    pub operation: String,
    /// The integration.
    pub integration: String,
    /// What the PBX saw of it; null until the PBX has reported.
    pub outcome: Option<Outcome>,
    /// How it ended, as far as the PBX has reported it.
    #[serde(default)]
    pub ended: Ended,
    /// Whose numbers were to ring and did not answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missed_by: Vec<EmployeeRecord>,
    /// What its facts are called, by their keys, and the codes among their values, where one call is asked for. Under `requests` stand the
    /// purposes of its requests.
    #[serde(default, skip_serializing_if = "Titles::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, crate::titles::Title>))]
    pub titles: Titles,
}
