//! The tokens of a node's integrations: looked up before calls need them, and kept fresh for as long as their integration is served.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use amocrm::access::Keeper;
use amocrm::integration::Integration;
use node::{Node, Revision};

/// How long an integration's tokens are looked up before its first call. A store that does not answer must not hold up everything else.
const FIRST_LOOK: Duration = Duration::from_secs(2);

/// One bounded look at the tokens of each integration, so that the first call finds them.
pub async fn look_at_tokens<'a>(integrations: impl IntoIterator<Item = (&'a Arc<str>, &'a Arc<Integration>)>) {
    for (id, integration) in integrations {
        let Some(keeper) = integration.keeper() else { continue };
        match tokio::time::timeout(FIRST_LOOK, keeper.look()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(integration = %id, %error, "the tokens cannot be read yet"),
            Err(_) => tracing::warn!(integration = %id, "the store with the tokens does not answer yet"),
        }
    }
}

/// A keeper at work.
struct Kept {
    keeper: Arc<Keeper>,
    ended: CancellationToken,
}

/// Keeps the tokens of every integration fresh that the node serves, until it is told to end. A refresh that has begun is finished first.
pub(crate) async fn keep(node: Node, end: CancellationToken) {
    let (mut replacements, mut kept, mut working) = (node.replacements(), Vec::new(), JoinSet::new());
    loop {
        follow(&node.revision(), &mut kept, &mut working, &end);
        tokio::select! {
            () = end.cancelled() => break,
            // The node is there for as long as this is.
            _ = replacements.changed() => {}
            // Those that have ended leave nothing behind.
            Some(_) = working.join_next() => {}
        }
    }
    while working.join_next().await.is_some() {}
}

/// Begins to keep what is new, and ends what is gone.
fn follow(revision: &Revision, kept: &mut Vec<Kept>, working: &mut JoinSet<()>, end: &CancellationToken) {
    let served = revision.integrations().iter().filter_map(|(id, integration)| Some((id, integration.keeper()?)));
    let served: Vec<_> = served.collect();
    kept.retain(|kept| {
        let stays = served.iter().any(|(_, keeper)| Arc::ptr_eq(keeper, &kept.keeper));
        if !stays {
            kept.ended.cancel();
        }
        stays
    });
    for (id, keeper) in served {
        if kept.iter().any(|kept| Arc::ptr_eq(keeper, &kept.keeper)) {
            continue;
        }
        let (keeper, ended) = (Arc::clone(keeper), end.child_token());
        kept.push(Kept { keeper: Arc::clone(&keeper), ended: ended.clone() });
        // What is logged on the way says which integration it is about.
        let span = tracing::error_span!("integration", id = &**id);
        working.spawn(async move { keeper.keep_until(ended.cancelled()).await }.instrument(span));
    }
}
