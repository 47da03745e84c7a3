//! POST `/internal/matrix/webhook/subscribe` and DELETE `…/subscribe/{id}`.
//!
//! The gateway only keeps the list of subscriptions and never calls their URLs. The homeserver pushes every event to
//! matrix-events, which forwards it to the room's subscriptions.

use crate::error::GatewayError;
use crate::homeserver::{Acting, Homeserver, Nothing, v3};
use crate::ids::room_id;
use crate::params::SubscriptionPath;
use http::{StatusCode, Uri};
use messaging_core::gateway::{Subscribe, Subscribed};
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

/// Allows only the hosts that the operator names, so that a caller cannot make the service call hosts that the caller
/// itself cannot reach (SSRF).
///
/// `allowed` is `webhook_allowed_host`: hosts separated by commas, `host[:port]` for HTTPS, or with the scheme.
fn check_url(url: &str, allowed: &str) -> Result<(), GatewayError> {
    let malformed = || GatewayError::invalid("webhook_url must be an address like https://host/path");
    if url.len() > MAX_URL_BYTES || !url.bytes().all(|b| (0x21..=0x7e).contains(&b)) || url.contains('#') {
        return Err(malformed());
    }
    let wanted = origin(url).ok_or_else(malformed)?;
    let mut entries = allowed.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let is_allowed = entries.any(|entry| {
        let entry = if entry.contains("://") { entry.to_owned() } else { format!("https://{entry}") };
        origin(&entry).as_ref() == Some(&wanted)
    });
    if is_allowed {
        return Ok(());
    }
    Err(GatewayError::forbidden(
        "The host of webhook_url is not among those that the operator allows (webhook_allowed_host).",
    ))
}

/// Scheme, host and port; `None` for a URL that is no HTTP address or has a user name.
fn origin(url: &str) -> Option<(String, String, u16)> {
    let uri: Uri = url.parse().ok()?;
    let authority = uri.authority()?;
    let default_port = match uri.scheme_str()? {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    let port = match authority.as_str().strip_prefix(authority.host())? {
        "" => default_port,
        _ => authority.port_u16()?,
    };
    if authority.as_str().contains('@') || authority.host().is_empty() {
        return None;
    }
    Some((uri.scheme_str()?.to_owned(), authority.host().to_ascii_lowercase(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hosts_that_the_operator_names_are_called() {
        let allowed = "hooks.example, http://messaging-service:7004,https://other.example:8443";
        for good in [
            "https://hooks.example/x?y=z",
            "https://HOOKS.example:443/",
            "http://messaging-service:7004/webhooks/matrix-events",
            "https://other.example:8443",
        ] {
            assert!(check_url(good, allowed).is_ok(), "{good}");
        }
        for bad in [
            "http://hooks.example/",
            "https://hooks.example:8443/",
            "https://hooks.example.evil.example/",
            "https://evil.example/https://hooks.example/",
            "http://169.254.169.254/",
            "https://sub.hooks.example/",
        ] {
            assert_eq!(check_url(bad, allowed).unwrap_err().errcode, "M_FORBIDDEN", "{bad}");
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
            assert_eq!(check_url(bad, allowed).unwrap_err().errcode, "M_INVALID_PARAM", "{bad}");
        }
        assert!(check_url("https://hooks.example/", "").is_err());
        assert!(check_url("https://hooks.example/", ",,*,https://").is_err());
    }
}
