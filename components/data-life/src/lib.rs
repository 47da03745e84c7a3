//! How long data lives: removes what has had its time, puts channels on hold, erases people and exports what is kept. For ws-relay and services of the platform.

mod departure;
mod erase;
mod export;
mod hold;
mod remove;

use messaging_core::paths;
use messaging_edge::{Problem, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn data_life(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve::<Problem>(env!("CARGO_PKG_NAME"), request, |router| {
        router
            .post(paths::REMOVE_EXPIRED, remove::remove)
            .put(paths::HOLD, hold::hold)
            .delete(paths::HOLD, hold::release)
            .post(paths::ERASE_PERSON, erase::begin)
            .get(paths::ERASURE, erase::get)
            .get(paths::EXPORT_CHANNEL, export::channel)
            .get(paths::EXPORT_PERSON, export::person)
    })
    .await
}
