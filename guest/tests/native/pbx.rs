//! A fake PBX: everything that the decision can see of the outside, as plain fields that a test changes before and between calls.
//!
//! As it begins, a call from [`CALLER`] is forwarded to Anna: amoCRM has one contact with that number, and Anna is responsible for it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use forward_to_personal_manager::contract::{Call, Destination, Employee, LastTalk, Presence, Setting, SettingValue};
use forward_to_personal_manager::decision;
use forward_to_personal_manager::time::Timestamp;
use forward_to_personal_manager::world::{
    Clock, Config, Directory, Http, HttpFailure, HttpFailureKind, KeyValue, Request, Response, World,
};

use crate::amocrm::{Answer, account_in, contact, contacts, nothing, user};
use crate::outcome::Outcome;

/// The caller of most tests.
pub(crate) const CALLER: &str = "+79161234567";
/// Anna's amoCRM user; she has two numbers.
pub(crate) const ANNA: u64 = 504_141;
/// Boris's amoCRM user; he has one number.
pub(crate) const BORIS: u64 = 504_142;
/// 2026-11-22T09:00:00Z in milliseconds: noon in Moscow, the fake account's own time.
pub(crate) const START: u64 = 1_795_338_000_000;
/// The amoCRM account's midnight before [`START`], in seconds.
pub(crate) const MIDNIGHT: u64 = START / 1_000 - 12 * 3_600;

/// The outside world.
pub(crate) struct Pbx {
    /// The wall clock, in milliseconds; [`Pbx::pass`] moves it.
    pub(crate) now: Cell<u64>,
    /// The monotonic clock.
    pub(crate) monotonic: Cell<Duration>,
    /// amoCRM's answers to a search, page by page; 204 after the last.
    pub(crate) contacts: Vec<Answer>,
    /// amoCRM's answers to a search for companies, page by page, and for leads.
    pub(crate) companies: Vec<Answer>,
    pub(crate) leads: Vec<Answer>,
    /// amoCRM's answer to a question about any user.
    pub(crate) user: Answer,
    /// amoCRM's answers to a list of events, page by page; 204 after the last.
    pub(crate) events: Vec<Answer>,
    /// amoCRM's answer to a question about the account.
    pub(crate) account: Answer,
    /// The requests that amoCRM received.
    pub(crate) received: RefCell<Vec<Received>>,
    /// The store's content.
    pub(crate) store: RefCell<BTreeMap<String, Vec<u8>>>,
    /// What the store answers to reads and to writes, when it is broken.
    pub(crate) broken_reads: Option<&'static str>,
    pub(crate) broken_writes: Option<&'static str>,
    /// How long a read takes.
    pub(crate) slow_reads: Duration,
    /// How often the store was read.
    pub(crate) reads: Cell<usize>,
    /// The integration's configuration; an error is what the host says when it cannot give the value.
    pub(crate) config: BTreeMap<&'static str, Result<String, String>>,
    /// The employees by amoCRM user, or why the directory cannot say.
    pub(crate) employees: Result<BTreeMap<u64, Employee>, String>,
    /// The users whom the directory was asked about.
    pub(crate) asked_for: RefCell<Vec<u64>>,
    /// The user from whom on the directory cannot answer.
    pub(crate) unavailable_from: Option<u64>,
    /// Who talked to the caller last, or why the directory cannot say.
    pub(crate) last_talk: Result<Option<LastTalk>, String>,
    /// Of how many days the directory was asked about that.
    pub(crate) asked_for_talks: RefCell<Vec<u32>>,
    /// The placed operation's settings.
    pub(crate) settings: Vec<Setting>,
}

/// A request as amoCRM received it.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) url: String,
    pub(crate) access_token: Option<String>,
    pub(crate) at: Duration,
    pub(crate) deadline: Duration,
    pub(crate) maximum_body: usize,
}

impl Pbx {
    pub(crate) fn new() -> Self {
        Self {
            now: Cell::new(START),
            monotonic: Cell::new(Duration::from_secs(77)),
            contacts: vec![contacts(&[contact(3, ANNA, CALLER)]).into()],
            companies: Vec::new(),
            leads: Vec::new(),
            user: user(true).into(),
            events: Vec::new(),
            account: account_in("Europe/Moscow", "+03:00").into(),
            received: RefCell::default(),
            store: RefCell::default(),
            broken_reads: None,
            broken_writes: None,
            slow_reads: Duration::ZERO,
            reads: Cell::new(0),
            config: BTreeMap::from([("amocrm_base_url", Ok("https://example.amocrm.ru".to_owned()))]),
            employees: Ok(BTreeMap::from([
                (ANNA, employee("anna", &[("101", 20), ("+79035550101", 25)])),
                (BORIS, employee("boris", &[("102", 20)])),
            ])),
            asked_for: RefCell::default(),
            unavailable_from: None,
            last_talk: Ok(None),
            asked_for_talks: RefCell::default(),
            settings: Vec::new(),
        }
    }

    /// With «Учитывать статус персонального менеджера» on.
    pub(crate) fn considering_status() -> Self {
        let mut pbx = Self::new();
        pbx.configure("consider_manager_status", "true");
        pbx
    }

    /// Sets a configuration key.
    pub(crate) fn configure(&mut self, key: &'static str, value: &str) {
        self.config.insert(key, Ok(value.to_owned()));
    }

    /// Sets a setting of the placed operation.
    pub(crate) fn set(&mut self, key: &str, value: SettingValue) {
        self.settings.push(Setting { key: key.to_owned(), value });
    }

    /// Sets a setting of the placed operation to one of its options.
    pub(crate) fn choose(&mut self, key: &str, option: &str) {
        self.set(key, SettingValue::Choice(option.to_owned()));
    }

