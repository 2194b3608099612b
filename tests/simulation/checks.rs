//! What must be so of every call, by the rules of the specification, and what the world's model knows to judge it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use amocrm_simulator::Simulator;
use call::CallDocument;
use call::document::{OPERATION_FAILED, Reason};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use runtime::capabilities::clocks::Clock;
use tokio::time::Instant;

use crate::deputies::{is_never_rung, line, user_of};
use crate::plan::{CONTACTS, Caller, IMPOSTOR, Plan};
use crate::scenario::{self, OUT_OF_HOURS};
use crate::seen::{Seen, shown};
use crate::store::WorldStore;
use crate::summary::{Summary, Violation};
use crate::talks::{LAST_TALK, WorldTalks, judge_name};
use crate::world::{BUDGET, TOKEN};

/// The waiting time of the operation's default settings.
const WAITING_TIME: Duration = Duration::from_secs(3);
const SIX_HOURS: SignedDuration = SignedDuration::from_hours(6);
/// A status is learned again after half a minute; a request for it may take some time.
const LEARNED_AGAIN: SignedDuration = SignedDuration::from_secs(60);
/// Six hours are counted in whole seconds.
const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// What is known of the world.
pub(crate) struct Model {
    simulator: Arc<Simulator>,
    clock: Clock,
    /// amoCRM's.
    true_time: Clock,
    pub(crate) considers_status: bool,
    /// The first of several operations one after another.
    first_step: Option<&'static str>,
    /// Whether telephones show who calls.
    shows_names: bool,
    /// Who last answered whom, where that counts.
    talks: Option<Arc<WorldTalks>>,
    /// Whether calls are forwarded to deputies.
    deputies: bool,
    /// Whose each contact was, and since when.
    managers: Vec<Vec<(Instant, Option<u64>)>>,
    kept: HashMap<Caller, Kept>,
    in_flight: HashMap<Caller, usize>,
    events: Vec<(u64, Timestamp)>,
    /// Counts whatever may change the course of a call.
    disturbances: usize,
    pub(crate) violation: Option<Violation>,
    pub(crate) summary: Summary,
}

/// What the cache has of a caller.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kept {
    /// This manager, received between these times of the host's clock.
    Certainly { manager: u64, from: Timestamp, to: Timestamp, at: Instant },
    /// Perhaps one.
    Perhaps,
}

/// The world as a call came in.
pub(crate) struct Before {
    happening: usize,
    pub(crate) caller: Caller,
    at: Timestamp,
    /// amoCRM's time.
    true_at: Timestamp,
    instant: Instant,
    kept: Option<Kept>,
    alone: bool,
    disturbances: usize,
    enabled: bool,
    reads_fail: bool,
    /// The step whose numbers rang in vain before.
    left: Option<String>,
    /// Who answered the caller last, where that counts.
    pub(crate) last_talk: Option<u64>,
}

impl Model {
    pub(crate) fn new(
        plan: &Plan,
        simulator: Arc<Simulator>,
        talks: Option<Arc<WorldTalks>>,
        clock: Clock,
        true_time: Clock,
    ) -> Self {
        let now = Instant::now();
        Self {
            simulator,
            clock,
            true_time,
            considers_status: plan.considers_status,
            first_step: plan.scenario.then(|| scenario::first(plan.hours)),
            shows_names: plan.shows_names,
            talks,
            deputies: plan.deputies,
            managers: plan.managers.iter().map(|manager| vec![(now, *manager)]).collect(),
            kept: HashMap::new(),
            in_flight: HashMap::new(),
            events: Vec::new(),
            disturbances: 0,
            violation: None,
            summary: Summary::default(),
        }
    }

    pub(crate) fn disturbed(&mut self) {
        self.disturbances += 1;
    }

    pub(crate) fn manager_changed(&mut self, contact: usize, user: Option<u64>) {
        self.managers[contact].push((Instant::now(), user));
    }

    /// A user did something; gives the number of the event.
    pub(crate) fn acted(&mut self, user: u64, at: Timestamp) -> usize {
        self.events.push((user, at));
        self.events.len()
    }

