//! The largest file that the homeserver takes, which hardly ever changes.

use messaging_edge::Problem;
use messaging_edge::gateway::Gateway;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How long an answer holds.
const FRESH: Duration = Duration::from_secs(60);

/// When it was asked last, and the answer: the same for everybody.
static KNOWN: Mutex<Option<(Instant, u64)>> = Mutex::new(None);

/// In bytes. The homeserver is asked before anything is read: Synapse cuts the connection of what is too large.
pub async fn upload_limit(gateway: &Gateway) -> Result<u64, Problem> {
    let known = KNOWN.lock().ok().and_then(|known| *known);
    if let Some((_, limit)) = known.filter(|(at, _)| at.elapsed() < FRESH) {
        return Ok(limit);
    }
    let limit = gateway.upload_limit().await?;
    if let Ok(mut known) = KNOWN.lock() {
        *known = Some((Instant::now(), limit));
    }
    Ok(limit)
}