    /// Switches settings of the placed operation on.
    pub(crate) fn switch_on(&mut self, keys: &[&str]) {
        keys.iter().for_each(|key| self.set(key, SettingValue::Flag(true)));
    }

    /// Anna's record.
    pub(crate) fn anna(&mut self) -> &mut Employee {
        self.employees.as_mut().unwrap().get_mut(&ANNA).unwrap()
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, time: Duration) {
        self.now.set(self.now.get() + u64::try_from(time.as_millis()).unwrap());
        self.monotonic.set(self.monotonic.get() + time);
    }

    /// A call from [`CALLER`].
    pub(crate) fn call(&self) -> Outcome {
        self.call_from(Some(CALLER))
    }

    /// A call from anybody.
    pub(crate) fn call_from(&self, caller: Option<&str>) -> Outcome {
        let world = World { clock: self, http: self, key_value: self, config: self, directory: self };
        let call =
            Call { id: "call-1".to_owned(), caller: caller.map(str::to_owned), called: "+74951234567".to_owned() };
        Outcome(decision::resolve(world, &call, &self.settings))
    }

    /// How many requests amoCRM has received, over all calls.
    pub(crate) fn requests(&self) -> usize {
        self.received.borrow().len()
    }

    /// How many managers are kept.
    pub(crate) fn managers(&self) -> usize {
        self.store.borrow().keys().filter(|key| key.contains("manager")).count()
    }

    /// The key under which a manager is kept, after a call that kept one.
    pub(crate) fn manager_key(&self) -> String {
        self.store.borrow().keys().find(|key| key.contains("manager")).expect("a manager is kept").clone()
    }
}

/// An employee who is switched on, with numbers and their ring times in seconds.
pub(crate) fn employee(id: &str, numbers: &[(&str, u64)]) -> Employee {
    let destination = |&(number, seconds): &(&str, u64)| Destination {
        number: number.to_owned(),
        ring_time: Duration::from_secs(seconds),
    };
    Employee {
        id: id.to_owned(),
        name: format!("Сотрудник {id}"),
        enabled: true,
        destinations: numbers.iter().map(destination).collect(),
        presence: Presence::NotFed,
        deputy_crm_user_id: None,
    }
}

impl Clock for Pbx {
    fn now(&self) -> Timestamp {
        Timestamp(self.now.get())
    }

    fn monotonic(&self) -> Duration {
        self.monotonic.get()
    }
}

impl Http for Pbx {
    /// Answers when the answer is due, or gives up at the request's deadline: the contract of the component's edge.
    fn get(&self, request: &Request<'_>) -> Result<Response, HttpFailure> {
        let scheme = if request.secure { "https" } else { "http" };
        self.received.borrow_mut().push(Received {
            url: format!("{scheme}://{}{}", request.authority, request.path_with_query),
            access_token: request.access_token.map(str::to_owned),
            at: self.monotonic.get(),
            deadline: request.deadline,
            maximum_body: request.maximum_body,
        });
        let page = || -> usize {
            let (_, rest) = request.path_with_query.split_once("&page=").expect("lists are asked for by page");
            rest.split('&').next().unwrap().parse().unwrap()
        };
        let answer = match request.path_with_query {
            path if path.contains("/api/v4/contacts?") => self.contacts.get(page() - 1).cloned(),
            path if path.contains("/api/v4/companies?") => self.companies.get(page() - 1).cloned(),
            path if path.contains("/api/v4/leads?") => self.leads.get(page() - 1).cloned(),
            path if path.contains("/api/v4/users/") => Some(self.user.clone()),
            path if path.contains("/api/v4/events?") => self.events.get(page() - 1).cloned(),
            path if path.contains("/api/v4/account?") => Some(self.account.clone()),
            path => panic!("amoCRM has no {path}"),
        };
        let answer = answer.unwrap_or_else(nothing);
        let left = request.deadline.saturating_sub(self.monotonic.get());
        self.pass(answer.took.min(left));
        if answer.took > left {
            Err(HttpFailure { status: None, kind: HttpFailureKind::Deadline })
        } else {
            answer.result
        }
    }
}

impl KeyValue for Pbx {
    fn get(&self, bucket: &str, key: &str) -> Result<Option<Vec<u8>>, String> {
        self.reads.set(self.reads.get() + 1);
        self.pass(self.slow_reads);
        works(self.broken_reads)?;
        Ok(self.store.borrow().get(&format!("{bucket}/{key}")).cloned())
    }

    fn set(&self, bucket: &str, key: &str, value: &[u8]) -> Result<(), String> {
        works(self.broken_writes)?;
        self.store.borrow_mut().insert(format!("{bucket}/{key}"), value.to_vec());
        Ok(())
    }

    fn delete(&self, bucket: &str, key: &str) -> Result<(), String> {
        works(self.broken_writes)?;
        self.store.borrow_mut().remove(&format!("{bucket}/{key}"));
        Ok(())
    }
}

fn works(fault: Option<&str>) -> Result<(), String> {
    fault.map_or(Ok(()), |error| Err(error.to_owned()))
}

impl Config for Pbx {
    fn get(&self, key: &str) -> Result<Option<String>, String> {
        self.config.get(key).cloned().transpose()
    }
}

impl Directory for Pbx {
    fn find_by_crm_user(&self, user_id: u64) -> Result<Option<Employee>, String> {
        self.asked_for.borrow_mut().push(user_id);
        works(self.unavailable_from.filter(|from| user_id >= *from).map(|_| "out of reach"))?;
        self.employees.as_ref().map(|employees| employees.get(&user_id).cloned()).map_err(Clone::clone)
    }

    fn find_last_talk(&self, days: u32) -> Result<Option<LastTalk>, String> {
        self.asked_for_talks.borrow_mut().push(days);
        self.last_talk.clone()
    }
}
