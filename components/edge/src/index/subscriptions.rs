//! Webhooks of the gateway: `migrations/functions/subscriptions.sql`.

use super::Error;
use super::call::Call;
use serde::Deserialize;
use uuid::Uuid;

/// Who wants to hear of a room's events.
#[derive(Debug, Deserialize)]
pub struct Subscription {
    /// The subscription.
    pub subscription_id: Uuid,
    /// Where events go.
    pub webhook_url: String,
    /// The types of event; none: every type.
    pub events: Vec<String>,
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

/// The subscriptions of a room.
pub async fn list_subscriptions(room_id: &str) -> Result<Vec<Subscription>, Error> {
    #[derive(Deserialize)]
    struct Listed {
        subscriptions: Vec<Subscription>,
    }
    Ok(Call::of("list_subscriptions").arg("p_room_id", room_id).json::<Listed>().await?.subscriptions)
}
