//! `/openapi.json` and `/asyncapi.json`: the contract. `/docs`: the same, to read and to try, with nothing from elsewhere.
//!
//! The documents are made from the code by the tests of this crate; see `contract`.

mod assets;
#[cfg(test)]
mod contract;
mod serve_asset;

use messaging_edge::{Problem, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn docs(request: spin_sdk::http::Request) -> impl IntoResponse {
    // Each file is a route of its own: what is none of them is a 404 with every method.
    serve::<Problem>(env!("CARGO_PKG_NAME"), request, |router| {
        assets::paths().fold(router, |router, path| router.get(path, serve_asset::serve_asset))
    })
    .await
}
