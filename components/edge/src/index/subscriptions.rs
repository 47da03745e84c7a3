//! Webhooks of the gateway: `migrations/functions/subscriptions.sql` and `webhooks.sql`.

use super::Error;
use super::call::Call;
use serde::Deserialize;
use uuid::Uuid;

/// An event for those who are subscribed to its room.
pub struct PushedEvent<'a> {
    /// The room.
    pub room_id: &'a str,
    /// The event.
    pub event_id: &'a str,
    /// Its type.
    pub event_type: &'a str,
    /// The event that it redacts.
    pub redacted_id: Option<&'a str>,
    /// The event whose text it replaces.
    pub edited_id: Option<&'a str>,
    /// All of it, as JSON.
    pub event: &'a str,
}

/// What became of them.
#[derive(Debug, Deserialize)]
pub struct Queued {
    /// How many deliveries found a full queue.
    pub dropped: u64,
}

/// Subscribes a URL to a room; `None` when the room has `most` subscriptions already.
pub async fn subscribe(
    room_id: &str,
    webhook_url: &str,
    events: Vec<String>,
    most: i32,
) -> Result<Option<Uuid>, Error> {
    #[derive(Deserialize)]
    struct Subscribed {
        subscription_id: Option<Uuid>,
    }
    let call = Call::of("subscribe")
        .arg("p_room_id", room_id)
        .arg("p_webhook_url", webhook_url)
        .arg("p_events", events)
        .arg("p_most", most);
    Ok(call.json::<Subscribed>().await?.subscription_id)
}

/// Ends a subscription; `false` when there was none.
pub async fn unsubscribe(id: Uuid) -> Result<bool, Error> {
    #[derive(Deserialize)]
    struct Unsubscribed {
        unsubscribed: bool,
    }
    Ok(Call::of("unsubscribe").arg("p_id", id).json::<Unsubscribed>().await?.unsubscribed)
}

/// Queues events for delivery by ws-relay; of each subscription at most `most` wait.
pub async fn queue_deliveries(events: &[PushedEvent<'_>], most: i32) -> Result<Queued, Error> {
    Call::of("queue_deliveries")
        .arg("p_room_ids", texts(events.iter().map(|event| event.room_id)))
        .arg("p_event_ids", texts(events.iter().map(|event| event.event_id)))
        .arg("p_types", texts(events.iter().map(|event| event.event_type)))
        .arg("p_redacted_ids", ids(events.iter().map(|event| event.redacted_id)))
        .arg("p_edited_ids", ids(events.iter().map(|event| event.edited_id)))
        .arg("p_events", texts(events.iter().map(|event| event.event)))
        .arg("p_most", most)
        .json()
        .await
}

fn texts<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    texts.map(str::to_owned).collect()
}

fn ids<'a>(ids: impl Iterator<Item = Option<&'a str>>) -> Vec<Option<String>> {
    ids.map(|id| id.map(str::to_owned)).collect()
}
