//! The queue's statements: `migrations/functions/previews/queue.sql`.

use crate::database::{Database, DatabaseError};
use messaging_core::preview::PageSummary;
use serde::Deserialize;
use std::time::Duration;

/// When a look at a page counts as lost, in seconds: well after its deadline, and that of the app to store its picture.
const LEASE: i32 = 30;
/// The pause between two looks at one host, in seconds.
const PAUSE: i32 = 1;
/// How long a look waits for a host's turn at most, in seconds: well within its deadline.
const PATIENCE: i32 = 2;
/// How long a page is known, in seconds.
const KNOWN: i32 = 24 * 3_600;
/// How long it is known that there is nothing to show, in seconds.
const NOTHING: i32 = 3_600;

/// The links that are next.
#[derive(Debug, Deserialize)]
pub struct Next {
    /// Their pages are known.
    pub known: Vec<String>,
    /// Their pages are this relay's to look at.
    pub claimed: Vec<String>,
}

/// What became of a page in one message.
#[derive(Debug, Deserialize)]
pub struct Shown {
    /// Other messages wait for it.
    pub has_more: bool,
    /// The message shows it.
    pub is_shown: bool,
}

#[derive(Deserialize)]
struct Allowed {
    is_allowed: bool,
}

/// Takes links, at most `room` to look at.
pub async fn claim(database: &Database, room: usize) -> Result<Next, DatabaseError> {
    let room = i32::try_from(room).unwrap_or(i32::MAX);
    let call = "claim_links(p_limit => $1, p_lease => $2, p_pause => $3)";
    database.document(call, &[&room, &LEASE, &PAUSE]).await
}

/// Takes the next turn of a host: how long it is until then; `None`: too long.
pub async fn take_turn(database: &Database, host: &str) -> Result<Option<Duration>, DatabaseError> {
    #[derive(Deserialize)]
    struct Turn {
        wait_ms: Option<u64>,
    }
    let call = "take_turn(p_host => $1, p_pause => $2, p_patience => $3)";
    let turn: Turn = database.document(call, &[&host, &PAUSE, &PATIENCE]).await?;
    Ok(turn.wait_ms.map(Duration::from_millis))
}

/// Gives back a link whose page could not be looked at yet.
pub async fn release(database: &Database, url: &str) -> Result<(), DatabaseError> {
    database.document("release_link(p_url => $1)", &[&url]).await
}

/// Keeps what a page says of itself.
pub async fn record(database: &Database, url: &str, page: Option<&PageSummary>) -> Result<(), DatabaseError> {
    let json = page.map(serde_json::to_string).transpose().map_err(DatabaseError::Document)?;
    let seconds = if page.is_some() { KNOWN } else { NOTHING };
    let call = "record_link(p_url => $1, p_page => $2::text::jsonb, p_seconds => $3)";
    database.document(call, &[&url, &json, &seconds]).await
}

/// Shows a page in one of the messages that wait for it.
pub async fn show(database: &Database, url: &str) -> Result<Shown, DatabaseError> {
    database.document("show_link(p_url => $1)", &[&url]).await
}

/// Whether a picture of so many bytes may be stored for those who wait for a page.
pub async fn may_store(database: &Database, url: &str, size: usize) -> Result<bool, DatabaseError> {
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    let allowed: Allowed = database.document("may_store_picture(p_url => $1, p_size => $2)", &[&url, &size]).await?;
    Ok(allowed.is_allowed)
}
