//! Which operation of a configuration a placement is.

use serde::{Deserialize, Serialize};

/// Which operation of a configuration a placement is, besides its identifier: versions belong to this one, and to none that takes its identifier
/// later. Unless said, it is
/// the one that was there at first, with the built-in component.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The number of the change that made it; 0 where it was there at first.
    #[serde(default)]
    pub made: u64,
    /// The component as the configuration names it; none where it is the built-in one.
    #[serde(default)]
    pub component: Option<String>,
}
