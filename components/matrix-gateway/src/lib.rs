//! `/internal/matrix/…`: the gateway contract, answered by an application service of the homeserver.
//!
//! Every request is checked for the shared secret first. References to the specification are to the
//! Matrix client-server API (CS) and the application service API (AS), v1.15.

mod act;
mod alias;
mod answer;
mod content;
mod create_room;
mod health;
mod history;
mod homeserver;
mod ids;
mod membership;
mod power_level;
mod reaction;
mod redact;
mod room;
mod send;
mod users;

use answer::Refusal;
use homeserver::Homeserver;
use http::Method;
use messaging_core::auth::secrets_match;
use messaging_edge::{Problem, Reply, Request, log, serve, settings};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn matrix_gateway(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve(request, answer).await
}

/// Refusals leave in the gateway's own form, so nothing is left for the shared one.
async fn answer(request: Request) -> Result<Reply, Problem> {
    let (id, what) = (request.id.clone(), format!("{} {}", request.method(), request.path()));
    Ok(route(request).await.unwrap_or_else(|refusal| {
        if refusal.status.is_server_error() {
            log::error(&id, &format!("{what}: {refusal}"));
        }
        refusal.into_reply()
    }))
}

async fn route(request: Request) -> Result<Reply, Refusal> {
    let expected = settings::required("matrix_gateway_secret").await?;
    match request.header("x-internal-service-token") {
        Some(given) if secrets_match(given, &expected) => {}
        Some(_) => return Err(Refusal::unauthorized("M_UNKNOWN_TOKEN", "The X-Internal-Service-Token is not valid.")),
        None => return Err(Refusal::unauthorized("M_MISSING_TOKEN", "Send X-Internal-Service-Token.")),
    }
    let segments: Vec<String> = (2..8).map(|index| request.segment(index).into_owned()).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).filter(|segment| !segment.is_empty()).collect();
    if !request.path().trim_start_matches('/').starts_with("internal/matrix/") {
        return Err(Refusal::unrecognized());
    }
    let hs = Homeserver::from_settings().await?;
    let method = request.method().clone();
    let only = |allowed: Method| if method == allowed { Ok(()) } else { Err(Refusal::method_not_allowed(&allowed)) };
    match segments.as_slice() {
        ["health"] => only(Method::GET)?,
        ["rooms", _] | ["rooms", _, "messages"] | ["rooms", _, "event", _] => only(Method::GET)?,
        ["rooms", _, "name" | "topic" | "avatar" | "visibility" | "power-level" | "read-only"]
        | ["users", _, "display-name" | "avatar"] => {
            only(Method::PUT)?;
        }
        [
            "create-room" | "send" | "send-reaction" | "redact" | "invite" | "join" | "leave" | "kick"
            | "register-user",
        ]
        | ["users", "token"] => only(Method::POST)?,
        _ => return Err(Refusal::unrecognized()),
    }
    match segments.as_slice() {
        ["create-room"] => create_room::post(&hs, request).await,
        ["send"] => send::post(&hs, request).await,
        ["send-reaction"] => reaction::post(&hs, request).await,
        ["redact"] => redact::post(&hs, request).await,
        ["invite"] => membership::invite(&hs, request).await,
        ["join"] => membership::join(&hs, request).await,
        ["leave"] => membership::leave(&hs, request).await,
        ["kick"] => membership::kick(&hs, request).await,
        ["rooms", room_id] => room::get(&hs, room_id).await,
        ["rooms", room_id, "messages"] => history::messages(&hs, room_id, &request).await,
        ["rooms", room_id, "event", event_id] => history::event(&hs, room_id, event_id).await,
        ["rooms", room_id, "power-level"] => power_level::put(&hs, room_id, request).await,
        ["rooms", room_id, "read-only"] => power_level::put_read_only(&hs, room_id, request).await,
        ["rooms", room_id, "visibility"] => room::put_visibility(&hs, room_id, request).await,
        ["rooms", room_id, field] => room::put(&hs, room_id, field, request).await,
        ["register-user"] => users::register(&hs, request).await,
        ["users", "token"] => users::token(&hs, request).await,
        ["users", user, "display-name"] => users::display_name(&hs, user, request).await,
        ["users", user, "avatar"] => users::avatar(&hs, user, request).await,
        ["health"] => health::get(&hs).await,
        _ => Err(Refusal::unrecognized()),
    }
}
