//! `/_matrix/app/v1/…`: what the homeserver pushes (Matrix application service API), and
//! `/webhooks/matrix-events`: the same from a gateway that is not ours.
//!
//! `event` is what every kind of event has, one file per kind brings the index up to date, `kinds` chooses the kind,
//! `origin` asks whether the room has it, `apply` goes through a request's events, `recorded` knows those that are here
//! already, and `set_aside` decides what becomes of one that failed. `reconcile` finds in the rooms' histories what was never pushed, and `reindex` reads again
//! what search has to find. `content` has what nothing shows any more deleted.

mod apply;
#[cfg(test)]
mod arbitrary;
mod content;
mod ephemeral;
mod event;
mod forward;
mod homeserver;
mod join_rule;
mod kinds;
mod membership;
mod message;
mod origin;
mod pinned;
mod poll;
mod power_levels;
mod queries;
mod reaction;
mod receipt;
mod reconcile;
mod recorded;
mod redaction;
mod reindex;
mod replay;
mod room_state;
mod set_aside;
mod state;
mod transaction;
mod upgrade;
mod webhook;

use homeserver::{Homeserver, MatrixError};
use messaging_core::paths::{self, appservice};
use messaging_edge::{Problem, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn matrix_events(request: spin_sdk::http::Request) -> impl IntoResponse {
    // The homeserver reads errors in Matrix's own form.
    if request.uri().path().starts_with("/_matrix/") {
        return serve::<MatrixError>(env!("CARGO_PKG_NAME"), request, |router| {
            router
                .put(appservice::TRANSACTION, transaction::receive)
                .get(appservice::USER, queries::user)
                .get(appservice::ROOM, queries::room)
                .post(appservice::PING, queries::ping)
                .check_unmatched::<Homeserver>()
        })
        .await;
    }
    serve::<Problem>(env!("CARGO_PKG_NAME"), request, |router| {
        router
            .post(paths::MATRIX_WEBHOOK, webhook::receive)
            .get(paths::SET_ASIDE_EVENTS, replay::list)
            .post(paths::SET_ASIDE_REPLAY, replay::replay)
            .post(paths::RECONCILE, reconcile::reconcile)
            .post(paths::REINDEX, reindex::reindex)
            .post(paths::DELETE_CONTENT, content::delete)
    })
    .await
}
