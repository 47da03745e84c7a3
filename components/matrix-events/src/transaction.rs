//! PUT `/_matrix/app/v1/transactions/:transaction_id`: up to 100 events.
//!
//! Transaction ids start again at 1 after some restarts of the homeserver, so they mean nothing here: an event is
//! known by its own id. What fails is either set aside, or fails the transaction, which then comes again.

use crate::apply::apply_all;
use crate::event::Here;
use crate::homeserver::{Homeserver, MatrixError};
use crate::{ephemeral, forward};
use http::StatusCode;
use messaging_edge::{Request, Response, parse_json};
use serde::Deserialize;
use serde_json::value::RawValue;

/// 100 events of 64 KiB, escaped, fit.
pub const MAX_BYTES: usize = 32 * 1024 * 1024;
/// More than the homeserver ever sends at once.
pub const MAX_EVENTS: usize = 1_000;

#[derive(Deserialize)]
struct Transaction {
    /// Each read by itself, so that a malformed one harms no other.
    #[serde(default)]
    events: Vec<Box<RawValue>>,
    #[serde(default)]
    ephemeral: Vec<Box<RawValue>>,
}

pub async fn receive(_: Homeserver, mut request: Request) -> Result<Response, MatrixError> {
    let transaction: Transaction = parse_json(&request.bytes(MAX_BYTES).await?)?;
    let here = Here::of_request(request.id()).await?;
    let hidden = apply_all(&transaction.events, &here, request.id()).await?;
    forward::queue(&transaction.events, &hidden, request.id()).await?;
    // The events are stored: whatever becomes of the rest is no reason to send the transaction again.
    ephemeral::apply_all(
        transaction.ephemeral.get(..MAX_EVENTS).unwrap_or(&transaction.ephemeral),
        &here,
        request.id(),
    )
    .await;
    Ok(Response::raw_json(StatusCode::OK, "{}"))
}
