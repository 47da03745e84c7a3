//! GET of the page and its files.

use crate::files::{self, File, Files};
use crate::{config, headers};
use http::StatusCode;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, RETRY_AFTER, VARY,
};
use messaging_edge::{Problem, Request, Response, negotiation};

const INDEX: &str = "/index.html";
/// To be kept, and asked about every time: the address stays the same when the content changes.
const ASK: &str = "no-cache";
/// The name changes with the content.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const NOT_BUILT: &str = "The web page has not been built: cargo dev up builds it, and so do npm ci and npm run build in \
                         components/web/page.\n";

/// GET `/`.
pub async fn index(request: Request) -> Result<Response, Problem> {
    let Some(list) = Files::list()? else { return Ok(not_built()) };
    let file = list.find(INDEX).ok_or_else(|| Problem::internal("files.json has no page"))?;
    Ok(headers::document(response(&request, INDEX, file, ASK)?, &config::relay().await?))
}

/// GET of a path that the page itself leads to: the page, for a browser that goes there.
pub async fn index_for_navigation(request: Request) -> Result<Response, Problem> {
    if !is_navigation(request.header("sec-fetch-mode"), request.header(ACCEPT.as_str())) {
        return Err(Problem::not_found("route"));
    }
    index(request).await
}

/// GET `/assets/:name`.
pub async fn asset(request: Request) -> Result<Response, Problem> {
    let Some(list) = Files::list()? else { return Ok(not_built()) };
    let path = request.path().to_owned();
    let file = list.find(&path).ok_or_else(|| Problem::not_found("route"))?;
    Ok(headers::common(response(&request, &path, file, FOR_EVER)?))
}

fn response(request: &Request, path: &str, file: &File, caching: &str) -> Result<Response, Problem> {
    let coding = file.coding(request.header(ACCEPT_ENCODING.as_str()));
    let etag = file.etag(coding);
    let is_known = request.header(IF_NONE_MATCH.as_str()).is_some_and(|list| negotiation::names(list, &etag));
    let response = if is_known {
        Response::empty(StatusCode::NOT_MODIFIED)
    } else {
        let whole =
            Response::bytes(StatusCode::OK, files::read(path, coding)?).header(CONTENT_TYPE, &file.content_type);
        coding.iter().fold(whole, |response, coding| response.header(CONTENT_ENCODING, coding))
    };
    Ok(response.header(ETAG, &etag).header(CACHE_CONTROL, caching).header(VARY, "accept-encoding"))
}

/// Whether a person is going there, and no script or picture asks.
fn is_navigation(fetch_mode: Option<&str>, accept: Option<&str>) -> bool {
    fetch_mode.map_or_else(|| accept.is_some_and(|accept| accept.contains("text/html")), |mode| mode == "navigate")
}

fn not_built() -> Response {
    let response = Response::with_type(StatusCode::SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", NOT_BUILT);
    headers::common(response).header(CACHE_CONTROL, "no-store").header(RETRY_AFTER, "30")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_for_those_who_go_there() {
        assert!(is_navigation(Some("navigate"), None));
        assert!(is_navigation(None, Some("text/html,application/xhtml+xml,*/*;q=0.8")));
        assert!(!is_navigation(Some("cors"), Some("text/html")) && !is_navigation(None, Some("*/*")));
        assert!(!is_navigation(None, None));
    }
}
