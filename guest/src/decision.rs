//! The decision: where one call goes. Reads from top to bottom like the rules it implements; each step is one call into a room of its own.

use std::time::Duration;

use crate::amocrm::{COMPANIES, CONTACTS, Client, Found};
use crate::cache::{Cache, KeptManager};
use crate::caller::Caller;
use crate::contract::{Call, Forwarding, Resolution, Route, Setting, Text};
use crate::deputy::{self, Manager};
use crate::details::{Origin, Recorder};
use crate::employee::Checks;
use crate::reason::Reason;
use crate::settings::{Integration, Placement};
use crate::world::World;

/// What is kept back of the waiting time for giving the answer after the last request was given up, so that the caller is not kept waiting
/// longer than the waiting time (rule O3).
const ANSWERING: Duration = Duration::from_millis(20);

/// Resolves one call. There is no input for which the call is left without a route (rule D9).
pub fn resolve(world: World<'_>, call: &Call, settings: &[Setting]) -> Resolution {
    let mut details = Recorder::start(world.clock);
    let route = match decide(world, call, settings, &mut details) {
        Ok(forwarding) => Route::Forward(forwarding),
        Err(reason) => Route::LinkedOperation(reason),
    };
    Resolution { route, details: details.finish() }
}

fn decide(world: World<'_>, call: &Call, settings: &[Setting], details: &mut Recorder) -> Result<Forwarding, Reason> {
    // O6: a switched-off integration sends no request and uses no kept manager. The waiting time is read first only to be shown.
    let placement = Placement::read(settings, details);
    if let Ok(placement) = &placement {
        details.waiting_time(placement.waiting_time);
    }
    let integration = Integration::read(world.config, details)?;
    let placement = placement?;

    // D1: without a usable number nothing is asked.
    let caller = Caller::read(call.caller.as_deref(), integration.country)?;

    // O3: one deadline for every request of this call.
    let deadline = details.started() + placement.waiting_time.saturating_sub(ANSWERING);
    let client = Client { world, integration: &integration, deadline };
    let secret = integration.cache_key_secret.as_deref();
    let cache = Cache { key_value: world.key_value, bucket: &integration.bucket, clock: world.clock, secret };

    // O5, O2, D2, D3: the personal manager, kept or asked for.
    let manager = personal_manager(&client, &cache, &caller, placement, details)?;

    // D4, O7, D6, E4: the manager's employee or a deputy, checked on every call before any number is rung.
    let checks = Checks { client: &client, cache: &cache, placement };
    let employee = deputy::manager_or_deputy(&checks, manager, details)?;

    // D5: all numbers, in order, each with its ring time.
    Ok(Forwarding { employee_id: employee.id, employee_name: employee.name, destinations: employee.destinations })
}

/// The manager: kept for at most 6 hours, else asked for and kept. An empty answer or a failure is never kept.
fn personal_manager(
    client: &Client,
    cache: &Cache,
    caller: &Caller,
    placement: Placement,
    details: &mut Recorder,
) -> Result<Manager, Reason> {
    let lookup = placement.lookup;
    let key = cache.key_of(caller);
    if let Some((kept, age)) = cache.manager(&key, lookup, details) {
        details.manager("cache", Some(kept.user_id), kept.origin, age);
        if kept.ambiguous {
            ambiguity(placement, details)?;
        }
        return Ok(Manager { user_id: kept.user_id, is_deactivated: false });
    }
    let mut origin = Origin::default();
    let mut found = client.find(CONTACTS, caller, details)?;
    if let Some(contact) = found {
        origin.contact_id = Some(contact.id);
    } else if lookup.companies {
        found = client.find(COMPANIES, caller, details)?;
        origin.company_id = found.map(|company| company.id);
    }
    let Found { mut user_id, ambiguous, .. } = found.ok_or(Reason::ContactNotFound)?;
    let received_at = client.world.clock.now();
    details.manager("crm", user_id, origin, Duration::ZERO);
    if ambiguous {
        ambiguity(placement, details)?;
    }
    if lookup.open_lead
        && let Some(contact_id) = origin.contact_id
        && let Some(lead) = client.open_lead(contact_id, caller, details)?
    {
        user_id = Some(lead.user_id);
        origin.lead_id = Some(lead.id);
        details.manager("crm", user_id, origin, Duration::ZERO);
    }
    let user_id = user_id.ok_or(Reason::ManagerNotSet)?;
    if lookup.active_only && !client.is_active(user_id, details)? {
        return Ok(Manager { user_id, is_deactivated: true });
    }
    cache.keep_manager(&key, lookup, KeptManager { user_id, origin, ambiguous }, received_at, details);
    Ok(Manager { user_id, is_deactivated: false })
}

/// D3: the call details say that the answer was ambiguous; the placement may refuse such calls.
fn ambiguity(placement: Placement, details: &mut Recorder) -> Result<(), Reason> {
    details.note(
        "contact-ambiguous",
        Text::fixed(
            "У номера несколько контактов с разными ответственными",
            "the number belongs to several contacts with different managers",
        ),
    );
    if placement.refuse_ambiguous { Err(Reason::ContactAmbiguous) } else { Ok(()) }
}
