//! GET: one of the files, packed where the client takes that, or nothing when the client has it.

use crate::assets;
use http::StatusCode;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, ETAG, IF_NONE_MATCH, REFERRER_POLICY,
    VARY, X_CONTENT_TYPE_OPTIONS,
};
use messaging_edge::{Problem, Request, Response, negotiation};

/// The page runs our own files and calls our own address, and nothing else. Swagger UI draws its icons from `data:`.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; \
                      form-action 'self'; frame-ancestors 'none'";

pub async fn serve_asset(request: Request) -> Result<Response, Problem> {
    let asset = assets::find(request.path()).ok_or_else(|| Problem::not_found("route"))?;
    let gzip = negotiation::takes("gzip", request.header(ACCEPT_ENCODING.as_str()));
    let etag = asset.etag(gzip);
    let is_known = request.header(IF_NONE_MATCH.as_str()).is_some_and(|list| negotiation::names(list, &etag));
    let response = if is_known {
        Response::empty(StatusCode::NOT_MODIFIED)
    } else if gzip {
        Response::with_type(StatusCode::OK, asset.content_type, asset.gzip).header(CONTENT_ENCODING, "gzip")
    } else {
        Response::with_type(StatusCode::OK, asset.content_type, asset.unpacked().map_err(Problem::internal)?)
    };
    Ok(response
        .header(ETAG, &etag)
        // To be kept, and asked about every time: the addresses stay the same when the content changes.
        .header(CACHE_CONTROL, "no-cache")
        .header(VARY, "accept-encoding")
        .header(CONTENT_SECURITY_POLICY, POLICY)
        .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(REFERRER_POLICY, "no-referrer"))
}
