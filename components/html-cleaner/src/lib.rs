//! `http://html-cleaner.spin.internal/clean`, private: the HTML of messages as it may be shown.

use http::StatusCode;
use messaging_core::paths;
use messaging_core::text::html::{Html, clean};
use messaging_edge::{Json, Problem, Response, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn html_cleaner(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve::<Problem>(env!("CARGO_PKG_NAME"), request, |router| router.post(paths::CLEAN_HTML, cleaned)).await
}

/// POST: the same HTML, cleaned.
async fn cleaned(Json(Html { html }): Json<Html>) -> Result<Response, Problem> {
    Response::json(StatusCode::OK, &Html { html: html.iter().map(|html| clean(html)).collect() })
}
