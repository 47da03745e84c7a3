//! The one way in: every component's request goes through [`serve`].

use super::body::Served;
use super::cors;
use super::near::noting;
use super::{Request, Response, Router};
use crate::{Problem, log};
use ::http::{HeaderName, StatusCode};
use messaging_core::text::{LOG_PATH_BYTES, clip};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a handler fails with: a problem of this service's contract, or an error in the form of another one.
pub trait Failure: From<Problem> + 'static {
    /// The status of the response.
    fn status(&self) -> StatusCode;

    /// What an operator should look at, if anything: all that failed on our side, and why Matrix refused a caller.
    fn log_message(&self) -> Option<String>;

    /// The response to the caller.
    fn into_response(self, request_id: &str) -> Response;
}

impl Failure for Problem {
    fn status(&self) -> StatusCode {
        self.status
    }

    fn log_message(&self) -> Option<String> {
        // Anybody can send a bad token as often as they like, so those leave no line.
        let is_known_caller = self.status != StatusCode::UNAUTHORIZED && self.internal_message.is_some();
        (self.status.is_server_error() || is_known_caller).then(|| self.to_string())
    }

    fn into_response(self, request_id: &str) -> Response {
        Response::problem(&self, request_id)
    }
}

/// Responds to a request by the handler that `routes` has for it, and logs what failed on our side.
pub async fn serve<F: Failure>(
    request: spin_sdk::http::Request,
    routes: impl FnOnce(Router<F>) -> Router<F>,
) -> Served {
    let (request, readable) = Request::new(request);
    let (id, what) =
        (request.id().to_owned(), format!("{} {}", request.method(), clip(request.path(), LOG_PATH_BYTES)));
    if let Some(response) = cors::preflight(&request).await {
        return response.header(REQUEST_ID, &id).into_http();
    }
    let origin = cors::allowed_origin(&request).await;
    let unread = request.unread();
    let (responded, limit) = match readable {
        Ok(()) => noting(routes(Router::new(request)).respond()).await,
        Err(unreadable) => (Err(unreadable.into()), None),
    };
    let response = responded.unwrap_or_else(|failure| {
        if let Some(message) = failure.log_message() {
            let line = format!("{what}: {message}");
            if failure.status().is_server_error() { log::error(&id, &line) } else { log::info(&id, &line) }
        }
        failure.into_response(&id)
    });
    if response.status.is_client_error() || response.status.is_server_error() {
        unread.discard().await;
    }
    let response = limit.iter().fold(response.header(REQUEST_ID, &id), Response::limit);
    origin.iter().fold(response, |response, origin| cors::allow(response, origin)).into_http()
}
