//! The audit of an integration: what would keep calls from their managers, found before a call finds it.
//!
//! Reads all users (an administrator's token is needed, amoCRM facts §3) and all contacts of the account, page by page inside the integration's
//! budget of requests, and compares them with the PBX's employees by the operation's own rules for numbers. Nothing is changed anywhere.

pub mod answers;
mod error;
pub mod findings;
mod text;

use std::time::Duration;

use bytes::Bytes;
use call::numbers::CountryCode;
use http::{Request, Response, StatusCode};
use serde::Serialize;
use tokio::time::{Instant, sleep, sleep_until};
use utoipa::ToSchema;

use answers::{NotAList, Page};
pub use error::AuditError;
use findings::{ContactsSeen, Finding};
use runtime::capabilities::directory::Employee;
use runtime::capabilities::http::{Ask, AskError, BaseUrl, OutboundHttp};

/// Entries asked for at once: as many as amoCRM gives (amoCRM facts §1.1, §3).
const PAGE: usize = 250;
/// How long one page may take. Nobody is on the telephone.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How often a page is asked for that amoCRM does not give just now, and the pause before the second time; each further one is twice as long.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_secs(1);

/// What is audited.
pub struct Subject<'a> {
    /// The integration's way to amoCRM.
    pub http: &'a OutboundHttp,
    /// The account's address.
    pub account: &'a BaseUrl,
    /// The calling code of numbers written without one.
    pub default_country: CountryCode,
    /// The PBX's employees by amoCRM user.
    pub employees: &'a [(u64, Employee)],
    /// How amoCRM is asked: beside calls, or as one of them.
    pub how: Ask,
    /// How long after one request the next one begins at the soonest.
    pub interval: Duration,
}

/// The outcome of an audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuditReport {
    /// How many users the account has.
    pub users: usize,
    /// How many contacts were looked at, deleted ones left out.
    pub contacts: u64,
    /// How many of them have no telephone number: nobody can be found by them.
    pub without_phone: u64,
    /// How many users and contacts could not be read; a call passes over such a contact too.
    pub unreadable: u64,
    /// What is wrong, the gravest first.
    pub findings: Vec<Finding>,
}

impl AuditReport {
    /// The exit code of a program that reports this: 0 without findings, else that of the gravest.
    pub fn exit_code(&self) -> u8 {
        self.findings.first().map_or(0, Finding::exit_code)
    }
}

/// Audits an integration. `progress` is told of every page: which list, and how many of its entries were read so far.
pub async fn run(subject: &Subject<'_>, progress: impl Fn(&'static str, u64)) -> Result<AuditReport, AuditError> {
    let mut users = Vec::new();
    let mut unreadable = each_page(subject, "users", "", answers::users, |page| {
        users.extend(page);
        progress("users", users.len() as u64);
    })
    .await?;
    let mut seen = ContactsSeen::new(subject.default_country);
    // By identifier: contacts that are added or touched meanwhile do not shift the pages.
    unreadable += each_page(subject, "contacts", "&order%5Bid%5D=asc", answers::contacts, |page| {
        page.iter().for_each(|contact| seen.see(contact));
        progress("contacts", seen.contacts);
    })
    .await?;
    let (contacts, without_phone) = (seen.contacts, seen.without_phone);
    let findings = seen.judge(&users, subject.employees);
    Ok(AuditReport { users: users.len(), contacts, without_phone, unreadable, findings })
}

/// Takes every page of a list; how many of its entries could not be read.
async fn each_page<T>(
    subject: &Subject<'_>,
    list: &'static str,
    order: &str,
    read: fn(&[u8]) -> Result<Page<T>, NotAList>,
    mut take: impl FnMut(Vec<T>),
) -> Result<u64, AuditError> {
    let mut unreadable = 0;
    for number in 1_u64.. {
        let address = format!("{}/api/v4/{list}?limit={PAGE}&page={number}{order}", subject.account);
        let next = Instant::now() + subject.interval;
        let answer = ask(subject, list, &address).await?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NO_CONTENT => break,
            status => return Err(AuditError::Status { list, status }),
        }
        let page = read(answer.body()).map_err(|cause| AuditError::NotAList { list, cause })?;
        // A page that is not full is the last, whatever it links to (amoCRM facts §1.2).
        let is_full = page.length >= PAGE;
        unreadable += (page.length - page.entries.len()) as u64;
        take(page.entries);
        if !(is_full && page.has_next) {
            break;
        }
        sleep_until(next).await;
    }
    Ok(unreadable)
}

/// Asks for a page; again after a pause where amoCRM or the way to it fails for the moment.
async fn ask(subject: &Subject<'_>, list: &'static str, address: &str) -> Result<Response<Bytes>, AuditError> {
    let (mut attempt, mut pause) = (1, PAUSE);
    loop {
        let request =
            Request::get(address).body(Bytes::new()).map_err(|_| AuditError::NotAList { list, cause: NotAList })?;
        let answered = subject.http.ask(request, TIMEOUT, subject.how).await;
        let momentary = match &answered {
            Ok(answer) => answer.status().is_server_error() || answer.status() == StatusCode::TOO_MANY_REQUESTS,
            Err(AskError::Unreachable { .. } | AskError::TimedOut { .. } | AskError::Paused { .. }) => true,
            Err(_) => false,
        };
        if !momentary || attempt == ATTEMPTS {
            return answered.map_err(|cause| AuditError::Ask { list, cause });
        }
        sleep(pause).await;
        attempt += 1;
        pause *= 2;
    }
}
