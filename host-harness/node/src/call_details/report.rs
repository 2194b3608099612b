//! A PBX's report on its way into the kept call: taken in by the writer, behind the calls that came before it.

use call::leg::Leg;
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::document::KeptCall;
use super::ended;
use super::key::CallKey;
use super::reader;

/// The most bytes of an identifier that is looked for.
const LONGEST_ID: usize = 1_024;

/// A report, and who waits for what becomes of it.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) call: CallKey,
    pub(super) legs: Vec<Leg>,
    pub(super) answer: oneshot::Sender<Result<KeptCall, Unreported>>,
}

/// Why a report is not kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreported {
    /// Nobody knows the call.
    #[error("no call with this identifier is kept; report what POST /v1/resolve-call or FastAGI was asked with")]
    Unknown,
    /// Another node keeps the call, and is told.
    #[error("another node keeps the call, and the report was passed on to it")]
    PassedOn,
    /// The store cannot be had at the moment.
    #[error("the report cannot be kept now ({0}); send it again")]
    Unavailable(String),
}

impl Report {
    /// Adds the legs to the call, and gives it as it is then.
    pub(super) fn write(&self, connection: &Connection) -> rusqlite::Result<Option<KeptCall>> {
        if let CallKey::Id(id) | CallKey::Arrived(id, _) | CallKey::ArrivedWithin(id, ..) = &self.call
            && id.len() > LONGEST_ID
        {
            return Ok(None);
        }
        let Some(mut call) = reader::find(connection, &self.call)? else { return Ok(None) };
        if call.complete(&self.legs) {
            ended::note(connection, &call)?;
        }
        Ok(Some(call))
    }
}
