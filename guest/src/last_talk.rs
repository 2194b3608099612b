//! Whoever last answered the caller (rule E5): rung before the manager, where the placement prefers that and nothing stands in the way.

use std::time::Duration;

use crate::contract::{Employee, Text};
use crate::deputy::note_passed_over;
use crate::details::{Origin, Recorder};
use crate::employee::Checks;
use crate::facts::LAST_TALK;
use crate::status::Whose;

/// The employee who last answered the caller; `None` where nobody did, or that employee cannot be rung, which is noted: the manager is looked
/// for then.
#[cold]
pub(crate) fn employee(checks: &Checks<'_>, days: u32, details: &mut Recorder) -> Option<Employee> {
    let world = checks.client.world;
    let talk = match world.directory.find_last_talk(days) {
        Ok(talk) => talk?,
        Err(error) => {
            let error: String = error.chars().take(200).collect();
            details.note(
                "last-talk-unknown",
                Text::made(
                    format!("Кто говорил со звонящим, неизвестно: {error}"),
                    format!("who talked to the caller is not known: {error}"),
                ),
            );
            return None;
        }
    };
    let employee = checks.find(talk.user_id, details).ok()??;
    let obstacle = checks.obstacle(&employee, talk.user_id, Whose::LastTalked, details);
    if let Err(reason) | Ok(Some(reason)) = obstacle {
        details.forget_status();
        note_passed_over(&employee, reason, details);
        return None;
    }
    let age = Duration::from_millis(world.clock.now().0.saturating_sub(talk.at.0));
    details.manager(LAST_TALK, Some(talk.user_id), Origin::default(), age);
    Some(employee)
}
