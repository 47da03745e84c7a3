//! What the room refuses of an act that a `prepare_…` function has noted.

use crate::index::requests::{Intent, drop_intent};
use crate::{Problem, log};
use messaging_core::auth::Caller;
use std::future::Future;

/// Asks Matrix for an act. Where it refuses, the note goes: what somebody does later must not be taken for it. Where it fails,
/// the note stays, for the homeserver may still carry it out.
pub async fn intended<T>(
    caller: &Caller,
    intent: Intent<'_>,
    act: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let acted = act.await;
    if let Err(problem) = &acted
        && (problem.status.is_client_error() || problem.is_gateway_lacks())
        && let Err(kept) = drop_intent(caller.id(), intent).await
    {
        // Why it was refused is what the caller has to know.
        log::error("", &format!("{intent:?} is not dropped: {}", Problem::from(kept)));
    }
    acted
}
