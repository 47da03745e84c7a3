//! POST: tells Matrix of the receipts that are due. ws-relay asks for it.

use http::StatusCode;
use messaging_core::auth::Internal;
use messaging_core::receipt::SentReceipts;
use messaging_edge::gateway::Gateway;
use messaging_edge::index::receipts::{DueReceipt, claim_receipts, end_receipts};
use messaging_edge::{Problem, Response, log};
use std::time::{Duration, Instant};

/// How many one request takes, and no further one is begun beyond this time.
const BATCH: i32 = 50;
const PATIENCE: Duration = Duration::from_secs(10);
/// When those that are taken are given back, in seconds: well after the last call of a request has ended.
const LEASE: i32 = 30;

pub async fn send(_: Internal) -> Result<Response, Problem> {
    let gateway = Gateway::from_settings().await?;
    let began = Instant::now();
    let due = claim_receipts(BATCH, LEASE).await?;
    let (mut ended, mut outcome) = (Vec::new(), SentReceipts::default());
    outcome.has_more = i32::try_from(due.len()).is_ok_and(|count| count == BATCH);
    for receipt in &due {
        if began.elapsed() > PATIENCE {
            break;
        }
        match tell(&gateway, receipt).await {
            Ok(true) => outcome.sent += 1,
            Ok(false) => outcome.dropped += 1,
            // The homeserver is slow or away: they come again.
            Err(problem) => {
                log::info("", &format!("receipts wait for the homeserver: {problem}"));
                outcome.has_more = false;
                break;
            }
        }
        ended.push(receipt.place);
    }
    end_receipts(&ended).await?;
    Response::json(StatusCode::OK, &outcome)
}

/// Whether Matrix was told; `false`: it never can be.
async fn tell(gateway: &Gateway, receipt: &DueReceipt) -> Result<bool, Problem> {
    let Some(event_id) = &receipt.event_id else { return Ok(false) };
    let root = receipt.thread_event_id.as_deref();
    let sent = gateway.send_receipt(&receipt.room_id, event_id, &receipt.member_id, receipt.is_private, root).await;
    match sent {
        Ok(()) => Ok(true),
        Err(problem) if problem.is_outage_of_matrix() => Err(problem),
        Err(problem) => {
            log::info("", &format!("a receipt in {} cannot be told: {problem}", receipt.room_id));
            Ok(false)
        }
    }
}