    /// The calls in flight are gone; what they kept is not known.
    pub(crate) fn crashed(&mut self) {
        let lost: HashSet<_> = self.in_flight.drain().map(|(caller, _)| caller).collect();
        self.kept.extend(lost.into_iter().map(|caller| (caller, Kept::Perhaps)));
    }

    /// What was kept in the last moments may be gone.
    pub(crate) fn forgot_lately(&mut self) {
        for kept in self.kept.values_mut() {
            if matches!(kept, Kept::Certainly { at, .. } if at.elapsed() <= Duration::from_secs(2)) {
                *kept = Kept::Perhaps;
            }
        }
    }

    pub(crate) fn before(&mut self, happening: usize, caller: Caller, enabled: bool, store: &WorldStore) -> Before {
        self.summary.calls += 1;
        self.comes(happening, caller, enabled, store, None)
    }

    /// The PBX comes back with a call, since nobody answered at this step.
    pub(crate) fn comes_back(&mut self, before: &Before, left: String, store: &WorldStore) -> Before {
        self.summary.came_back += 1;
        self.comes(before.happening, before.caller, before.enabled, store, Some(left))
    }

    fn comes(
        &mut self,
        happening: usize,
        caller: Caller,
        enabled: bool,
        store: &WorldStore,
        left: Option<String>,
    ) -> Before {
        let in_flight = self.in_flight.entry(caller).or_default();
        *in_flight += 1;
        let now = self.clock.now();
        Before {
            happening,
            caller,
            at: now,
            true_at: self.true_time.now(),
            instant: Instant::now(),
            kept: self.kept.get(&caller).copied(),
            alone: *in_flight == 1,
            disturbances: self.disturbances,
            enabled,
            reads_fail: store.reads_fail.load(Ordering::Relaxed),
            left,
            last_talk: self.talks.as_ref().and_then(|talks| talks.of(caller, now)),
        }
    }

    pub(crate) fn after(&mut self, before: &Before, resolved: &CallDocument, took: Duration, store: &WorldStore) {
        let seen = Seen::of(resolved);
        let shown = shown(resolved);
        self.summary.count(&seen.outcome, &shown);
        self.summary.hits += usize::from(seen.source == "cache");
        self.summary.to_last_talked += usize::from(seen.source == LAST_TALK);
        self.summary.to_deputies += usize::from(seen.deputy_for.is_some());
        self.summary.most_steps = self.summary.most_steps.max(resolved.steps.len() + 1);
        let others = self.in_flight.get_mut(&before.caller).map_or(0, |number| {
            *number = number.saturating_sub(1);
            *number
        });
        // What an earlier step found and kept is not told apart.
        let quiet =
            before.alone && others == 0 && self.disturbances == before.disturbances && resolved.steps.is_empty();
        let broken = self.judge(before, resolved, &seen, &shown, took, quiet);
        if let (None, Some((rule, what))) = (&self.violation, broken) {
            let seen = format!("{what}; it showed {shown}");
            self.violation = Some(Violation { rule, happening: before.happening, seen });
        }
        self.learn(before, &seen, quiet, store);
    }

    /// What the call may have kept.
    fn learn(&mut self, before: &Before, seen: &Seen, quiet: bool, store: &WorldStore) {
        let writes_fail = store.writes_fail.load(Ordering::Relaxed);
        match (seen.source.as_str(), seen.manager) {
            ("cache", _) if quiet => {}
            // Of contacts nothing was asked.
            (LAST_TALK, _) => {}
            ("crm", Some(manager)) if quiet && !writes_fail => {
                let (from, to, at) = (before.at, self.clock.now(), Instant::now());
                self.kept.insert(before.caller, Kept::Certainly { manager, from, to, at });
            }
            // Nothing was asked, so nothing was kept or forgotten.
            _ if !before.enabled => {}
            _ => {
                self.kept.insert(before.caller, Kept::Perhaps);
            }
        }
    }

