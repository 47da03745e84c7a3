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
mod upload;
mod users;
mod webhook;

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
    let (method, get, put, post) = (&method, Method::GET, Method::PUT, Method::POST);
    match segments.as_slice() {
        ["create-room"] => only(method, post, create_room::post(&hs, request)).await,
        ["send"] => only(method, post, send::post(&hs, request)).await,
        ["send-reaction"] => only(method, post, reaction::post(&hs, request)).await,
        ["redact"] => only(method, post, redact::post(&hs, request)).await,
        ["invite"] => only(method, post, membership::invite(&hs, request)).await,
        ["join"] => only(method, post, membership::join(&hs, request)).await,
        ["leave"] => only(method, post, membership::leave(&hs, request)).await,
        ["kick"] => only(method, post, membership::kick(&hs, request)).await,
        ["rooms", room] => only(method, get, room::get(&hs, room)).await,
        ["rooms", room, "messages"] => only(method, get, history::messages(&hs, room, &request)).await,
        ["rooms", room, "event", event] => only(method, get, history::event(&hs, room, event)).await,
        ["rooms", room, field @ ("name" | "topic" | "avatar")] => {
            only(method, put, room::put(&hs, room, field, request)).await
        }
        ["rooms", room, "visibility"] => only(method, put, room::put_visibility(&hs, room, request)).await,
        ["rooms", room, "power-level"] => only(method, put, power_level::put(&hs, room, request)).await,
        ["rooms", room, "read-only"] => only(method, put, power_level::put_read_only(&hs, room, request)).await,
        ["register-user"] => only(method, post, users::register(&hs, request)).await,
        ["users", "token"] => only(method, post, users::token(&hs, request)).await,
        ["users", user, "display-name"] => only(method, put, users::display_name(&hs, user, request)).await,
        ["users", user, "avatar"] => only(method, put, users::avatar(&hs, user, request)).await,
        ["upload"] => only(method, post, upload::post(&hs, request)).await,
        ["webhook", "subscribe"] => only(method, post, webhook::subscribe(&hs, request)).await,
        ["webhook", "subscribe", id] => only(method, Method::DELETE, webhook::unsubscribe(id)).await,
        ["health"] => only(method, get, health::get(&hs)).await,
        _ => Err(Refusal::unrecognized()),
    }
}

/// Answers only where the method is the call's own.
async fn only(
    method: &Method,
    allowed: Method,
    answer: impl Future<Output = Result<Reply, Refusal>>,
) -> Result<Reply, Refusal> {
    if *method == allowed { answer.await } else { Err(Refusal::method_not_allowed(&allowed)) }
}
