//! A component that answers every request with nothing: what is left of a first request and of a host's memory without ours.
#![cfg(target_arch = "wasm32")]

use http::HeaderValue;
use http::header::CONTENT_LENGTH;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

#[http_service]
async fn empty(_: Request) -> impl IntoResponse {
    let mut response = http::Response::new(String::new());
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(0));
    response
}