    /// The first rule that the call breaks, and how.
    fn judge(
        &mut self,
        before: &Before,
        resolved: &CallDocument,
        seen: &Seen,
        shown: &str,
        took: Duration,
        quiet: bool,
    ) -> Option<(&'static str, String)> {
        let failed = |reason: &Option<Reason>| reason.as_ref().is_some_and(|reason| reason.code == OPERATION_FAILED);
        let any_failed = failed(&resolved.reason) || resolved.steps.iter().any(|step| failed(&step.reason));
        if any_failed || seen.numbers == Some(0) {
            return Some(("D9, always a route", "the operation gave none".to_owned()));
        }
        if let Some(first) = self.first_step {
            let at = (self.disturbances == before.disturbances).then_some(before.at);
            let way = scenario::judge(resolved, took, first, before.left.as_deref());
            if let Some(broken) = way.or_else(|| scenario::judge_hours(resolved, at)) {
                return Some(broken);
            }
        } else if took > WAITING_TIME {
            return Some(("O3, never later than the waiting time", format!("it took {took:?}")));
        }
        let national = before.caller.national();
        if shown.contains(TOKEN) || national.is_some_and(|national| shown.contains(&national)) {
            return Some(("D10, no secret and no whole number", "there it is".to_owned()));
        }
        let most = self.simulator.most_in_a_second();
        if most > usize::from(BUDGET) {
            return Some(("the budget", format!("{most} requests in a second")));
        }
        // Nobody is asked then.
        if seen.outcome == OUT_OF_HOURS {
            return None;
        }
        if !before.enabled {
            let right = seen.outcome == "integration-off" && resolved.details.exchanges.is_empty();
            return (!right).then(|| ("O6, nothing is asked while the integration is off", seen.outcome.clone()));
        }
        if seen.outcome == "integration-off" {
            // With OAuth, amoCRM may have ended it.
            let asked = !resolved.details.exchanges.is_empty();
            return asked.then(|| ("O6, nothing is asked while the integration is off", "it asked".to_owned()));
        }
        self.judge_last_talk(before, seen, quiet)
            .or_else(|| judge_name(before, resolved, self.shows_names))
            .or_else(|| self.judge_manager(before, seen))
            .or_else(|| self.judge_cache(before, seen, quiet))
            .or_else(|| self.judge_status(before, seen))
            .or_else(|| self.judge_rung(before, seen))
            .or_else(|| self.judge_forwarding(before, seen, quiet))
    }

    /// O2, D2: never a manager that the account did not have at the time received.
    fn judge_manager(&self, before: &Before, seen: &Seen) -> Option<(&'static str, String)> {
        const RULE: &str = "O2, only a manager that the account had";
        let manager = seen.manager.filter(|_| seen.source != LAST_TALK)?;
        let Caller::Contact(contact) = before.caller else {
            return Some((RULE, format!("{manager} is nobody's manager here")));
        };
        let history = &self.managers[contact];
        let ended = Instant::now();
        let had = history.iter().enumerate().any(|(index, (since, user))| {
            let until = history.get(index + 1).map(|(until, _)| *until);
            let during = *since <= ended && until.is_none_or(|until| until >= before.instant);
            *user == Some(manager) && (during || seen.source == "cache")
        });
        (!had || manager == IMPOSTOR).then(|| (RULE, format!("{manager} was not the manager ({})", seen.source)))
    }

    /// O5: no request inside the six hours, and one after.
    fn judge_cache(&mut self, before: &Before, seen: &Seen, quiet: bool) -> Option<(&'static str, String)> {
        let Some(Kept::Certainly { manager, from, to, .. }) = before.kept else { return None };
        if !quiet || before.reads_fail || seen.source == LAST_TALK {
            return None;
        }
        let (youngest, oldest) = (before.at.duration_since(to), before.at.duration_since(from));
        if oldest < SIX_HOURS - SECOND && youngest >= SignedDuration::ZERO {
            self.summary.certain_hits += 1;
            let right = seen.source == "cache" && !seen.asked_contacts && seen.manager == Some(manager);
            return (!right).then(|| ("O5, nothing is asked within six hours", format!("kept {oldest:#}: {seen:?}")));
        }
        if youngest >= SIX_HOURS || oldest < -SECOND {
            self.summary.certain_misses += 1;
            return (seen.source == "cache").then(|| ("O5, asked anew after six hours", format!("kept {youngest:#}")));
        }
        None
    }

