//! The decision: where one call goes. Reads from top to bottom like the rules it implements; each step is one call into a room of its own.

use std::time::Duration;

use crate::amocrm::{COMPANIES, CONTACTS, Client, Found};
use crate::cache::{Cache, KeptManager};
use crate::caller::Caller;
use crate::contract::{Call, Employee, Forwarding, Resolution, Route, Setting, Text};
use crate::deputy::{self, Manager};
use crate::details::{Origin, Recorder};
use crate::employee::Checks;
use crate::last_talk;
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

    // E5: whoever last answered this caller comes first, where the placement says so.
    let checks = Checks { client: &client, cache: &cache, placement };
    let days = placement.prefer_last_talked;
    let last_talked = if days == 0 { None } else { last_talk::employee(&checks, days, details) };
    let (employee, caller_name) = if let Some(employee) = last_talked {
        (employee, kept_name(&cache, &caller, placement, details))
    } else {
        // O5, O2, D2, D3: the personal manager, kept or asked for.
        let (manager, name) = personal_manager(&client, &cache, &caller, placement, details)?;
        // D4, O7, D6, E4: the manager's employee or a deputy, checked on every call before any number is rung.
        (deputy::manager_or_deputy(&checks, manager, details)?, name)
    };

    // D5: all numbers, in order, each with its ring time. E6: a contact may have no name.
    let caller_name = caller_name.filter(|name| !name.is_empty());
    let Employee { id, name, destinations, .. } = employee;
    Ok(Forwarding { employee_id: id, employee_name: name, destinations, caller_name })
}

/// The contact's name, where the placement shows it and it is kept: no request is made for it alone.
fn kept_name(cache: &Cache, caller: &Caller, placement: Placement, details: &mut Recorder) -> Option<String> {
    if !placement.show_contact_name {
        return None;
    }
    cache.manager(&cache.key_of(caller), placement.lookup, details)?.0.contact_name
}

/// The manager: kept for at most 6 hours, else asked for and kept. An empty answer or a failure is never kept. With it the contact's name, where
/// the placement shows it.
fn personal_manager(
    client: &Client,
    cache: &Cache,
    caller: &Caller,
    placement: Placement,
    details: &mut Recorder,
) -> Result<(Manager, Option<String>), Reason> {
    let Placement { lookup, show_contact_name: named, .. } = placement;
    let key = cache.key_of(caller);
    // E6: a manager who was kept before names were shown is asked for once more.
    if let Some((kept, age)) =
        cache.manager(&key, lookup, details).filter(|(kept, _)| !named || kept.contact_name.is_some())
    {
        details.manager("cache", Some(kept.user_id), kept.origin, age);
        if kept.ambiguous {
            ambiguity(placement, details)?;
        }
        let manager = Manager { user_id: kept.user_id, is_deactivated: false };
        return Ok((manager, kept.contact_name.filter(|_| named)));
    }
    let mut origin = Origin::default();
    let mut found = client.find(CONTACTS, caller, details)?;
    if let Some(contact) = &found {
        origin.contact_id = Some(contact.id);
    } else if lookup.companies {
        found = client.find(COMPANIES, caller, details)?;
        origin.company_id = found.as_ref().map(|company| company.id);
    }
    let Found { mut user_id, ambiguous, name, .. } = found.ok_or(Reason::ContactNotFound)?;
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
    let contact_name = named.then_some(name);
    if lookup.active_only && !client.is_active(user_id, details)? {
        return Ok((Manager { user_id, is_deactivated: true }, contact_name));
    }
    let kept = KeptManager { user_id, origin, ambiguous, contact_name: contact_name.clone() };
    cache.keep_manager(&key, lookup, kept, received_at, details);
    Ok((Manager { user_id, is_deactivated: false }, contact_name))
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
