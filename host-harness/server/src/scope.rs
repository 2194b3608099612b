//! Scopes: what a token may do, and what a route needs.
//!
//! | scope | who has it | what it reaches |
//! |---|---|---|
//! | `pbx` | a PBX | asks for routes and reports how calls ended; nothing else |
//! | `viewer` | who looks on | reads calls, state, operations and versions; changes nothing and resolves no call |
//! | `manager` | who manages | everything |

use std::fmt;
use std::str::FromStr;

use call::Localized;
use serde::Serialize;
use utoipa::ToSchema;

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Asks for routes and reports how calls ended.
    Pbx,
    /// Reads.
    Viewer,
    /// Does everything.
    Manager,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pbx, Self::Viewer, Self::Manager];

    /// Its name in configurations, messages and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pbx => "pbx",
            Self::Viewer => "viewer",
            Self::Manager => "manager",
        }
    }

    /// Whether this scope is enough where that one is needed.
    pub const fn reaches(self, needed: Self) -> bool {
        matches!((self, needed), (Self::Manager, _) | (Self::Viewer, Self::Viewer) | (Self::Pbx, Self::Pbx))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Scope {
    type Err = Localized;

    fn from_str(written: &str) -> Result<Self, Self::Err> {
        let fix = || Localized::new("напишите pbx, viewer или manager", "write pbx, viewer or manager");
        Self::ALL.into_iter().find(|scope| scope.name() == written).ok_or_else(fix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manager_does_everything_and_a_pbx_and_a_viewer_nothing_of_each_other() {
        let reached = |scope: Scope| Scope::ALL.map(|needed| scope.reaches(needed));
        assert_eq!(reached(Scope::Pbx), [true, false, false]);
        assert_eq!(reached(Scope::Viewer), [false, true, false]);
        assert_eq!(reached(Scope::Manager), [true, true, true]);
        for scope in Scope::ALL {
            assert_eq!(scope.to_string().parse(), Ok(scope));
        }
        assert!("Manager".parse::<Scope>().is_err() && "".parse::<Scope>().is_err());
    }
}
