//! `/openapi.json`: the contract as OpenAPI 3.1. `/docs`: the same, to read and to try, with nothing from elsewhere.
//!
//! The document is made from the code by the tests of this crate; see `contract`.

mod assets;
#[cfg(test)]
mod contract;
mod negotiation;

use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, ETAG, IF_NONE_MATCH, REFERRER_POLICY,
    VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{Method, StatusCode};
use messaging_edge::{Problem, Reply, Request, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

/// The page runs our own files and calls our own address, and nothing else. Swagger UI draws its icons from `data:`.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; \
                      form-action 'self'; frame-ancestors 'none'";

#[http_service]
async fn docs(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve(request, route).await
}

async fn route(request: Request) -> Result<Reply, Problem> {
    if *request.method() != Method::GET {
        return Err(Problem::method_not_allowed("GET"));
    }
    let asset = assets::find(request.path()).ok_or_else(|| Problem::not_found("route"))?;
    let gzip = negotiation::takes_gzip(request.header(ACCEPT_ENCODING.as_str()));
    let etag = asset.etag(gzip);
    let known = request.header(IF_NONE_MATCH.as_str()).is_some_and(|list| negotiation::names(list, &etag));
    let reply = if known {
        Reply::empty(StatusCode::NOT_MODIFIED)
    } else if gzip {
        Reply::with_type(StatusCode::OK, asset.content_type, asset.gzip).header(CONTENT_ENCODING, "gzip")
    } else {
        Reply::with_type(StatusCode::OK, asset.content_type, asset.unpacked().map_err(Problem::internal)?)
    };
    Ok(reply
        .header(ETAG, &etag)
        // To be kept, and asked about every time: the addresses stay the same when the content changes.
        .header(CACHE_CONTROL, "no-cache")
        .header(VARY, "accept-encoding")
        .header(CONTENT_SECURITY_POLICY, POLICY)
        .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(REFERRER_POLICY, "no-referrer"))
}
