//! Cross-origin requests, as a front end on another origin needs them (Fetch standard, "CORS protocol").
//!
//! Callers identify themselves with a header and never with a cookie, so credentials are not allowed along.

use super::{Request, Response};
use crate::settings;
use http::{Method, StatusCode, header};
use messaging_core::origin::is_allowed;

/// The response to a preflight request; `None` when it is none, or its origin may not ask.
pub async fn preflight(request: &Request) -> Option<Response> {
    if *request.method() != Method::OPTIONS || request.header("access-control-request-method").is_none() {
        return None;
    }
    let origin = allowed_origin(request).await?;
    let response = Response::empty(StatusCode::NO_CONTENT)
        .header(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, PATCH, DELETE")
        .header(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "authorization, content-type, idempotency-key, if-none-match, if-range, range, traceparent, x-request-id, x-user-id",
        )
        .header(header::ACCESS_CONTROL_MAX_AGE, "7200");
    Some(allow(response, &origin))
}

/// Lets a page of `origin` read the response.
pub fn allow(response: Response, origin: &str) -> Response {
    response
        .header(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin)
        .header(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            "accept-ranges, content-disposition, content-range, etag, link, ratelimit, ratelimit-policy, retry-after, x-request-id",
        )
        .header(header::VARY, "origin")
}

/// The request's origin, if a page of it may read the response.
pub async fn allowed_origin(request: &Request) -> Option<String> {
    let origin = request.header("origin")?;
    // Without an answer of the settings' provider no other origin may read; the request itself says what is wrong.
    let setting = async |name| settings::optional(name).await.ok().flatten();
    let list = setting("cors_allow_origins").await;
    let development = setting("auth_mode").await.as_deref() == Some("development");
    is_allowed(origin, list.as_deref(), development).then(|| origin.to_owned())
}
