//! Histories of calls: from a file with a line a call, from kept call details, from recordings.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use amocrm_simulator::{Account, Contact, Event, EventTime, Phone, User};
use anyhow::{Context, anyhow, ensure};
use jiff::Timestamp;
use serde::Deserialize;

use super::account::Amocrm;
use crate::recording::Recording;
use call::CallDocument;
use call::details::Facts;
use call::document::Route;
use node::call_details::{Filter, KeptCall, Reader};
use runtime::capabilities::directory::{Destination, Employee, Presence};
use runtime::journal::{Import, Outcome};

/// How many kept calls are read at once.
const AT_ONCE: usize = 1_000;
/// How many digits at the end of a number are its own: what stands before them is the country, or a trunk prefix.
const NATIONAL_DIGITS: usize = 10;
/// What an event of a user is called of whom only is known that there was one.
const SOME_EVENT: &str = "lead_status_changed";

/// A call that was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastCall {
    /// When it arrived.
    pub at: Timestamp,
    /// The caller; none when withheld.
    pub caller: Option<String>,
    /// The number that was called.
    pub called: String,
}

/// Calls in the order of their arrival, and what is known of the world that they came into.
#[derive(Clone, Debug)]
pub struct History {
    /// The calls, at least one.
    pub calls: Vec<PastCall>,
    /// The amoCRM that they were resolved against, where the history tells of it.
    pub amocrm: Option<Amocrm>,
    /// The employees who were rung, where the history tells of them.
    pub employees: Vec<(u64, Employee)>,
}

/// A line of a file of calls. Other columns are passed over.
#[derive(Deserialize)]
struct Line {
    at: String,
    caller: String,
    #[serde(default)]
    called: String,
}

impl History {
    /// From a file of comma-separated values whose first line names the columns: `at`, `caller`, and `called` if it matters.
    pub fn from_csv(file: &Path) -> anyhow::Result<Self> {
        let name = file.display();
        let cannot = |error: csv::Error| {
            anyhow!("{name} cannot be read ({error}); check the path and that this user may read it")
        };
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(file).map_err(cannot)?;
        let columns = reader.headers().map_err(|error| anyhow!("{name}{}", unreadable(&error)))?;
        for needed in ["at", "caller"] {
            ensure!(
                columns.iter().any(|column| column == needed),
                "{name}: there is no column `{needed}`; the first line names the columns: at,caller,called"
            );
        }
        let columns = columns.clone();
        let (mut calls, mut record) = (Vec::new(), csv::StringRecord::new());
        while reader.read_record(&mut record).map_err(|error| anyhow!("{name}{}", unreadable(&error)))? {
            let number = record.position().map_or(0, csv::Position::line);
            let line: Line =
                record.deserialize(Some(&columns)).map_err(|error| anyhow!("{name}, line {number}: {error}"))?;
            let at = line.at.parse().map_err(|_| {
                anyhow!("{name}, line {number}: `at` is not a time; write one such as 2026-11-22T09:00:00+03:00")
            })?;
            let caller = Some(line.caller).filter(|caller| !caller.is_empty());
            calls.push(PastCall { at, caller, called: line.called });
        }
        Self::of(calls, None, Vec::new()).with_context(|| format!("{name}: there is no call in it"))
    }

    /// From kept call details: the calls of a filter, an account with the contacts and managers that they found, and the employees who were rung.
    ///
    /// Where numbers were kept masked, the hidden digits are zeros: callers whose masked numbers are alike become one.
    pub fn from_kept(reader: &Reader, filter: &Filter) -> anyhow::Result<Self> {
        let (mut calls, mut account, mut employees) = (Vec::new(), Account::default(), BTreeMap::new());
        let mut seen = filter.after.unwrap_or(0);
        loop {
            let page = reader.after(filter, seen, AT_ONCE)?;
            let Some(last) = page.last() else { break };
            seen = last.seq;
            for kept in &page {
                let Some(document) = kept.document() else { continue };
                let call = past(kept, &document);
                learn_account(&mut account, &call, &document);
                learn_employee(&mut employees, &document);
                calls.push(call);
            }
        }
        let employees = employees.into_iter().collect();
        Self::of(calls, Some(Amocrm::Simulated(Box::new(account))), employees)
            .context("no such call is kept; `host-harness calls` lists those that are")
    }

