//! POST `/internal/matrix/receipt`.

use crate::error::GatewayError;
use crate::homeserver::{Acting, Homeserver, Nothing, v3};
use crate::ids::{event_id, own_actor, room_id};
use http::{Method, StatusCode};
use messaging_core::gateway::SendReceipt;
use messaging_edge::{Json, Response};
use serde_json::json;

/// Says how far one of the gateway's own users has read (client-server API, "Receipts"). Nobody comes into a room by it.
pub async fn send_receipt(hs: Homeserver, Json(receipt): Json<SendReceipt>) -> Result<Response, GatewayError> {
    let reader = own_actor(
        ("reader_matrix_id", receipt.reader_matrix_id.as_deref()),
        ("reader", receipt.reader.as_deref()),
        hs.server_name(),
    )?;
    let (room, event) = (room_id(&receipt.room_id)?, event_id(&receipt.event_id)?);
    let receipt_type = receipt_type(&receipt.receipt_type)?;
    let body = match receipt.thread_id.as_deref() {
        Some("main") => json!({"thread_id": "main"}),
        Some(root) => json!({"thread_id": event_id(root)?}),
        None => json!({}),
    };
    let target = v3(&["rooms", room, "receipt", receipt_type, event]);
    hs.call::<Nothing>(Acting::Person(&reader), Method::POST, &target, Some(&body)).await?;
    Ok(Response::json(StatusCode::OK, &json!({"status": "sent"}))?)
}

fn receipt_type(text: &str) -> Result<&str, GatewayError> {
    match text {
        "m.read" | "m.read.private" => Ok(text),
        _ => Err(GatewayError::invalid("receipt_type must be m.read or m.read.private")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_receipts_are_receipts() {
        assert!(["m.read", "m.read.private"].iter().all(|text| receipt_type(text).is_ok()));
        for other in ["", "m.fully_read", "m.read/../m.fully_read"] {
            assert_eq!(receipt_type(other).unwrap_err().errcode, "M_INVALID_PARAM", "{other}");
        }
    }
}
