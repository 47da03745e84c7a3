//! `/internal/matrix/…`: the gateway contract, carried out by an application service of the homeserver.
//!
//! A handler that talks to the homeserver asks for [`Homeserver`](homeserver::Homeserver), which is made only from a
//! request with the shared secret. References are to the Matrix specification, v1.15.

mod act;
mod alias;
mod bans;
mod content;
mod create_room;
mod delete_media;
mod direct;
mod error;
mod health;
mod history;
mod homeserver;
mod ids;
mod media;
mod members;
mod membership;
mod params;
mod pinned;
mod power_level;
mod reaction;
mod receipt;
mod redact;
mod room;
mod send;
mod state;
mod transfer;
mod typing;
mod upload;
mod users;
mod webhook;

use error::GatewayError;
use homeserver::Homeserver;
use messaging_core::gateway::paths;
use messaging_edge::{Router, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn matrix_gateway(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve(env!("CARGO_PKG_NAME"), request, routes).await
}

fn routes(router: Router<GatewayError>) -> Router<GatewayError> {
    router
        .post(paths::CREATE_ROOM, create_room::create_room)
        .get(paths::ROOM, room::room)
        .put(paths::NAME, room::set_name)
        .put(paths::TOPIC, room::set_topic)
        .put(paths::AVATAR, room::set_avatar)
        .put(paths::VISIBILITY, room::set_visibility)
        .put(paths::POWER_LEVEL, power_level::set_power_level)
        .put(paths::READ_ONLY, power_level::set_read_only)
        .put(paths::DIRECT, direct::mark_direct)
        .put(paths::PINNED, pinned::set_pinned)
        .put(paths::TYPING, typing::set_typing)
        .get(paths::MESSAGES, history::messages)
        .get(paths::EVENT, history::event)
        .get(paths::STATE, state::state)
        .get(paths::MEMBERS, members::members)
        .get(paths::EDITS, history::edits)
        .post(paths::SEND, send::send)
        .post(paths::SEND_REACTION, reaction::send_reaction)
        .post(paths::RECEIPT, receipt::send_receipt)
        .post(paths::REDACT, redact::redact)
        .post(paths::INVITE, membership::invite)
        .post(paths::JOIN, membership::join)
        .post(paths::LEAVE, membership::leave)
        .post(paths::KICK, membership::kick)
        .post(paths::BAN, bans::ban)
        .post(paths::UNBAN, bans::unban)
        .post(paths::REGISTER_USER, users::register_user)
        .post(paths::USER_TOKEN, users::token)
        .put(paths::USER_DISPLAY_NAME, users::set_display_name)
        .put(paths::USER_AVATAR, users::set_avatar)
        .post(paths::UPLOAD, upload::upload)
        .delete(paths::MEDIA, delete_media::delete)
        .get(paths::MEDIA_CONFIG, media::config)
        .get(paths::MEDIA, media::download)
        .get(paths::MEDIA_THUMBNAIL, media::thumbnail)
        .post(paths::SUBSCRIBE, webhook::subscribe)
        .delete(paths::SUBSCRIPTION, webhook::unsubscribe)
        .get(paths::HEALTH, health::health)
        .check_unmatched::<Homeserver>()
}