    /// From a folder of recordings: their calls, and amoCRM as it answered them.
    pub fn from_recordings(folder: &Path) -> anyhow::Result<Self> {
        let cannot = || format!("the folder {} cannot be read", folder.display());
        let mut recordings = Vec::new();
        for entry in fs::read_dir(folder).with_context(cannot)? {
            let file = entry.with_context(cannot)?.path();
            if file.extension().is_some_and(|extension| extension == "json") {
                let recording = Recording::load(&file).map_err(|error| anyhow!("{} {error}", file.display()))?;
                recordings.push(recording);
            }
        }
        recordings.sort_by_key(|recording| recording.call.at);
        let mut employees = BTreeMap::new();
        for entry in recordings.iter().flat_map(Recording::steps).flat_map(|step| &step.imports) {
            if let Import::Directory { crm_user_id, answer: Outcome::Done(Some(found)) } = &entry.import {
                employees.insert(*crm_user_id, found.clone());
            }
        }
        let calls = recordings.iter().map(|recording| PastCall {
            at: recording.call.at,
            caller: recording.call.caller.clone(),
            called: recording.call.called.clone(),
        });
        let calls = calls.collect();
        let amocrm = Amocrm::recorded(&recordings);
        Self::of(calls, Some(amocrm), employees.into_iter().collect())
            .with_context(|| format!("there is no recording in {}; `call --record` makes one", folder.display()))
    }

    fn of(mut calls: Vec<PastCall>, amocrm: Option<Amocrm>, employees: Vec<(u64, Employee)>) -> anyhow::Result<Self> {
        ensure!(!calls.is_empty(), "no calls");
        calls.sort_by_key(|call| call.at);
        Ok(Self { calls, amocrm, employees })
    }
}

/// Where a line cannot be taken apart, and why.
fn unreadable(error: &csv::Error) -> String {
    let line = |position: &Option<csv::Position>| position.as_ref().map_or(0, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            format!(", line {}: there are {len} fields, and the first line names {expected_len} columns", line(pos))
        }
        csv::ErrorKind::Utf8 { pos, .. } => format!(", line {}: this is not UTF-8", line(pos)),
        _ => format!(": {error}"),
    }
}

fn past(kept: &KeptCall, document: &CallDocument) -> PastCall {
    let whole = kept.caller.as_ref().map(|caller| caller.whole().to_owned());
    let masked = document.call.caller.as_ref().map(|masked| masked.replace('•', "0"));
    PastCall { at: document.call.at, caller: whole.or(masked), called: document.call.called.clone() }
}

/// What a call found out of the account. Later calls know better.
fn learn_account(account: &mut Account, call: &PastCall, document: &CallDocument) {
    let steps = document.steps.iter().map(|step| &step.details).chain([&document.details]);
    steps.for_each(|details| learn_facts(account, call, &details.facts));
}

fn learn_facts(account: &mut Account, call: &PastCall, facts: &Facts) {
    let (Some(contact), Some(caller)) = (facts.contact_id(), &call.caller) else { return };
    let manager = facts.manager_user_id();
    match account.contact_mut(contact) {
        Some(known) => {
            known.responsible_user_id = manager.or(known.responsible_user_id);
            let phone = Phone::from(caller.as_str());
            if !known.phones.contains(&phone) {
                known.phones.push(phone);
            }
        }
        None => account.contacts.push(Contact {
            id: contact,
            responsible_user_id: manager,
            phones: vec![Phone::from(caller.as_str())],
            ..Contact::default()
        }),
    }
    let Some(manager) = manager else { return };
    if account.user(manager).is_none() {
        account.users.push(User::new(manager, ""));
    }
    // Whoever was at work by an event had made one.
    if let Some((evidence, at)) = facts.status_evidence()
        && let (Some(kind), Ok(at)) = (evidence.strip_prefix("event:"), at.parse())
    {
        account.events.push(Event {
            id: String::new(),
            kind: if kind.is_empty() { SOME_EVENT } else { kind }.to_owned(),
            entity_type: "contact".to_owned(),
            entity_id: contact,
            created_by: manager,
            time: EventTime::At(at),
        });
    }
}

fn learn_employee(employees: &mut BTreeMap<u64, Employee>, document: &CallDocument) {
    let facts = &document.details.facts;
    // Who a deputy is in amoCRM, no fact tells.
    if facts.deputy_for().is_some() {
        return;
    }
    let (Some(manager), Route::Forward { employee, ring, destinations, .. }) =
        (facts.manager_user_id(), &document.route)
    else {
        return;
    };
    let destinations = destinations
        .iter()
        .map(|rung| Destination { number: rung.number.clone(), ring_time: rung.ring_time })
        .collect();
    let (id, name) = (employee.id.clone(), employee.name.clone());
    let (presence, deputy_crm_user_id) = (Presence::NotFed, None);
    employees
        .insert(manager, Employee { id, name, enabled: true, destinations, ring: *ring, presence, deputy_crm_user_id });
}

/// How many callers a history has. One number may be written in several ways, with its country or without.
pub(super) fn callers(calls: &[PastCall]) -> usize {
    let national = |caller: &str| {
        let digits: Vec<_> = caller.chars().filter(char::is_ascii_digit).collect();
        digits.get(digits.len().saturating_sub(NATIONAL_DIGITS)..).map(<[char]>::to_vec)
    };
    calls.iter().filter_map(|call| call.caller.as_deref().and_then(national)).collect::<BTreeSet<_>>().len()
}
