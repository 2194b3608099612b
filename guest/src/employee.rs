//! Whether an employee may be rung (rules D4, B3, O7, D6): switched on in the PBX, with a number, and as the placement and the integration ask,
//! still a user of amoCRM and at work today. Checked on every call, before any number is rung.

use crate::amocrm::Client;
use crate::cache::Cache;
use crate::contract::{Employee, Text};
use crate::details::Recorder;
use crate::reason::Reason;
use crate::settings::Placement;
use crate::status::{self, ManagerStatus, Whose};

/// What an employee is checked with.
#[derive(Clone, Copy)]
pub(crate) struct Checks<'a> {
    /// Requests to amoCRM, with the deadline of the call.
    pub client: &'a Client<'a>,
    /// What is kept.
    pub cache: &'a Cache<'a>,
    /// What the placement asks for.
    pub placement: Placement,
}

impl Checks<'_> {
    /// The employee of an amoCRM user; `None` where the PBX has none.
    pub(crate) fn find(&self, user_id: u64, details: &mut Recorder) -> Result<Option<Employee>, Reason> {
        self.client.world.directory.find_by_crm_user(user_id).map_err(|error| {
            let error: String = error.chars().take(200).collect();
            details.note(
                "directory",
                Text::made(format!("Справочник сотрудников: {error}"), format!("directory of employees: {error}")),
            );
            Reason::DirectoryUnavailable
        })
    }

    /// What keeps an employee from being rung; `None` where nothing does.
    ///
    /// An `Err` is no such obstacle: it could not be found out, and the call goes to the linked operation.
    pub(crate) fn obstacle(
        &self,
        employee: &Employee,
        user_id: u64,
        whose: Whose<'_>,
        details: &mut Recorder,
    ) -> Result<Option<Reason>, Reason> {
        let Self { client, cache, placement } = *self;
        if !employee.enabled {
            return Ok(Some(Reason::EmployeeOff));
        }
        if employee.destinations.is_empty() {
            return Ok(Some(Reason::EmployeeHasNoNumber));
        }
        // B3: of the manager it is known since the manager was found.
        if placement.lookup.active_only && whose != Whose::Manager && !client.is_active(user_id, details)? {
            return Ok(Some(Reason::ManagerDeactivated));
        }
        if client.integration.consider_manager_status {
            match status::check(client, cache, user_id, employee.presence, whose, details) {
                ManagerStatus::AtWork => {}
                ManagerStatus::Absent => return Ok(Some(Reason::ManagerAbsent)),
                ManagerStatus::Unknown if placement.forward_unknown_status => {}
                ManagerStatus::Unknown => return Err(Reason::StatusUnknown),
            }
        }
        Ok(None)
    }
}
