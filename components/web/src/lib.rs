//! `/`: the web page. Node.js builds it from `page` into `built`, which spin.toml mounts, so that cargo needs no npm.

mod config;
mod files;
mod headers;
mod serve_file;

use messaging_edge::{Problem, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn web(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve::<Problem>(env!("CARGO_PKG_NAME"), request, |router| {
        router
            .get("/", serve_file::index)
            .get("/channels/:channel_id", serve_file::index_for_navigation)
            .get("/assets/:name", serve_file::asset)
            .get("/config.json", config::config)
    })
    .await
}
