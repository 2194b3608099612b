//! Whose numbers are rung: those of the manager's employee or, where the placement forwards to deputies, of a deputy (rule E4).

use crate::contract::{Employee, Text};
use crate::details::Recorder;
use crate::employee::Checks;
use crate::reason::Reason;
use crate::settings::excerpt;
use crate::status::Whose;

/// How many deputies one call comes to.
pub const MOST_DEPUTIES: usize = 3;

/// The personal manager, as amoCRM names one.
#[derive(Clone, Copy, Debug)]
pub struct Manager {
    /// The responsible user.
    pub user_id: u64,
    /// Whether the user is known to be deactivated in amoCRM, where the placement asks for that (rule B3).
    pub is_deactivated: bool,
}

/// The manager's employee or, where that one cannot be rung and the placement forwards to deputies, the first deputy who can be.
///
/// A call without anybody to ring has the reason for which the manager's own employee is not rung.
pub(crate) fn manager_or_deputy(
    checks: &Checks<'_>,
    manager: Manager,
    details: &mut Recorder,
) -> Result<Employee, Reason> {
    let Manager { user_id, is_deactivated } = manager;
    let to_deputies = checks.placement.forward_to_deputy;
    if is_deactivated && !to_deputies {
        return Err(Reason::ManagerDeactivated);
    }
    let Some(employee) = checks.find(user_id, details)? else {
        // Nobody stands in for a manager whom the PBX does not know: it is the employee who has a deputy.
        return Err(if is_deactivated { Reason::ManagerDeactivated } else { Reason::ManagerHasNoEmployee });
    };
    let obstacle = if is_deactivated {
        Some(Reason::ManagerDeactivated)
    } else {
        checks.obstacle(&employee, user_id, Whose::Manager, details)?
    };
    match obstacle {
        None => Ok(employee),
        Some(reason) if to_deputies => deputy(checks, &employee, user_id, reason, details),
        Some(reason) => Err(reason),
    }
}

/// The first of the deputies who can be rung in place of the manager's employee, who cannot be for this reason.
#[cold]
fn deputy(
    checks: &Checks<'_>,
    manager: &Employee,
    user_id: u64,
    reason: Reason,
    details: &mut Recorder,
) -> Result<Employee, Reason> {
    note_passed_over(manager, reason, details);
    let mut looked_at = [user_id; 1 + MOST_DEPUTIES];
    let mut next = manager.deputy_crm_user_id;
    let mut why_nobody = Text::fixed("Больше замещать некому", "there is no other deputy");
    for place in 1..=MOST_DEPUTIES {
        // A directory may give deputies in a circle.
        let Some(user_id) = next.filter(|user_id| !looked_at.contains(user_id)) else { break };
        if let Some(place) = looked_at.get_mut(place) {
            *place = user_id;
        }
        if checks.client.is_late() {
            why_nobody = Text::fixed("Время ожидания вышло", "the waiting time is over");
            break;
        }
        let Some(deputy) = checks.find(user_id, details)? else {
            why_nobody = Text::made(
                format!("Заместитель {user_id} — не сотрудник АТС"),
                format!("the deputy {user_id} is not an employee of the PBX"),
            );
            break;
        };
        let Some(obstacle) = checks.obstacle(&deputy, user_id, Whose::Deputy(&deputy.name), details)? else {
            details.deputy(&manager.id, reason);
            return Ok(deputy);
        };
        note_passed_over(&deputy, obstacle, details);
        next = deputy.deputy_crm_user_id;
    }
    details.note("no-deputy", why_nobody);
    Err(reason)
}

/// Notes that an employee is not rung, and why.
#[cold]
pub(crate) fn note_passed_over(employee: &Employee, obstacle: Reason, details: &mut Recorder) {
    let [ru, en] = match obstacle {
        Reason::ManagerAbsent => ["сегодня не авторизован в amoCRM", "not authorised in amoCRM today"],
        Reason::ManagerDeactivated => ["отключён в amoCRM", "deactivated in amoCRM"],
        Reason::EmployeeOff => ["отключён в АТС", "switched off in the PBX"],
        Reason::EmployeeHasNoNumber => ["нет номеров", "no numbers"],
        _ => ["статус неизвестен", "status unknown"],
    };
    let name = excerpt(&employee.name);
    details.note(
        "employee-passed-over",
        Text::made(format!("Пропущен сотрудник «{name}»: {ru}"), format!("employee `{name}` is passed over: {en}")),
    );
}
