//! POST `/internal/matrix/webhook/subscribe` and DELETE `…/subscribe/{id}`.
//!
//! The gateway only keeps the list of subscriptions and never calls their URLs. The homeserver pushes every event to
//! matrix-events, which queues it for the room's subscriptions, and ws-relay delivers what is queued.

use crate::error::GatewayError;
use crate::homeserver::{Acting, Homeserver, Nothing, v3};
use crate::ids::room_id;
use crate::params::SubscriptionPath;
use http::StatusCode;
use messaging_core::gateway::{Subscribe, Subscribed};
use messaging_core::webhook::{AllowedHosts, Origin};
use messaging_edge::index::subscriptions;
use messaging_edge::{Json, Path, Problem, Response, settings};
use serde_json::json;

/// How many subscriptions a room may have: each one means a request for every event.
const MAX_PER_ROOM: i32 = 20;
/// The longest address of a webhook, in bytes.
const MAX_URL_BYTES: usize = 2048;
/// How many event types a subscription may name.
const MAX_EVENT_TYPES: usize = 64;
/// The longest event type, in bytes (Matrix specification, "Size limits").
const MAX_TYPE_BYTES: usize = 255;

/// Subscribes a URL to a room's events of some types, or of all. The same URL again is the same subscription.
pub async fn subscribe(hs: Homeserver, Json(request): Json<Subscribe>) -> Result<Response, GatewayError> {
    let room = room_id(&request.room_id)?;
    let allowed = settings::optional("webhook_allowed_host").await?.unwrap_or_default();
    let allowed = AllowedHosts::parse(&allowed).map_err(|e| Problem::internal(format!("webhook_allowed_host: {e}")))?;
    check_url(&request.webhook_url, &allowed)?;
    let fits = |event: &String| (1..=MAX_TYPE_BYTES).contains(&event.len()) && !event.contains('\0');
    if request.events.len() > MAX_EVENT_TYPES || !request.events.iter().all(fits) {
        return Err(GatewayError::invalid(format!("events must be at most {MAX_EVENT_TYPES} event types")));
    }
    // The homeserver pushes only the events of rooms that the bot is in.
    hs.get::<Nothing>(Acting::Bot, &v3(&["rooms", room, "state", "m.room.create", ""])).await?;
    let subscribed = subscriptions::subscribe(room, &request.webhook_url, request.events, MAX_PER_ROOM).await;
    match subscribed.map_err(Problem::from)? {
        Some(subscription_id) => Ok(Response::json(StatusCode::OK, &Subscribed { subscription_id })?),
        None => Err(GatewayError::new(
            StatusCode::CONFLICT,
            "M_LIMIT_EXCEEDED",
            format!("A room may have at most {MAX_PER_ROOM} subscriptions."),
        )),
    }
}

/// Ends a subscription. Asks for the homeserver only because that takes the gateway's secret.
pub async fn unsubscribe(_: Homeserver, Path(path): Path<SubscriptionPath>) -> Result<Response, GatewayError> {
    if !subscriptions::unsubscribe(path.subscription_id).await.map_err(Problem::from)? {
        return Err(SubscriptionPath::unknown().into());
    }
    Ok(Response::json(StatusCode::OK, &json!({"status": "unsubscribed"}))?)
}

/// Allows only the hosts that the operator names.
fn check_url(url: &str, allowed: &AllowedHosts) -> Result<(), GatewayError> {
    let malformed = || GatewayError::invalid("webhook_url must be an address like https://host/path");
    if url.len() > MAX_URL_BYTES || !url.bytes().all(|b| (0x21..=0x7e).contains(&b)) || url.contains('#') {
        return Err(malformed());
    }
    if allowed.allows(&Origin::of(url).ok_or_else(malformed)?) {
        return Ok(());
    }
    Err(GatewayError::forbidden(
        "The host of webhook_url is not among those that the operator allows (webhook_allowed_host).",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hosts_that_the_operator_names_are_called() {
        let allowed = AllowedHosts::parse("hooks.example, http://messaging-service:7004").unwrap();
        for good in ["https://hooks.example/x?y=z", "http://messaging-service:7004/webhooks/matrix-events"] {
            assert!(check_url(good, &allowed).is_ok(), "{good}");
        }
        for bad in ["http://hooks.example/", "https://evil.example/https://hooks.example/", "http://169.254.169.254/"] {
            assert_eq!(check_url(bad, &allowed).unwrap_err().errcode, "M_FORBIDDEN", "{bad}");
        }
        for bad in [
            "",
            "hooks.example",
            "/x",
            "ftp://hooks.example/",
            "file:///etc/passwd",
            "https://user:password@hooks.example/",
            "https://evil.example@hooks.example/",
            "https://hooks.example#@evil.example/",
            "https://hooks.example:99999/",
            "https://hooks.example:/",
            "https:// hooks.example/",
            "https://hooks.example/\n",
            "javascript:alert(1)",
        ] {
            assert_eq!(check_url(bad, &allowed).unwrap_err().errcode, "M_INVALID_PARAM", "{bad}");
        }
        assert!(check_url("https://hooks.example/", &AllowedHosts::default()).is_err());
    }
}
