//! POST `/internal/matrix/webhook/subscribe` and DELETE `…/subscribe/{id}`.
//!
//! The gateway only keeps the list. The homeserver pushes every event to matrix-events, which forwards those
//! that somebody subscribed to, so nothing here ever calls a URL.

use crate::answer::Refusal;
use crate::homeserver::{Acting, Homeserver, Nothing, v3};
use crate::ids::room_id;
use http::{StatusCode, Uri};
use messaging_edge::{Reply, Request, settings, store};
use serde::Deserialize;
use serde_json::json;
use spin_sdk::pg::ParameterValue;
use uuid::Uuid;

/// How many subscriptions a room may have: each one is a request for every event.
const MAX_PER_ROOM: i32 = 20;
const MAX_URL_BYTES: usize = 2048;
const MAX_EVENT_TYPES: usize = 64;
/// The longest event type, in bytes (Matrix specification, "Size limits").
const MAX_TYPE_BYTES: usize = 255;

#[derive(Deserialize)]
struct Subscribe {
    room_id: String,
    webhook_url: String,
    #[serde(default)]
    events: Vec<String>,
}

#[derive(Deserialize)]
struct Subscribed {
    subscription_id: Option<Uuid>,
}

#[derive(Deserialize)]
struct Unsubscribed {
    unsubscribed: bool,
}

/// Subscribes a URL to a room's events of some types, or of all. The same URL again is the same subscription.
pub async fn subscribe(hs: &Homeserver, request: Request) -> Result<Reply, Refusal> {
    let asked: Subscribe = request.json().await?;
    let room = room_id(&asked.room_id)?;
    let allowed = settings::optional("webhook_allowed_host").await.unwrap_or_default();
    check_url(&asked.webhook_url, &allowed)?;
    let fits = |event: &String| (1..=MAX_TYPE_BYTES).contains(&event.len()) && !event.contains('\0');
    if asked.events.len() > MAX_EVENT_TYPES || !asked.events.iter().all(fits) {
        return Err(Refusal::invalid(format!("events must be at most {MAX_EVENT_TYPES} event types")));
    }
    // Only rooms that the bot is in ever have events for us.
    hs.get::<Nothing>(Acting::Bot, &v3(&["rooms", room, "state", "m.room.create", ""])).await?;
    let subscribed: Subscribed = store::call(
        "subscribe",
        vec![
            ParameterValue::Str(room.to_owned()),
            ParameterValue::Str(asked.webhook_url),
            ParameterValue::ArrayStr(asked.events.into_iter().map(Some).collect()),
            ParameterValue::Int32(MAX_PER_ROOM),
        ],
    )
    .await?;
    match subscribed.subscription_id {
        Some(id) => Ok(Reply::json(StatusCode::OK, &json!({"subscription_id": id}))?),
        None => Err(Refusal::new(
            StatusCode::CONFLICT,
            "M_LIMIT_EXCEEDED",
            format!("A room may have at most {MAX_PER_ROOM} subscriptions."),
        )),
    }
}

/// Ends a subscription.
pub async fn unsubscribe(id: &str) -> Result<Reply, Refusal> {
    let unknown = || Refusal::new(StatusCode::NOT_FOUND, "M_NOT_FOUND", "There is no such subscription.");
    let id = Uuid::try_parse(id).map_err(|_| unknown())?;
    let answer: Unsubscribed = store::call("unsubscribe", vec![store::uuid(id)]).await?;
    if !answer.unsubscribed {
        return Err(unknown());
    }
    Ok(Reply::json(StatusCode::OK, &json!({"status": "unsubscribed"}))?)
}

/// Guards against requests to where the caller may not reach itself (SSRF): the operator names the hosts.
///
/// `allowed` is `webhook_allowed_host`: hosts separated by commas, `host[:port]` for HTTPS, or with the scheme.
fn check_url(url: &str, allowed: &str) -> Result<(), Refusal> {
    let malformed = || Refusal::invalid("webhook_url must be an address like https://host/path");
    if url.len() > MAX_URL_BYTES || !url.bytes().all(|b| (0x21..=0x7e).contains(&b)) || url.contains('#') {
        return Err(malformed());
    }
    let wanted = origin(url).ok_or_else(malformed)?;
    let mut named = allowed.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let is_allowed = named.any(|entry| {
        let entry = if entry.contains("://") { entry.to_owned() } else { format!("https://{entry}") };
        origin(&entry).as_ref() == Some(&wanted)
    });
    if is_allowed {
        return Ok(());
    }
    Err(Refusal::forbidden(
        "The host of webhook_url is not among those that the operator allows (webhook_allowed_host).",
    ))
}

/// Scheme, host and port; `None` for whatever is no HTTP address or carries a name and password.
fn origin(url: &str) -> Option<(String, String, u16)> {
    let uri: Uri = url.parse().ok()?;
    let authority = uri.authority()?;
    let usual = match uri.scheme_str()? {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    let port = match authority.as_str().strip_prefix(authority.host())? {
        "" => usual,
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