    /// O7: nobody is rung who is absent, neither the manager nor a deputy.
    fn judge_status(&self, before: &Before, seen: &Seen) -> Option<(&'static str, String)> {
        let rung = seen.employee.as_deref().and_then(user_of)?;
        if !self.considers_status || self.clock.now() < before.at {
            return None;
        }
        // Across midnight the last hour counts.
        let an_hour_ago = before.at - SignedDuration::from_hours(1);
        let was_there = self.was_at_work(rung, before.at)
            || self.events.iter().any(|(who, when)| *who == rung && *when >= an_hour_ago);
        (!was_there).then(|| ("O7, nobody absent is rung", format!("{rung} is absent")))
    }

    /// Whether a user did anything on the account's day of this time.
    fn was_at_work(&self, user: u64, at: Timestamp) -> bool {
        self.was_at_work_until(user, at, Timestamp::MAX)
    }

    fn was_at_work_until(&self, user: u64, at: Timestamp, until: Timestamp) -> bool {
        let moscow = Offset::constant(3);
        let midnight = moscow.to_timestamp(moscow.to_datetime(at).date().to_datetime(jiff::civil::Time::midnight()));
        midnight.is_ok_and(|midnight| {
            self.events.iter().any(|(who, when)| *who == user && (midnight..=until).contains(when))
        })
    }

    /// D4, E4: the manager's own employee is rung, or a deputy where everybody before cannot be; and nobody who is switched off.
    fn judge_rung(&self, before: &Before, seen: &Seen) -> Option<(&'static str, String)> {
        let (employee, manager) = (seen.employee.as_deref()?, seen.manager?);
        let wrong = |rule| Some((rule, format!("{employee}: {seen:?}")));
        let rung = user_of(employee).unwrap_or_default();
        let line = line(manager, self.deputies);
        let Some(place) = line.iter().position(|user| *user == rung && !is_never_rung(rung)) else {
            return wrong("D4, only the manager's own employee is rung, or a deputy");
        };
        if seen.deputy_for != (place > 0).then(|| format!("u{manager}")) {
            return wrong("E7, a deputy is told in the call details");
        }
        let must_be_rung = |user: &u64| !is_never_rung(*user) && self.is_certainly_at_work(*user, before);
        if self.clock.now() >= before.at && line.iter().take(place).any(must_be_rung) {
            return wrong("E4, a deputy is rung only where everybody before cannot be");
        }
        None
    }

    /// Whether a user was at work as the call came in, and so long that an absence learned before is not used any more.
    pub(crate) fn is_certainly_at_work(&self, user: u64, before: &Before) -> bool {
        let learned = before.true_at.min(self.true_time.now()) - LEARNED_AGAIN;
        !self.considers_status || self.was_at_work_until(user, before.at, learned)
    }

    /// O2, E4: where everything was answered, a contact's call is forwarded to the first who can be rung.
    fn judge_forwarding(&self, before: &Before, seen: &Seen, quiet: bool) -> Option<(&'static str, String)> {
        const RULE: &str = "O2, forwarded where nothing stands in the way";
        if seen.employee.is_some() {
            return None;
        }
        let Caller::Contact(contact) = before.caller else { return None };
        if !quiet || !seen.all_answered {
            return None;
        }
        let expected = match seen.source.as_str() {
            "cache" => seen.manager?,
            _ => self.managers[contact].last().and_then(|(_, user)| *user)?,
        };
        let works = |user| !self.considers_status || self.was_at_work(user, before.at);
        let first = line(expected, self.deputies).into_iter().find(|user| !is_never_rung(*user) && works(*user))?;
        // An absence just learned is not learned again.
        let just_came = !self.was_at_work_until(first, before.at, self.true_time.now() - LEARNED_AGAIN);
        let told = just_came && (seen.outcome == "manager-absent" || first != expected);
        (contact < CONTACTS && !told).then(|| (RULE, seen.outcome.clone()))
    }
}
