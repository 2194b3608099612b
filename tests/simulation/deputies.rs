//! Worlds with deputies: who stands in for whom, and whom a call may come to (rule E4).

use crate::plan::{DISABLED, NUMBERLESS, USERS};

/// How many deputies a call comes to.
const MOST_DEPUTIES: usize = 3;

/// The user who stands in for this one. Two stand in for each other: a configuration file with such deputies is refused, but the directory of another
/// host may have them.
pub(crate) fn deputy_of(user: u64) -> Option<u64> {
    let place = USERS.iter().position(|known| *known == user)?;
    Some(match place {
        5 => USERS[4],
        6 => USERS[0],
        7 => USERS[6],
        place => USERS[place + 1],
    })
}

/// The users whom a call to this manager may come to, in their order.
pub(crate) fn line(manager: u64, with_deputies: bool) -> Vec<u64> {
    let mut line = vec![manager];
    while let Some(next) = line.last().and_then(|last| deputy_of(*last))
        && with_deputies
        && line.len() <= MOST_DEPUTIES
        && !line.contains(&next)
    {
        line.push(next);
    }
    line
}

/// Whether the PBX can never ring this user.
pub(crate) fn is_never_rung(user: u64) -> bool {
    user == DISABLED || user == NUMBERLESS || !USERS.contains(&user)
}

/// The user whose employee this is.
pub(crate) fn user_of(employee: &str) -> Option<u64> {
    employee.strip_prefix('u')?.parse().ok()
}
