//! The one way in: every component's request goes through [`serve`].

use super::cors;
use super::{Request, Response, Router};
use crate::{Problem, log};
use ::http::HeaderName;
use bytes::Bytes;
use messaging_core::text::{LOG_PATH_BYTES, clip};
use spin_sdk::http::FullBody;

/// What a handler fails with: a problem of this service's contract, or an error in the form of another one.
pub trait Failure: From<Problem> + 'static {
    /// What an operator should look at: nothing, unless the failure is on our side.
    fn log_message(&self) -> Option<String>;

    /// The response to the caller.
    fn into_response(self, request_id: &str) -> Response;
}

impl Failure for Problem {
    fn log_message(&self) -> Option<String> {
        self.status.is_server_error().then(|| self.to_string())
    }

    fn into_response(self, request_id: &str) -> Response {
        Response::problem(&self, request_id)
    }
}

/// Responds to a request by the handler that `routes` has for it, and logs what failed on our side.
pub async fn serve<F: Failure>(
    request: spin_sdk::http::Request,
    routes: impl FnOnce(Router<F>) -> Router<F>,
) -> ::http::Response<FullBody<Bytes>> {
    let request = Request::new(request);
    let (id, what) =
        (request.id().to_owned(), format!("{} {}", request.method(), clip(request.path(), LOG_PATH_BYTES)));
    if let Some(response) = cors::preflight(&request).await {
        return response.into_http();
    }
    let origin = cors::allowed_origin(&request).await;
    let response = routes(Router::new(request)).respond().await.unwrap_or_else(|failure| {
        if let Some(message) = failure.log_message() {
            log::error(&id, &format!("{what}: {message}"));
        }
        failure.into_response(&id)
    });
    let response = response.header(HeaderName::from_static("x-request-id"), &id);
    origin.iter().fold(response, |response, origin| cors::allow(response, origin)).into_http()
}
