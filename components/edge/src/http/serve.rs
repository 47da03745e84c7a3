//! The one way in: every component's request goes through [`serve`].

use super::body::Served;
use super::cors;
use super::current::{Current, handling};
use super::{Request, Response, Router};
use crate::{Problem, log};
use ::http::{HeaderName, StatusCode};
use messaging_core::paths;
use std::time::Instant;

const REQUEST_ID: HeaderName = HeaderName::from_static(messaging_core::trace::REQUEST_ID);

/// The route of a path that no component has.
const UNMATCHED: &str = "/...";

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

/// Responds to a request by the handler that `routes` has for it, and logs what failed on our side, and how it ended.
/// `component` is the name of the caller's crate.
pub async fn serve<F: Failure>(
    component: &'static str,
    request: spin_sdk::http::Request,
    routes: impl FnOnce(Router<F>) -> Router<F>,
) -> Served {
    let began = Instant::now();
    log::read_format().await;
    let (request, readable) = Request::new(request);
    let (current, method) = (Current::new(component, &request), request.known_method());
    let ((response, route), current) = handling(current, respond(request, readable, routes)).await;
    log::request(&current, route, method, response.status.as_u16(), began.elapsed());
    let response = response.header(REQUEST_ID, &current.request_id);
    current.limit.iter().fold(response, Response::limit).into_http()
}

/// The response, and the pattern of the path.
async fn respond<F: Failure>(
    request: Request,
    readable: Result<(), Problem>,
    routes: impl FnOnce(Router<F>) -> Router<F>,
) -> (Response, &'static str) {
    let preflight = cors::preflight(&request).await;
    let origin = cors::allowed_origin(&request).await;
    let (id, unread) = (request.id().to_owned(), request.unread());
    let (method, path) = (request.known_method(), request.path().to_owned());
    let router = routes(Router::new(request));
    let route = router.pattern().unwrap_or(UNMATCHED);
    if let Some(response) = preflight {
        return (response, route);
    }
    let responded = match readable {
        Ok(()) => router.respond().await,
        Err(unreadable) => Err(unreadable.into()),
    };
    let response = responded.unwrap_or_else(|failure| {
        if let Some(message) = failure.log_message() {
            let line = format!("{method} {}: {message}", paths::shown(route, &path));
            if failure.status().is_server_error() { log::error(&id, &line) } else { log::info(&id, &line) }
        }
        failure.into_response(&id)
    });
    if response.status.is_client_error() || response.status.is_server_error() {
        unread.discard().await;
    }
    (origin.iter().fold(response, |response, origin| cors::allow(response, origin)), route)
}
