//! Forwards events to those who subscribed to their room at matrix-gateway.
//!
//! At most once and without a retry: a service that needs every event listens to NATS, where none is lost.

use bytes::Bytes;
use http::header;
use messaging_core::json;
use messaging_edge::deadline::within;
use messaging_edge::index::subscriptions::list_subscriptions;
use messaging_edge::{Problem, log, outgoing, settings};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long all subscribers of a transaction together may take. The homeserver waits for them.
const DEADLINE: Duration = Duration::from_secs(3);

/// The parts of an event by which it is chosen.
#[derive(Deserialize)]
struct Head {
    room_id: String,
    #[serde(rename = "type")]
    event_type: String,
}

/// Forwards a transaction's events, each subscriber's in one request, until the time is over. What fails is only logged.
pub async fn forward(events: &[Box<RawValue>], request_id: &str) {
    match within(DEADLINE, forward_all(events, request_id)).await {
        Some(Ok(())) => {}
        Some(Err(problem)) => log::error(request_id, &format!("nothing forwarded: {problem}")),
        None => log::error(request_id, "not everything forwarded: the subscribers took too long"),
    }
}

async fn forward_all(events: &[Box<RawValue>], request_id: &str) -> Result<(), Problem> {
    // Without an allowed host nobody can subscribe, and most installations have none.
    if settings::optional("webhook_allowed_host").await?.is_none() {
        return Ok(());
    }
    let mut by_room: BTreeMap<String, Vec<(String, &RawValue)>> = BTreeMap::new();
    for event in events {
        if let Ok(head) = json::from_str::<Head>(event.get()) {
            by_room.entry(head.room_id).or_default().push((head.event_type, event));
        }
    }
    for (room_id, events) in by_room {
        for subscription in list_subscriptions(&room_id.replace('\0', "")).await? {
            let wanted: Vec<_> = events
                .iter()
                .filter(|(event_type, _)| subscription.events.is_empty() || subscription.events.contains(event_type))
                .map(|(_, event)| event)
                .collect();
            if wanted.is_empty() {
                continue;
            }
            let body = json!({"subscription_id": subscription.subscription_id, "events": wanted}).to_string();
            let request = http::Request::post(&subscription.webhook_url)
                .header(header::CONTENT_TYPE, "application/json")
                .body(Bytes::from(body))
                .map_err(Problem::internal)?;
            match outgoing::send(request, DEADLINE).await {
                Ok(response) if response.status().is_success() => {}
                // By its id, because an address may hold a secret.
                Ok(response) => log::error(
                    request_id,
                    &format!("the subscription {}: {}", subscription.subscription_id, response.status()),
                ),
                Err(failure) => {
                    log::error(request_id, &format!("the subscription {}: {failure}", subscription.subscription_id));
                }
            }
        }
    }
    Ok(())
}
