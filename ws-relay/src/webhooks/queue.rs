//! The queue's statements: `migrations/functions/webhooks.sql`.

use super::request;
use crate::database::{Database, DatabaseError};
use serde::Deserialize;
use uuid::Uuid;

/// How often a delivery is tried.
pub const ATTEMPTS: i32 = 3;
/// How long a delivery waits at most, in seconds.
const AGE: i32 = 3_600;
/// What one clean-up deletes at most.
const CLEANUP_BATCH: i32 = 1_000;
/// When a try counts as lost, in seconds: well after its deadline.
const LEASE: i32 = 2 * request::DEADLINE_SECONDS;

/// A delivery that may begin.
#[derive(Debug, Deserialize)]
pub struct Due {
    /// Its row.
    pub id: i64,
    /// Where it goes.
    pub webhook_url: String,
}

/// A delivery whose try has begun.
#[derive(Debug, Deserialize)]
pub struct Claimed {
    /// Its row.
    pub id: i64,
    /// Which try this is, from 1.
    pub attempts: i32,
    /// The subscription.
    pub subscription_id: Uuid,
    /// Where it goes.
    pub webhook_url: String,
    /// The event's room.
    pub room_id: String,
    /// The event as JSON.
    pub event: String,
}

/// What nobody will deliver any more.
#[derive(Debug, Deserialize)]
pub struct Gone {
    /// Lost with its relay in the last try.
    pub failed: u64,
    /// Waited too long.
    pub expired: u64,
}

/// The deliveries that may begin, at most `per_host` for each host.
pub async fn due(database: &Database, per_host: usize) -> Result<Vec<Due>, DatabaseError> {
    let per_host = i32::try_from(per_host).unwrap_or(i32::MAX);
    database.document("list_due_deliveries(p_per_host => $1)", &[&per_host]).await
}

/// Begins a try of these, as far as no other relay has.
pub async fn claim(database: &Database, ids: &[i64]) -> Result<Vec<Claimed>, DatabaseError> {
    let call = "claim_deliveries(p_ids => $1, p_attempts => $2, p_seconds => $3)";
    database.document(call, &[&ids, &ATTEMPTS, &LEASE]).await
}

/// Ends a try: it is due again in `again` seconds, or gone.
pub async fn end(database: &Database, id: i64, attempts: i32, again: Option<i32>) -> Result<(), DatabaseError> {
    let call = "end_delivery(p_id => $1, p_attempts => $2, p_seconds => $3)";
    database.document(call, &[&id, &attempts, &again]).await
}

/// Deletes what nobody will deliver any more.
pub async fn expire(database: &Database) -> Result<Gone, DatabaseError> {
    let call = "expire_deliveries(p_attempts => $1, p_seconds => $2, p_limit => $3)";
    database.document(call, &[&ATTEMPTS, &AGE, &CLEANUP_BATCH]).await
}
