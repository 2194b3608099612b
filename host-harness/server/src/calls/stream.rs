//! Kept calls as they come. A reader that was away, or that is slower than the calls, is caught up with from the file, page by page, so that
//! none is lost and none waits in memory.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use axum::response::sse::Event;
use futures_util::stream::{self, Stream};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::CallsState;
use crate::problem::Problem;
use node::call_details::{CallDetailsError, Filter, KeptCall, Numbers};

/// How many calls are read at once.
const AT_ONCE: usize = 500;

/// One reader of the stream.
struct Following {
    desk: CallsState,
    _place: OwnedSemaphorePermit,
    numbers: Numbers,
    live: Receiver<Arc<KeptCall>>,
    /// The last call that it was told of, or that was there before it came.
    seen: i64,
    /// Calls after that one, read from the file.
    read: VecDeque<KeptCall>,
    /// Whether there may be more of them in the file.
    behind: bool,
}

/// The calls after the one with this number, or from now on.
pub(super) async fn of(
    desk: CallsState,
    last: Option<i64>,
    numbers: Numbers,
    place: OwnedSemaphorePermit,
) -> Result<impl Stream<Item = Result<Event, Infallible>>, Problem> {
    // Before the file is read, or a call in between would be missed.
    let live = desk.details.follow();
    let seen = match last {
        Some(last) => last,
        None => desk.read(|reader| reader.newest()).await?,
    };
    let mut following =
        Following { desk, _place: place, numbers, live, seen, read: VecDeque::new(), behind: last.is_some() };
    following.catch_up().await?;
    Ok(stream::unfold(following, Following::next))
}

impl Following {
    /// Reads what may be missing, where something may.
    async fn catch_up(&mut self) -> Result<(), Problem> {
        if self.behind {
            let seen = self.seen;
            let page = move |reader: &node::call_details::Reader| -> Result<_, CallDetailsError> {
                reader.after(&Filter::default(), seen, AT_ONCE)
            };
            self.read = self.desk.read(page).await?.into();
            self.behind = self.read.len() == AT_ONCE;
        }
        Ok(())
    }

    /// The next call; none when nothing more comes, and where the file cannot be read: the reader comes back with the last number that it has.
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            if let Some(call) = self.read.pop_front() {
                return Some(self.tell(&call));
            }
            if self.behind {
                self.catch_up().await.ok()?;
                continue;
            }
            match self.live.recv().await {
                // Of one that is not told of yet, it is told below, with its outcome.
                Ok(call) if call.seq <= self.seen && call.is_completed() => {
                    return Some((Ok(self.outcome(&call)), self));
                }
                Ok(call) if call.seq <= self.seen => {}
                Ok(call) => return Some(self.tell(&call)),
                Err(RecvError::Lagged(_)) => self.behind = true,
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// A call that a PBX completed. Without an `id`: a reader that comes back is caught up with from the last new call.
    fn outcome(&self, call: &KeptCall) -> Event {
        Event::default().event("outcome").data(self.data(call))
    }

    fn data(&self, call: &KeptCall) -> String {
        // A value of this program's does not fail to be written as JSON.
        serde_json::to_string(&call.shown(self.numbers)).unwrap_or_default()
    }

    fn tell(mut self, call: &KeptCall) -> (Result<Event, Infallible>, Self) {
        self.seen = call.seq;
        let event = Event::default().event("call").id(call.seq.to_string()).data(self.data(call));
        (Ok(event), self)
    }
}
